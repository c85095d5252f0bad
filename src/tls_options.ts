/**
 * What can be said about TLS, for clients or between servers: names, types,
 * units and defaults. Parses nothing.
 */

/** TLS for client connections. Certificates come as files or as PEM text. */
export interface TlsOptions {
  /** File with the server's certificate chain, PEM. */
  certFile?: string;
  /** File with its private key, PEM. */
  keyFile?: string;
  /** File with the authorities client certificates are checked against, PEM. */
  caFile?: string;
  /** The certificate chain itself, instead of `certFile`. */
  cert?: string;
  /** The private key itself, instead of `keyFile`. */
  key?: string;
  /** The authorities themselves, instead of `caFile`. */
  ca?: string;
  /** Demand a client certificate that chains to the authorities. Default `false`. */
  verify?: boolean;
  /** As `verify`; the user is who the certificate names. Default `false`. */
  verifyAndMap?: boolean;
  /** Longest a handshake may take, in milliseconds. Default 2,000. */
  timeoutMs?: number;
  /**
   * `true`: the handshake comes before INFO. A number: so it does for clients
   * that begin within as many milliseconds; the others get INFO first. Default
   * `false`.
   */
  handshakeFirst?: boolean | number;
  /** Accepted client certificates: SHA-256 of their public keys, hex. Default: any. */
  pinnedCerts?: readonly string[];
  /** Oldest version spoken. Default `1.2`. */
  minVersion?: "1.2" | "1.3";
  /** IANA names of the TLS 1.2 suites offered. Default: the modern ones. */
  cipherSuites?: readonly string[];
  /**
   * Between servers: dial without checking whose certificate it is. Anybody in
   * between can then read and change what is sent. Default `false`.
   */
  insecure?: boolean;
}

/** `TlsOptions` with every field present. */
export type ResolvedTls = Readonly<Required<TlsOptions>>;

/** Defaults of a `tls` block. */
export const DEFAULT_TLS: ResolvedTls = Object.freeze({
  certFile: "",
  keyFile: "",
  caFile: "",
  cert: "",
  key: "",
  ca: "",
  verify: false,
  verifyAndMap: false,
  timeoutMs: 2000,
  handshakeFirst: false,
  pinnedCerts: [],
  minVersion: "1.2",
  cipherSuites: [],
  insecure: false,
});

/**
 * Fills in the defaults. Throws `TypeError` for unknown names and `RangeError`
 * for a time that is none; `block` is how the messages name the block.
 */
export function resolveTls(tls: TlsOptions, block: string): ResolvedTls {
  const resolved: Record<string, unknown> = { ...DEFAULT_TLS };
  for (const [name, value] of Object.entries(tls)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(DEFAULT_TLS, name)) {
      throw new TypeError(`Unknown option "${block}.${name}"`);
    }
    resolved[name] = value;
  }
  const complete = resolved as unknown as ResolvedTls;
  if (!(Number.isFinite(complete.timeoutMs) && complete.timeoutMs > 0)) {
    throw new RangeError(
      `Option "${block}.timeoutMs" must be a time above 0 in milliseconds: got ${complete.timeoutMs}`,
    );
  }
  if (complete.insecure && block === "tls") {
    throw new RangeError(
      'Option "tls.insecure" is for routes: set "cluster.tls.insecure"',
    );
  }
  return Object.freeze(complete);
}

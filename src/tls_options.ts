/**
 * What can be said about TLS, for clients or between servers: names, types,
 * units and defaults. What files and certificates are worth is found out by
 * `transport/`.
 */

import type { ShapeOf } from "./option_shape.ts";
import { checkShape, listOf } from "./option_shape.ts";

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

const SHAPE: ShapeOf<TlsOptions> = {
  certFile: "string",
  keyFile: "string",
  caFile: "string",
  cert: "string",
  key: "string",
  ca: "string",
  verify: "boolean",
  verifyAndMap: "boolean",
  timeoutMs: "number",
  handshakeFirst: "boolean or number",
  pinnedCerts: listOf("string"),
  minVersion: "string",
  cipherSuites: listOf("string"),
  insecure: "boolean",
};

/**
 * Fills in the defaults. Throws `TypeError` for a wrong type or an unknown name
 * and `RangeError` for a value out of bounds; `block` is how the messages name
 * the block.
 */
export function resolveTls(tls: TlsOptions, block: string): ResolvedTls {
  checkShape(block, tls, SHAPE);
  const given = Object.entries(tls).filter(([, value]) => value !== undefined);
  const complete: ResolvedTls = {
    ...DEFAULT_TLS,
    ...Object.fromEntries(given),
  };
  const { minVersion, timeoutMs } = complete;
  if (!(Number.isFinite(timeoutMs) && timeoutMs > 0)) {
    throw new RangeError(
      `Option "${block}.timeoutMs" must be a time above 0 in milliseconds: got ${timeoutMs}`,
    );
  }
  if (minVersion !== "1.2" && minVersion !== "1.3") {
    throw new RangeError(
      `Option "${block}.minVersion" must be "1.2" or "1.3": got "${minVersion}"`,
    );
  }
  if (complete.insecure && block === "tls") {
    throw new RangeError(
      'Option "tls.insecure" is for routes: set "cluster.tls.insecure"',
    );
  }
  return Object.freeze(complete);
}

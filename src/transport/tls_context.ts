/**
 * The certificates of a server and what it asks of those who connect: loaded
 * from files or text, checked as far as can be before anybody connects. Other
 * certificates are another context.
 */

import type { KeyObject, X509Certificate } from "node:crypto";
import type { Duplex } from "node:stream";
import type { SecureContext, TlsOptions as NodeTlsOptions } from "node:tls";
import type * as tls from "node:tls";
import { errorText, fileProblem } from "../error_text.ts";
import { ConfigError } from "../errors.ts";
import type { ResolvedTls } from "../options.ts";
import { demand } from "../permission.ts";
import { allowedSuites } from "./cipher_suites.ts";
import { trusting } from "./client_authorities.ts";
import { pemCertificates } from "./pem.ts";

/**
 * Client certificates remembered as verified. Clients beyond that merely
 * cannot resume sessions.
 */
const MAX_VERIFIED = 65_536;

/** Everything a handshake needs; made by `loadTls`. */
export interface TlsContext {
  /** What it was loaded from. */
  readonly options: ResolvedTls;
  /** Whether clients must show a certificate. */
  readonly verify: boolean;
  /** Public keys clients may have, as SHA-256 in hex; `null`: any. */
  readonly pinned: ReadonlySet<string> | null;
  /** TLS 1.2 suites that may be spoken; `null`: any. */
  readonly suites: ReadonlySet<string> | null;
  /** When the server's certificate expires, wall-clock milliseconds. */
  readonly notAfter: number;
  /** Whose client certificates are believed, as PEM; empty without `verify`. */
  readonly authorities: readonly string[];
  /** Fingerprints of client certificates verified in a full handshake. */
  readonly verified: VerifiedCertificates;
  /** Connections that read into large buffers right now. */
  largeBuffers: number;
  /** What `tls.createServer` takes. */
  readonly server: NodeTlsOptions;
  /** `node:tls` and `node:stream`, loaded only once somebody wants TLS. */
  readonly tls: typeof tls;
  /** See `tls`. */
  readonly Duplex: typeof Duplex;
}

/** A bounded memory of certificates; the oldest are forgotten first. */
export class VerifiedCertificates {
  readonly #fingerprints = new Set<string>();

  /** Remembers one. */
  add(fingerprint: string): void {
    this.#fingerprints.add(fingerprint);
    if (this.#fingerprints.size <= MAX_VERIFIED) return;
    for (const oldest of this.#fingerprints) {
      this.#fingerprints.delete(oldest);
      break;
    }
  }

  /** Whether it is remembered. */
  has(fingerprint: string): boolean {
    return this.#fingerprints.has(fingerprint);
  }
}

/**
 * Loads and checks what `options` name. Rejects with `ConfigError`, one line
 * that says what is wrong with which file. `previous` is the context this one
 * follows on: where it may, it goes on with the sessions of that.
 */
export async function loadTls(
  options: ResolvedTls,
  previous: TlsContext | null = null,
): Promise<TlsContext> {
  const [tls, stream, crypto] = await Promise.all([
    import("node:tls"),
    import("node:stream"),
    import("node:crypto"),
  ]);
  const verify = options.verify || options.verifyAndMap;
  const suites = allowedSuites(options.cipherSuites);
  const pinned = pinnedKeys(options.pinnedCerts, verify);
  const cert = pem("cert_file", options.certFile, options.cert);
  const key = pem("key_file", options.keyFile, options.key);
  const authorities = verify
    ? authoritiesOf(options, crypto.X509Certificate)
    : [];
  const leaf = certificate("cert_file", cert, crypto.X509Certificate);
  if (!leaf.checkPrivateKey(privateKey(key, crypto.createPrivateKey))) {
    throw pairError(
      `tls: private key does not match public key: ${key.name} is not the key of ${cert.name}`,
    );
  }
  const server = serverOptions(options, { cert: cert.text, key: key.text });
  let secure: SecureContext;
  try {
    secure = tls.createSecureContext(server);
  } catch (error) {
    throw pairError(error);
  }
  return {
    options,
    verify,
    pinned,
    suites,
    notAfter: Date.parse(leaf.validTo),
    authorities,
    verified: verifiedBefore(previous, authorities),
    largeBuffers: 0,
    server: verify ? trusting(server, secure, authorities) : server,
    tls,
    Duplex: stream.Duplex,
  };
}

/** What `tls.createServer` takes, but for whose client certificates count. */
function serverOptions(
  { minVersion, verify: wanted, verifyAndMap }: ResolvedTls,
  certificates: Pick<NodeTlsOptions, "cert" | "key">,
): NodeTlsOptions {
  const verify = wanted || verifyAndMap;
  return {
    ...certificates,
    minVersion: `TLSv${minVersion}`,
    requestCert: verify,
    rejectUnauthorized: verify,
    // Our own clock does that. 0 would mean two minutes, and the timer of a
    // handshake that failed would keep its memory for so long.
    handshakeTimeout: -1,
  };
}

/** What was verified stays so if those who were believed still are. */
function verifiedBefore(
  previous: TlsContext | null,
  authorities: readonly string[],
): VerifiedCertificates {
  return previous?.authorities.every((one) => authorities.includes(one))
    ? previous.verified
    : new VerifiedCertificates();
}

/** PEM text, and what to call it in an error. */
interface Pem {
  readonly text: string;
  readonly name: string;
}

/** Throws `ConfigError` unless there is text, or a file that can be read. */
function pem(option: string, file: string, text: string): Pem {
  if (text !== "") return { text, name: option.replace("_file", "") };
  if (file === "") {
    throw new ConfigError(`missing '${option}' in TLS configuration`);
  }
  try {
    demand({ name: "read", path: file });
    return { text: Deno.readTextFileSync(file), name: file };
  } catch (error) {
    throw new ConfigError(
      `Cannot read ${option} of TLS configuration: open ${file}: ${
        fileProblem(error)
      }`,
      { cause: error },
    );
  }
}

function certificate(
  option: string,
  { text, name }: Pem,
  X509: typeof X509Certificate,
): X509Certificate {
  const [first] = pemCertificates(text);
  if (first === undefined) {
    throw new ConfigError(
      `error parsing X509 certificate/key pair: no PEM certificate in ${name} ('${option}')`,
    );
  }
  return parse(first, name, X509);
}

function authoritiesOf(
  { caFile, ca }: ResolvedTls,
  X509: typeof X509Certificate,
): string[] {
  if (caFile === "" && ca === "") {
    throw new ConfigError(
      "missing 'ca_file' in TLS configuration: 'verify' needs it",
    );
  }
  const { text, name } = pem("ca_file", caFile, ca);
  const found = pemCertificates(text);
  if (found.length === 0) {
    throw new ConfigError(
      `failed to parse root ca certificate: no PEM certificate in ${name}`,
    );
  }
  for (const one of found) parse(one, name, X509);
  return found;
}

function parse(
  text: string,
  name: string,
  X509: typeof X509Certificate,
): X509Certificate {
  try {
    return new X509(text);
  } catch (error) {
    throw new ConfigError(`error parsing certificate in ${name}`, {
      cause: error,
    });
  }
}

function privateKey(
  { text, name }: Pem,
  createPrivateKey: (text: string) => KeyObject,
): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw new ConfigError(
      `error parsing X509 certificate/key pair: no usable PEM private key in ${name} ('key_file')`,
      { cause: error },
    );
  }
}

function pairError(cause: unknown): ConfigError {
  return new ConfigError(
    `error parsing X509 certificate/key pair: ${errorText(cause)}`,
  );
}

function pinnedKeys(
  hashes: readonly string[],
  verify: boolean,
): ReadonlySet<string> | null {
  if (hashes.length === 0) return null;
  if (!verify) {
    throw new ConfigError("'pinned_certs' in TLS configuration needs 'verify'");
  }
  for (const hash of hashes) {
    if (/^[0-9a-f]{64}$/i.test(hash)) continue;
    throw new ConfigError(
      `'pinned_certs' in TLS configuration must be hex SHA-256: got "${hash}"`,
    );
  }
  return new Set(hashes.map((hash) => hash.toLowerCase()));
}

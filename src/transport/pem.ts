/** Certificates and keys as PEM text: what a client is given, checked. */

import type { X509Certificate } from "node:crypto";
import { ConfigError } from "../errors.ts";

const CERTIFICATE =
  /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** PEM texts of a client. */
export interface PemTexts {
  /** Authorities. */
  readonly ca?: string | undefined;
  /** Own certificate. */
  readonly cert?: string | undefined;
  /** Private key of `cert`. */
  readonly key?: string | undefined;
}

/** What errors call the texts unless they are said to come from elsewhere. */
const NAMES: Readonly<Record<keyof PemTexts, string>> = {
  ca: 'TLS option "ca"',
  cert: 'TLS option "cert"',
  key: 'TLS option "key"',
};

/** The certificates in a text, each as PEM. */
export function pemCertificates(text: string): string[] {
  return text.match(CERTIFICATE) ?? [];
}

/**
 * Rejects with `ConfigError` unless the texts are a certificate and the key of
 * it, and the authorities, if there are any, can be read.
 */
export async function checkTexts(
  { ca, cert, key }: PemTexts,
  names = NAMES,
): Promise<void> {
  const { X509Certificate, createPrivateKey } = await import("node:crypto");
  if (ca !== undefined) certificate(names.ca, ca, X509Certificate);
  if (cert === undefined && key === undefined) return;
  const leaf = certificate(names.cert, cert, X509Certificate);
  const privateKey = usable(
    `${names.key} has no usable PEM private key`,
    () => createPrivateKey(key ?? ""),
  );
  if (leaf.checkPrivateKey(privateKey)) return;
  throw new ConfigError(`${names.key} is not the key of the certificate`);
}

function certificate(
  name: string,
  text: string | undefined,
  X509: typeof X509Certificate,
): X509Certificate {
  const [first = ""] = pemCertificates(text ?? "");
  return usable(`${name} has no PEM certificate`, () => new X509(first));
}

/** What is made of a text. Throws `ConfigError` with `problem` if nothing can. */
function usable<T>(problem: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new ConfigError(problem, { cause });
  }
}

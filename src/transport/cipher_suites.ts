/**
 * Names of TLS cipher suites: those configurations may contain, and those that
 * can come out of a handshake here.
 */

import { ConfigError } from "../errors.ts";

/** TLS 1.2 suites the platform speaks; all of them count as secure. */
export const SPOKEN_SUITES: readonly string[] = [
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
];

/** Names nats-server takes that change nothing here: never spoken, or TLS 1.3. */
const KNOWN: readonly string[] = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
  "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
  "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
  "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
  "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
  "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
  "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
  "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
  "TLS_RSA_WITH_AES_128_CBC_SHA",
  "TLS_RSA_WITH_AES_128_CBC_SHA256",
  "TLS_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_RSA_WITH_AES_256_CBC_SHA",
  "TLS_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_RSA_WITH_RC4_128_SHA",
];

/**
 * The TLS 1.2 suites out of `names` that connections may use; `null` for all,
 * when `names` is empty. Throws `ConfigError` for a name nobody knows, and when
 * none of them is spoken here.
 */
export function allowedSuites(
  names: readonly string[],
): ReadonlySet<string> | null {
  if (names.length === 0) return null;
  for (const name of names) {
    if (SPOKEN_SUITES.includes(name) || KNOWN.includes(name)) continue;
    throw new ConfigError(
      `unrecognized cipher ${name} (choose from ${SPOKEN_SUITES.join(", ")})`,
    );
  }
  // The 2018 names of two suites, which Go still takes.
  const full = names.map((name) => name.replace(/POLY1305$/, "$&_SHA256"));
  const allowed = new Set(SPOKEN_SUITES.filter((name) => full.includes(name)));
  const modernOnly = names.every((name) => /^TLS_(AES|CHACHA20)/.test(name));
  if (allowed.size === 0 && !modernOnly) {
    throw new ConfigError(
      `none of the cipher_suites is available (choose from ${
        SPOKEN_SUITES.join(", ")
      })`,
    );
  }
  return allowed;
}

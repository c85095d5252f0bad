/**
 * Tells the platform whose client certificates to believe without having it
 * show those authorities to clients. It sends every `ca` behind the server's
 * own certificate, where some clients take the last certificate for the one
 * that counts, and others no more than 100 kB. Where it is not known how the
 * platform reads them, they are shown all the same. A first message that is not
 * TLS, or TLS 1.1, gets no alert this way: the platform keeps that to itself.
 */

import type { SecureContext, TlsOptions } from "node:tls";

/** Whether this Deno is known to read them as `Authorities` has it. */
export const READS_TWICE: boolean = Deno.version.deno.startsWith("2.9.");

/**
 * `options` of a server that has the certificate of `secure` and believes
 * clients' certificates of `authorities`, each as PEM.
 */
export function trusting(
  options: TlsOptions,
  secure: SecureContext,
  authorities: readonly string[],
): TlsOptions {
  if (!READS_TWICE) {
    return { ...options, ca: [...authorities] };
  }
  const text = authorities.join("\n");
  return {
    ...options,
    SNICallback: (_name, done) => {
      const context = { ...secure.context, ca: new Authorities(text) };
      done(null, { context } as SecureContext);
    },
  };
}

/**
 * Authorities for one handshake: the platform reads them first for what to
 * send, and is told none; then for whom to believe.
 */
class Authorities {
  readonly #text: string;
  #sent = false;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    if (this.#sent) return this.#text;
    this.#sent = true;
    return "";
  }
}

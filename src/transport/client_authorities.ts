/**
 * Tells the platform whose client certificates to believe without having it
 * show those authorities to clients. It sends every `ca` behind the server's
 * own certificate, where some clients take the last certificate for the one
 * that counts, and others no more than 100 kB.
 */

import type { SecureContext, TlsOptions } from "node:tls";

/** What `tls.createServer` asks for the certificates of each connection. */
export type Chooser = NonNullable<TlsOptions["SNICallback"]>;

/**
 * Answers with the certificates of `secure`, and with `authorities`, as PEM,
 * for those of clients. If the platform should ever ask in another way than it
 * does, no client certificate is believed.
 */
export function believing(
  secure: SecureContext,
  authorities: readonly string[],
): Chooser {
  const text = authorities.join("\n");
  return (_name, done) => {
    const context = { ...secure.context, ca: new Authorities(text) };
    done(null, { context } as SecureContext);
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

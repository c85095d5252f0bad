/**
 * Compares passwords and tokens with what is configured, in a time that does
 * not tell how near a guess came, nor whether there is such a user at all.
 */

import { encodeUtf8 } from "../wire/ascii.ts";
import { costOf, isBcrypt, unknownHash } from "./bcrypt.ts";
import type { BcryptWorker } from "./bcrypt_worker.ts";

/** Who asks. */
export interface Asker {
  /** Where the client is. */
  readonly hostname: string;
  /** Whether anybody still waits for the answer. */
  wanted(): boolean;
}

/** The secrets of one configuration. */
export class Secrets {
  readonly #bcrypt: BcryptWorker;
  /**
   * What guesses are checked against that need no check: as slow as a real
   * one. `null` where no secret is a bcrypt hash.
   */
  readonly #decoy: string | null;

  /** `configured`: all of them. */
  constructor(configured: readonly string[], bcrypt: BcryptWorker) {
    this.#bcrypt = bcrypt;
    const costs = configured.filter(isBcrypt).map(costOf);
    this.#decoy = costs.length === 0 ? null : unknownHash(Math.max(...costs));
  }

  /** Gets bcrypt ready where it is needed, so that what it lacks is known now. */
  warm(): void {
    if (this.#decoy === null) return;
    const address = "";
    void this.#bcrypt.verify("", this.#decoy, { address, wanted: () => true });
  }

  /**
   * Whether `given` is the secret; `null` is that of a user there is not. A
   * configured hash given as it stands is just a wrong password.
   */
  check(
    secret: string | null,
    given: string,
    asker: Asker,
  ): boolean | Promise<boolean> {
    const hash = secret !== null && isBcrypt(secret) ? secret : null;
    const plain = sameText(hash === null ? secret ?? "" : "", given);
    if (hash === null && secret !== null && plain) return true;
    if (this.#decoy === null) return false;
    const { hostname } = asker;
    const checked = this.#bcrypt.verify(given, hash ?? this.#decoy, {
      address: hostname,
      wanted: () => asker.wanted(),
    });
    return hash === null ? checked.then(() => false) : checked;
  }
}

/**
 * Whether two texts are the same. The time taken depends on the length of
 * `given` only: it does not end at the first difference.
 */
export function sameText(secret: string, given: string): boolean {
  const wanted = encodeUtf8(secret);
  const bytes = encodeUtf8(given);
  const padded = new Uint8Array(bytes.length);
  padded.set(wanted.subarray(0, bytes.length));
  let difference = wanted.length ^ bytes.length;
  for (let i = 0; i < bytes.length; i++) difference |= padded[i] ^ bytes[i];
  return difference === 0;
}

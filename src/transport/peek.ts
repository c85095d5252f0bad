/**
 * A transport whose first bytes can be looked at before anybody reads them: to
 * find out whether a client talks TLS.
 */

import type { Clock } from "../options.ts";
import type { Address, Transport } from "./transport.ts";

/** Most bytes taken in advance. */
const AHEAD = 512;

/** See the module; nothing may be read before the first `peek`. */
export class PeekTransport implements Transport {
  readonly remoteAddress: Address;
  readonly separate: boolean;
  readonly #raw: Transport;
  /** The read in advance; `null` when its bytes are used up. */
  #ahead: Promise<Uint8Array | null> | null = null;

  /** Takes over `raw`. */
  constructor(raw: Transport) {
    this.#raw = raw;
    this.remoteAddress = raw.remoteAddress;
    this.separate = raw.separate === true;
  }

  /**
   * Resolves with the first byte, with -1 at the end of the stream and with
   * `null` when nothing came within `ms`. Rejects as `read` does.
   */
  async peek(ms: number, clock: Clock): Promise<number | null> {
    this.#ahead ??= this.#readAhead();
    const first = this.#ahead.then((bytes) => bytes === null ? -1 : bytes[0]);
    let cancel = () => {};
    const late = new Promise<null>((resolve) => {
      cancel = clock.after(ms, () => resolve(null));
    });
    try {
      return await Promise.race([first, late]);
    } finally {
      cancel();
    }
  }

  read(target: Uint8Array<ArrayBuffer>): Promise<number | null> {
    return this.#ahead === null
      ? this.#raw.read(target)
      : this.#readTaken(this.#ahead, target);
  }

  write(source: Uint8Array<ArrayBuffer>): Promise<number> {
    return this.#raw.write(source);
  }

  closeWrite(): Promise<void> {
    return this.#raw.closeWrite();
  }

  close(): void {
    this.#raw.close();
  }

  async #readTaken(
    ahead: Promise<Uint8Array | null>,
    target: Uint8Array,
  ): Promise<number | null> {
    const bytes = await ahead;
    if (bytes === null) return null;
    const count = Math.min(bytes.length, target.length);
    target.set(bytes.subarray(0, count));
    const rest = bytes.subarray(count);
    this.#ahead = rest.length > 0 ? Promise.resolve(rest) : null;
    return count;
  }

  async #readAhead(): Promise<Uint8Array | null> {
    const bytes = new Uint8Array(AHEAD);
    const count = await this.#raw.read(bytes);
    return count === null ? null : bytes.subarray(0, count);
  }
}

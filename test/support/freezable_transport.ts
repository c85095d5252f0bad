/** A transport that can go silent, like a cable that is cut. */

import type { Address, Transport } from "../../src/transport/transport.ts";

/** See the module. */
export class FreezableTransport implements Transport {
  readonly remoteAddress: Address;
  /** Nothing arrives any more, and nothing that is sent does. */
  frozen = false;
  readonly #inner: Transport;
  readonly #closed = Promise.withResolvers<null>();

  constructor(inner: Transport) {
    this.#inner = inner;
    this.remoteAddress = inner.remoteAddress;
  }

  async read(target: Uint8Array<ArrayBuffer>): Promise<number | null> {
    const end = this.#closed.promise;
    const reading = this.#inner.read(target).catch((error) => {
      if (this.frozen) return end;
      throw error;
    });
    const count = await Promise.race([reading, end]);
    return this.frozen ? await end : count;
  }

  write(source: Uint8Array<ArrayBuffer>): Promise<number> {
    if (this.frozen) return Promise.resolve(source.length);
    return this.#inner.write(source);
  }

  async closeWrite(): Promise<void> {
    if (!this.frozen) await this.#inner.closeWrite();
  }

  close(): void {
    this.#closed.resolve(null);
    this.#inner.close();
  }
}

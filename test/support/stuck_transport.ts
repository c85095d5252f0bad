/** A peer that is there and does nothing: takes no bytes and sends none. */

import type { Transport } from "../../src/transport/transport.ts";

/** See the module. `take` lets the write in flight succeed in part or whole. */
export class StuckTransport implements Transport {
  readonly remoteAddress = { hostname: "stuck", port: 7 };
  /** It has been closed. */
  closed = false;
  #take: (count: number) => void = () => {};
  #endRead: () => void = () => {};

  read(): Promise<null> {
    return new Promise((resolve) => this.#endRead = () => resolve(null));
  }

  write(): Promise<number> {
    return new Promise((resolve) => this.#take = resolve);
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.closed = true;
    this.#endRead();
  }

  /** Takes `count` bytes of the write in flight. */
  async take(count: number): Promise<void> {
    this.#take(count);
    for (let i = 0; i < 10; i++) await Promise.resolve();
  }
}

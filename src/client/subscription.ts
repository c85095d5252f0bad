/** A client's interest in a subject: calls back, or is iterated. */

import type { Delivery } from "../wire/delivery.ts";
import type { SubscribeOptions } from "./connect_options.ts";

/**
 * From `Client.subscribe`. Iterate it once; leaving the loop unsubscribes.
 * What comes before anybody asks for it is kept, without bound.
 */
export class Subscription implements AsyncIterable<Delivery> {
  /** Queue group, empty without. */
  readonly queue: string;
  /** Messages received. */
  delivered = 0;
  /** No more messages will come. */
  ended = false;
  readonly #max: number;
  readonly #callback: SubscribeOptions["callback"];
  readonly #leave: (drained: boolean) => Promise<void>;
  #waiting: Delivery[] = [];
  #wake: () => void = () => {};
  #error: Error | null = null;

  /** Made by the client; `leave` tells the server. */
  constructor(
    readonly subject: string,
    { queue = "", max = Infinity, callback }: SubscribeOptions,
    leave: (drained: boolean) => Promise<void>,
  ) {
    this.queue = queue;
    this.#max = max;
    this.#callback = callback;
    this.#leave = leave;
  }

  /** Ends it now. */
  unsubscribe(): void {
    this.#leave(false);
  }

  /** Ends it; resolves when all messages sent until then have been received. */
  async drain(): Promise<void> {
    await this.#leave(true);
  }

  /** Yields copies. Throws what ended the subscription, if that is an error. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Delivery, void, void> {
    if (this.#callback) throw new TypeError("Cannot iterate: has a callback");
    try {
      for (;;) {
        yield* this.#waiting.splice(0);
        if (this.#waiting.length > 0) continue;
        if (this.#error !== null) throw this.#error;
        if (this.ended) return;
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      this.unsubscribe();
    }
  }

  /** The client has a message, which is valid during the call. */
  deliver(message: Delivery): void {
    if (++this.delivered >= this.#max) this.unsubscribe();
    if (this.#callback) return this.#callback(message);
    this.#waiting.push(message.copy());
    this.#wake();
  }

  /** The client is done with it. Returns whether somebody iterates to see why. */
  end(error: Error | null): boolean {
    this.ended = true;
    this.#error = error;
    this.#wake();
    return this.#callback === undefined;
  }
}

/** A client's interest in a subject: calls back, or is iterated. */

import type { Message } from "../wire/delivery.ts";

/** How to subscribe. */
export interface SubscribeOptions {
  /** Queue group: each message goes to one of its members. */
  readonly queue?: string | undefined;
  /** Called per message; without it the subscription is iterated. */
  readonly callback?: ((message: Message) => void) | undefined;
  /** Ends after this many messages. */
  readonly max?: number | undefined;
}

/**
 * From `Client.subscribe`. Iterate it once; leaving the loop unsubscribes.
 * What comes before anybody asks for it is kept, without bound.
 */
export class Subscription implements AsyncIterable<Message> {
  /** Messages received. */
  delivered = 0;
  /** No more messages will come. */
  ended = false;
  readonly #leave: (drained: boolean) => Promise<void>;
  #waiting: Message[] = [];
  #wake: () => void = () => {};
  #error: Error | null = null;

  /** Made by the client; `leave` tells the server. */
  constructor(
    readonly subject: string,
    readonly options: SubscribeOptions,
    leave: (drained: boolean) => Promise<void>,
  ) {
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
  async *[Symbol.asyncIterator](): AsyncGenerator<Message, void, void> {
    if (this.options.callback) {
      throw new TypeError("Cannot iterate: has a callback");
    }
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
  deliver(message: Message): void {
    const { callback, max } = this.options;
    if (++this.delivered === max) this.unsubscribe();
    if (callback) return callback(message);
    this.#waiting.push(message.copy());
    this.#wake();
  }

  /** The client is done with it. Returns whether somebody iterates to see why. */
  end(error: Error | null): boolean {
    this.ended = true;
    this.#error = error;
    this.#wake();
    return this.options.callback === undefined;
  }
}

/** A client's interest in a subject: calls back, or is iterated. */

import type { Message } from "./message.ts";

/** How to subscribe. */
export interface SubscribeOptions {
  /** Queue group: each message goes to one of its members. */
  readonly queue?: string | undefined;
  /** Called per message; without it the subscription is iterated. */
  readonly callback?: ((message: Message) => void) | undefined;
  /** Ends after this many messages. */
  readonly max?: number | undefined;
}

/** What a subscription asks of its client. */
export interface SubscriptionHost {
  /** Sends UNSUB and, unless `max` is still to come, forgets it. */
  unsubscribe(subscription: Subscription, max?: number): void;
  /** Sends UNSUB and forgets it once all that was sent before is here. */
  drain(subscription: Subscription): Promise<void>;
  /** It has had all it asked for. */
  forget(subscription: Subscription): void;
}

/**
 * From `Client.subscribe`. Iterate it once; leaving the loop unsubscribes.
 * What comes before anybody asks for it is kept, without bound.
 */
export class Subscription implements AsyncIterable<Message> {
  /** Messages received. */
  delivered = 0;
  /** Ends after this many. */
  max: number;
  readonly #host: SubscriptionHost;
  readonly #callback: ((message: Message) => void) | null;
  #waiting: Message[] = [];
  #wake: () => void = () => {};
  #ended = false;
  #error: Error | null = null;

  /** Made by the client. */
  constructor(
    host: SubscriptionHost,
    readonly sid: number,
    readonly subject: string,
    options: SubscribeOptions,
  ) {
    this.#host = host;
    this.queue = options.queue ?? "";
    this.max = options.max ?? Infinity;
    this.#callback = options.callback ?? null;
  }

  /** Queue group, empty without. */
  readonly queue: string;

  /** No more messages will come. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Ends it now, or after `max` messages counted from the beginning. */
  unsubscribe(max?: number): void {
    if (!this.#ended) this.#host.unsubscribe(this, max);
  }

  /** Ends it; resolves when all messages sent until then have been received. */
  async drain(): Promise<void> {
    if (!this.#ended) await this.#host.drain(this);
  }

  /** Yields copies. Throws what ended the subscription, if that is an error. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Message, void, void> {
    if (this.#callback !== null) {
      throw new TypeError("Cannot iterate: subscription has a callback");
    }
    try {
      for (;;) {
        const batch = this.#waiting;
        this.#waiting = [];
        yield* batch;
        if (this.#waiting.length > 0) continue;
        if (this.#error !== null) throw this.#error;
        if (this.#ended) return;
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      this.unsubscribe();
    }
  }

  /** The client has a message; `message` is valid during the call. */
  deliver(message: Message): void {
    const callback = this.#callback;
    if (callback === null) {
      this.#waiting.push(message.copy());
      this.#wake();
    }
    if (++this.delivered >= this.max) this.#host.forget(this);
    if (callback !== null) callback(message);
  }

  /** The client is done with it. Returns whether somebody iterates to see why. */
  end(error: Error | null): boolean {
    this.#ended = true;
    this.#error = error;
    this.#wake();
    return this.#callback === null;
  }
}

/** What callers of the client can choose. */

import type { SessionOptions } from "../dial/session.ts";
import type { Delivery, PublishOptions } from "../wire/delivery.ts";

/** How to connect. */
export interface ConnectOptions extends SessionOptions {
  /**
   * Told what no call or iterator can be: a refused publish, a callback that
   * threw. Without it such an error closes the client.
   */
  readonly onError?: ((error: Error) => void) | undefined;
}

/** How to request. */
export interface RequestOptions extends Omit<PublishOptions, "reply"> {
  /** Longest to wait for the answer. */
  readonly timeoutMs?: number | undefined;
}

/** How to subscribe. */
export interface SubscribeOptions {
  /** Queue group: each message goes to one of its members. */
  readonly queue?: string | undefined;
  /** Called per message; without it the subscription is iterated. */
  readonly callback?: ((message: Delivery) => void) | undefined;
  /** Ends after this many messages. */
  readonly max?: number | undefined;
}

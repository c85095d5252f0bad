/**
 * The subscriptions of one client: which it may make, and how they end
 * (client-protocol §3.5, §3.7). The client puts the answers on the wire.
 */

import type { Account } from "../core/account.ts";
import type { Connection } from "../core/connection.ts";
import type { SubscriptionOwner } from "../core/subscription.ts";
import {
  CHECK_CLOSED,
  CHECK_ECHO,
  CHECK_MAX,
  Subscription,
} from "../core/subscription.ts";
import {
  INVALID_SUBJECT,
  SUBSCRIPTIONS_EXCEEDED,
  subscriptionViolation,
  tokensViolation,
} from "../errors.ts";
import type { ResolvedOptions } from "../options.ts";
import { countTokens } from "../subject/subject.ts";
import { latin1, quote } from "../wire/ascii.ts";
import { RESERVED_QUEUE } from "./reserved.ts";

/** Whose subscriptions they are. */
export interface SubscriberPeer {
  /** Where messages go. */
  readonly connection: Connection;
  /** The subject space it subscribes in. */
  readonly account: Account;
}

/** All subscriptions of a client, by sid. */
export class ClientSubscriptions implements SubscriptionOwner {
  readonly #client: SubscriberPeer;
  readonly #options: ResolvedOptions;
  readonly #bySid = new Map<string, Subscription>();
  #echo = true;

  /** None at first. */
  constructor(client: SubscriberPeer, options: ResolvedOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** How many there are. */
  get size(): number {
    return this.#bySid.size;
  }

  /** All of them. */
  values(): Iterable<Subscription> {
    return this.#bySid.values();
  }

  /** Whether the client gets its own messages. */
  set echo(echo: boolean) {
    this.#echo = echo;
    for (const subscription of this.#bySid.values()) {
      subscription.checks &= ~CHECK_ECHO;
      if (!echo) subscription.checks |= CHECK_ECHO;
    }
  }

  /**
   * Makes a subscription, unless there is one of this sid. Returns the `-ERR`
   * text when the client may not have it.
   */
  add(
    subject: Uint8Array,
    queue: Uint8Array | null,
    sid: Uint8Array,
  ): string | null {
    const refusal = this.#refusal(subject, queue);
    if (refusal !== null) return refusal;
    const { account, connection } = this.#client;
    const name = latin1(sid);
    if (this.#bySid.has(name)) return null;
    const subscription = new Subscription(
      this,
      connection,
      subject,
      queue,
      name,
    );
    if (!account.sublist.insert(subscription)) return INVALID_SUBJECT;
    if (!this.#echo) subscription.checks |= CHECK_ECHO;
    this.#bySid.set(name, subscription);
    return null;
  }

  /** Ends a subscription after `max` messages in all; 0 ends it now. */
  end(sid: Uint8Array, max: number): void {
    const subscription = this.#bySid.get(latin1(sid));
    if (subscription === undefined) return;
    if (max > subscription.delivered) {
      subscription.max = max;
      subscription.checks |= CHECK_MAX;
    } else {
      this.#remove(subscription);
    }
  }

  /** Takes all of them out of the account; they are still counted. */
  removeAll(): void {
    for (const subscription of this.#bySid.values()) {
      subscription.checks |= CHECK_CLOSED;
      this.#client.account.sublist.remove(subscription);
    }
  }

  /** Forgets them. */
  clear(): void {
    this.#bySid.clear();
  }

  /** `SubscriptionOwner` */
  exhausted(subscription: Subscription): void {
    const { connection } = this.#client;
    connection.log.debug?.(
      `${connection.label} - Auto-unsubscribe limit of ${subscription.max} reached for sid '${subscription.sid}'`,
    );
    this.#remove(subscription);
  }

  #remove(subscription: Subscription): void {
    const { account, connection } = this.#client;
    connection.trace(`<-> [DELSUB ${subscription.sid}]`);
    subscription.checks |= CHECK_CLOSED;
    this.#bySid.delete(subscription.sid);
    account.sublist.remove(subscription);
  }

  /** Why the client may not have such a subscription; `null` if it may. */
  #refusal(subject: Uint8Array, queue: Uint8Array | null): string | null {
    const { maxSubscriptions, maxSubTokens } = this.#options;
    if (queue !== null && latin1(queue) === RESERVED_QUEUE) {
      return subscriptionViolation(quote(subject), quote(queue));
    }
    if (maxSubTokens > 0 && countTokens(subject) > maxSubTokens) {
      return tokensViolation(quote(subject));
    }
    if (maxSubscriptions > 0 && this.#bySid.size >= maxSubscriptions) {
      return SUBSCRIPTIONS_EXCEEDED;
    }
    return null;
  }
}

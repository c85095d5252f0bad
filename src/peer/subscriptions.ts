/**
 * The subscriptions of one client: which it may make, and how they end
 * (client-protocol §3.5, §3.7). The client puts the answers on the wire.
 */

import type { Account } from "../core/account.ts";
import type { Connection } from "../core/connection.ts";
import type { SubscriptionOwner } from "../core/subscription.ts";
import {
  CHECK_CLOSED,
  CHECK_DENY,
  CHECK_ECHO,
  CHECK_MAX,
  CHECK_REPLY,
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
import { decodeUtf8, fromLatin1, latin1, quote } from "../wire/ascii.ts";
import type { InboundMessage } from "../wire/inbound_message.ts";
import type { Permit } from "./permit.ts";
import { RESERVED_QUEUE } from "./reserved.ts";

/** Whose subscriptions they are. */
export interface SubscriberPeer {
  /** Where messages go. */
  readonly connection: Connection;
  /** The subject space it subscribes in. */
  readonly account: Account;
}

/** Why a client may not have a subscription. */
export interface Refusal {
  /** What it is told. */
  readonly text: string;
  /** What the log says; `null` for nothing. */
  readonly logged: string | null;
}

/** All subscriptions of a client, by sid. */
export class ClientSubscriptions implements SubscriptionOwner {
  readonly #client: SubscriberPeer;
  readonly #options: ResolvedOptions;
  readonly #bySid = new Map<string, Subscription>();
  #echo = true;
  /** `null`: it may have any. */
  #permit: Permit | null = null;

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

  /** From now on the client may have these; all others end, and it is told. */
  enforce(permit: Permit | null): void {
    this.#permit = permit;
    for (const subscription of this.#bySid.values()) {
      const { subject, queue } = subscription;
      subscription.checks &= ~(CHECK_DENY | CHECK_REPLY);
      if (permit === null) continue;
      if (permit.permissions.maySubscribe(subject, queue)) {
        subscription.checks |= permit.checksOf(subscription);
      } else this.#revoke(subscription);
    }
  }

  /**
   * Makes a subscription, unless there is one of this sid. Returns why when the
   * client may not have it.
   */
  add(
    subject: Uint8Array,
    queue: Uint8Array | null,
    sid: Uint8Array,
  ): Refusal | null {
    const refusal = this.#refusal(subject, queue, sid);
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
    if (!account.insert(subscription)) {
      return { text: INVALID_SUBJECT, logged: null };
    }
    if (!this.#echo) subscription.checks |= CHECK_ECHO;
    if (this.#permit !== null) {
      subscription.checks |= this.#permit.checksOf(subscription);
    }
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
      this.#client.account.remove(subscription);
    }
  }

  /** Forgets them. */
  clear(): void {
    this.#bySid.clear();
  }

  /** `SubscriptionOwner` */
  mayReceive(
    subscription: Subscription,
    message: InboundMessage,
    now: number,
  ): boolean {
    return this.#permit === null ||
      this.#permit.mayReceive(subscription, message, now);
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
    account.remove(subscription);
  }

  /** Ends a subscription the client may not have any more. */
  #revoke(subscription: Subscription): void {
    const { connection } = this.#client;
    const { subject, queue, sid } = subscription;
    const group = queue === null ? undefined : quote(fromLatin1(queue));
    const text = `${subscriptionViolation(quote(subject), group)} (sid ${
      quote(fromLatin1(sid))
    })`;
    this.#remove(subscription);
    connection.sendError(text);
    connection.log.info(`${connection.label} - Removed: ${text}`);
  }

  /** Why the client may not have such a subscription; `null` if it may. */
  #refusal(
    subject: Uint8Array,
    queue: Uint8Array | null,
    sid: Uint8Array,
  ): Refusal | null {
    const { maxSubscriptions, maxSubTokens } = this.#options;
    const group = queue === null ? null : latin1(queue);
    if (
      group === RESERVED_QUEUE ||
      this.#permit?.permissions.maySubscribe(subject, group) === false
    ) return violation(subject, queue, sid);
    if (maxSubTokens > 0 && countTokens(subject) > maxSubTokens) {
      const text = tokensViolation(quote(subject));
      return { text, logged: text };
    }
    if (
      (maxSubscriptions > 0 && this.#bySid.size >= maxSubscriptions) ||
      this.#client.account.full
    ) {
      return { text: SUBSCRIPTIONS_EXCEEDED, logged: SUBSCRIPTIONS_EXCEEDED };
    }
    return null;
  }
}

/** The client is not permitted such a subscription. */
function violation(
  subject: Uint8Array,
  queue: Uint8Array | null,
  sid: Uint8Array,
): Refusal {
  const name = quote(subject);
  const group = queue === null ? undefined : quote(queue);
  const using = group === undefined ? "" : `, Queue: ${group}`;
  return {
    text: subscriptionViolation(name, group),
    logged: `Subscription Violation - Subject ${name}${using}, SID ${
      decodeUtf8(sid)
    }`,
  };
}

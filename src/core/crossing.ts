/**
 * What carries messages from one account to another: subscriptions of the
 * server's own whose deliveries go on in another account. The fan-out knows
 * imports by this alone.
 */

import type { MatchResult } from "../subject/match_result.ts";
import type { InboundMessage } from "../wire/inbound_message.ts";
import type { Account } from "./account.ts";
import type { Connection } from "./connection.ts";
import type { Draft } from "./draft.ts";
import type { SubscriptionOwner } from "./subscription.ts";
import { CHECK_CROSSING, CHECK_UNTOLD, Subscription } from "./subscription.ts";

/** How a message came into the account it is being delivered in. */
export const enum Passage {
  /** It was published there. */
  Own,
  /** As a request, by a service import. */
  Request,
  /** As the answer to one. */
  Reply,
  /** By a stream import: it goes no further. */
  Stream,
  /** From another server: it goes to no third one. */
  Route,
}

/** A delivery under way, as a crossing sees it. */
export interface Carrier {
  /** The message being delivered. */
  readonly inHand: InboundMessage;
  /** How it came here. */
  readonly passage: Passage;
  /** The account a request under way was published in. */
  requester: Account | null;
  /** Where to write the message that goes on; good until `forward` returns. */
  draft(): Draft;
  /**
   * Delivers `draft`'s message to those it matched in another account and
   * returns how many copies were made: none after too many crossings.
   */
  forward(
    result: MatchResult<Subscription>,
    publisher: Connection,
    draft: Draft,
    passage: Passage,
  ): number;
}

/** Owns subscriptions marked `CHECK_CROSSING`, whose deliveries are up to it. */
export abstract class Crossing implements SubscriptionOwner {
  /** Takes what `carrier` has in hand to the other account; whether anybody there got it. */
  abstract cross(carrier: Carrier, publisher: Connection): boolean;

  /** `SubscriptionOwner`: whatever it gets, it decides in `cross`. */
  mayReceive(): boolean {
    return true;
  }

  /** `SubscriptionOwner`: its subscriptions have no end of their own. */
  exhausted(): void {}
}

/**
 * Such subscriptions have no connection: delivery turns off before it looks
 * for one. Typed as if they had, so that all subscriptions keep one shape.
 */
const NO_CONNECTION = null as unknown as Connection;
const NO_SID = "";

/**
 * A subscription of the server's own, not yet inserted. Unless it is `untold`,
 * other servers send what it is for.
 */
export function crossingSubscription(
  owner: Crossing,
  subject: Uint8Array,
  untold = false,
): Subscription {
  const subscription = new Subscription(
    owner,
    NO_CONNECTION,
    subject,
    null,
    NO_SID,
  );
  subscription.checks = CHECK_CROSSING | (untold ? CHECK_UNTOLD : 0);
  return subscription;
}

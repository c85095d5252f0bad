/** Subscriptions in the answers of several endpoints. */

import { Listing, optional } from "./json.ts";
import type { SubscriptionSnapshot } from "./snapshots.ts";

/** Something that has subscriptions. */
interface Subscriber {
  readonly subscriptions: number;
  subscriptionList(): Iterable<SubscriptionSnapshot>;
}

/**
 * `body` with the subjects, or in `detail` everything, of its subscriptions,
 * where they are wanted and there are any.
 */
export function withSubscriptions(
  body: object,
  subscriber: Subscriber,
  wanted: boolean | "detail",
): object {
  if (wanted === false || subscriber.subscriptions === 0) return body;
  return wanted === "detail"
    ? new Listing(body, "subscriptions_list_detail", details(subscriber))
    : new Listing(body, "subscriptions_list", subjects(subscriber));
}

function* subjects(subscriber: Subscriber): Generator<string> {
  for (const { subject } of subscriber.subscriptionList()) yield subject;
}

function* details(subscriber: Subscriber): Generator<object> {
  for (const one of subscriber.subscriptionList()) yield subscription(one);
}

/** One subscription, the account included where `withAccount`. */
export function subscription(
  one: SubscriptionSnapshot,
  { withAccount = false }: { withAccount?: boolean } = {},
): object {
  return {
    account: optional(one.account, withAccount),
    account_tag: optional(one.account, withAccount),
    subject: one.subject,
    qgroup: optional(one.queue),
    sid: one.sid,
    msgs: one.delivered,
    max: optional(one.max),
    cid: one.connectionId,
  };
}

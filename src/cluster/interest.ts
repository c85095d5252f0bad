/**
 * What the clients of this server are interested in, as its routes are told:
 * each subject once per account, queue groups with the number of their members
 * (cluster-protocol §2.2). Knows routes only as somewhere to send lines to.
 */

import type { Account, InterestListener } from "../core/account.ts";
import type { Subscription } from "../core/subscription.ts";
import { CHECK_UNTOLD, interestKey } from "../core/subscription.ts";
import { encodeUtf8, latin1 } from "../wire/ascii.ts";
import { interestLine, noInterestLine } from "../wire/route_encoder.ts";

/** Somebody who is told. */
export interface Told {
  /** Sends a line with the next flush. */
  send(line: Uint8Array): void;
}

/** All interest of one server. */
export class LocalInterest {
  readonly #accounts: AccountInterest[] = [];
  readonly #told = new Set<Told>();
  readonly #mayAnnounce: (subject: Uint8Array) => boolean;
  readonly #flush: () => void;
  #flushing = false;

  /**
   * `mayAnnounce` says which subjects other servers may know of; `flush` is
   * called after changes, once for all those of a turn.
   */
  constructor(
    mayAnnounce: (subject: Uint8Array) => boolean,
    flush: () => void,
  ) {
    this.#mayAnnounce = mayAnnounce;
    this.#flush = flush;
  }

  /** Tells of this account too, in which there must be no interest yet. */
  watch(account: Account): void {
    const interest = new AccountInterest(
      account.name,
      (entry) => this.#changed(interest.name, entry),
    );
    account.announcer = interest;
    this.#accounts.push(interest);
  }

  /** Tells a route all there is, and what changes from now on. */
  tell(route: Told): void {
    this.#told.add(route);
    for (const { name, entries } of this.#accounts) {
      for (const entry of entries.values()) {
        if (this.#mayAnnounce(entry.subject)) route.send(lineFor(name, entry));
      }
    }
    this.#flushSoon();
  }

  /** Tells a route nothing more. */
  forget(route: Told): void {
    this.#told.delete(route);
  }

  #changed(account: string, entry: Entry): void {
    if (this.#told.size === 0 || !this.#mayAnnounce(entry.subject)) return;
    const line = lineFor(account, entry);
    for (const route of this.#told) route.send(line);
    this.#flushSoon();
  }

  /** Interest may change while nobody reads, as when a client is timed out. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }
}

/** One subject, or one queue group on it. */
interface Entry {
  readonly subject: Uint8Array;
  readonly queue: string | null;
  /** Subscriptions of this kind. */
  count: number;
}

/** Counts the interest in one account. */
class AccountInterest implements InterestListener {
  /** As routes are told it. */
  readonly name: string;
  readonly entries = new Map<string, Entry>();
  readonly #changed: (entry: Entry) => void;

  /** `changed` is called when routes are to know. */
  constructor(account: string, changed: (entry: Entry) => void) {
    this.name = latin1(encodeUtf8(account));
    this.#changed = changed;
  }

  /** `InterestListener` */
  inserted(subscription: Subscription): void {
    this.#count(subscription, 1);
  }

  /** `InterestListener` */
  removed(subscription: Subscription): void {
    this.#count(subscription, -1);
  }

  #count({ subject, queue, checks }: Subscription, change: 1 | -1): void {
    if ((checks & CHECK_UNTOLD) !== 0) return;
    const key = interestKey(subject, queue);
    let entry = this.entries.get(key);
    if (entry === undefined) {
      entry = { subject, queue, count: 0 };
      this.entries.set(key, entry);
    }
    const before = entry.count;
    entry.count += change;
    if (entry.count === 0) this.entries.delete(key);
    // A plain one is told once; of a queue group, how many it has counts.
    const toldAlready = queue === null && before > 0 && entry.count > 0;
    if (!toldAlready) this.#changed(entry);
  }
}

/** What says that an entry is as it is now. */
function lineFor(account: string, entry: Entry): Uint8Array {
  const { subject, queue, count } = entry;
  return count === 0
    ? noInterestLine(account, subject, queue)
    : interestLine(account, subject, queue, count);
}

/**
 * An account: one subject space. Messages published in it reach its own
 * subscriptions and, but for what imports carry over, nobody else's.
 */

import type { MatchResult } from "../subject/match_result.ts";
import { NO_MATCH } from "../subject/match_result.ts";
import { Sublist } from "../subject/sublist.ts";
import { MatchCache } from "../subject/match_cache.ts";
import type { InboundMessage } from "../wire/inbound_message.ts";
import type { Subscription } from "./subscription.ts";
import { CHECK_CROSSING, CHECK_REMOTE } from "./subscription.ts";

/** Where the server itself lives. */
export const SYSTEM_ACCOUNT = "$SYS";

/** Whom the last message of a publisher went to, and how long that holds. */
export class LastMatch {
  /** Whose subscriptions these are. */
  account: Account | null = null;
  /** Generation of the account's sublist. */
  generation = -1;
  /** `InboundMessage.subjectSerial` of the subject. */
  subjectSerial = -1;
  /** Who was interested. */
  result: MatchResult<Subscription> = NO_MATCH;
}

/** Told of subscriptions that come and go. */
export interface InterestListener {
  /** There is one more. */
  inserted(subscription: Subscription): void;
  /** There is one less. */
  removed(subscription: Subscription): void;
}

/** One subject space. */
export class Account {
  /** Unique in the server. */
  readonly name: string;
  /** Who is interested in what. */
  readonly sublist: Sublist<Subscription>;
  /** Results of recent matches. */
  readonly cache: MatchCache<Subscription> = new MatchCache();
  /** Connections in it now. */
  connections = 0;
  /** Connections it may have at one time; -1 for any number. */
  maxConnections = -1;
  /** Subscriptions its connections hold, all together. */
  subscriptions = 0;
  /** Subscriptions they may hold; -1 for any number. */
  maxSubscriptions = -1;
  /** Largest message a client of it may publish, in bytes; -1 for the server's. */
  maxPayload = -1;
  /** Subscriptions of the server's own services, which no figures show. */
  services = 0;
  /** Tells other servers of all interest here; there must be none yet. */
  announcer: InterestListener | null = null;

  readonly #listeners: InterestListener[] = [];

  /** `seed` should be unpredictable; see `Sublist`. */
  constructor(name: string, seed: number) {
    this.name = name;
    this.sublist = new Sublist(seed);
  }

  /** A connection comes in; `false` when there is no room for it. */
  enter(): boolean {
    if (this.maxConnections >= 0 && this.connections >= this.maxConnections) {
      return false;
    }
    this.connections++;
    return true;
  }

  /** A connection that came in is gone. */
  leave(): void {
    this.connections--;
  }

  /** Whether it holds all the subscriptions it may. */
  get full(): boolean {
    return this.maxSubscriptions >= 0 &&
      this.subscriptions >= this.maxSubscriptions;
  }

  /** The largest message a client may publish where the server takes `max` bytes. */
  payloadLimit(max: number): number {
    return this.maxPayload < 0 ? max : Math.min(max, this.maxPayload);
  }

  /**
   * From now on `listener` is told of the subscriptions that the account's own
   * connections hold; there must be none yet.
   */
  listen(listener: InterestListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Adds a subscription. Returns `false` and changes nothing when its subject
   * is not valid.
   */
  insert(subscription: Subscription): boolean {
    if (!this.sublist.insert(subscription)) return false;
    const { checks } = subscription;
    if ((checks & CHECK_REMOTE) !== 0) return true;
    this.announcer?.inserted(subscription);
    if ((checks & CHECK_CROSSING) !== 0) return true;
    this.subscriptions++;
    for (const listener of this.#listeners) listener.inserted(subscription);
    return true;
  }

  /** Takes a subscription out; one that is not in it is let pass. */
  remove(subscription: Subscription): void {
    if (!this.sublist.remove(subscription)) return;
    const { checks } = subscription;
    if ((checks & CHECK_REMOTE) !== 0) return;
    this.announcer?.removed(subscription);
    if ((checks & CHECK_CROSSING) !== 0) return;
    this.subscriptions--;
    for (const listener of this.#listeners) listener.removed(subscription);
  }

  /**
   * Everyone the message in hand goes to. `last` is what the publisher's last
   * message matched; it answers as long as the subject stays the same.
   */
  match(message: InboundMessage, last: LastMatch): MatchResult<Subscription> {
    const { generation } = this.sublist;
    if (
      last.subjectSerial !== message.subjectSerial ||
      last.generation !== generation || last.account !== this
    ) {
      last.result = this.find(message);
      last.subjectSerial = message.subjectSerial;
      last.generation = generation;
      last.account = this;
    }
    return last.result;
  }

  /** Everyone a message goes to whose subject does not repeat. */
  find(message: InboundMessage): MatchResult<Subscription> {
    const { sublist, cache } = this;
    const { generation } = sublist;
    const { subjectStart, subjectEnd, subjectHash } = message;
    const { view, bytes } = message.buffer;
    const known = cache.get(
      view,
      subjectStart,
      subjectEnd,
      subjectHash,
      generation,
    );
    if (known !== null) return known;
    const result = sublist.size === 0
      ? NO_MATCH
      : sublist.match(bytes, subjectStart, subjectEnd);
    cache.put(view, subjectStart, subjectEnd, subjectHash, generation, result);
    return result;
  }

  /** Lets go of what is kept and no longer of use. */
  tidy(): void {
    this.cache.prune(this.sublist.generation);
  }
}

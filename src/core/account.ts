/**
 * An account: one subject space. Messages published in it reach its own
 * subscriptions and nobody else's.
 */

import type { MatchResult } from "../subject/match_result.ts";
import { NO_MATCH } from "../subject/match_result.ts";
import { Sublist } from "../subject/sublist.ts";
import { MatchCache } from "../subject/match_cache.ts";
import type { Message } from "../wire/message.ts";
import type { Subscription } from "./subscription.ts";

/** Where clients without an account of their own live. */
export const GLOBAL_ACCOUNT = "$G";
/** Where the server itself lives. */
export const SYSTEM_ACCOUNT = "$SYS";

/** Whom the last message of a publisher went to, and how long that holds. */
export class LastMatch {
  /** Whose subscriptions these are. */
  account: Account | null = null;
  /** Generation of the account's sublist. */
  generation = -1;
  /** `Message.subjectSerial` of the subject. */
  subjectSerial = -1;
  /** Who was interested. */
  result: MatchResult<Subscription> = NO_MATCH;
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

  /**
   * Everyone the message in hand goes to. `last` is what the publisher's last
   * message matched; it answers as long as the subject stays the same.
   */
  match(message: Message, last: LastMatch): MatchResult<Subscription> {
    const { generation } = this.sublist;
    if (
      last.subjectSerial !== message.subjectSerial ||
      last.generation !== generation || last.account !== this
    ) {
      last.result = this.#lookUp(message, generation);
      last.subjectSerial = message.subjectSerial;
      last.generation = generation;
      last.account = this;
    }
    return last.result;
  }

  /** Lets go of what is kept and no longer of use. */
  tidy(): void {
    this.cache.prune(this.sublist.generation);
  }

  #lookUp(message: Message, generation: number): MatchResult<Subscription> {
    const { sublist, cache } = this;
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
}

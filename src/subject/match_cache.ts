/**
 * Match results by subject, found by the subject's bytes without making a
 * string of them. Publishing to a subject costs one lookup here, whether or
 * not anybody listens; the sublist is asked only when this does not know.
 *
 * A fixed-size table: a subject may stand in any of a few neighbouring places,
 * and a new one takes the place least lately filled. So neither many subjects
 * nor subjects chosen to collide cost more than a miss.
 */

import type { MatchResult } from "./match_result.ts";
import { NO_MATCH } from "./match_result.ts";

/** Places a subject may stand in. */
const WAYS = 4;
/** Places in a new cache. */
const MIN_PLACES = 64;
/** Places it grows to, about 6 MB of entries. */
const MAX_PLACES = 32768;
/** Subscriptions that all results together may list. */
const MAX_WEIGHT = 1_000_000;
/** Longer subjects are not cached: they are rare, and would cost memory. */
const MAX_SUBJECT = 1024;

/** A subject and what it matched in one generation of the sublist. */
class Entry<S> {
  /** The subject as little-endian words, the last filled up with zeros. */
  readonly words: Int32Array;
  readonly length: number;
  readonly hash: number;
  result: MatchResult<S>;
  generation: number;

  constructor(
    words: Int32Array,
    length: number,
    hash: number,
    result: MatchResult<S>,
    generation: number,
  ) {
    this.words = words;
    this.length = length;
    this.hash = hash;
    this.result = result;
    this.generation = generation;
  }
}

/** A bounded cache of match results for one account. */
export class MatchCache<S> {
  /** Lookups that found a current result. */
  hits = 0;
  /** Lookups that did not. */
  misses = 0;

  #places: (Entry<S> | null)[] = new Array(MIN_PLACES).fill(null);
  #shift = 32 - Math.log2(MIN_PLACES);
  #used = 0;
  #weight = 0;
  #turn = 0;
  /** A bit for each hash missed lately, eight to a place; see `put`. */
  #seen = new Uint8Array(MIN_PLACES);
  #seenShift = 32 - Math.log2(MIN_PLACES * 8);
  #newcomers = 0;

  /** Subjects held. */
  get size(): number {
    return this.#used;
  }

  /**
   * What the subject from `start` to `end` matched in `generation`, `null` if
   * not known. `view` must be readable 3 bytes past `end`; `hash` is any hash
   * of these bytes, the same one for every call.
   */
  get(
    view: DataView,
    start: number,
    end: number,
    hash: number,
    generation: number,
  ): MatchResult<S> | null {
    const entry = this.#find(view, start, end - start, hash);
    if (entry === null || entry.generation !== generation) {
      this.misses++;
      return null;
    }
    this.hits++;
    return entry.result;
  }

  /**
   * Remembers a result. A subject gets a place when it comes up the second
   * time: the reply subjects of requests, used once each, would otherwise
   * push out those used all the time.
   */
  put(
    view: DataView,
    start: number,
    end: number,
    hash: number,
    generation: number,
    result: MatchResult<S>,
  ): void {
    const length = end - start;
    const known = this.#find(view, start, length, hash);
    if (known !== null) {
      this.#weight += result.weight - known.result.weight;
      known.result = result;
      known.generation = generation;
    } else if (length <= MAX_SUBJECT && this.#seenBefore(hash)) {
      const words = wordsOf(view, start, length);
      this.#insert(new Entry(words, length, hash, result, generation));
      this.#weight += result.weight;
    }
    if (this.#weight > MAX_WEIGHT) this.clear();
  }

  /**
   * Lets go of the results of other generations than this one: they will not
   * be used again, but keep alive what they list.
   */
  prune(generation: number): void {
    for (const entry of this.#places) {
      if (entry === null || entry.generation === generation) continue;
      this.#weight -= entry.result.weight;
      entry.result = NO_MATCH;
    }
  }

  /** Subscriptions the results kept list: the most in one, and in all. */
  fanout(): { maxFanout: number; totalFanout: number } {
    let maxFanout = 0;
    let totalFanout = 0;
    for (const entry of this.#places) {
      if (entry === null) continue;
      const { plain, queues } = entry.result;
      let fanout = plain.length;
      for (const members of queues) fanout += members.length;
      totalFanout += fanout;
      maxFanout = Math.max(maxFanout, fanout);
    }
    return { maxFanout, totalFanout };
  }

  /** Forgets everything. */
  clear(): void {
    this.#places.fill(null);
    this.#used = 0;
    this.#weight = 0;
  }

  /**
   * Whether `hash` was missed before, not too long ago; notes it. Those in use
   * must all fit between two clearings, or none of them ever comes up twice in
   * time: so the notes grow, whatever the number of places, before they are
   * cleared.
   */
  #seenBefore(hash: number): boolean {
    const bit = hash >>> this.#seenShift;
    const mask = 1 << (bit & 7);
    if ((this.#seen[bit >>> 3] & mask) !== 0) return true;
    this.#seen[bit >>> 3] |= mask;
    if (++this.#newcomers > 2 * this.#seen.length) this.#forgetSeen();
    return false;
  }

  #forgetSeen(): void {
    this.#newcomers = 0;
    if (this.#seen.length < MAX_PLACES) {
      this.#seen = new Uint8Array(this.#seen.length * 2);
      this.#seenShift--;
    } else this.#seen.fill(0);
  }

  #find(
    view: DataView,
    start: number,
    length: number,
    hash: number,
  ): Entry<S> | null {
    const places = this.#places;
    const mask = places.length - 1;
    const first = hash >>> this.#shift;
    for (let k = 0; k < WAYS; k++) {
      const entry = places[(first + k) & mask];
      if (entry === null) return null;
      if (
        entry.hash === hash && entry.length === length &&
        sameWords(entry.words, view, start, length)
      ) return entry;
    }
    return null;
  }

  #insert(entry: Entry<S>): void {
    const places = this.#places;
    const mask = places.length - 1;
    const first = entry.hash >>> this.#shift;
    for (let k = 0; k < WAYS; k++) {
      const at = (first + k) & mask;
      if (places[at] !== null) continue;
      places[at] = entry;
      this.#used++;
      return;
    }
    // A few chosen to collide are not worth a larger table; a fair load is.
    if (places.length < MAX_PLACES && this.#used * 8 > places.length) {
      this.#grow();
      this.#insert(entry);
      return;
    }
    const at = (first + (this.#turn++ & (WAYS - 1))) & mask;
    this.#weight -= places[at]?.result.weight ?? 0;
    places[at] = entry;
  }

  #grow(): void {
    const old = this.#places;
    this.#places = new Array(old.length * 2).fill(null);
    this.#shift -= 1;
    this.#used = 0;
    for (const entry of old) if (entry !== null) this.#insert(entry);
  }
}

function sameWords(
  words: Int32Array,
  view: DataView,
  start: number,
  length: number,
): boolean {
  const whole = length >> 2;
  for (let k = 0; k < whole; k++) {
    if (words[k] !== view.getInt32(start + (k << 2), true)) return false;
  }
  return (length & 3) === 0 || words[whole] === lastWord(view, start, length);
}

function wordsOf(view: DataView, start: number, length: number): Int32Array {
  const words = new Int32Array((length + 3) >> 2);
  const whole = length >> 2;
  for (let k = 0; k < whole; k++) {
    words[k] = view.getInt32(start + (k << 2), true);
  }
  if (whole < words.length) words[whole] = lastWord(view, start, length);
  return words;
}

/** The 1 to 3 bytes left behind the last whole word. */
function lastWord(view: DataView, start: number, length: number): number {
  const rest = length & 3;
  return view.getInt32(start + length - rest, true) & ((1 << (rest << 3)) - 1);
}

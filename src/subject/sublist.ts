/**
 * Who is interested in a subject: a trie of subscriptions by token.
 *
 * One per account. Answers are immutable snapshots, so that a result can be
 * cached and walked while subscriptions come and go. Knows nothing of
 * connections; a subscription is anything with a subject and a queue.
 */

import type { MatchResult } from "./match_result.ts";
import { NO_MATCH } from "./match_result.ts";
import { isValidSubject, tokenEnd } from "./subject.ts";
import type { Interest, Node } from "./trie.ts";
import { hashByte, Level, merge } from "./trie.ts";

/** The subject trie of one account. */
export class Sublist<S extends Interest> {
  /**
   * Changes with every insertion and removal: a result is current as long as
   * the generation it was made in.
   */
  generation = 0;
  /** Subscriptions held. */
  size = 0;

  readonly #root = new Level<S>();
  readonly #seed: number;
  /** Nodes found by the match under way. */
  readonly #found: Node<S>[] = [];
  /** Where the tokens of the subject being matched start, and their hashes. */
  #starts = new Int32Array(16);
  #hashes = new Int32Array(16);

  /** `seed` should be unpredictable: it decides which tokens collide. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Whether nothing is held, down to the last token. */
  get empty(): boolean {
    return this.#root.empty;
  }

  /**
   * Adds a subscription. Returns `false` and changes nothing when its subject
   * has an empty token or a `>` that is not last.
   */
  insert(subscription: S): boolean {
    const { subject } = subscription;
    if (!isValidSubject(subject)) return false;
    let level = this.#root;
    let start = 0;
    let end = tokenEnd(subject, start);
    let node = level.ensure(subject, start, end, this.#seed);
    while (end < subject.length) {
      level = node.next ??= new Level<S>();
      start = end + 1;
      end = tokenEnd(subject, start);
      node = level.ensure(subject, start, end, this.#seed);
    }
    node.add(subscription);
    this.generation++;
    this.size++;
    return true;
  }

  /** Removes a subscription; `false` if it is not in the list. */
  remove(subscription: S): boolean {
    if (subscription.slot < 0) return false;
    if (!this.#removeFrom(this.#root, subscription, 0)) return false;
    this.generation++;
    this.size--;
    return true;
  }

  /**
   * Everyone interested in the literal subject from `start` to `end`. Wildcard
   * characters in it are ordinary ones; a subject with an empty token matches
   * nothing. Visits only nodes that match a prefix of the subject.
   */
  match(bytes: Uint8Array, start: number, end: number): MatchResult<S> {
    const count = this.#tokenize(bytes, start, end);
    if (count === 0) return NO_MATCH;
    const found = this.#found;
    this.#collect(this.#root, bytes, 0, count);
    if (found.length === 0) return NO_MATCH;
    const result = found.length === 1
      ? (found[0].snapshot ??= merge(found, true))
      : merge(found, false);
    found.length = 0;
    return result;
  }

  /** Removes below `level`, where the token at `start` is looked up. */
  #removeFrom(level: Level<S>, subscription: S, start: number): boolean {
    const { subject } = subscription;
    const end = tokenEnd(subject, start);
    const node = level.find(subject, start, end, this.#seed);
    if (node === null) return false;
    if (end < subject.length) {
      if (node.next === null) return false;
      if (!this.#removeFrom(node.next, subscription, end + 1)) return false;
      if (node.next.empty) node.next = null;
    } else if (!node.remove(subscription)) return false;
    if (node.empty) level.drop(subject, start, end, this.#seed);
    return true;
  }

  /** Finds the nodes that match from token `index` on. */
  #collect(
    level: Level<S>,
    bytes: Uint8Array,
    index: number,
    count: number,
  ): void {
    const last = index === count - 1;
    const { star, tail } = level;
    if (tail !== null) this.#found.push(tail);
    if (star !== null) {
      if (!last) {
        if (star.next !== null) {
          this.#collect(star.next, bytes, index + 1, count);
        }
      } else if (star.holds) this.#found.push(star);
    }
    const start = this.#starts[index];
    const node = level.literal(
      bytes,
      start,
      this.#starts[index + 1] - 1,
      this.#hashes[index],
    );
    if (node === null) return;
    if (!last) {
      if (node.next !== null) this.#collect(node.next, bytes, index + 1, count);
    } else if (node.holds) this.#found.push(node);
  }

  /**
   * Notes where each token starts and its hash, and returns how many there
   * are, 0 if one is empty. `#starts[count]` is where one more would start.
   */
  #tokenize(bytes: Uint8Array, start: number, end: number): number {
    let count = 0;
    let tokenStart = start;
    let hash = this.#seed;
    for (let i = start; i <= end; i++) {
      const byte = i < end ? bytes[i] : DOT;
      if (byte !== DOT) {
        hash = hashByte(hash, byte);
        continue;
      }
      if (i === tokenStart) return 0;
      if (count + 2 > this.#starts.length) this.#growScratch();
      this.#starts[count] = tokenStart;
      this.#hashes[count++] = hash;
      tokenStart = i + 1;
      hash = this.#seed;
    }
    this.#starts[count] = tokenStart;
    return count;
  }

  #growScratch(): void {
    const starts = new Int32Array(this.#starts.length * 2);
    const hashes = new Int32Array(this.#hashes.length * 2);
    starts.set(this.#starts);
    hashes.set(this.#hashes);
    this.#starts = starts;
    this.#hashes = hashes;
  }
}

const DOT = 0x2e;

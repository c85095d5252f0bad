/**
 * The parts the subject trie is made of: levels of tokens, and nodes with the
 * subscriptions that end there. Only the sublist uses them.
 */

import type { QueueShare } from "./match_result.ts";
import { MatchResult, NOBODY } from "./match_result.ts";
import { Token, tokenKind } from "./subject.ts";

/** What the trie needs to know of a subscription, and keeps on it. */
export interface Interest {
  /** The subject as subscribed to; never changed after insertion. */
  readonly subject: Uint8Array;
  /** Queue group name, one character per byte; `null` for a plain one. */
  readonly queue: string | null;
  /**
   * The other server whose interest it stands for, listed once in a result's
   * plain ones; `null` for a subscription of this server.
   */
  readonly via: object | null;
  /** Members of the queue group it stands for there. */
  readonly weight: number;
  /** Owned by the sublist: position among its equals, -1 when not inserted. */
  slot: number;
}

/** Members of one queue group that share a subject. */
export interface Group<S> {
  /** As `Interest.queue`. */
  readonly name: string;
  /** In no order; each knows its `slot`. */
  readonly members: S[];
}

/**
 * Subscriptions whose subject ends here, and the level below. Most hold one
 * subscription, so lists are made when needed and for what they hold.
 */
export class Node<S extends Interest> {
  /** Those without a queue group; each knows its `slot`. */
  plain: S[] = NOBODY;
  /** The others, by group; none of them is empty. */
  groups: Group<S>[] = NOBODY;
  /** Tokens that follow; `null` instead of an empty level. */
  next: Level<S> | null = null;
  /** What `merge` made of this node alone, until the node changes. */
  snapshot: MatchResult<S> | null = null;

  /** Some subscription has exactly this subject. */
  get holds(): boolean {
    return this.plain.length !== 0 || this.groups.length !== 0;
  }

  /** Nobody has any use for it. */
  get empty(): boolean {
    return !this.holds && this.next === null;
  }

  /** Adds a subscription, in constant time but for finding its group. */
  add(subscription: S): void {
    this.snapshot = null;
    const { queue } = subscription;
    if (queue === null) {
      this.plain = append(this.plain, subscription);
      return;
    }
    const group = this.groups.find(({ name }) => name === queue);
    if (group !== undefined) {
      append(group.members, subscription);
    } else {
      const members = append(NOBODY, subscription);
      if (this.groups.length > 0) this.groups.push({ name: queue, members });
      else this.groups = [{ name: queue, members }];
    }
  }

  /** Takes a subscription out; whether it was there. */
  remove(subscription: S): boolean {
    const { queue } = subscription;
    if (queue === null) {
      if (!takeOut(this.plain, subscription)) return false;
    } else {
      const at = this.groups.findIndex(({ name }) => name === queue);
      if (at < 0) return false;
      const { members } = this.groups[at];
      if (!takeOut(members, subscription)) return false;
      if (members.length === 0) this.groups.splice(at, 1);
    }
    this.snapshot = null;
    return true;
  }
}

/** Adds to the end of a list, or makes one; keeps the subscription's slot. */
function append<S extends Interest>(list: S[], subscription: S): S[] {
  subscription.slot = list.length;
  if (list.length === 0) return [subscription];
  list.push(subscription);
  return list;
}

/** Takes out of a list, moving the last one into its place. */
function takeOut<S extends Interest>(list: S[], subscription: S): boolean {
  const { slot } = subscription;
  if (list[slot] !== subscription) return false;
  const last = list[list.length - 1];
  list[slot] = last;
  last.slot = slot;
  list.pop();
  subscription.slot = -1;
  return true;
}

/** A literal token and its node; tokens of one hash form a chain. */
interface Literal<S extends Interest> {
  /** The token is the part from `start` to `end` of this subject. */
  readonly subject: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly node: Node<S>;
  after: Literal<S> | null;
}

/** All the tokens that stand at one position behind one prefix. */
export class Level<S extends Interest> {
  /** By hash; those that share one form a chain. */
  readonly #literals = new Map<number, Literal<S>>();
  /** Of `*`. */
  star: Node<S> | null = null;
  /** Of `>`. */
  tail: Node<S> | null = null;

  /** There is no token. */
  get empty(): boolean {
    return this.#literals.size === 0 && this.star === null &&
      this.tail === null;
  }

  /** The node of a literal token whose hash is known. */
  literal(
    bytes: Uint8Array,
    start: number,
    end: number,
    hash: number,
  ): Node<S> | null {
    let literal = this.#literals.get(hash) ?? null;
    while (literal !== null && !equals(literal, bytes, start, end)) {
      literal = literal.after;
    }
    return literal === null ? null : literal.node;
  }

  /** The node of a token of a subscription's subject. */
  find(
    subject: Uint8Array,
    start: number,
    end: number,
    seed: number,
  ): Node<S> | null {
    switch (tokenKind(subject, start, end)) {
      case Token.Star:
        return this.star;
      case Token.Tail:
        return this.tail;
    }
    return this.literal(subject, start, end, hash(subject, start, end, seed));
  }

  /** As `find`, but makes the node if there is none. */
  ensure(
    subject: Uint8Array,
    start: number,
    end: number,
    seed: number,
  ): Node<S> {
    switch (tokenKind(subject, start, end)) {
      case Token.Star:
        return this.star ??= new Node<S>();
      case Token.Tail:
        return this.tail ??= new Node<S>();
    }
    const key = hash(subject, start, end, seed);
    const found = this.literal(subject, start, end, key);
    if (found !== null) return found;
    const node = new Node<S>();
    this.#literals.set(key, {
      subject,
      start,
      end,
      node,
      after: this.#literals.get(key) ?? null,
    });
    return node;
  }

  /** Takes away the node of a token that `find` finds. */
  drop(subject: Uint8Array, start: number, end: number, seed: number): void {
    switch (tokenKind(subject, start, end)) {
      case Token.Star:
        this.star = null;
        return;
      case Token.Tail:
        this.tail = null;
        return;
    }
    const key = hash(subject, start, end, seed);
    let before: Literal<S> | null = null;
    let literal = this.#literals.get(key) ?? null;
    while (literal !== null && !equals(literal, subject, start, end)) {
      before = literal;
      literal = literal.after;
    }
    if (literal === null) return;
    if (before !== null) before.after = literal.after;
    else if (literal.after !== null) this.#literals.set(key, literal.after);
    else this.#literals.delete(key);
  }
}

/**
 * Everyone in `nodes`; a queue group is one by its name, wherever it is. A
 * shared result is held by many and so weighs next to nothing for each.
 */
export function merge<S extends Interest>(
  nodes: readonly Node<S>[],
  shared: boolean,
): MatchResult<S> {
  const plain: S[] = [];
  const queues = new Map<string, S[]>();
  const servers = new Set<object>();
  let remote = false;
  let weight = 0;
  for (const node of nodes) {
    for (const subscription of node.plain) {
      const { via } = subscription;
      if (via !== null) {
        if (servers.has(via)) continue;
        servers.add(via);
      }
      plain.push(subscription);
    }
    weight += node.plain.length;
    for (const { name, members } of node.groups) {
      weight += members.length;
      remote ||= members.some(({ via }) => via !== null);
      const queue = queues.get(name);
      if (queue === undefined) queues.set(name, members.slice());
      else for (const member of members) queue.push(member);
    }
  }
  const groups = queues.size === 0 ? NOBODY : [...queues.values()];
  return new MatchResult(
    plain.length === 0 ? NOBODY : plain,
    groups,
    remote ? groups.map(share) : null,
    shared ? 1 : weight,
  );
}

/** Puts the members of this server first, and counts all. */
function share(group: Interest[]): QueueShare {
  group.sort((a, b) => Number(a.via !== null) - Number(b.via !== null));
  let local = 0;
  let total = 0;
  for (const { via, weight } of group) {
    if (via === null) local++;
    total += weight;
  }
  return { local, total };
}

function equals(
  literal: Literal<Interest>,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const length = end - start;
  if (literal.end - literal.start !== length) return false;
  for (let i = 0; i < length; i++) {
    if (literal.subject[literal.start + i] !== bytes[start + i]) return false;
  }
  return true;
}

/** Adds one byte to a token's hash. */
export function hashByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

function hash(
  bytes: Uint8Array,
  start: number,
  end: number,
  seed: number,
): number {
  let value = seed;
  for (let i = start; i < end; i++) value = hashByte(value, bytes[i]);
  return value;
}

/**
 * The parts the subject trie is made of: levels of tokens, and nodes with the
 * subscriptions that end there. Only the sublist uses them.
 */

import { MatchResult, NOBODY } from "./match_result.ts";
import { Token, tokenKind } from "./subject.ts";

/** Members of one queue group that share a subject. */
export interface Group<S> {
  readonly name: string;
  readonly members: S[];
}

/** Subscriptions whose subject ends here, and the level below. */
export class Node<S> {
  readonly plain: S[] = [];
  readonly groups: Group<S>[] = [];
  next: Level<S> | null = null;
  /** What `merge` made of this node alone, until the node changes. */
  snapshot: MatchResult<S> | null = null;

  /** Some subscription has exactly this subject. */
  get holds(): boolean {
    return this.plain.length !== 0 || this.groups.length !== 0;
  }

  get empty(): boolean {
    return !this.holds && this.next === null;
  }

  group(name: string): Group<S> {
    let group = this.groups.find((candidate) => candidate.name === name);
    if (group === undefined) this.groups.push(group = { name, members: [] });
    return group;
  }

  dropGroup(name: string): void {
    const at = this.groups.findIndex((group) => group.name === name);
    this.groups.splice(at, 1);
  }
}

/** A literal token and its node; tokens of one hash form a chain. */
interface Literal<S> {
  /** The token is the part from `start` to `end` of this subject. */
  readonly subject: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly node: Node<S>;
  after: Literal<S> | null;
}

/** All the tokens that stand at one position behind one prefix. */
export class Level<S> {
  readonly #literals = new Map<number, Literal<S>>();
  star: Node<S> | null = null;
  tail: Node<S> | null = null;

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
export function merge<S>(
  nodes: readonly Node<S>[],
  shared: boolean,
): MatchResult<S> {
  const plain: S[] = [];
  const queues = new Map<string, S[]>();
  let weight = 0;
  for (const node of nodes) {
    for (const subscription of node.plain) plain.push(subscription);
    weight += node.plain.length;
    for (const { name, members } of node.groups) {
      weight += members.length;
      const queue = queues.get(name);
      if (queue === undefined) queues.set(name, members.slice());
      else for (const member of members) queue.push(member);
    }
  }
  return new MatchResult(
    plain.length === 0 ? NOBODY : plain,
    queues.size === 0 ? NOBODY : [...queues.values()],
    shared ? 1 : weight,
  );
}

function equals(
  literal: Literal<unknown>,
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

/**
 * Mapping subjects of one form to another, both ways: `ev.*.>` to
 * `local.*.>`. Pure; imports between accounts rename messages with it.
 */

import { countTokens, isValidSubject, Token, tokenKind } from "./subject.ts";

const DOT = 0x2e;
const DOLLAR = 0x24;
const STAR = Uint8Array.of(0x2a);

/** Turns subjects that match a pattern into others. */
export class SubjectTransform {
  /** What it takes: a subject, `*` and a final `>` as wildcards. */
  readonly pattern: Uint8Array;
  /** Bytes by which a result may be longer than what it was made of. */
  readonly growth: number;

  /** Bytes to write as they are, and tokens of the subject to put between. */
  readonly #pieces: readonly (Uint8Array | number)[];
  /** Where the tokens of the subject at hand start. */
  readonly #starts: Int32Array;

  /** For each token of a result, its bytes or which token it is of the subject. */
  constructor(pattern: Uint8Array, tokens: readonly (Uint8Array | number)[]) {
    this.pattern = pattern;
    this.#pieces = piecesOf(tokens);
    this.#starts = new Int32Array(countTokens(pattern));
    let growth = 0;
    for (const piece of this.#pieces) {
      if (typeof piece !== "number") growth += piece.length;
    }
    this.growth = growth;
  }

  /**
   * Writes what the subject from `start` to `end` becomes to `target` and
   * returns where that ends. The subject must match `pattern`.
   */
  apply(
    bytes: Uint8Array,
    start: number,
    end: number,
    target: Uint8Array,
    at: number,
  ): number {
    const starts = this.#starts;
    const last = starts.length - 1;
    starts[0] = start;
    // What a final `>` stands for is its token, dots and all.
    for (let i = start, token = 0; token < last && i < end; i++) {
      if (bytes[i] === DOT) starts[++token] = i + 1;
    }
    let to = at;
    for (const piece of this.#pieces) {
      const part = typeof piece !== "number" ? piece : bytes.subarray(
        starts[piece],
        piece === last ? end : starts[piece + 1] - 1,
      );
      target.set(part, to);
      to += part.length;
    }
    return to;
  }
}

/** A mapping and its reverse. */
export interface SubjectMapping {
  /** From the source to the destination. */
  readonly forth: SubjectTransform;
  /** From the destination to the source. */
  readonly back: SubjectTransform;
}

/**
 * Maps the subjects of `source` to those of `destination`, in which a `*`
 * stands for the next and `$n` for the n-th `*` of the source. Returns what is
 * wrong when that cannot be turned round: each wildcard must be used once.
 */
export function mapSubjects(
  source: Uint8Array,
  destination: Uint8Array,
): SubjectMapping | string {
  if (!isValidSubject(source) || !isValidSubject(destination)) {
    return "invalid subject";
  }
  const from = tokensOf(source);
  const to = tokensOf(destination);
  const tailed = isWildcard(from[from.length - 1], Token.Tail);
  if (tailed !== isWildcard(to[to.length - 1], Token.Tail)) {
    return 'both subjects or none must end with ">"';
  }
  const stars = [...from.keys()].filter((i) => isWildcard(from[i], Token.Star));
  const places = placesOf(stars.length, to);
  if (typeof places === "string") return places;
  const forth: (Uint8Array | number)[] = [...to];
  const back: (Uint8Array | number)[] = [...from];
  const pattern = [...to];
  for (const [star, place] of places.entries()) {
    forth[place] = stars[star];
    back[stars[star]] = place;
    pattern[place] = STAR;
  }
  if (tailed) {
    forth[to.length - 1] = from.length - 1;
    back[from.length - 1] = to.length - 1;
  }
  return {
    forth: new SubjectTransform(source.slice(), forth),
    back: new SubjectTransform(joined(pattern), back),
  };
}

/**
 * For each of `count` stars of the source, the token of the destination it goes
 * to; what is wrong if one goes nowhere or more than once.
 */
function placesOf(count: number, to: readonly Uint8Array[]): number[] | string {
  const places = new Array<number>(count).fill(-1);
  let next = 0;
  for (const [place, token] of to.entries()) {
    const star = isWildcard(token, Token.Star) ? next++ : ordinal(token);
    if (star < 0) continue;
    if (star >= count) return `no wildcard for token ${place + 1}`;
    if (places[star] >= 0) return "a wildcard is used twice";
    places[star] = place;
  }
  return places.includes(-1) ? "not all wildcards are used" : places;
}

function tokensOf(subject: Uint8Array): Uint8Array[] {
  const tokens: Uint8Array[] = [];
  for (let start = 0, i = 0; i <= subject.length; i++) {
    if (i < subject.length && subject[i] !== DOT) continue;
    tokens.push(subject.slice(start, i));
    start = i + 1;
  }
  return tokens;
}

function isWildcard(token: Uint8Array, kind: Token): boolean {
  return tokenKind(token, 0, token.length) === kind;
}

/** Which star, counted from 0, a token such as `$1` stands for; else -1. */
function ordinal(token: Uint8Array): number {
  if (token.length < 2 || token.length > 3 || token[0] !== DOLLAR) return -1;
  const digits = String.fromCharCode(...token.subarray(1));
  return /^[1-9]\d?$/.test(digits) ? Number(digits) - 1 : -1;
}

function joined(tokens: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(
    tokens.flatMap((token, i) => i > 0 ? [DOT, ...token] : [...token]),
  );
}

/** Puts dots between tokens, and all bytes that follow each other in one. */
function piecesOf(
  tokens: readonly (Uint8Array | number)[],
): (Uint8Array | number)[] {
  const pieces: (Uint8Array | number)[] = [];
  let bytes: number[] = [];
  for (const [i, token] of tokens.entries()) {
    if (i > 0) bytes.push(DOT);
    if (typeof token !== "number") {
      bytes.push(...token);
      continue;
    }
    if (bytes.length > 0) pieces.push(Uint8Array.from(bytes));
    pieces.push(token);
    bytes = [];
  }
  if (bytes.length > 0) pieces.push(Uint8Array.from(bytes));
  return pieces;
}

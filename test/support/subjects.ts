/** Subjects for property tests, and a matcher too naive to be wrong. */

import fc from "fast-check";
import { fromLatin1 } from "../../src/wire/ascii.ts";
import type { Interest } from "../../src/subject/trie.ts";

/** A subscription of the simplest kind. */
export class PlainInterest implements Interest {
  readonly via = null;
  readonly weight = 1;
  slot = -1;
  readonly subject: Uint8Array;

  constructor(
    readonly text: string,
    readonly queue: string | null,
    readonly id: number,
  ) {
    this.subject = fromLatin1(text);
  }
}

const literal = fc.constantFrom("a", "b", "c", "ab", "x*", ">y", "long-token");

/** A subject to publish to; few tokens, so that they often meet. */
export const publishSubject: fc.Arbitrary<string> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: literal },
    fc.constantFrom("*", ">", ""),
  ),
  { minLength: 1, maxLength: 5 },
).map((tokens) => tokens.join("."));

/** A valid subject to subscribe to. */
export const subscribeSubject: fc.Arbitrary<string> = fc.tuple(
  fc.array(
    fc.oneof({ weight: 4, arbitrary: literal }, fc.constant("*")),
    { minLength: 1, maxLength: 4 },
  ),
  fc.boolean(),
).map(([tokens, tail]) => [...tokens, ...(tail ? [">"] : [])].join("."));

/** Whether a subscription to `pattern` gets what is published to `subject`. */
export function naiveMatch(pattern: string, subject: string): boolean {
  const wanted = pattern.split(".");
  const given = subject.split(".");
  if (given.includes("")) return false;
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === ">" && i === wanted.length - 1) return i < given.length;
    if (i >= given.length) return false;
    if (wanted[i] !== "*" && wanted[i] !== given[i]) return false;
  }
  return wanted.length === given.length;
}

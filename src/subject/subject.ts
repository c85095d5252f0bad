/**
 * Subjects as byte strings: tokens, wildcards, validity.
 *
 * `*` and `>` are wildcards only as whole tokens, `>` only as the last one;
 * anywhere else they are ordinary characters (client-protocol §3.6).
 */

const DOT = 0x2e;
const STAR = 0x2a;
const GT = 0x3e;

/** What a single token is. */
export const enum Token {
  /** Compares byte for byte. */
  Literal,
  /** `*`: matches exactly one token. */
  Star,
  /** `>`: matches one or more tokens to the end. */
  Tail,
}

/** What the token from `start` to `end` is. */
export function tokenKind(
  bytes: Uint8Array,
  start: number,
  end: number,
): Token {
  if (end - start !== 1) return Token.Literal;
  return bytes[start] === STAR
    ? Token.Star
    : bytes[start] === GT
    ? Token.Tail
    : Token.Literal;
}

/** The end of the token that starts at `start`: its dot, or the end. */
export function tokenEnd(bytes: Uint8Array, start: number): number {
  const dot = bytes.indexOf(DOT, start);
  return dot < 0 ? bytes.length : dot;
}

/** How many tokens a subject has; empty ones count. */
export function countTokens(subject: Uint8Array): number {
  let count = 1;
  for (let i = 0; i < subject.length; i++) if (subject[i] === DOT) count++;
  return count;
}

/** Whether a subscription may have this subject: no empty token, `>` last. */
export function isValidSubject(subject: Uint8Array): boolean {
  return checkTokens(subject, (kind, last) => kind !== Token.Tail || last);
}

/** Whether a subject is valid and has no wildcard: one to publish to. */
export function isLiteralSubject(subject: Uint8Array): boolean {
  return checkTokens(subject, (kind) => kind === Token.Literal);
}

function checkTokens(
  subject: Uint8Array,
  allowed: (kind: Token, last: boolean) => boolean,
): boolean {
  for (let start = 0;;) {
    const end = tokenEnd(subject, start);
    if (end === start) return false;
    const last = end === subject.length;
    if (!allowed(tokenKind(subject, start, end), last)) return false;
    if (last) return true;
    start = end + 1;
  }
}

/** How subscription subjects and queue names compare, wildcards and all. */

import { Token, tokenEnd, tokenKind } from "./subject.ts";

/** Whether every subject that matches `narrow` matches `wide`; both valid. */
export function covers(wide: Uint8Array, narrow: Uint8Array): boolean {
  for (let i = 0, j = 0;;) {
    const endWide = tokenEnd(wide, i);
    const endNarrow = tokenEnd(narrow, j);
    const kind = tokenKind(wide, i, endWide);
    if (kind === Token.Tail) return true;
    const other = tokenKind(narrow, j, endNarrow);
    if (other === Token.Tail) return false;
    if (
      kind === Token.Literal &&
      (other !== Token.Literal ||
        !same(wide.subarray(i, endWide), narrow.subarray(j, endNarrow)))
    ) return false;
    if (endWide === wide.length || endNarrow === narrow.length) {
      return endWide === wide.length && endNarrow === narrow.length;
    }
    i = endWide + 1;
    j = endNarrow + 1;
  }
}

/** Whether some subject matches both of these valid subscription subjects. */
export function overlap(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0, j = 0;;) {
    const endA = tokenEnd(a, i);
    const endB = tokenEnd(b, j);
    const kindA = tokenKind(a, i, endA);
    const kindB = tokenKind(b, j, endB);
    if (kindA === Token.Tail || kindB === Token.Tail) return true;
    if (
      kindA === Token.Literal && kindB === Token.Literal &&
      !same(a.subarray(i, endA), b.subarray(j, endB))
    ) return false;
    if (endA === a.length || endB === b.length) {
      return endA === a.length && endB === b.length;
    }
    i = endA + 1;
    j = endB + 1;
  }
}

/**
 * Whether everything `queue` can stand for is in `pattern`, token by token: a
 * queue named `v1.*` fits `v1.*` and `>`, but not `v1.a` (as nats-server
 * `client.go queueMatches`).
 */
export function fitsQueue(queue: string, pattern: string): boolean {
  if (queue === pattern) return true;
  const wanted = pattern.split(".");
  const given = queue.split(".");
  for (let i = 0; i < wanted.length; i++) {
    if (i >= given.length) return false;
    if (wanted[i] === ">") return true;
    if (given[i] === "" || given[i] === ">") return false;
    if (wanted[i] !== "*" && wanted[i] !== given[i]) return false;
  }
  return wanted.length === given.length;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

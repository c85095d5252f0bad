/** Whether one subscription subject takes in all of another. */

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

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

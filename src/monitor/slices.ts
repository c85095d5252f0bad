/** Sorting that can be put aside: for lists that take too long in one go. */

/** Items sorted, or merged, between two pauses. */
const RUN = 256;

/**
 * Sorts, stable; yields an empty text wherever it can be put aside, and
 * returns a list of its own.
 */
export function* sorted<Item>(
  items: readonly Item[],
  compare: (a: Item, b: Item) => number,
): Generator<"", Item[]> {
  let runs: Item[][] = [];
  for (let start = 0; start < items.length; start += RUN) {
    runs.push(items.slice(start, start + RUN).sort(compare));
    yield "";
  }
  while (runs.length > 1) {
    const longer: Item[][] = [];
    for (let i = 0; i + 1 < runs.length; i += 2) {
      longer.push(yield* merged(runs[i], runs[i + 1], compare));
    }
    if (runs.length % 2 === 1) longer.push(runs[runs.length - 1]);
    runs = longer;
  }
  return runs[0] ?? [];
}

function* merged<Item>(
  left: readonly Item[],
  right: readonly Item[],
  compare: (a: Item, b: Item) => number,
): Generator<"", Item[]> {
  const result: Item[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) {
    result.push(compare(left[l], right[r]) <= 0 ? left[l++] : right[r++]);
    if (result.length % RUN === 0) yield "";
  }
  return result.concat(left.slice(l), right.slice(r));
}

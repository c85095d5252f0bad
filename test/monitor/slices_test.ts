import assert from "node:assert/strict";
import fc from "fast-check";
import { sorted } from "../../src/monitor/slices.ts";

/** Runs to the end; the longest stretch of comparisons between two pauses. */
function run(items: readonly [number, number][]) {
  let comparisons = 0;
  let longest = 0;
  const steps = sorted(items, ([a], [b]) => {
    comparisons++;
    return a - b;
  });
  for (;;) {
    comparisons = 0;
    const step = steps.next();
    longest = Math.max(longest, comparisons);
    if (step.done) return { result: step.value, longest };
  }
}

Deno.test("sorted() sorts, and keeps the order of equals", () => {
  fc.assert(fc.property(
    fc.array(fc.nat({ max: 20 }), { maxLength: 2000, size: "max" }),
    (numbers) => {
      const items = numbers.map((n, i): [number, number] => [n, i]);
      const wanted = [...items].sort(([a], [b]) => a - b);
      assert.deepEqual(run(items).result, wanted);
    },
  ));
});

Deno.test("sorted() pauses often, however long the list", () => {
  const items = Array.from(
    { length: 20_000 },
    (_, i): [number, number] => [i * 7919 % 20_011, i],
  );
  assert(run(items).longest < 4000);
});

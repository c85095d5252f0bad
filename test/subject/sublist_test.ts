import assert from "node:assert/strict";
import fc from "fast-check";
import type { MatchResult } from "../../src/subject/match_result.ts";
import { Sublist } from "../../src/subject/sublist.ts";
import { fromLatin1 } from "../../src/wire/ascii.ts";
import {
  naiveMatch,
  PlainInterest,
  publishSubject,
  subscribeSubject,
} from "../support/subjects.ts";

const match = (list: Sublist<PlainInterest>, subject: string) => {
  const bytes = fromLatin1(`..${subject}..`);
  return list.match(bytes, 2, 2 + subject.length);
};

/** A result as sorted ids: `{plain, queues: {name: ids}}`. */
function ids(result: MatchResult<PlainInterest>) {
  const sorted = (list: readonly PlainInterest[]) =>
    list.map(({ id }) => id).sort((a, b) => a - b);
  const queues: Record<string, number[]> = {};
  for (const members of result.queues) {
    const name = `${members[0].queue}`;
    assert(!(name in queues), "a queue group must be listed once");
    queues[name] = sorted(members);
  }
  return { plain: sorted(result.plain), queues };
}

/** What `ids(match())` must be. */
function expected(all: Iterable<PlainInterest>, subject: string) {
  const plain: number[] = [];
  const queues: Record<string, number[]> = {};
  for (const { text, queue, id } of all) {
    if (!naiveMatch(text, subject)) continue;
    if (queue === null) plain.push(id);
    else (queues[queue] ??= []).push(id);
  }
  plain.sort((a, b) => a - b);
  for (const members of Object.values(queues)) members.sort((a, b) => a - b);
  return { plain, queues };
}

Deno.test("Sublist.match() agrees with a naive matcher through inserts and removals", () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant("insert" as const),
      subject: subscribeSubject,
      queue: fc.option(fc.constantFrom("q1", "q2")),
    }),
    fc.record({ do: fc.constant("remove" as const), which: fc.nat() }),
    fc.record({ do: fc.constant("match" as const), subject: publishSubject }),
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer(),
      (steps, seed) => {
        const list = new Sublist<PlainInterest>(seed);
        const held: PlainInterest[] = [];
        let id = 0;
        for (const step of steps) {
          if (step.do === "insert") {
            const interest = new PlainInterest(step.subject, step.queue, id++);
            assert(list.insert(interest));
            held.push(interest);
          } else if (step.do === "remove") {
            if (held.length === 0) continue;
            const [gone] = held.splice(step.which % held.length, 1);
            assert(list.remove(gone));
            assert(!list.remove(gone), "a second removal finds nothing");
          } else {
            assert.deepEqual(
              ids(match(list, step.subject)),
              expected(held, step.subject),
            );
          }
          assert.equal(list.size, held.length);
        }
        for (const interest of held) list.remove(interest);
        assert.equal(list.size, 0);
        assert.equal(list.empty, true, "nothing may be left in the trie");
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("Sublist.insert() refuses an invalid subject and leaves nothing behind", () => {
  const list = new Sublist<PlainInterest>(1);
  for (const subject of ["", "a.", "a..b", ">.a"]) {
    assert.equal(list.insert(new PlainInterest(subject, null, 0)), false);
  }
  assert.equal(list.size, 0);
  assert.equal(list.generation, 0);
  assert.equal(list.empty, true);
});

Deno.test("Sublist.match() answers stay as they were when subscriptions change", () => {
  const list = new Sublist<PlainInterest>(1);
  const first = new PlainInterest("a.*", null, 1);
  const second = new PlainInterest("a.b", "q", 2);
  list.insert(first);
  list.insert(second);
  const before = match(list, "a.b");
  list.remove(first);
  list.insert(new PlainInterest("a.>", null, 3));
  assert.deepEqual(ids(before), { plain: [1], queues: { q: [2] } });
  assert.deepEqual(ids(match(list, "a.b")), { plain: [3], queues: { q: [2] } });
});

Deno.test("Sublist.generation changes with every insertion and removal", () => {
  const list = new Sublist<PlainInterest>(1);
  const interest = new PlainInterest("a", null, 1);
  const seen = new Set([list.generation]);
  list.insert(interest);
  seen.add(list.generation);
  list.remove(interest);
  seen.add(list.generation);
  assert.equal(seen.size, 3);
});

Deno.test("Sublist holds 100,000 subscriptions, a tenth of them wildcards", () => {
  const list = new Sublist<PlainInterest>(7);
  const all: PlainInterest[] = [];
  for (let i = 0; i < 100_000; i++) {
    const tokens = [`site${i % 50}`, `floor${i % 700}`, `sensor${i}`];
    if (i % 10 === 0) tokens[i % 3] = "*";
    if (i % 100 === 0) tokens[2] = ">";
    const interest = new PlainInterest(tokens.join("."), null, i);
    all.push(interest);
    list.insert(interest);
  }
  for (let i = 0; i < 100_000; i += 4999) {
    const subject = `site${i % 50}.floor${i % 700}.sensor${i}`;
    assert.deepEqual(ids(match(list, subject)), expected(all, subject));
  }
  for (const interest of all) assert(list.remove(interest));
  assert.equal(list.empty, true);
});

Deno.test("Sublist.match() takes subjects of very many tokens", () => {
  const list = new Sublist<PlainInterest>(7);
  const subject = Array(2000).fill("t").join(".");
  list.insert(new PlainInterest(subject, null, 1));
  list.insert(new PlainInterest(Array(2000).fill("*").join("."), null, 2));
  list.insert(new PlainInterest("t.>", null, 3));
  assert.deepEqual(ids(match(list, subject)).plain, [1, 2, 3]);
});

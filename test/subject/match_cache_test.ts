import assert from "node:assert/strict";
import fc from "fast-check";
import { MatchCache } from "../../src/subject/match_cache.ts";
import { MatchResult } from "../../src/subject/match_result.ts";
import { Sublist } from "../../src/subject/sublist.ts";
import { fromLatin1 } from "../../src/wire/ascii.ts";
import { ByteBuffer } from "../../src/wire/buffer.ts";
import { hashWords } from "../../src/wire/words.ts";
import {
  naiveMatch,
  PlainInterest,
  publishSubject,
  subscribeSubject,
} from "../support/subjects.ts";

/** A subject as it lies in a read buffer. */
function place(
  subject: string,
  offset = 0,
): [DataView, number, number, number] {
  const buffer = new ByteBuffer(offset + subject.length + 8);
  crypto.getRandomValues(buffer.bytes);
  buffer.bytes.set(fromLatin1(subject), offset);
  const end = offset + subject.length;
  return [buffer.view, offset, end, hashWords(buffer.view, offset, end, 99)];
}

const result = (weight = 1) => new MatchResult<number>([1], [], null, weight);

Deno.test("MatchCache.get() finds what was put, wherever the bytes lie", () => {
  const cache = new MatchCache<number>();
  for (
    const subject of ["a", "ab", "abc", "abcd", "a.b.c.d.e.f", "x".repeat(99)]
  ) {
    const wanted = result();
    cache.put(...place(subject), 1, wanted);
    assert.equal(cache.get(...place(subject), 1), null, "once is not enough");
    cache.put(...place(subject), 1, wanted);
    assert.equal(cache.get(...place(subject, 3), 1), wanted);
    assert.equal(cache.get(...place(`${subject}x`), 1), null);
    assert.equal(cache.get(...place(subject), 2), null, "another generation");
  }
  assert.equal(cache.size, 6);
});

Deno.test("MatchCache tells subjects apart that have the same hash", () => {
  const cache = new MatchCache<number>();
  const [a, b] = [result(), result()];
  for (const [subject, what] of [["foo.bar", a], ["foo.baz", b]] as const) {
    const [view, start, end] = place(subject);
    cache.put(view, start, end, 5, 1, what);
    cache.put(view, start, end, 5, 1, what);
  }
  const [view, start, end] = place("foo.bar");
  assert.equal(cache.get(view, start, end, 5, 1), a);
  const [other, from, to] = place("foo.baz");
  assert.equal(cache.get(other, from, to, 5, 1), b);
});

Deno.test("MatchCache is bounded whatever is put into it", () => {
  const cache = new MatchCache<number>();
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 100_000; i++) {
      cache.put(...place(`subject.number.${i}`), 1, result());
      if (i % 2) cache.put(...place(`subject.number.${i}`), 1, result());
    }
  }
  assert(cache.size <= 32768, `${cache.size}`);
  assert(cache.size > 10_000, `${cache.size}`);
  for (let i = 0; i < 3; i++) {
    cache.put(...place("heavy"), 1, result(2_000_000));
  }
  assert(cache.size < 10, "results that list too many are let go");
});

Deno.test("MatchCache keeps subjects in use when others pass by once", () => {
  const cache = new MatchCache<number>();
  const used = Array.from({ length: 30 }, (_, i) => `orders.${i}`);
  const wanted = result();
  for (const subject of [...used, ...used]) {
    cache.put(...place(subject), 1, wanted);
  }
  for (let i = 0; i < 1000; i++) {
    cache.put(...place(`_INBOX.${i}.${i * 7919}`), 1, result());
  }
  const kept = used.filter((subject) =>
    cache.get(...place(subject), 1) === wanted
  );
  assert.equal(kept.length, used.length);
});

Deno.test("MatchCache.prune() lets go of results that will not be used again", () => {
  const cache = new MatchCache<number>();
  const old = result(500_000);
  const current = result(500_000);
  for (let i = 0; i < 2; i++) {
    cache.put(...place("old"), 1, old);
    cache.put(...place("current"), 2, current);
  }
  cache.prune(2);
  assert.equal(cache.get(...place("current"), 2), current);
  assert.equal(cache.get(...place("old"), 1)?.weight, 0);
  const more = result(400_000);
  for (let i = 0; i < 2; i++) cache.put(...place("more"), 2, more);
  assert.equal(
    cache.get(...place("current"), 2),
    current,
    "its weight is gone",
  );
});

Deno.test("A match through the cache agrees with a naive matcher under churn", () => {
  const step = fc.oneof(
    { weight: 2, arbitrary: fc.record({ insert: subscribeSubject }) },
    { weight: 1, arbitrary: fc.record({ remove: fc.nat() }) },
    { weight: 6, arbitrary: fc.record({ publish: publishSubject }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const list = new Sublist<PlainInterest>(3);
      const cache = new MatchCache<PlainInterest>();
      const held: PlainInterest[] = [];
      for (const [id, step] of steps.entries()) {
        if ("insert" in step) {
          const queue = id % 3 === 0 ? "q" : null;
          const interest = new PlainInterest(step.insert, queue, id);
          list.insert(interest);
          held.push(interest);
        } else if ("remove" in step) {
          const [gone] = held.splice(step.remove % (held.length || 1), 1);
          if (gone !== undefined) list.remove(gone);
        } else {
          const at = place(step.publish, id % 5);
          let found = cache.get(...at, list.generation);
          if (found === null) {
            const [view, start, end] = at;
            found = list.match(new Uint8Array(view.buffer), start, end);
            cache.put(...at, list.generation, found);
          }
          const got = [...found.plain, ...found.queues.flat()];
          assert.deepEqual(
            got.map(({ id }) => id).sort((a, b) => a - b),
            held.filter(({ text }) => naiveMatch(text, step.publish))
              .map(({ id }) => id),
          );
        }
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("MatchCache comes to know subjects in rotation, however many", () => {
  for (const count of [64, 200, 400, 1000, 5000]) {
    const cache = new MatchCache<number>();
    const places = Array.from(
      { length: count },
      (_, i) => place(`rotating.${i}`),
    );
    for (let pass = 0; pass < 20; pass++) {
      if (pass === 19) cache.hits = cache.misses = 0;
      for (const subject of places) {
        if (cache.get(...subject, 1) === null) {
          cache.put(...subject, 1, result());
        }
      }
    }
    assert(cache.misses <= count / 50, `${count}: ${cache.misses} misses`);
  }
});

Deno.test("MatchCache.fanout() tells how many the results list, at most and in all", () => {
  const cache = new MatchCache<number>();
  assert.deepEqual(cache.fanout(), { maxFanout: 0, totalFanout: 0 });
  const results: [string, MatchResult<number>][] = [
    ["a", new MatchResult<number>([1, 2], [[3, 4], [5]], null, 5)],
    ["b", new MatchResult<number>([1], [], null, 1)],
    ["c", new MatchResult<number>([], [], null, 0)],
  ];
  for (const [subject, one] of [...results, ...results]) {
    cache.put(...place(subject), 1, one);
  }
  assert.deepEqual(cache.fanout(), { maxFanout: 5, totalFanout: 6 });
});

/** Matching alone: the trie, and the cache in front of it. */

import { MatchCache } from "../src/subject/match_cache.ts";
import { Sublist } from "../src/subject/sublist.ts";
import { fromLatin1 } from "../src/wire/ascii.ts";
import { ByteBuffer } from "../src/wire/buffer.ts";
import { hashWords } from "../src/wire/words.ts";

interface Subscription {
  readonly subject: Uint8Array;
  readonly queue: string | null;
  via: null;
  weight: 1;
  slot: number;
}

function subscription(subject: string): Subscription {
  return {
    subject: fromLatin1(subject),
    queue: null,
    via: null,
    weight: 1,
    slot: -1,
  };
}

/** `count` subscriptions of three tokens, a tenth of them with a wildcard. */
function filled(count: number): Sublist<Subscription> {
  const list = new Sublist<Subscription>(7);
  for (let i = 0; i < count; i++) {
    const tokens = [`site${i % 50}`, `floor${i % 700}`, `sensor${i}`];
    if (i % 10 === 0) tokens[1 + i % 2] = "*";
    list.insert(subscription(tokens.join(".")));
  }
  return list;
}

const SUBJECTS = 256;
let sink = 0;

for (const count of [1, 1000, 100_000]) {
  const list = filled(count);
  const subjects = Array.from({ length: SUBJECTS }, (_, i) => {
    const k = (i * 7919) % count;
    return fromLatin1(`site${k % 50}.floor${k % 700}.sensor${k}`);
  });
  let at = 0;
  Deno.bench({
    name: `3 tokens, ${count} subscriptions, trie`,
    group: "match",
    baseline: count === 1,
    fn: () => {
      const subject = subjects[at++ % SUBJECTS];
      sink += list.match(subject, 0, subject.length).plain.length;
    },
  });
}

{
  const list = filled(1000);
  const cache = new MatchCache<Subscription>();
  const places = Array.from({ length: SUBJECTS }, (_, i) => {
    const subject = fromLatin1(`site${i % 50}.floor${i % 700}.sensor${i}`);
    const buffer = new ByteBuffer(subject.length);
    buffer.bytes.set(subject);
    const end = subject.length;
    return { view: buffer.view, end, hash: hashWords(buffer.view, 0, end, 1) };
  });
  for (let round = 0; round < 2; round++) {
    for (const { view, end, hash } of places) {
      const result = list.match(new Uint8Array(view.buffer), 0, end);
      cache.put(view, 0, end, hash, 1, result);
    }
  }
  let at = 0;
  Deno.bench({
    name: `3 tokens, ${SUBJECTS} subjects in use, cache`,
    group: "match",
    fn: () => {
      const { view, end, hash } = places[at++ % SUBJECTS];
      sink += cache.get(view, 0, end, hash, 1)?.plain.length ?? 0;
    },
  });
}

{
  const list = filled(100_000);
  const churning = subscription("site1.*.sensor1");
  Deno.bench({
    name: "insert and remove, 100000 subscriptions",
    group: "churn",
    fn: () => {
      list.insert(churning);
      list.remove(churning);
    },
  });
}

// Read the sink, so that no match is optimised away.
if (sink < 0) throw new Error("impossible");

import assert from "node:assert/strict";
import { Pace } from "../../src/monitor/pace.ts";
import { streamed } from "../../src/monitor/responses.ts";
import { Room } from "../../src/monitor/room.ts";
import { FakeClock } from "../support/clock.ts";

/** How a text is sent in these tests. */
function options(clock: FakeClock, room = new Room()) {
  return {
    status: 200,
    type: "text/plain",
    pace: new Pace(clock, () => -Infinity),
    room,
    clock,
    bodiless: false,
  };
}

/** Much text, and whether it was given up. */
class Endless {
  ended = false;

  *pieces(): Generator<string> {
    try {
      for (;;) yield "é".repeat(1000);
    } finally {
      this.ended = true;
    }
  }
}

Deno.test("streamed() gives up on a reader that does not come back for more", async () => {
  const clock = new FakeClock();
  const endless = new Endless();
  const { body } = await streamed(endless.pieces(), options(clock));
  const reader = body?.getReader();
  for (let i = 0; i < 3; i++) {
    assert.equal((await reader?.read())?.done, false);
    clock.advance(29_000);
  }
  assert.equal(endless.ended, false);
  clock.advance(30_000);
  assert.equal(endless.ended, true);
  await assert.rejects(async () => {
    for (;;) await reader?.read();
  }, /The reader does not go on/);
  assert.equal(clock.pending, 0);
});

Deno.test("streamed() gives back the place of a reader, however it ends", async () => {
  const clock = new FakeClock();
  const room = new Room();
  for (let i = 0; i < 100; i++) {
    const { body, status } = await streamed(
      new Endless().pieces(),
      options(clock, room),
    );
    assert.equal(status, 200);
    if (i % 2 === 0) await body?.cancel();
    else clock.advance(30_000);
  }
  function* broken() {
    yield "x".repeat(200_000);
    throw new RangeError("broken");
  }
  for (let i = 0; i < 100; i++) {
    const { body, status } = await streamed(broken(), options(clock, room));
    assert.equal(status, 200);
    await assert.rejects(new Response(body).text(), RangeError);
  }
  function* whole() {
    for (let i = 0; i < 100; i++) yield "é".repeat(1000);
  }
  for (let i = 0; i < 100; i++) {
    const response = await streamed(whole(), options(clock, room));
    assert.equal(response.status, 200);
    assert.equal(await response.text(), "é".repeat(100_000));
  }
});

Deno.test("streamed() has only so many long texts wait to be read, and short ones all the same", async () => {
  const clock = new FakeClock();
  const room = new Room();
  const ask = (pieces: Iterable<string>) =>
    streamed(pieces, options(clock, room));
  const readers: Response[] = [];
  let answer = await ask(new Endless().pieces());
  while (answer.status === 200) {
    readers.push(answer);
    answer = await ask(new Endless().pieces());
  }
  assert.equal(readers.length, 32);
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get("Retry-After"), "1");
  assert.equal(await answer.text(), "Too many requests under way\n");
  assert.equal(await (await ask(["short"])).text(), "short");
  await readers[7].body?.cancel();
  answer = await ask(new Endless().pieces());
  assert.equal(answer.status, 200);
  for (const { body } of [...readers, answer]) {
    if (body?.locked === false) await body.cancel();
  }
});

Deno.test("Room begins a few at a time, in order, and goes on after one that fails", async () => {
  const room = new Room();
  const begun: number[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const all = Array.from({ length: 6 }, (_, i) =>
    room.begin(() => {
      begun.push(i);
      return (ends[i] = Promise.withResolvers<void>()).promise;
    }));
  assert.deepEqual(begun, [0, 1, 2, 3]);
  ends[2].reject(new Error("no"));
  await assert.rejects(all[2], /no/);
  assert.deepEqual(begun, [0, 1, 2, 3, 4]);
  ends[0].resolve();
  await all[0];
  assert.deepEqual(begun, [0, 1, 2, 3, 4, 5]);
  for (const { resolve } of ends) resolve();
  await Promise.allSettled(all);
});

import assert from "node:assert/strict";
import { Pace } from "../../src/monitor/pace.ts";
import { FakeClock } from "../support/clock.ts";

/** Work that takes `ms`. */
function work(clock: FakeClock, done: string[], name: string, ms: number) {
  return () => {
    clock.advance(ms);
    done.push(name);
  };
}

/** Lets everything go on that can. */
async function settle() {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

Deno.test("Pace does one thing at a time and rests in between while others talk", async () => {
  const clock = new FakeClock();
  const done: string[] = [];
  const pace = new Pace(clock, () => clock.now());
  const all = ["a", "b", "c"].map((name) =>
    pace.run(work(clock, done, name, 10))
  );
  await settle();
  assert.deepEqual(done, ["a"]);
  clock.advance(39);
  await settle();
  assert.deepEqual(done, ["a"]);
  clock.advance(1);
  await settle();
  assert.deepEqual(done, ["a", "b"]);
  clock.advance(40);
  await Promise.all(all);
  assert.deepEqual(done, ["a", "b", "c"]);
  assert.equal(clock.breaths, 0);
});

Deno.test("Pace only lets others go first when nobody has talked for a while", async () => {
  const clock = new FakeClock();
  const done: string[] = [];
  const pace = new Pace(clock, () => -Infinity);
  await pace.run(work(clock, done, "a", 10));
  await pace.run(work(clock, done, "b", 10));
  assert.deepEqual(done, ["a", "b"]);
  assert.equal(clock.breaths, 1);
});

Deno.test("Pace goes on after work that throws, and tells who asked for it", async () => {
  const clock = new FakeClock();
  const pace = new Pace(clock, () => -Infinity);
  const failing = pace.run(() => {
    throw new RangeError("no");
  });
  const next = pace.run(() => 5);
  await assert.rejects(failing, new RangeError("no"));
  assert.equal(await next, 5);
  await pace.idle();
});

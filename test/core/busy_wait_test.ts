import assert from "node:assert/strict";
import { BusyWait } from "../../src/core/busy_wait.ts";

/** A clock that moves by a microsecond each time it is read. */
class Stopwatch {
  ms = 1000;
  readonly now = () => (this.ms += 0.001);
}

/**
 * Chunks that come `gapMs` after the last was handled, from `speakers` in turn;
 * how long each idled.
 */
function play(gaps: readonly number[], speakers = 2): number[] {
  const clock = new Stopwatch();
  const wait = new BusyWait(clock.now);
  return gaps.map((gapMs, i) => {
    const idleAt = clock.ms;
    wait.idle();
    const idled = clock.ms - idleAt;
    clock.ms = Math.max(clock.ms, idleAt + gapMs);
    wait.heard(i % speakers);
    return idled;
  });
}

const awake = (idled: readonly number[]) =>
  idled.filter((ms) => ms > 0.015).length;

Deno.test("BusyWait stays awake for a request in flight, once sure", () => {
  const idled = play(Array(200).fill(0.025));
  assert.equal(awake(idled.slice(0, 16)), 0);
  assert(awake(idled.slice(20)) > 170, `${awake(idled)}`);
});

Deno.test("BusyWait does not wait for what comes rarely or all at once", () => {
  assert.equal(awake(play(Array(500).fill(5))), 0);
  assert.equal(awake(play(Array(500).fill(0.003))), 0);
  const mixed = Array.from({ length: 500 }, (_, i) => i % 10 ? 0.03 : 5);
  assert.equal(awake(play(mixed)), 0);
});

Deno.test("BusyWait does not wait for a connection that nobody answers", () => {
  assert.equal(awake(play(Array(500).fill(0.025), 1)), 0);
});

Deno.test("BusyWait gives up when waiting is in vain", () => {
  const idled = play(Array(1000).fill(0.05));
  assert(awake(idled) < 150, `${awake(idled)}`);
});

import assert from "node:assert/strict";
import { Turn } from "../../src/core/turn.ts";
import { FakeClock } from "../support/clock.ts";

Deno.test("Turn.yield() asks for a breath once others would wait too long", async () => {
  const clock = new FakeClock();
  const turn = new Turn(clock);
  turn.heard("a", true, clock.now());
  turn.heard("b", true, clock.now());
  assert.equal(turn.yield(), null);
  clock.advance(1.5);
  const breath = turn.yield();
  assert.notEqual(breath, null);
  assert.equal(turn.yield(), breath, "everyone waits for the same one");
  await breath;
  assert.equal(clock.breaths, 1);
  assert.equal(turn.yield(), null, "and a new turn starts");
});

Deno.test("Turn.yield() leaves a connection that is alone in peace for longer", () => {
  const clock = new FakeClock();
  const turn = new Turn(clock);
  turn.heard("a", true, clock.now());
  clock.advance(200);
  turn.heard("a", true, clock.now());
  clock.advance(15);
  assert.equal(turn.yield(), null);
  clock.advance(15);
  assert.notEqual(turn.yield(), null);
});

Deno.test("Turn starts over when the event loop had to wait", () => {
  const clock = new FakeClock();
  const turn = new Turn(clock);
  turn.heard("a", true, clock.now());
  for (let i = 0; i < 10; i++) {
    clock.advance(0.8);
    turn.heard(i % 2 ? "a" : "b", true, clock.now());
    assert.equal(turn.yield(), null);
  }
  clock.advance(0.8);
  turn.heard("a", false, clock.now());
  clock.advance(0.8);
  turn.heard("b", false, clock.now());
  assert.notEqual(turn.yield(), null, "a read that filled its window did not");
});

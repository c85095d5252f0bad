import assert from "node:assert/strict";
import { Heartbeat } from "../../src/core/heartbeat.ts";

Deno.test("Heartbeat PINGs at the plain interval before CONNECT", () => {
  const heartbeat = new Heartbeat(1000, {
    pingIntervalMs: 120_000,
    pingMax: 2,
  });
  assert.equal(heartbeat.beat(120_999, 0), "nothing");
  assert.equal(heartbeat.beat(121_000, 0), "ping");
});

Deno.test("Heartbeat PINGs two to 2.4 seconds after CONNECT, sooner if the interval is shorter", () => {
  for (
    const [interval, random, due] of [
      [120_000, 0, 2000],
      [120_000, 1, 2400],
      [500, 0, 500],
      [500, 0.5, 550],
    ]
  ) {
    const heartbeat = new Heartbeat(0, {
      pingIntervalMs: interval,
      pingMax: 2,
    });
    heartbeat.connected(0, random);
    assert.equal(heartbeat.dueAt, due);
    assert.equal(heartbeat.beat(due - 1, 0), "nothing");
    assert.equal(heartbeat.beat(due, 5), "ping", "activity or not");
  }
});

Deno.test("Heartbeat finds a mute peer stale after two PINGs", () => {
  const heartbeat = new Heartbeat(0, {
    pingIntervalMs: 100,
    pingMax: 2,
  });
  assert.deepEqual(
    [100, 200, 300].map((now) => heartbeat.beat(now, 0)),
    ["ping", "ping", "stale"],
  );
});

Deno.test("Heartbeat starts over with every PONG and measures the round trip", () => {
  const heartbeat = new Heartbeat(0, {
    pingIntervalMs: 100,
    pingMax: 2,
  });
  assert.equal(heartbeat.roundTripMs, -1);
  for (let now = 100; now < 2000; now += 100) {
    assert.equal(heartbeat.beat(now, 0), "ping");
    heartbeat.answered(now + 7);
    assert.equal(heartbeat.roundTripMs, 7);
  }
  heartbeat.answered(5000);
  assert.equal(heartbeat.roundTripMs, 7, "an unasked PONG measures nothing");
});

Deno.test("Heartbeat skips the PING of a peer that was active, for an hour", () => {
  const heartbeat = new Heartbeat(0, {
    pingIntervalMs: 1000,
    pingMax: 2,
  });
  assert.equal(heartbeat.beat(1000, 1), "ping");
  heartbeat.answered(1001);
  assert.equal(heartbeat.beat(2000, 2), "nothing");
  assert.equal(heartbeat.beat(3000, 2), "ping");
  heartbeat.answered(3001);
  assert.equal(heartbeat.beat(3_603_000, 9), "ping", "measure again");
});

Deno.test("Heartbeat keeps when anything was received or sent last", () => {
  const heartbeat = new Heartbeat(100, { pingIntervalMs: 1000, pingMax: 2 });
  assert.equal(heartbeat.activeAt, 100);
  heartbeat.received(0, 200);
  heartbeat.sent(0, 200);
  assert.equal(heartbeat.activeAt, 100);
  heartbeat.sent(1, 300);
  heartbeat.received(1, 250);
  assert.equal(heartbeat.activeAt, 300);
  heartbeat.received(2, 400);
  heartbeat.sent(1, 500);
  assert.equal(heartbeat.activeAt, 400);
});

Deno.test("Heartbeat.asked() is a PING before its time, and counts as one", () => {
  const heartbeat = new Heartbeat(0, { pingIntervalMs: 100, pingMax: 1 });
  assert(heartbeat.unmeasured);
  heartbeat.asked(10);
  assert(!heartbeat.unmeasured, "one is on its way");
  assert.equal(heartbeat.beat(100, 0), "stale", "it was not answered");
  heartbeat.answered(105);
  assert.equal(heartbeat.roundTripMs, 95);
  assert(!heartbeat.unmeasured);
});

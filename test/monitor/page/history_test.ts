import assert from "node:assert/strict";
import { History, Rates } from "../../../src/monitor/page/history.js";

const START = "2026-11-21T08:00:00Z";

/** What /varz says `seconds` after the start, with so many messages in. */
function varz(seconds: number, inMsgs: number, start = START) {
  const now = new Date(Date.parse(START) + seconds * 1000).toISOString();
  const counters = { out_msgs: 0, in_bytes: 0, out_bytes: 0 };
  return { server_id: "N", start, now, in_msgs: inMsgs, ...counters };
}

function rates(history: History): (number | null)[] {
  return history.points.map(({ inMsgs }: { inMsgs: number | null }) => inMsgs);
}

Deno.test("History turns counters into rates by the server's clock", () => {
  const history = new History();
  history.add(varz(0, 0), 1_000_000);
  history.add(varz(2, 500), 1_001_000);
  assert.deepEqual(rates(history), [null, 250]);
});

Deno.test("History takes no rate of two polls that are close", () => {
  const history = new History();
  history.add(varz(0, 0), 0);
  history.add(varz(0.1, 100), 100);
  history.add(varz(1, 200), 1000);
  assert.deepEqual(rates(history), [null, 200]);
});

Deno.test("History has a gap where the server was gone, was another run, or nobody looked", () => {
  const history = new History();
  history.add(varz(0, 900), 0);
  history.add(varz(1, 901), 1000);
  history.gap(2000);
  history.gap(3000);
  history.add(varz(4, 2, "2026-11-21T08:00:03Z"), 4000);
  history.add(varz(5, 5, "2026-11-21T08:00:03Z"), 5000);
  history.add(varz(65, 99, "2026-11-21T08:00:03Z"), 65_000);
  assert.deepEqual(rates(history), [null, 1, null, null, 3, null]);
});

Deno.test("History forgets what is older than a quarter of an hour", () => {
  const history = new History();
  for (let second = 0; second < 2000; second++) {
    history.add(varz(second, second), second * 1000);
  }
  assert.equal(history.points.length, 901);
  assert.equal(history.points[0].at, 1_099_000);
});

/** A connection as /connz lists it. */
function row(cid: number, inMsgs: number) {
  const more: { inMsgsRate?: number | null } = {};
  const counters = { out_msgs: 0, in_bytes: 0, out_bytes: 0 };
  return { cid, in_msgs: inMsgs, ...counters, ...more };
}

Deno.test("Rates are of each connection, and null at first sight", () => {
  const rates = new Rates();
  const now = (seconds: number) => varz(seconds, 0).now;
  rates.add([row(1, 0), row(2, 50)], "cid", now(0));
  const second = [row(3, 7), row(1, 10)];
  rates.add(second, "cid", now(2));
  assert.deepEqual(second.map(({ inMsgsRate }) => inMsgsRate), [null, 5]);
  const third = [row(1, 10)];
  rates.add(third, "cid", now(2.1));
  assert.equal(third[0].inMsgsRate, 5);
  const fourth = [row(1, 30)];
  rates.add(fourth, "cid", now(4));
  assert.equal(fourth[0].inMsgsRate, 7);
});

Deno.test("Rates fall to nothing when a connection falls silent", () => {
  const rates = new Rates();
  let last = row(1, 0);
  for (let second = 0; second < 40; second++) {
    last = row(1, second < 10 ? second * 1000 : 10_000);
    rates.add([last], "cid", varz(second, 0).now);
  }
  assert.equal(last.inMsgsRate, 0);
});

import assert from "node:assert/strict";
import { RareLog } from "../../src/cluster/rare_log.ts";
import { levelLog } from "../../src/log.ts";
import { FakeClock } from "../support/clock.ts";

function newLog() {
  const lines: string[] = [];
  const clock = new FakeClock();
  const log = levelLog((level, text) => lines.push(`${level} ${text}`), {
    debug: true,
  });
  return { lines, clock, rare: new RareLog(log, clock) };
}

Deno.test("RareLog.error() is one once in ten minutes, whoever it is about", () => {
  const { lines, clock, rare } = newLog();
  for (let rid = 1; rid <= 4; rid++) {
    rare.error(`rid:${rid}`, "wrong name");
    clock.advance(4 * 60_000);
  }
  rare.error("rid:9", "something else");
  assert.deepEqual(lines, [
    "ERR rid:1 - wrong name",
    "DBG rid:2 - wrong name",
    "DBG rid:3 - wrong name",
    "ERR rid:4 - wrong name",
    "ERR rid:9 - something else",
  ]);
});

Deno.test("RareLog.error() remembers the latest lines only", () => {
  const { lines, rare } = newLog();
  for (let line = 0; line <= 100; line++) rare.error("who", `line ${line}`);
  lines.length = 0;
  rare.error("who", "line 1");
  rare.error("who", "line 0");
  assert.deepEqual(lines, ["DBG who - line 1", "ERR who - line 0"]);
});

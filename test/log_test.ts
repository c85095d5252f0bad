import assert from "node:assert/strict";
import { formatLine, lineLog, silentLog, wallClock } from "../src/log.ts";

Deno.test("formatLine() writes lines as nats-server does, in local time with microseconds", () => {
  const at = new Date(2016, 3, 26, 13, 21, 20, 379).getTime() + 0.64;
  assert.equal(
    formatLine("INF", "Server is ready", at, { pid: 2842 }),
    "[2842] 2016/04/26 13:21:20.379640 [INF] Server is ready\n",
  );
  assert.equal(
    formatLine("ERR", "x", at, { pid: 7, logtime: false }),
    "[7] [ERR] x\n",
  );
});

Deno.test("formatLine() colours the level when asked to, as nats-server does", () => {
  const format = { pid: 7, logtime: false, colour: true };
  const codes = {
    INF: "32",
    DBG: "36",
    WRN: "0;93",
    ERR: "31",
    FTL: "31",
    TRC: "33",
  };
  for (const [level, code] of Object.entries(codes)) {
    assert.equal(
      formatLine(level as keyof typeof codes, "x", 0, format),
      `[7] [\x1b[${code}m${level}\x1b[0m] x\n`,
    );
  }
});

Deno.test("wallClock() agrees with Date.now() and never goes back by itself", () => {
  const epochMs = wallClock();
  let last = 0;
  for (let i = 0; i < 10_000; i++) {
    const before = Date.now();
    const now = epochMs();
    assert(now >= before && now < Date.now() + 1);
    assert(now >= last);
    last = now;
  }
});

Deno.test("lineLog() has debug and trace only when asked for", () => {
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  const plain = lineLog(write, { pid: 1, logtime: false });
  assert.equal(plain.debug, undefined);
  assert.equal(plain.trace, undefined);
  const full = lineLog(write, { pid: 1, logtime: false }, {
    debug: true,
    trace: true,
  });
  full.error("e");
  full.warn("w");
  full.info("i");
  full.debug?.("d");
  full.trace?.("t");
  assert.deepEqual(lines, [
    "[1] [ERR] e\n",
    "[1] [WRN] w\n",
    "[1] [INF] i\n",
    "[1] [DBG] d\n",
    "[1] [TRC] t\n",
  ]);
});

Deno.test("silentLog says nothing", () => {
  silentLog.error("x");
  silentLog.warn("x");
  silentLog.info("x");
  assert.equal(silentLog.debug, undefined);
});

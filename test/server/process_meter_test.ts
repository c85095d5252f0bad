import assert from "node:assert/strict";
import { ProcessMeter } from "../../src/server/process_meter.ts";
import { FakeClock } from "../support/clock.ts";
import { runModule, SRC } from "../support/module.ts";

/** Keeps the processor busy for some time. */
function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

Deno.test("ProcessMeter tells what the process used in the last second", async () => {
  const clock = new FakeClock();
  const meter = new ProcessMeter(clock);
  await meter.start();
  assert.equal(meter.read().cpuPercent, 0);
  work(200);
  clock.advance(1000);
  const { cpuPercent, cpuSeconds, memoryBytes, cores } = meter.read();
  // All of a busy loop, but for what others got; the runtime's threads besides.
  assert(cpuPercent > 2 && cpuPercent < 200, String(cpuPercent));
  assert.equal(cpuPercent, Math.round(cpuPercent * 10) / 10);
  assert(cpuSeconds > 0);
  assert(memoryBytes > 10_000_000);
  assert(Number.isInteger(memoryBytes));
  assert(cores >= 1);
  clock.advance(1000);
  assert(meter.read().cpuPercent < cpuPercent);
  meter.stop();
  assert.equal(clock.pending, 0);
});

Deno.test("ProcessMeter needs no permission", async () => {
  const { stdout, stderr } = await runModule(`
    import { systemClock } from ${JSON.stringify(`${SRC}options.ts`)};
    import { ProcessMeter } from ${
    JSON.stringify(`${SRC}server/process_meter.ts`)
  };
    const meter = new ProcessMeter(systemClock);
    await meter.start();
    console.log(meter.read().memoryBytes > 0 && meter.read().cpuSeconds > 0);
    meter.stop();
  `);
  assert.equal(stdout.trim(), "true", stderr);
});

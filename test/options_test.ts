import assert from "node:assert/strict";
import type { ServerOptions } from "../src/options.ts";
import {
  DEFAULT_OPTIONS,
  resolveOptions,
  systemClock,
} from "../src/options.ts";

Deno.test("resolveOptions() fills in the defaults and freezes the result", () => {
  assert.deepEqual(resolveOptions(), DEFAULT_OPTIONS);
  const options = resolveOptions({ port: -1, maxPayload: 5, serverName: "x" });
  assert.equal(options.port, -1);
  assert.equal(options.maxPayload, 5);
  assert.equal(options.pingMax, 2);
  assert(Object.isFrozen(options));
});

Deno.test("resolveOptions() names the option that is wrong and what it takes", () => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ prot: 4222 }, /^TypeError: Unknown option "prot"$/],
    [
      { port: "4222" },
      /^TypeError: Option "port" must be a number: got string$/,
    ],
    [{ log: null }, /^TypeError: Option "log" must be an object: got null$/],
    [{ dontListen: 1 }, /^TypeError: Option "dontListen" must be a boolean/],
    [
      { port: 65536 },
      /^RangeError: Option "port" must be a whole number from -1 to 65535: got 65536$/,
    ],
    [{ port: 1.5 }, /^RangeError: Option "port" must be a whole number/],
    [{ port: NaN }, /^RangeError: Option "port" must be a whole number/],
    [{ maxPayload: 0 }, /^RangeError: Option "maxPayload"/],
    [{ maxConnections: -1 }, /^RangeError: Option "maxConnections"/],
    [{ maxSubTokens: 256 }, /^RangeError: Option "maxSubTokens"/],
    [
      { writeDeadlineMs: 0 },
      /^RangeError: Option "writeDeadlineMs" must be a time above 0/,
    ],
    [{ pingIntervalMs: Infinity }, /^RangeError: Option "pingIntervalMs"/],
    [
      { lameDuckGracePeriodMs: -1 },
      /^RangeError: Option "lameDuckGracePeriodMs" must not be negative/,
    ],
    [
      { lameDuckDurationMs: 5, lameDuckGracePeriodMs: 5 },
      /^RangeError: Option "lameDuckGracePeriodMs" must be below/,
    ],
    [{ host: "" }, /^RangeError: Option "host" must not be empty$/],
    [
      { serverName: "a b" },
      /^RangeError: Option "serverName" must not contain spaces/,
    ],
    [
      { maxPayload: 100, maxPendingBytes: 99 },
      /^RangeError: max_payload \(100\) cannot be higher than max_pending \(99\)$/,
    ],
    [{ tls: { insecure: true } }, /^RangeError: Option "tls.insecure" is for/],
    [{ cluster: { prot: 1 } }, /^TypeError: Unknown option "cluster.prot"$/],
    [
      { cluster: { routes: "nats://a:1" } },
      /^TypeError: Option "cluster.routes" must be a list: got string$/,
    ],
    [
      { cluster: { routes: ["nats://a:1", 5] } },
      /^TypeError: Option "cluster.routes\[1\]" must be a string: got number$/,
    ],
    [
      { cluster: { authorization: [] } },
      /^TypeError: Option "cluster.authorization" must be an object: got list$/,
    ],
    [
      { cluster: { port: 65536 } },
      /^RangeError: Option "cluster.port" must be a whole number from -1/,
    ],
    [
      { cluster: { name: "a b" } },
      /^RangeError: Option "cluster.name" must not contain spaces: got "a b"$/,
    ],
    [
      { cluster: { host: "" } },
      /^RangeError: Option "cluster.host" must not be empty$/,
    ],
  ];
  for (const [options, message] of cases) {
    assert.throws(
      () => resolveOptions(options as ServerOptions),
      (error) => message.test(String(error)),
      JSON.stringify(options),
    );
  }
});

Deno.test("systemClock moves, calls back once, and can be cancelled", async () => {
  const before = systemClock.now();
  await new Promise<void>((resolve) => systemClock.after(2, resolve));
  assert(systemClock.now() - before >= 1);
  assert(Math.abs(systemClock.epochMs() - Date.now()) < 1000);
  let called = false;
  systemClock.after(1, () => called = true)();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(called, false);
  await systemClock.breathe();
});

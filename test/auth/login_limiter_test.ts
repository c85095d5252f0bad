import assert from "node:assert/strict";
import { LoginLimiter, WINDOW_MS } from "../../src/auth/login_limiter.ts";
import { FakeClock } from "../support/clock.ts";

Deno.test("LoginLimiter puts refusals off more and more, and logs the limit once", () => {
  const limiter = new LoginLimiter(new FakeClock());
  const penalties = Array.from(
    { length: 10 },
    () => limiter.failed("10.0.0.1", 3),
  );
  assert.deepEqual(
    penalties.map(({ delayMs }) => delayMs),
    [0, 0, 0, 100, 200, 400, 800, 1600, 2000, 2000],
  );
  assert.deepEqual(
    penalties.slice(0, 5).map(({ log }) => log),
    ["each", "each", "last", "none", "none"],
  );
});

Deno.test("LoginLimiter counts each address for itself", () => {
  const limiter = new LoginLimiter(new FakeClock());
  for (let i = 0; i < 5; i++) limiter.failed("10.0.0.1", 1);
  assert.equal(limiter.failed("10.0.0.2", 1).log, "last");
});

Deno.test("LoginLimiter forgets after a minute", () => {
  const clock = new FakeClock();
  const limiter = new LoginLimiter(clock);
  for (let i = 0; i < 5; i++) limiter.failed("10.0.0.1", 1);
  clock.advance(WINDOW_MS);
  assert.deepEqual(limiter.failed("10.0.0.1", 1), { delayMs: 0, log: "last" });
});

Deno.test("LoginLimiter without a limit logs each and holds nobody up", () => {
  const limiter = new LoginLimiter(new FakeClock());
  for (let i = 0; i < 50; i++) {
    assert.deepEqual(limiter.failed("a", 0), { delayMs: 0, log: "each" });
  }
});

Deno.test("LoginLimiter remembers a bounded number of addresses", () => {
  const limiter = new LoginLimiter(new FakeClock());
  limiter.failed("first", 1);
  for (let i = 0; i < 10_000; i++) limiter.failed(`a${i}`, 1);
  assert.equal(limiter.failed("first", 1).log, "last");
});

Deno.test("LoginLimiter counts an IPv6 network as one, however it is written", () => {
  const limiter = new LoginLimiter(new FakeClock());
  const network = ["2001:db8::1", "2001:db8:0:0:9::2", "2001:db8::7:8:9:a"];
  const logs = network.map((address) => limiter.failed(address, 2).log);
  assert.deepEqual(logs, ["each", "last", "none"]);
  for (const other of ["2001:db8:0:1::1", "2001:db8:1::1", "::1", "fe80::1"]) {
    assert.equal(limiter.failed(other, 2).log, "each", other);
  }
});

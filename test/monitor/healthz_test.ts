import assert from "node:assert/strict";
import { healthz } from "../../src/monitor/healthz.ts";
import { args, FakeSnapshots } from "../support/snapshots.ts";

Deno.test("healthz() says ok, or why not", () => {
  const cases: [string, string | null, number, object][] = [
    ["", null, 200, { status: "ok" }],
    ["js-enabled-only=true&js-server-only=1", null, 200, { status: "ok" }],
    ["account=NOPE&stream=x", null, 200, { status: "ok" }],
    ["", "the server is lame duck", 500, {
      status: "error",
      error: "failed to be ready for connections: the server is lame duck",
    }],
    ["stream=x", null, 400, {
      status: "error",
      error: '"account" must not be empty when checking stream health',
    }],
    ["account=a&consumer=x&details=1", null, 400, {
      status: "error",
      errors: [{
        type: "BAD_REQUEST",
        error: '"stream" must not be empty when checking consumer health',
      }],
    }],
  ];
  for (const [query, problem, status, body] of cases) {
    const health = healthz(
      args(query),
      new FakeSnapshots({ server: { problem } }),
    );
    assert.equal(health.status, status, query);
    assert.deepEqual(health.body, body, query);
    assert.equal(health.problem === "", status === 200);
  }
  assert.throws(
    () => healthz(args("js-enabled=x"), new FakeSnapshots()),
    /^ArgumentError: Error decoding boolean for 'js-enabled'/,
  );
});

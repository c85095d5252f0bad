import assert from "node:assert/strict";
import { resolveOptions } from "../../src/options.ts";
import { varz } from "../../src/monitor/varz.ts";
import { serverSnapshot } from "../support/snapshots.ts";

// deno-lint-ignore no-explicit-any -- As whoever reads the JSON sees it.
function shown(facts: Parameters<typeof serverSnapshot>[0]): any {
  return JSON.parse(JSON.stringify(varz(serverSnapshot(facts), { "/": 3 })));
}

Deno.test("varz() has the fields of the first README and those of today", () => {
  const answer = shown({
    authRequired: true,
    tlsRequired: true,
    options: resolveOptions({
      maxPendingBytes: 2_000_000,
      pingIntervalMs: 120_000,
      writeDeadlineMs: 2500,
      maxSubscriptions: 9,
      serverTags: ["a"],
      monitor: { host: "::1", port: -1, basePath: "mon/" },
    }),
  });
  const wanted = {
    ssl_required: true,
    tls_required: true,
    tls_verify: false,
    auth_required: true,
    max_pending_size: 2_000_000,
    max_pending: 2_000_000,
    cluster_port: 0,
    cluster: {},
    gateway: {},
    leaf: {},
    mqtt: {},
    websocket: {},
    jetstream: {},
    remotes: 0,
    ping_interval: 120_000_000_000,
    write_deadline: 2_500_000_000,
    auth_timeout: 2,
    max_subscriptions: 9,
    http_host: "::1",
    http_port: -1,
    https_port: 0,
    http_base_path: "mon/",
    http_req_stats: { "/": 3 },
    uptime: "1h0m0s",
    start: "2026-11-21T11:00:00Z",
    now: "2026-11-21T12:00:00Z",
    tags: ["a"],
    mem: 50_000_000,
    cpu: 1.5,
    cores: 2,
  };
  for (const [field, value] of Object.entries(wanted)) {
    assert.deepEqual(answer[field], value, field);
  }
});

Deno.test("varz() leaves out lists and limits there are none of", () => {
  const answer = shown({});
  for (const field of ["connect_urls", "tags", "max_subscriptions"]) {
    assert(!(field in answer), field);
  }
});

Deno.test("varz() adds up slow and stale connections of all kinds", () => {
  const answer = shown({
    slowConsumers: { clients: 2, routes: 1, leafs: 0 },
    staleConnections: { clients: 1, routes: 0, leafs: 4 },
  });
  assert.equal(answer.slow_consumers, 3);
  assert.equal(answer.stale_connections, 5);
  assert.deepEqual(answer.slow_consumer_stats, {
    clients: 2,
    routes: 1,
    gateways: 0,
    leafs: 0,
  });
});

import assert from "node:assert/strict";
import type { Family } from "../support/exposition.ts";
import { parseExposition } from "../support/exposition.ts";
import { freePort } from "../support/official_server.ts";
import { TestServer } from "../support/server.ts";
import { tool, ToolProcess } from "../support/tools.ts";

const EXPORTER = tool("NATS_EXPORTER", "prometheus-nats-exporter", "-version");

/** What the exporter made of nats-server 2.9.10, but for its own series. */
const RECORDED = `
  accstatz: current_connections leaf_nodes received_bytes received_messages
    sent_bytes sent_messages slow_consumers subscriptions total_connections
  connz: in_bytes! in_msgs! limit num_connections offset out_bytes! out_msgs!
    pending_bytes subscriptions total
  healthz: status status_value
  leafz: conn_nodes_total
  routez: num_routes server_id
  subsz: avg_fanout cache_hit_rate max_fanout num_cache num_inserts
    num_matches num_removes num_subscriptions
  varz: auth_timeout config_load_time connections cores cpu gomaxprocs
    http_port http_req_stats_accstatz http_req_stats_leafz
    http_req_stats_routez http_req_stats_subsz http_req_stats_varz https_port
    in_bytes in_msgs leafnodes max_connections max_control_line max_payload
    max_pending mem out_bytes out_msgs ping_interval ping_max port proto
    remotes routes server_id server_name slow_consumers start subscriptions
    tls_timeout total_connections version write_deadline`;

/** Series that differ from one moment to the next. */
const MOVING = /_(cpu|mem|http_req_stats.*|cache_hit_rate|num_matches)$/;

/** A server with accounts of difficult names. */
function start(): Promise<TestServer> {
  return TestServer.listening({
    monitor: { port: -1 },
    serverName: 'edge"7"\\Büro',
    accounts: [{ name: 'A"B\\C' }, { name: "two words" }],
  });
}

async function get(server: TestServer, path: string): Promise<Response> {
  return await fetch(`${server.server.monitorURL()}${path}`);
}

async function metricsOf(server: TestServer): Promise<Map<string, Family>> {
  const response = await get(server, "/metrics");
  assert.equal(response.status, 200);
  return parseExposition(await response.text());
}

/** The only value of a metric. */
function value(metrics: Map<string, Family>, name: string): number {
  const [only, ...more] = metrics.get(name)?.series.values() ?? [];
  assert.deepEqual(more, []);
  assert.notEqual(only, undefined, name);
  return only;
}

Deno.test("renderMetrics() is well-formed, whatever names are", async () => {
  await using server = await start();
  const response = await get(server, "/metrics");
  assert.equal(
    response.headers.get("content-type"),
    "text/plain; version=0.0.4; charset=utf-8",
  );
  const metrics = parseExposition(await response.text());
  const id = server.server.id;
  const accounts = metrics.get("gnatsd_accstatz_subscriptions")?.series;
  assert(
    accounts?.has(
      `{account="A\\"B\\\\C",account_id="A\\"B\\\\C",account_name="A\\"B\\\\C",server_id="${id}"}`,
    ),
  );
  assert.deepEqual([
    ...metrics.get("gnatsd_varz_server_name")?.series ?? [],
  ], [[`{server_id="${id}",value="edge\\"7\\"\\\\Büro"}`, 1]]);
});

Deno.test("renderMetrics() says of every number what /varz says", async () => {
  await using server = await start();
  const subscriber = await server.dialClient();
  await subscriber.send("SUB a.* 1\r\nPING\r\n");
  await subscriber.expect("PONG\r\n");
  const publisher = await server.dialClient();
  await publisher.send("PUB a.b 5\r\nhello\r\nPUB x 2\r\nhi\r\n");
  await publisher.quiet();
  await subscriber.expect("MSG a.b 1 5\r\nhello\r\n");

  const varz = await (await get(server, "/varz")).json();
  const metrics = await metricsOf(server);
  assert.equal(value(metrics, "gnatsd_varz_in_msgs"), 2);
  assert.equal(value(metrics, "gnatsd_varz_in_bytes"), 7);
  assert.equal(value(metrics, "gnatsd_varz_out_bytes"), 5);
  assert.equal(value(metrics, "gnatsd_varz_start"), Date.parse(varz.start));
  assert.equal(value(metrics, "gnatsd_connz_out_msgs"), 1);
  assert.equal(value(metrics, "gnatsd_connz_num_connections"), 2);
  for (const [key, number] of Object.entries(varz)) {
    const name = `gnatsd_varz_${key}`;
    if (typeof number !== "number" || MOVING.test(name)) continue;
    assert.equal(value(metrics, name), number, key);
  }
  for (const [key, number] of Object.entries(varz.slow_consumer_stats)) {
    const name = `gnatsd_varz_slow_consumer_stats_${key}`;
    assert.equal(value(metrics, name), number);
  }
});

Deno.test("renderMetrics() tells what the process uses", async () => {
  await using server = await start();
  const metrics = await metricsOf(server);
  const started = value(metrics, "process_start_time_seconds");
  const { rss } = Deno.memoryUsage();
  assert(Math.abs(started * 1000 - performance.timeOrigin) < 1);
  assert(value(metrics, "process_cpu_seconds_total") > 0);
  assert(value(metrics, "process_resident_memory_bytes") > rss / 2);
  assert.equal(metrics.get("process_cpu_seconds_total")?.type, "counter");
});

Deno.test("renderMetrics() has as many series for many clients as for none", async () => {
  await using server = await start();
  const count = async () => {
    let sum = 0;
    for (const { series } of (await metricsOf(server)).values()) {
      sum += series.size;
    }
    return sum;
  };
  const before = await count();
  for (let i = 0; i < 20; i++) {
    const client = await server.client(
      `CONNECT {"verbose":false,"name":"client ${i}"}\r\n`,
    );
    await client.send(`SUB subject.${i} 1\r\n`);
  }
  assert.equal(await count(), before);
});

Deno.test("renderMetrics() has the names and types of the exporter", async () => {
  await using server = await start();
  const metrics = await metricsOf(server);
  let endpoint = "";
  for (const word of RECORDED.trim().split(/\s+/)) {
    if (word.endsWith(":")) {
      endpoint = word.slice(0, -1);
      continue;
    }
    const name = `gnatsd_${endpoint}_${word.replace("!", "")}`;
    const type = word.endsWith("!") ? "counter" : "gauge";
    assert.equal(metrics.get(name)?.type, type, name);
  }
});

Deno.test({
  name: "renderMetrics() says what the exporter makes of the endpoints",
  ignore: EXPORTER === null,
  async fn() {
    await using server = await start();
    const subscriber = await server.client();
    await subscriber.send("SUB a 1\r\nPUB a 5\r\nhello\r\n");
    await subscriber.expect("MSG a 1 5\r\nhello\r\n");
    const exported = await scraped(server.server.monitorURL() ?? "");
    const metrics = await metricsOf(server);
    const theirs = [...exported].filter(([name]) => /^gnatsd_/.test(name));
    assert(theirs.length > 60, `the exporter has ${theirs.length} metrics`);
    for (const [name, { type, series }] of theirs) {
      const ours = metrics.get(name);
      assert.equal(ours?.type, type, name);
      assert.deepEqual(
        [...ours.series.keys()].sort(),
        [...series.keys()].sort(),
      );
      if (!MOVING.test(name)) assert.deepEqual(ours.series, series, name);
    }
  },
});

/** What the exporter shows of the monitoring at `url`. */
async function scraped(url: string): Promise<Map<string, Family>> {
  const port = freePort();
  const flags = "varz connz subz routez healthz accstatz leafz"
    .split(" ").map((flag) => `-${flag}`);
  await using exporter = new ToolProcess(EXPORTER ?? "", [
    "-addr=127.0.0.1",
    `-port=${port}`,
    "-use_internal_server_id",
    ...flags,
    url,
  ]);
  const deadline = performance.now() + 10_000;
  for (;;) {
    assert(performance.now() < deadline, exporter.text);
    try {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`);
      const text = await response.text();
      // Its own figures, of Go and of the process, are of no interest here.
      const theirs = text.split(/(?=^# HELP )/m)
        .filter((family) => family.startsWith("# HELP gnatsd_"));
      return parseExposition(theirs.join(""));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

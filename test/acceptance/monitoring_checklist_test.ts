/**
 * What nats-top and prometheus-nats-exporter need of midge's answers, field by
 * field (config-and-monitoring §8): checked where the tools are not at hand.
 * Both decode with fixed types, and one field of another type loses them a
 * whole answer, or the process.
 */

import assert from "node:assert/strict";
import type { MonitoredServer } from "../support/monitored.ts";
import { MIDGE } from "../support/monitored.ts";
import { FIGURES, ORDERS, Population } from "../support/population.ts";
import { RawClient } from "../support/raw_client.ts";
import { dialTcp } from "../../src/transport/tcp.ts";
import { TestServer } from "../support/server.ts";

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const flag: Check = (value) => typeof value === "boolean";
const whole: Check = (value) => Number.isSafeInteger(value);
const count: Check = (value) => whole(value) && Number(value) >= 0;
const count32: Check = (value) => count(value) && Number(value) < 2 ** 32;
const number: Check = (value) => typeof value === "number";
const texts: Check = (value) => Array.isArray(value) && value.every(text);
const object: Check = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const counts: Check = (value) =>
  object(value) && Object.values(value as object).every(count);
/** RFC 3339, as Go parses it. */
const time: Check = (value) =>
  text(value) &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(
    value as string,
  );
/** `1y2d3h4m5s`, from the largest unit down. */
const duration: Check = (value) =>
  text(value) &&
  /^((((\d+y)?\d+d)?\d+h)?\d+m)?\d+s$/.test(value as string);
/** Go's own durations, as short as `161µs`. */
const goDuration: Check = (value) =>
  text(value) && /^(\d+(\.\d+)?(h|m|s|ms|µs|ns))+$/.test(value as string);

/** Each field that Go knows, where it is sent; `!` marks what must be sent. */
const VARZ: Readonly<Record<string, Check>> = {
  "server_id!": text,
  "server_name!": text,
  "version!": text,
  proto: whole,
  git_commit: text,
  go: text,
  host: text,
  port: whole,
  auth_required: flag,
  tls_required: flag,
  tls_verify: flag,
  ip: text,
  connect_urls: texts,
  ws_connect_urls: texts,
  max_connections: whole,
  max_subscriptions: whole,
  ping_interval: whole,
  ping_max: whole,
  http_host: text,
  http_port: whole,
  http_base_path: text,
  https_port: whole,
  auth_timeout: number,
  max_control_line: whole,
  max_payload: whole,
  max_pending: whole,
  cluster: object,
  gateway: object,
  leaf: object,
  mqtt: object,
  websocket: object,
  jetstream: object,
  tls_timeout: number,
  write_deadline: whole,
  write_timeout: text,
  "start!": time,
  "now!": time,
  "uptime!": duration,
  "mem!": count,
  cores: whole,
  gomaxprocs: whole,
  gomemlimit: whole,
  "cpu!": number,
  "connections!": count,
  total_connections: count,
  routes: whole,
  remotes: whole,
  leafnodes: whole,
  "in_msgs!": count,
  "out_msgs!": count,
  "in_bytes!": count,
  "out_bytes!": count,
  "slow_consumers!": count,
  stale_connections: whole,
  stalled_clients: whole,
  subscriptions: count32,
  http_req_stats: counts,
  config_load_time: time,
  config_digest: text,
  tags: texts,
  metadata: object,
  trusted_operators_jwt: texts,
  system_account: text,
  pinned_account_fails: count,
  slow_consumer_stats: counts,
  stale_connection_stats: counts,
  tls_cert_not_after: time,
};

const CONNZ: Readonly<Record<string, Check>> = {
  server_id: text,
  now: time,
  "num_connections!": count,
  "total!": count,
  "offset!": count,
  "limit!": count,
  "connections!": Array.isArray,
};

const CONNECTION: Readonly<Record<string, Check>> = {
  "cid!": count,
  kind: text,
  type: text,
  "ip!": text,
  "port!": whole,
  "start!": time,
  "last_activity!": time,
  stop: time,
  reason: text,
  rtt: goDuration,
  "uptime!": duration,
  "idle!": duration,
  "pending_bytes!": count,
  "in_msgs!": count,
  "out_msgs!": count,
  "in_bytes!": count,
  "out_bytes!": count,
  stalls: whole,
  "subscriptions!": count32,
  name: text,
  lang: text,
  version: text,
  tls_version: text,
  tls_cipher_suite: text,
  tls_first: flag,
  authorized_user: text,
  account: text,
  subscriptions_list: texts,
  subscriptions_list_detail: Array.isArray,
  jwt: text,
  issuer_key: text,
  name_tag: text,
  tags: texts,
  mqtt_client: text,
};

/** Asserts that `value` is what its reader knows, and nothing that looks alike. */
function matches(
  value: Record<string, unknown>,
  fields: Readonly<Record<string, Check>>,
): void {
  const known = new Map(
    Object.entries(fields).map(([name, check]) => [
      name.replace("!", ""),
      { check, needed: name.endsWith("!") },
    ]),
  );
  for (const [name, { check, needed }] of known) {
    assert(name in value || !needed, `${name} is missing`);
    if (!(name in value)) continue;
    assert(check(value[name]), `${name}: ${JSON.stringify(value[name])}`);
  }
  for (const name of Object.keys(value)) {
    // Go takes a name in any case: PORT would be read as port.
    const lower = name.toLowerCase();
    assert(name === lower || !known.has(lower), `${name} looks like another`);
  }
}

async function ask(server: MonitoredServer, path: string) {
  const answer = await fetch(`http://127.0.0.1:${server.monitorPort}${path}`);
  const body = await answer.text();
  assert.equal(answer.status, 200, body);
  return JSON.parse(body);
}

Deno.test("/varz has what nats-top decodes, in Go's types", async () => {
  await using server = await MIDGE.start();
  await using _population = await Population.settle(server.port);
  const varz = await ask(server, "/varz");
  matches(varz, VARZ);
  assert.equal(varz.in_msgs, 8);
  assert.equal(varz.out_msgs, 14);
  assert.equal(varz.in_bytes, 490);
  assert.equal(varz.out_bytes, 940);
});

Deno.test("/varz moves `now` on by the time that passed, for rates", async () => {
  await using server = await MIDGE.start();
  const began = Date.now();
  const first = await ask(server, "/varz");
  const second = await ask(server, "/varz");
  assert(Date.parse(first.now) >= began - 1);
  assert(Date.parse(second.now) >= Date.parse(first.now));
  assert(Date.parse(second.now) <= Date.now() + 1);
});

Deno.test("/connz has what both tools decode, as nats-top and the exporter ask", async (t) => {
  await using server = await MIDGE.start();
  await using _population = await Population.settle(server.port);
  for (
    const query of [
      "",
      "?limit=1024&sort=cid",
      "?limit=1024&sort=cid&subs=1",
      "?auth=true",
    ]
  ) {
    await t.step(`/connz${query}`, async () => {
      const connz = await ask(server, `/connz${query}`);
      matches(connz, CONNZ);
      assert.equal(connz.num_connections, 4);
      for (const one of connz.connections) {
        matches(one, CONNECTION);
        for (const [name, value] of Object.entries(FIGURES[one.name])) {
          assert.equal(one[name], value, `${name} of ${one.name}`);
        }
        assert(Date.parse(one.last_activity) >= Date.parse(one.start));
      }
    });
  }
  await t.step("sort and limit together", async () => {
    for (const [sort, names] of Object.entries(ORDERS)) {
      for (const limit of [1, 3]) {
        const path = `/connz?limit=${limit}&sort=${sort}`;
        const { connections, num_connections, total } = await ask(server, path);
        assert.deepEqual(
          connections.map((one: { name: string }) => one.name),
          names.slice(0, limit),
        );
        assert.equal(num_connections, limit);
        assert.equal(total, 4);
      }
    }
    for (const sort of ["pending", "last", "idle", "rtt"]) {
      const { num_connections } = await ask(server, `/connz?sort=${sort}`);
      assert.equal(num_connections, 4);
    }
  });
});

Deno.test("/connz has one last_activity for a connection that does nothing", async () => {
  await using server = await MIDGE.start();
  await using _population = await Population.settle(server.port);
  const seen = new Set<string>();
  for (let i = 0; i < 30; i++) {
    const { connections } = await ask(server, "/connz");
    for (const { cid, start, last_activity } of connections) {
      seen.add(`${cid} ${last_activity}`);
      assert(Date.parse(last_activity) >= Date.parse(start));
    }
  }
  assert.equal(seen.size, 4, [...seen].join("\n"));
});

Deno.test("/connz keeps its types whatever clients claim to be", async () => {
  await using server = await TestServer.listening({ monitor: { port: -1 } });
  const port = Number(new URL(server.server.monitorURL() ?? "").port);
  const odd = ["null", "2", "1.5", "true", "[]", "{}", '""', '"\\u0000"'];
  for (const value of odd) {
    for (const name of ["name", "lang", "version"]) {
      const client = new RawClient(
        await dialTcp("127.0.0.1", server.server.port),
      );
      await using _client = client;
      await client.info();
      await client.send(
        `CONNECT {"verbose":false,"${name}":${value}}\r\nPING\r\n`,
      );
      // Whether it is taken or refused, it must not spoil the list.
      const taken = await client.through("PONG\r\n").then(
        () => true,
        () => false,
      );
      for (const state of ["open", "any"]) {
        const path = `/connz?auth=true&state=${state}`;
        const monitor = { port, monitorPort: port } as MonitoredServer;
        const { connections } = await ask(monitor, path);
        for (const one of connections) matches(one, CONNECTION);
        assert(connections.length > 0 || !taken && state === "open");
      }
    }
  }
});

Deno.test("refusals end their line, without which nats-top panics", async () => {
  await using server = await MIDGE.start();
  for (
    const [path, status] of [
      ["/connz?sort=stop", 400],
      ["/connz?sort=quick", 400],
      ["/connz?limit=many", 400],
      ["/connz?auth=2", 400],
      ["/connz?state=asleep", 400],
      ["/nothing", 404],
      ["/varz/", 404],
    ] as const
  ) {
    const url = `http://127.0.0.1:${server.monitorPort}${path}`;
    const answer = await fetch(url);
    assert.equal(answer.status, status, path);
    assert.match(await answer.text(), /^[^\n]+\n$/, path);
  }
});

Deno.test("the other endpoints have what the exporter reads", async (t) => {
  await using server = await MIDGE.start();
  await using _population = await Population.settle(server.port);
  await t.step("/subsz", async () => {
    const subsz = await ask(server, "/subsz");
    for (
      const name of [
        ...["num_subscriptions", "num_cache", "num_inserts", "num_removes"],
        ...["num_matches", "cache_hit_rate", "max_fanout", "avg_fanout"],
      ]
    ) assert(number(subsz[name]), name);
    assert.equal(subsz.num_subscriptions, 9);
  });
  await t.step("/routez", async () => {
    const routez = await ask(server, "/routez");
    assert.equal(routez.num_routes, 0);
    assert.deepEqual(routez.routes, []);
    assert(text(routez.server_id));
  });
  await t.step("/healthz", async () => {
    for (const query of ["", "?js-enabled-only=true", "?js-server-only=true"]) {
      assert.deepEqual(await ask(server, `/healthz${query}`), { status: "ok" });
    }
  });
  await t.step("/leafz and /gatewayz", async () => {
    assert.equal((await ask(server, "/leafz")).leafnodes, 0);
    const gatewayz = await ask(server, "/gatewayz");
    assert(object(gatewayz.outbound_gateways));
    assert(object(gatewayz.inbound_gateways));
  });
  await t.step("/accstatz", async () => {
    const { account_statz } = await ask(server, "/accstatz?unused=1");
    for (const one of account_statz) {
      matches(one, {
        "acc!": text,
        "name!": text,
        "conns!": count,
        "leafnodes!": count,
        "total_conns!": count,
        "num_subscriptions!": count,
        "sent!": object,
        "received!": object,
        "slow_consumers!": count,
      });
    }
    const global = account_statz.find((one: { acc: string }) =>
      one.acc === "$G"
    );
    assert.equal(global.conns, 4);
    assert.equal(global.received.msgs, 8);
    assert.equal(global.sent.bytes, 940);
  });
  await t.step("/accountz", async () => {
    const { accounts } = await ask(server, "/accountz");
    assert(accounts.includes("$G"));
    for (const name of accounts) {
      const { account_detail: one } = await ask(
        server,
        `/accountz?acc=${name}`,
      );
      assert.equal(one.account_name, name);
      assert(count(one.client_connections) && count(one.subscriptions));
      assert(count(one.leafnode_connections));
      for (const name of ["expired", "complete", "jetstream_enabled"]) {
        assert(flag(one[name]), name);
      }
    }
  });
  await t.step("/jsz", async () => {
    for (
      const query of [
        ...["", "?accounts=true", "?streams=true"],
        "?consumers=true&config=true&raft=true",
      ]
    ) {
      const jsz = await ask(server, `/jsz${query}`);
      assert.equal(jsz.disabled, true);
      assert.equal(jsz.streams, 0);
      assert.deepEqual(jsz.config, { max_memory: 0, max_storage: 0 });
    }
  });
});

/**
 * The real prometheus-nats-exporter, unmodified, against midge: scraped with
 * everything switched on, its series compared with midge's own answers.
 */

import assert from "node:assert/strict";
import type { MonitoredServer } from "../support/monitored.ts";
import { MIDGE } from "../support/monitored.ts";
import { freePort } from "../support/official_server.ts";
import { FIGURES, Population } from "../support/population.ts";
import { TestServer } from "../support/server.ts";
import { dialTls, SERVER_TLS } from "../support/tls.ts";
import type { Series } from "../support/tools.ts";
import { parseSeries, tool, ToolProcess } from "../support/tools.ts";

const EXPORTER = tool("NATS_EXPORTER", "prometheus-nats-exporter", "-version");

/** Every kind of metrics it has. */
const ALL = [
  ...["-varz", "-subz", "-routez", "-connz", "-connz_detailed", "-healthz"],
  ...["-healthz_js_enabled_only", "-healthz_js_server_only", "-gatewayz"],
  ...["-accstatz", "-accountz", "-leafz", "-jsz", "all"],
];

/** What is no longer the same at the next look. */
const MOVING = /^(cpu|mem|http_req_stats.*)$/;

/** What the exporter leaves out of `/varz`. */
const SKIPPED = /^leaf_/;

/** Series by name and labels. */
class Scrape {
  readonly #series: readonly Series[];
  /** What the exporter logged. */
  readonly log: string;

  constructor(series: readonly Series[], log: string) {
    this.#series = series;
    this.log = log;
  }

  /** All of one name. */
  all(name: string): Series[] {
    return this.#series.filter((one) => one.name === name);
  }

  /** The one of this name with these labels among its own. */
  one(name: string, labels: Record<string, string> = {}): Series {
    const found = this.all(name).filter((one) =>
      Object.entries(labels).every(([key, value]) => one.labels[key] === value)
    );
    assert.equal(found.length, 1, `${found.length} of ${name}`);
    return found[0];
  }

  value(name: string, labels: Record<string, string> = {}): number {
    return this.one(name, labels).value;
  }
}

/** Runs the exporter, scrapes it twice, and keeps the second scrape. */
async function scrape(url: string, ...flags: string[]): Promise<Scrape> {
  const port = String(freePort());
  await using process = new ToolProcess(EXPORTER ?? "", [
    ...["-a", "127.0.0.1", "-p", port, "-DV"],
    ...flags,
    url,
  ]);
  const deadline = performance.now() + 20_000;
  while (!process.text.includes("exporter listening at")) {
    assert(performance.now() < deadline, process.text);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  let text = "";
  for (let i = 0; i < 2; i++) {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    text = await answer.text();
    assert.equal(answer.status, 200, text);
  }
  return new Scrape(parseSeries(text), process.text);
}

function urlOf({ monitorPort }: MonitoredServer): string {
  return `http://127.0.0.1:${monitorPort}`;
}

async function ask(server: MonitoredServer, path: string) {
  return await (await fetch(urlOf(server) + path)).json();
}

/** Numbers of an answer by path, as the exporter names them. */
function* numbersIn(
  object: Record<string, unknown>,
  prefix = "",
): Generator<[string, number]> {
  for (const [key, value] of Object.entries(object)) {
    const name = prefix + key.replace(/^\/(?=.)/, "");
    if (typeof value === "number") yield [name, value];
    if (typeof value === "object" && value && !Array.isArray(value)) {
      yield* numbersIn(value as Record<string, unknown>, `${name}_`);
    }
  }
}

Deno.test({
  name: "prometheus-nats-exporter makes series of everything midge says",
  ignore: EXPORTER === null,
  async fn(t) {
    await using server = await MIDGE.start();
    await using _population = await Population.settle(server.port);
    const metrics = await scrape(urlOf(server), ...ALL);

    await t.step("without a complaint", () => {
      const complaints = metrics.log.split("\n").filter((line) =>
        /\[(ERR|WRN|FTL)\]|panic|ignoring|Unable|error collecting/.test(line)
      );
      assert.deepEqual(complaints, []);
    });
    await t.step("varz", async () => {
      const varz = await ask(server, "/varz");
      let compared = 0;
      for (const [name, value] of numbersIn(varz)) {
        if (SKIPPED.test(name) || name === "http_req_stats_/") continue;
        const { value: scraped } = metrics.one(`gnatsd_varz_${name}`);
        if (!MOVING.test(name)) assert.equal(scraped, value, name);
        compared++;
      }
      assert(compared > 40, `only ${compared} numbers`);
      for (const name of ["server_id", "server_name", "version"]) {
        const series = metrics.one(`gnatsd_varz_${name}`);
        assert.equal(series.labels.value, varz[name]);
        assert.equal(series.value, 1);
      }
      for (const name of ["start", "config_load_time"]) {
        assert.equal(
          metrics.value(`gnatsd_varz_${name}`),
          Date.parse(varz[name]),
        );
      }
      assert.equal(metrics.value("gnatsd_varz_in_msgs"), 8);
      assert.equal(metrics.value("gnatsd_varz_out_bytes"), 940);
      assert(metrics.value("gnatsd_varz_mem") > 1e6);
      assert(metrics.value("gnatsd_varz_cpu") >= 0);
      assert(metrics.value("gnatsd_varz_http_req_stats_varz") > 0);
    });
    await t.step("connz, in all", () => {
      for (
        const [name, value] of [
          ...[["num_connections", 4], ["total", 4], ["limit", 1024]],
          ...[["offset", 0], ["pending_bytes", 0], ["subscriptions", 9]],
          ...[["in_msgs", 8], ["in_bytes", 490]],
          ...[["out_msgs", 14], ["out_bytes", 940]],
        ] as const
      ) {
        const sums = metrics.all(`gnatsd_connz_${name}`)
          .filter(({ labels }) => labels.cid === undefined);
        assert.deepEqual(sums.map((one) => one.value), [value], `${name}`);
      }
    });
    await t.step("connz, by connection", async () => {
      const { connections } = await ask(server, "/connz?auth=true");
      assert.equal(connections.length, 4);
      for (const one of connections) {
        const series = metrics.one("gnatsd_connz_in_msgs", { name: one.name });
        const { server_id: _, account_id: __, ...labels } = series.labels;
        assert.deepEqual(labels, {
          cid: String(one.cid),
          kind: "Client",
          type: "nats",
          ip: "127.0.0.1",
          port: String(one.port),
          name: one.name,
          name_tag: "",
          account: one.account ?? "",
          lang: one.lang,
          version: one.version,
          tls_version: "",
          tls_cipher_suite: "",
        });
        const { lang: ___, version: ____, ...figures } = FIGURES[one.name];
        for (const [name, value] of Object.entries(figures)) {
          const label = { name: one.name };
          assert.equal(metrics.value(`gnatsd_connz_${name}`, label), value);
        }
        const value = (name: string) =>
          metrics.value(`gnatsd_connz_${name}`, { name: one.name });
        assert.equal(value("start"), Date.parse(one.start));
        assert(value("last_activity") >= value("start"));
        assert(value("uptime") >= value("idle") && value("idle") >= 0);
        assert(value("rtt") >= 0);
      }
    });
    await t.step("healthz", () => {
      for (const kind of ["", "_js_enabled_only", "_js_server_only"]) {
        const name = `gnatsd_healthz${kind}_status`;
        assert.equal(metrics.value(name), 0);
        assert.equal(metrics.value(`${name}_value`, { value: "ok" }), 1);
      }
    });
    await t.step("subsz", async () => {
      const subsz = await ask(server, "/subsz");
      for (const [name, value] of numbersIn(subsz)) {
        assert.equal(metrics.value(`gnatsd_subsz_${name}`), value, name);
      }
      assert.equal(metrics.value("gnatsd_subsz_num_subscriptions"), 9);
    });
    await t.step("routez, leafz and gatewayz, of which there are none", () => {
      assert.equal(metrics.value("gnatsd_routez_num_routes"), 0);
      assert.equal(metrics.value("gnatsd_leafz_conn_nodes_total"), 0);
      const conns = metrics.all("gnatsd_gatewayz_outbound_gateway_configured");
      assert.deepEqual(conns, []);
    });
    await t.step("accstatz and accountz", () => {
      const account = { account: "$G" };
      for (
        const [name, value] of [
          ...[["current_connections", 4], ["total_connections", 4]],
          ...[["subscriptions", 9], ["leaf_nodes", 0], ["slow_consumers", 0]],
          ...[["received_messages", 8], ["received_bytes", 490]],
          ...[["sent_messages", 14], ["sent_bytes", 940]],
        ] as const
      ) {
        const series = `gnatsd_accstatz_${name}`;
        assert.equal(metrics.value(series, account), value, `${name}`);
      }
      const named = { account_id: "$G" };
      const accountz = (name: string, labels = named) =>
        metrics.value(`gnatsd_accountz_${name}`, labels);
      assert.equal(accountz("client_connections"), 4);
      assert.equal(accountz("subscriptions"), 9);
      assert.equal(accountz("is_system", { account_id: "$SYS" }), 1);
    });
    await t.step("jsz, which is off", () => {
      assert.equal(metrics.value("jetstream_server_jetstream_disabled"), 1);
      for (const name of ["total_streams", "total_messages", "max_memory"]) {
        assert.equal(metrics.value(`jetstream_server_${name}`), 0);
      }
    });
  },
});

Deno.test({
  name: "prometheus-nats-exporter names midge as it is told to",
  ignore: EXPORTER === null,
  async fn(t) {
    await using server = await MIDGE.start();
    const url = urlOf(server);
    const { server_id, server_name } = await ask(server, "/varz");
    for (
      const [name, target, id, ...flags] of [
        ["by URL", url, url],
        ["by a tag", `midge one,${url}`, "midge one"],
        ["by id", url, server_id, "-use_internal_server_id"],
        ["by name", url, server_name, "-use_internal_server_name"],
      ]
    ) {
      await t.step(name, async () => {
        const metrics = await scrape(target, "-varz", ...flags);
        const { labels } = metrics.one("gnatsd_varz_connections");
        assert.deepEqual(labels, { server_id: id });
      });
    }
    await t.step("with another prefix", async () => {
      const metrics = await scrape(url, "-varz", "-prefix", "nats");
      assert.equal(metrics.value("nats_varz_connections"), 0);
    });
    await t.step("connz in short", async () => {
      const metrics = await scrape(url, "-connz");
      assert.equal(metrics.value("gnatsd_connz_num_connections"), 0);
    });
  },
});

Deno.test({
  name: "prometheus-nats-exporter knows accounts and TLS of midge's clients",
  ignore: EXPORTER === null,
  async fn() {
    const user = { user: "ada", password: "engine" };
    await using server = await TestServer.listening({
      monitor: { port: -1 },
      tls: SERVER_TLS,
      accounts: [{ name: "APP", users: [user] }, { name: "IDLE" }],
    });
    const { client } = await dialTls(server.server.port);
    await using _client = client;
    const login = {
      user: "ada",
      pass: "engine",
      verbose: false,
      name: "ada's",
    };
    await client.send(`CONNECT ${JSON.stringify(login)}\r\n`);
    await client.send("SUB maths 1\r\nPUB maths 3\r\none\r\n");
    await client.expect("MSG maths 1 3\r\none\r\n");
    const url = server.server.monitorURL() ?? "";
    const metrics = await scrape(url, ...ALL);
    const { labels } = metrics.one("gnatsd_connz_in_msgs", { name: "ada's" });
    assert.equal(labels.account, "APP");
    assert.equal(labels.tls_version, "1.3");
    assert.match(labels.tls_cipher_suite, /^TLS_/);
    const accstatz = (name: string, account: string) =>
      metrics.value(`gnatsd_accstatz_${name}`, { account });
    assert.equal(accstatz("current_connections", "APP"), 1);
    assert.equal(accstatz("received_bytes", "APP"), 3);
    assert.equal(accstatz("sent_bytes", "APP"), 3);
    assert.equal(accstatz("current_connections", "IDLE"), 0);
    const app = { account_id: "APP" };
    assert.equal(metrics.value("gnatsd_accountz_client_connections", app), 1);
    assert.equal(metrics.value("gnatsd_accountz_subscriptions", app), 1);
    assert.doesNotMatch(metrics.log, /engine|\[ERR\]/, "no secret is told");
  },
});

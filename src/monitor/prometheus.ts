/**
 * `/metrics`: the same figures as the endpoints, as Prometheus reads them (text
 * exposition 0.0.4). What the official exporter makes of the endpoints has its
 * names, labels and types here, so that its dashboards work; what it cannot
 * know of the process is added. No series is by client, so their number is
 * bounded by accounts and paths (config-and-monitoring §8.3).
 */

import { DEFAULT_LIMIT } from "./arguments.ts";
import type { AccountSnapshot, Snapshots } from "./snapshots.ts";
import { sublistFields } from "./subsz.ts";
import type { RequestCounts } from "./varz.ts";
import { varz } from "./varz.ts";

/** Clients read between two pauses. */
const RUN = 32;

/** The content type of what `renderMetrics` makes. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Strings of /varz that become the label `value` of a series that is 1. */
const NAMES = new Set(["server_id", "server_name", "version", "name"]);

/** Times of /varz, in milliseconds since 1970. */
const TIMES = new Set(["start", "config_load_time"]);

/** What the exporter leaves out, and we therefore too. */
const SKIPPED = new Set([
  "leaf",
  "cluster_tls_timeout",
  "cluster_cluster_port",
  "cluster_auth_timeout",
]);

/** What the exporter says of endpoints that it did not ask for a page. */
const FIRST_PAGE = { offset: 0, limit: DEFAULT_LIMIT };

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/**
 * All metrics, bit by bit; empty pieces say that there is more to be done.
 * `requests` are those to the endpoints so far, by path.
 */
export function* renderMetrics(
  snapshots: Snapshots,
  requests: RequestCounts,
): Generator<string> {
  const { id } = snapshots.server();
  const text = new Exposition({ server_id: id });
  yield* writeVarz(text, "", varz(snapshots.server(), requests));
  yield* writeConnz(text, snapshots);
  yield* writeAll(text, "subsz", {
    ...sublistFields(snapshots.accounts().map(({ sublist }) => sublist)),
    total: 0,
    ...FIRST_PAGE,
  });
  yield text.named("gnatsd_subsz_server_id", id);
  yield* writePeers(text, snapshots);
  yield* writeHealthz(text, snapshots);
  yield* writeAccounts(text, snapshots);
  yield* writeProcess(text, snapshots);
}

/** Numbers of any depth; of strings, those with a place in `NAMES`, `TIMES`. */
function* writeVarz(
  text: Exposition,
  parent: string,
  fields: object,
): Generator<string> {
  for (const [key, value] of Object.entries(fields)) {
    const path = join(parent, key);
    const name = `gnatsd_varz_${path}`;
    if (SKIPPED.has(path)) continue;
    if (typeof value === "number") {
      yield text.gauge(name, `${path} as in /varz`, value);
    } else if (typeof value === "string" && TIMES.has(key)) {
      const help = `${path} as in /varz, in milliseconds since 1970`;
      yield text.gauge(name, help, Date.parse(value));
    } else if (typeof value === "string" && NAMES.has(key)) {
      yield text.named(name, value);
    } else if (isMap(value)) {
      yield* writeVarz(text, path, value);
    }
  }
}

/** `http_req_stats` and `/connz` to `http_req_stats_connz`. */
function join(parent: string, key: string): string {
  return `${parent}_${key}`.replace(/[/_]+/g, "_").replace(/^_|_$/g, "");
}

function isMap(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sums over the clients connected now, as the exporter's: they can fall. */
function* writeConnz(
  text: Exposition,
  snapshots: Snapshots,
): Generator<string> {
  const count = snapshots.connectionCount();
  const gauges = { pending_bytes: 0, subscriptions: 0 };
  const counters = { in_bytes: 0, out_bytes: 0, in_msgs: 0, out_msgs: 0 };
  let read = 0;
  for (const one of snapshots.connections()) {
    if (++read % RUN === 0) yield "";
    gauges.pending_bytes += one.pendingBytes;
    gauges.subscriptions += one.subscriptions;
    counters.in_bytes += one.inBytes;
    counters.out_bytes += one.outBytes;
    counters.in_msgs += one.inMsgs;
    counters.out_msgs += one.outMsgs;
  }
  yield* writeAll(text, "connz", {
    num_connections: count,
    total: count,
    ...FIRST_PAGE,
    ...gauges,
  });
  for (const [key, value] of Object.entries(counters)) {
    const help = `${key} of all clients connected now`;
    yield text.family(`gnatsd_connz_${key}`, "counter", help, [[{}, value]]);
  }
}

/** One gauge for each of `fields`. */
function* writeAll(
  text: Exposition,
  endpoint: string,
  fields: object,
): Generator<string> {
  for (const [key, value] of Object.entries(fields)) {
    yield text.gauge(
      `gnatsd_${endpoint}_${key}`,
      `${key} as in /${endpoint}`,
      value,
    );
  }
}

/** Other servers and leaf nodes. */
function* writePeers(
  text: Exposition,
  snapshots: Snapshots,
): Generator<string> {
  const { id, name, routes, leafnodes } = snapshots.server();
  const help = "Routes to other servers";
  yield text.gauge("gnatsd_routez_num_routes", help, routes);
  yield text.named("gnatsd_routez_server_id", id);
  yield text.named("gnatsd_routez_server_name", name);
  yield text.gauge(
    "gnatsd_leafz_conn_nodes_total",
    "Leaf nodes connected",
    leafnodes,
  );
}

function* writeHealthz(
  text: Exposition,
  snapshots: Snapshots,
): Generator<string> {
  const healthy = snapshots.server().problem === null;
  const help = "0 if /healthz says ok, 1 if not";
  yield text.gauge("gnatsd_healthz_status", help, healthy ? 0 : 1);
  yield text.family(
    "gnatsd_healthz_status_value",
    "gauge",
    "What /healthz says",
    [[{ value: healthy ? "ok" : "error" }, healthy ? 1 : 0]],
  );
}

/** What is told of each account: name, help, figure. */
const ACCOUNT_GAUGES: readonly (readonly [
  name: string,
  help: string,
  value: (account: AccountSnapshot) => number,
])[] = [
  ["current_connections", "Clients in the account", (one) => one.connections],
  [
    "total_connections",
    "Clients and leaf nodes in the account",
    (one) => one.connections + one.leafnodes,
  ],
  ["leaf_nodes", "Leaf nodes in the account", (one) => one.leafnodes],
  [
    "subscriptions",
    "Subscriptions in the account",
    (one) => one.sublist.subscriptions,
  ],
  ["sent_messages", "Messages delivered", (one) => one.outMsgs],
  ["sent_bytes", "Payload bytes delivered", (one) => one.outBytes],
  ["received_messages", "Messages received", (one) => one.inMsgs],
  ["received_bytes", "Payload bytes received", (one) => one.inBytes],
  [
    "slow_consumers",
    "Connections closed because they did not keep up",
    (one) => one.slowConsumers,
  ],
];

function* writeAccounts(
  text: Exposition,
  snapshots: Snapshots,
): Generator<string> {
  const accounts = snapshots.accounts();
  for (const [name, help, value] of ACCOUNT_GAUGES) {
    const samples = accounts.map((account): Sample => [{
      account: account.name,
      account_id: account.name,
      account_name: account.name,
    }, value(account)]);
    yield text.family(`gnatsd_accstatz_${name}`, "gauge", help, samples);
  }
}

/** Under the names every Prometheus client library has for them. */
function* writeProcess(
  text: Exposition,
  snapshots: Snapshots,
): Generator<string> {
  const { cpuSeconds, memoryBytes, startedAt } = snapshots.server().process;
  yield text.family(
    "process_cpu_seconds_total",
    "counter",
    "Processor time used, in seconds",
    [[{}, cpuSeconds]],
  );
  yield text.gauge(
    "process_resident_memory_bytes",
    "Resident memory in bytes",
    memoryBytes,
  );
  yield text.gauge(
    "process_start_time_seconds",
    "When the process started, in seconds since 1970",
    startedAt / 1000,
  );
}

/** Lines of the format. */
class Exposition {
  /** On series of the process, too: a dashboard picks the server by it. */
  readonly #common: Labels;

  /** `common` are labels of every series. */
  constructor(common: Labels) {
    this.#common = common;
  }

  /** A metric of one series that may fall. */
  gauge(name: string, help: string, value: number): string {
    return this.family(name, "gauge", help, [[{}, value]]);
  }

  /** A metric that says something in words: its label `value`. */
  named(name: string, value: string): string {
    return this.family(name, "gauge", "Its value is a label", [[{ value }, 1]]);
  }

  /** A metric with all its series. */
  family(
    name: string,
    type: "counter" | "gauge",
    help: string,
    samples: readonly Sample[],
  ): string {
    let lines = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
    for (const [labels, value] of samples) {
      const pairs = Object.entries({ ...labels, ...this.#common })
        .map(([key, text]) => `${key}="${escapeLabel(text)}"`);
      lines += `${name}{${pairs.join(",")}} ${value}\n`;
    }
    return lines;
  }
}

/** Names of servers and accounts are whatever somebody configured. */
function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')
    .replaceAll("\n", "\\n");
}

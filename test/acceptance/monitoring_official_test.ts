/**
 * Monitoring beside that of the official servers, field by field: the same
 * configuration file, the same clients doing the same; then the same fields of
 * the same JSON types, and the same values where they are not up to chance.
 */

import assert from "node:assert/strict";
import { readConfigFile } from "../../src/config/load.ts";
import { settingsOf } from "../../src/config/settings.ts";
import { Server } from "../../src/mod.ts";
import { dialTcp } from "../../src/transport/tcp.ts";
import { Folder } from "../support/folder.ts";
import type { Json } from "../support/monitoring.ts";
import {
  atLeast,
  freePort,
  OfficialServer,
  officialServers,
} from "../support/official_server.ts";
import { RawClient } from "../support/raw_client.ts";

const CONFIG = `
server_name: same
server_tags: [a, b]
max_subscriptions: 10
accounts {
  APP {
    users: [{ user: u, password: p }]
    imports: [
      { stream: { account: LIB, subject: "s.>" }, prefix: x }
      { service: { account: LIB, subject: svc }, to: local, share: true }
    ]
  },
  LIB {
    users: [{ user: l, password: p }]
    exports: [
      { stream: "s.>" }
      { service: svc, response_type: stream, accounts: [APP] }
    ]
  }
}
`;

/** A running server and where it is. */
interface Running extends AsyncDisposable {
  readonly port: number;
  readonly base: string;
}

async function startMidge(config: string): Promise<Running> {
  const { values } = await readConfigFile(config);
  const { server: options } = settingsOf(values);
  const server = await Server.start({
    ...options,
    host: "127.0.0.1",
    port: -1,
    monitor: { port: -1 },
  });
  return {
    port: server.port,
    base: server.monitorURL() ?? "",
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function startOfficial(path: string, config: string): Promise<Running> {
  const monitorPort = freePort();
  const server = await OfficialServer.start(
    { path, version: "" },
    ["-c", config, "-m", String(monitorPort)],
  );
  return {
    port: server.port,
    base: `http://127.0.0.1:${monitorPort}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** What the clients of both servers do; they stay until disposed of. */
async function work({ port }: Running): Promise<AsyncDisposable> {
  const clients = new AsyncDisposableStack();
  const login = async (fields: object): Promise<RawClient> => {
    const client = clients.use(
      new RawClient(await dialTcp("127.0.0.1", port)),
    );
    await client.info();
    await client.send(
      `CONNECT ${JSON.stringify({ verbose: false, pass: "p", ...fields })}\r\n`,
    );
    return client;
  };
  const settle = async (client: RawClient) => {
    await client.send("PING\r\n");
    await client.through("PONG\r\n");
  };
  const gone = await login({ user: "l", name: "gone" });
  await settle(gone);
  await gone.send("FOO\r\n");
  await gone.closed();
  const refused = await login({ user: "u", pass: "wrong" });
  await refused.closed();
  const one = await login({
    user: "u",
    name: "<one>",
    lang: "x",
    version: "1",
  });
  await one.send("SUB foo.* q 1\r\nSUB bar 2\r\nUNSUB 2 9\r\n");
  await one.send(
    "PUB bar 2\r\nhi\r\nPUB foo.x 3\r\nhey\r\nPUB none 1\r\nx\r\n",
  );
  await settle(one);
  const two = await login({ user: "l" });
  await two.send("SUB svc 1\r\nSUB gone 2\r\nUNSUB 2\r\n");
  await settle(two);
  return clients;
}

/** Whether fields are there and what JSON types they have, by path. */
function types(value: Json, path = "", found = new Map<string, string>()) {
  if (Array.isArray(value)) {
    found.set(path, "array");
    for (const item of value) types(item, `${path}[]`, found);
  } else if (typeof value === "object" && value !== null) {
    if (path !== "") found.set(path, "object");
    for (const [key, field] of Object.entries(value)) {
      types(field, path === "" ? key : `${path}.${key}`, found);
    }
  } else found.set(path, value === null ? "null" : typeof value);
  return found;
}

const PATHS = [
  "/varz",
  "/connz",
  "/connz?auth=1&subs=detail",
  "/connz?subs=1&state=any&sort=cid",
  "/connz?state=closed&auth=true",
  "/connz?cid=99",
  "/routez",
  "/routez?subs=detail",
  "/subsz",
  "/subsz?subs=1&acc=APP&test=bar",
  "/healthz",
  "/accountz",
  "/accountz?acc=APP",
  "/accountz?acc=LIB",
  "/accstatz",
  "/accstatz?unused=1",
  "/leafz",
  "/gatewayz",
  "/jsz",
];

/** What official servers have that midge does not; the reason is the row. */
const NOT_OURS = [
  /^git_commit$/, // Of another program.
  /^config_digest$/, // A server in a program has no file.
  /^feature_flags/, // All of JetStream's.
  /^account_detail\.mappings/, // There are none.
];

/** Answers where 2.9.10 has less: what the newest has in common with midge. */
const NEWER = [
  /^(in|out)_client_/,
  /^(stale_connections|stalled_clients)$/,
  /_stats(\.|$)/,
  /^server_name$/,
  /name_tag$/,
  /^account_statz\[\]\.(name|num_subscriptions)$/,
  /^account_statz\[\]\.(sent|received)\.(gateways|routes|leafs)/,
  /\.local_subject$/,
  /account_tag$/,
  /^(server_id|now|total|offset|limit)$/,
  /^api\.level$/,
];

/** Fields midge always has: those of 0.8, and paths counted from zero. */
const MORE = [
  /^(auth_required|tls_required|tls_verify|ssl_required)$/,
  /^(max_pending_size|cluster_port)$/,
  /^http_req_stats\./,
];

async function json({ base }: Running, path: string): Promise<Json> {
  const response = await fetch(`${base}${path}`);
  assert.equal(response.status, 200, path);
  assert.equal(response.headers.get("Content-Type"), "application/json");
  return withoutSystem(await response.json());
}

/** Without the services official servers import into every account. */
function withoutSystem(answer: Json): Json {
  const { account_detail: detail } = answer;
  if (detail?.imports === undefined) return answer;
  const imports = detail.imports.filter(({ subject }: Json) =>
    !subject.startsWith("$SYS.")
  );
  if (imports.length > 0) detail.imports = imports;
  else delete detail.imports;
  return answer;
}

/** Both servers of the same configuration, with the same clients. */
async function startBoth(path: string) {
  await using started = new AsyncDisposableStack();
  const folder = started.use(new Folder());
  const config = `${folder.path}/same.conf`;
  await Deno.writeTextFile(config, CONFIG);
  const ours = started.use(await startMidge(config));
  const theirs = started.use(await startOfficial(path, config));
  started.use(await work(ours));
  started.use(await work(theirs));
  const all = started.move();
  return { ours, theirs, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

for (const binary of officialServers()) {
  const newest = atLeast(binary, 2, 14);
  Deno.test(`monitoring has the fields of nats-server ${binary.version}, of the same types`, async (t) => {
    await using both = await startBoth(binary.path);
    const { ours, theirs } = both;
    for (const path of PATHS) {
      await t.step(path, async () => {
        const [a, b] = [await json(ours, path), await json(theirs, path)];
        const [have, want] = [types(a), types(b)];
        for (const [field, type] of want) {
          if (NOT_OURS.some((one) => one.test(field))) continue;
          if (type === "null") continue;
          assert.equal(have.get(field), type, `"${field}" of ${path}`);
        }
        for (const field of have.keys()) {
          if (MORE.some((one) => one.test(field))) continue;
          if (!newest && NEWER.some((one) => one.test(field))) continue;
          assert(
            want.has(field) || want.get(field.split("[]")[0]) === "null",
            `"${field}" of ${path} is ours alone`,
          );
        }
      });
    }
  });

  Deno.test(`monitoring has the values of nats-server ${binary.version} where they are not up to chance`, async () => {
    await using both = await startBoth(binary.path);
    const { ours, theirs } = both;
    for (const pick of PICKS) {
      const [a, b] = [
        await json(ours, pick.path),
        await json(theirs, pick.path),
      ];
      assert.deepEqual(pick.values(a), pick.values(b), pick.path);
    }
    for (const path of BAD_PATHS) {
      const [a, b] = await Promise.all(
        [ours, theirs].map(async ({ base }) => {
          const response = await fetch(`${base}${path}`);
          const text = (await response.text()).trimEnd();
          return `${response.status} ${
            response.headers.get("Content-Type")
          } ${text}`;
        }),
      );
      assert.equal(a, b, path);
    }
  });
}

/** What must be equal in both. */
interface Pick {
  readonly path: string;
  values(json: Json): unknown;
}

function fields(json: Json, ...names: readonly string[]): unknown {
  return names.map((name) => [name, json[name]]);
}

/** Connections are in the order they came in, whatever their numbers. */
function connection(one: Json): unknown {
  return fields(
    one,
    "kind",
    "type",
    "ip",
    "reason",
    "uptime",
    "idle",
    "in_msgs",
    "out_msgs",
    "in_bytes",
    "out_bytes",
    "subscriptions",
    "name",
    "lang",
    "version",
    "authorized_user",
    "account",
    "subscriptions_list",
  );
}

const PICKS: readonly Pick[] = [
  {
    path: "/varz",
    values: (json) =>
      fields(
        json,
        "server_name",
        "proto",
        "auth_required",
        "max_connections",
        "max_subscriptions",
        "ping_interval",
        "ping_max",
        "auth_timeout",
        "max_control_line",
        "max_payload",
        "max_pending",
        "cluster",
        "gateway",
        "leaf",
        "mqtt",
        "websocket",
        "jetstream",
        "tls_timeout",
        "write_deadline",
        "cores",
        "gomaxprocs",
        "connections",
        "routes",
        "remotes",
        "leafnodes",
        "in_msgs",
        "out_msgs",
        "in_bytes",
        "out_bytes",
        "slow_consumers",
        "tags",
        "system_account",
      ),
  },
  {
    path: "/connz?auth=1",
    values: (json) => [
      fields(json, "num_connections", "total", "offset", "limit"),
      json.connections.map(connection),
    ],
  },
  {
    path: "/connz?state=closed&auth=1&user=u",
    values: ({ connections }) =>
      connections.map((one: Json) =>
        fields(one, "reason", "authorized_user", "in_msgs", "name")
      ),
  },
  {
    path: "/connz?state=closed&sort=reason",
    values: ({ connections }) =>
      connections
        // Whoever waits for a server to be up comes and goes as well.
        .filter(({ reason }: Json) => reason !== "Client Closed")
        .map(({ reason, name }: Json) => [reason, name]),
  },
  {
    path: "/connz?acc=APP&subs=1&sort=msgs_to&limit=1",
    values: (json) => [
      fields(json, "num_connections", "total", "limit"),
      json.connections[0].subscriptions_list.sort(),
    ],
  },
  {
    path: "/subsz?subs=1&acc=APP&test=bar",
    values: ({ subscriptions_list }) =>
      subscriptions_list.map((one: Json) =>
        fields(one, "account", "subject", "qgroup", "sid", "msgs", "max")
      ),
  },
  {
    path: "/accountz",
    values: ({ accounts, system_account }) => [accounts.sort(), system_account],
  },
  {
    path: "/accountz?acc=LIB",
    values: ({ account_detail: { exports, client_connections } }) => [
      exports,
      client_connections,
    ],
  },
  {
    path: "/accstatz",
    values: ({ account_statz }) =>
      account_statz.map((one: Json) =>
        fields(one, "acc", "conns", "leafnodes", "total_conns")
      ).sort(),
  },
  { path: "/healthz", values: (json) => json },
];

const BAD_PATHS = [
  "/connz?sort=foo",
  "/connz?sort=stop",
  "/connz?auth=2",
  "/connz?limit=abc",
  "/connz?offset=99999999999999999999",
  "/connz?cid=-1",
  "/connz?state=foo",
  "/connz?subs=2",
  "/routez?subs=7",
  "/subsz?test=foo.*",
  "/subsz?limit=x",
  "/accountz?acc=NOPE",
  "/accstatz?unused=2",
  "/leafz?subs=x",
  "/gatewayz?accs=3",
  "/jsz?limit=z",
  "/healthz?js-enabled=x",
  "/foo",
  "/varz/",
];

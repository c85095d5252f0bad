/** Clusters of processes, as gnatsd's README of 2016 starts them and logs them. */

import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import {
  connect as connectClient,
  RequestError,
} from "@nats-io/transport-node";
import { Folder } from "../support/folder.ts";
import { FILES, Midge, run } from "../support/midge.ts";
import { freePort } from "../support/official_server.ts";
import { portsOf } from "../support/ports_file.ts";

const READ = ["--allow-read"];

/** Longest a test waits for interest to arrive at another server. */
const PATIENCE_MS = 10_000;

/** The first of these lines that the log lacks, where it should be. */
function missing(text: string, patterns: readonly RegExp[]): string {
  const lines = text.split("\n");
  let at = 0;
  for (const pattern of patterns) {
    while (at < lines.length && !pattern.test(lines[at])) at++;
    if (at === lines.length) return `no ${pattern} in its place:\n${text}`;
  }
  return "";
}

/** Asserts that the log has these lines, in this order. */
function assertInOrder(text: string, patterns: readonly RegExp[]): void {
  assert.equal(missing(text, patterns), "");
}

/** The id a server says it has. */
async function idOf(midge: Midge): Promise<string> {
  return (await midge.line(/\[INF\] {3}ID: +(\w+)\n/))[0];
}

/** What the log says of a route that was dialled at `address`. */
function dialled(address: string, id: string): RegExp[] {
  const tcp = address.replace("localhost", "(127\\.0\\.0\\.1|\\[::1\\])");
  return [
    new RegExp(`\\[DBG\\] Trying to connect to route on ${address}`),
    new RegExp(`\\[DBG\\] ${tcp} - rid:\\d+ - Route connection created`),
    new RegExp(`\\[DBG\\] ${tcp} - rid:\\d+ - Route connect msg sent`),
    new RegExp(
      `\\[DBG\\] ${tcp} - rid:\\d+ - Registering remote route "${id}"`,
    ),
    new RegExp(`\\[DBG\\] ${tcp} - rid:\\d+ - Route sent local subscriptions`),
  ];
}

/** What the log says of a route that was accepted. */
function accepted(id: string): RegExp[] {
  return [
    /\[DBG\] \S+ - rid:\d+ - Route connection created/,
    new RegExp(`\\[DBG\\] \\S+ - rid:\\d+ - Registering remote route "${id}"`),
    /\[DBG\] \S+ - rid:\d+ - Route sent local subscriptions/,
  ];
}

/** The answer of whoever listens on another server, once that is known here. */
async function ask(nc: NatsConnection, subject: string): Promise<string> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return (await nc.request(subject, "hello")).string();
    } catch (error) {
      const nobody = error instanceof RequestError && error.isNoResponders();
      if (!nobody || performance.now() > deadline) throw error;
    }
  }
}

/** A client of each server hears from the clients of all the others. */
async function assertMeshed(servers: readonly Midge[]): Promise<void> {
  const clients = await Promise.all(
    servers.map(async (one) =>
      await connectClient({ servers: `127.0.0.1:${await one.port()}` })
    ),
  );
  try {
    const heard = clients.map(() => 0);
    clients.forEach((nc, index) =>
      nc.subscribe(`who.${index}`, {
        callback: (_, msg) => {
          heard[index]++;
          msg.respond(`${msg.string()} from ${index}`);
        },
      })
    );
    for (const nc of clients) {
      for (const index of clients.keys()) {
        assert.equal(await ask(nc, `who.${index}`), `hello from ${index}`);
      }
    }
    // Whatever was doubled has arrived behind the answers.
    for (const nc of clients) await nc.flush();
    assert.deepEqual(heard, clients.map(() => clients.length));
  } finally {
    await Promise.all(clients.map((nc) => nc.close()));
  }
}

/** Ends servers as an operator does; they end well. */
async function stop(servers: readonly Midge[]): Promise<void> {
  for (const one of servers) one.kill("SIGINT");
  for (const one of servers) assert.equal(await one.code(), 0);
}

/** Starts the README's second and third server, and checks what all log. */
async function joinAndCheck(seed: Midge, address: string): Promise<void> {
  const [port2, cluster2] = [freePort(), freePort()];
  await using second = new Midge(
    `-p ${port2} -cluster nats://localhost:${cluster2} -routes nats://${address} -D`
      .split(" "),
  );
  const [seedId, secondId] = [await idOf(seed), await idOf(second)];
  await seed.line(new RegExp(`Registering remote route "${secondId}"`));
  await second.line(/Route sent local subscriptions/);
  const [port3, cluster3] = [freePort(), freePort()];
  await using third = new Midge(
    `-p ${port3} -cluster nats://localhost:${cluster3} -routes nats://${address} -D`
      .split(" "),
  );
  const thirdId = await idOf(third);
  const servers = [seed, second, third];
  await assertMeshed(servers);
  assertInOrder(second.text, [
    new RegExp(
      `\\[INF\\] Listening for client connections on 0.0.0.0:${port2}`,
    ),
    new RegExp(
      `\\[INF\\] Listening for route connections on localhost:${cluster2}`,
    ),
    /\[INF\] Server is ready/,
    ...dialled(address, seedId),
  ]);
  assertInOrder(third.text, dialled(address, seedId));
  assertInOrder(seed.text, [...accepted(secondId), ...accepted(thirdId)]);
  // The seed told both of each other: one dialled, the other accepted.
  const there = dialled(`127\\.0\\.0\\.1:${cluster3}`, thirdId);
  const back = dialled(`127\\.0\\.0\\.1:${cluster2}`, secondId);
  if (missing(second.text, there) === "") {
    assertInOrder(third.text, accepted(secondId));
  } else {
    assertInOrder(third.text, back);
    assertInOrder(second.text, accepted(thirdId));
  }
  await stop(servers);
}

Deno.test("midge forms a mesh with the flags of gnatsd's README", async () => {
  const [port, cluster] = [freePort(), freePort()];
  await using seed = new Midge(
    `-p ${port} -cluster nats://localhost:${cluster} -D`.split(" "),
  );
  await seed.line(
    new RegExp(`Listening for route connections on localhost:${cluster}\n`),
  );
  await joinAndCheck(seed, `localhost:${cluster}`);
});

Deno.test("midge forms a mesh with the seed.conf of gnatsd's README", async () => {
  const [port, http, cluster] = [freePort(), freePort(), freePort()];
  using folder = new Folder({
    "seed.conf": `# Cluster Seed Node

listen: 127.0.0.1:${port}
http: ${http}

cluster {
  listen: 127.0.0.1:${cluster}
}
`,
  });
  await using seed = new Midge(
    ["-config", folder.file("seed.conf"), "-D"],
    READ,
  );
  await seed.line(
    new RegExp(`Listening for route connections on 127.0.0.1:${cluster}\n`),
  );
  await joinAndCheck(seed, `localhost:${cluster}`);
});

Deno.test("midge says whom it keeps out of a cluster and why", async () => {
  const cluster = freePort();
  const seed = `nats://route_user:s3cr3t@localhost:${cluster}`;
  await using midge = new Midge([
    ...`-a 127.0.0.1 -p -1 --cluster ${seed} --cluster_name edge`.split(" "),
  ]);
  await midge.line(/Server is ready/);
  const other = "-a 127.0.0.1 -p -1 --cluster nats://127.0.0.1:-1";
  await using stranger = new Midge(
    `${other} --cluster_name core --routes ${seed}`.split(" "),
  );
  await midge.line(
    /\[ERR\] \S+ - rid:\d+ - Rejecting connection, cluster name "core" does not match "edge"\n/,
  );
  await stranger.line(
    /\[ERR\] \S+ - rid:\d+ - .*cluster name .*does not match/,
  );
  await using liar = new Midge(
    `${other} --cluster_name edge --routes ${seed.replace("s3cr3t", "gu3ss")}`
      .split(" "),
  );
  await midge.line(/\[ERR\] \S+ - rid:\d+ - authentication error\n/);
  await liar.line(/\[ERR\] \S+ - rid:\d+ - .*'Authorization Violation'/);
  const logs = [midge.text, stranger.text, liar.text].join("");
  assert.doesNotMatch(logs, /s3cr3t|gu3ss|Registering remote route/);
  await stop([midge, stranger, liar]);
});

Deno.test("midge tells in the ports file where other servers reach it", async () => {
  using folder = new Folder();
  await using midge = new Midge(
    [
      ..."-a 127.0.0.1 -p -1 --cluster nats://0.0.0.0:-1".split(" "),
      "--ports_file_dir",
      folder.path,
    ],
    FILES,
  );
  const [port] = await midge.line(
    /Listening for route connections on 0\.0\.0\.0:(\d+)\n/,
  );
  const clientPort = await midge.port();
  assert.deepEqual(await portsOf(folder, midge), {
    nats: [`nats://127.0.0.1:${clientPort}`],
    cluster: [`nats://127.0.0.1:${port}`],
  });
  midge.kill("SIGTERM");
  assert.equal(await midge.code(), 0);
});

Deno.test("midge does not start with a cluster that cannot be", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const client = "-a 127.0.0.1 -p -1";
  const cases: [string, RegExp][] = [
    [
      `${client} --cluster nats://127.0.0.1:${port}`,
      new RegExp(
        `\\[FTL\\] Error listening on router port: 127.0.0.1:${port}, "listen tcp 127.0.0.1:${port}: bind: address already in use": stop what listens there .*\n$`,
      ),
    ],
    [
      `${client} --routes nats://127.0.0.1:6222`,
      /^midge: solicited routes require cluster capabilities, e\.g\. --cluster/,
    ],
    [
      `${client} --cluster nats://:-1 --cluster_advertise a:b`,
      /^midge: invalid Cluster\.Advertise value of a:b, err=/,
    ],
    [
      `${client} --cluster nats://:-1 --routes nats://u:s3cr3t@a:0`,
      /^midge: error parsing route url \["nats:\/\/…@a:0"\] of cluster\.routes/,
    ],
    [
      `${client} --cluster nats://u:s3cr3t@a:b`,
      /^midge: invalid value "nats:\/\/…@a:b" for flag -cluster: could not parse port "b"/,
    ],
    [
      "-a 127.0.0.1 -p 4222 --cluster nats://:4222",
      /^midge: cluster\.port is that of the clients, 4222/,
    ],
  ];
  for (const [args, pattern] of cases) {
    const { code, stderr } = await run(args.split(" "));
    assert.match(stderr, pattern);
    assert.doesNotMatch(stderr, /s3cr3t| {4}at /);
    assert.equal(code, 1, args);
  }
});

Deno.test("midge -t checks a cluster as a start would", async () => {
  using folder = new Folder({
    "good.conf":
      "cluster { name: edge, port: 6222, routes: [nats://a:6222], pool_size: -1, compression: off }",
    "route.conf": 'cluster { port: 6222, routes: ["nats://u:s3cr3t@a:0"] }',
    "login.conf": "cluster { port: 6222, authorization { user: u } }",
    "tls.conf": "cluster { port: 6222, tls { cert_file: c, key_file: k } }",
    "files.conf":
      "cluster { port: 6222, tls { cert_file: c, key_file: k, ca_file: a } }",
    "pool.conf": "cluster { port: 6222, pool_size: 3 }",
  });
  const test = async (name: string, ...flags: string[]) => {
    const args = ["-t", "-c", folder.file(name), ...flags];
    const { code, stderr } = await run(args, READ);
    assert.equal(code, stderr.includes(" is valid ") ? 0 : 1);
    return stderr.replaceAll(`${folder.path}/`, "");
  };
  assert.match(await test("good.conf"), /good\.conf is valid/);
  assert.match(
    await test("good.conf", "--cluster", "nats://:6223", "--routes", "x:0"),
    /error parsing route url \["x:0"\]/,
  );
  assert.match(
    await test("route.conf"),
    /^midge: error parsing route url \["nats:\/\/…@a:0"\]/,
  );
  assert.match(
    await test("login.conf"),
    /^midge: expected cluster password to be set/,
  );
  assert.match(await test("tls.conf"), /^midge: missing 'ca_file'/);
  assert.match(
    await test("files.conf"),
    /^midge: Cannot read cert_file .* c: /,
  );
  assert.match(
    await test("pool.conf"),
    /^midge: pool\.conf:1:23: cluster\.pool_size: 3 is not supported by midge/,
  );
});

Deno.test("midge takes routes and no secret into its log when it is reloaded", async () => {
  await using seed = new Midge(
    "-a 127.0.0.1 -p -1 -cluster nats://u:s3cr3t@127.0.0.1:-1 --cluster_name edge"
      .split(" "),
  );
  const [port] = await seed.line(/route connections on \S+:(\d+)\n/);
  const conf = (routes: string) =>
    `listen: "127.0.0.1:-1"
     debug: true
     cluster { name: edge, listen: "127.0.0.1:-1", routes: [ ${routes} ]
               authorization { user: u, password: s3cr3t } }`;
  using folder = new Folder({ "a.conf": conf("") });
  await using midge = new Midge(["-c", folder.file("a.conf")], READ);
  await midge.line(/Server is ready/);
  folder.write("a.conf", conf(`"nats://u:s3cr3t@127.0.0.1:${port}"`));
  midge.kill("SIGHUP");
  await midge.line(/\[INF\] Reloaded: cluster\.routes\n/);
  await midge.line(
    new RegExp(`Registering remote route "${await idOf(seed)}"`),
  );
  await assertMeshed([seed, midge]);
  folder.write("a.conf", conf("").replace("edge", "core"));
  midge.kill("SIGHUP");
  await midge.line(
    /\[ERR\] Failed to reload server configuration: .*cluster\.name: old=edge, new=core\n/,
  );
  assert.doesNotMatch(midge.text, /s3cr3t/);
  await stop([seed, midge]);
});

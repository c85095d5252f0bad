/**
 * Whatever comes in on the port for routes, and wherever routes lead: it is in
 * the log, but not over and over, and servers that are well notice nothing.
 */

import assert from "node:assert/strict";
import { Client } from "../../src/client/client.ts";
import type { ServerOptions } from "../../src/mod.ts";
import { dialTcp } from "../../src/transport/tcp.ts";
import { requestSubjects } from "../../src/server/system_request.ts";
import { QUIET, RawClient } from "../support/raw_client.ts";
import { quietPort } from "../support/ports.ts";
import type { KeptLog } from "../support/server.ts";
import { eventually, TestServer } from "../support/server.ts";

/** Lets dead ends be found soon. */
const PINGS: ServerOptions = { pingIntervalMs: 500 };

/** A server of the cluster over TCP, which dials `routes`. */
function member(
  name: string,
  routes: readonly string[],
  options: ServerOptions = {},
): Promise<TestServer> {
  return TestServer.listening({
    serverName: name,
    ...options,
    cluster: { name: "test", host: "127.0.0.1", port: -1, routes },
  });
}

function routeTo({ server }: TestServer): string {
  return `nats://127.0.0.1:${server.clusterPort}`;
}

/** Two servers that are well, and messages from one to the other. */
class Pair implements AsyncDisposable {
  readonly a: TestServer;
  readonly b: TestServer;
  readonly #from: Client;
  readonly #to: Client;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #strangers: RawClient[] = [];
  readonly #route: number;
  readonly #got: readonly number[];
  #sent = 0;

  private constructor(
    servers: readonly [TestServer, TestServer],
    clients: readonly [Client, Client],
    got: readonly number[],
  ) {
    [this.a, this.b] = servers;
    [this.#from, this.#to] = clients;
    this.#got = got;
    this.#route = this.a.server.routes[0].id;
    this.#timer = setInterval(() => {
      this.#from.publish("stream", String(++this.#sent));
    }, 2);
  }

  static async start(options: ServerOptions = {}): Promise<Pair> {
    const a = await member("a", [], options);
    const b = await member("b", [routeTo(a)], options);
    const [from, to] = [
      await Client.connect({ transport: a.server.inProcessConn() }),
      await Client.connect({ transport: b.server.inProcessConn() }),
    ];
    const got: number[] = [];
    to.subscribe("stream", {
      callback: ({ data }) => {
        got.push(Number(new TextDecoder().decode(data)));
      },
    });
    // The first message must not be early.
    await eventually(
      () =>
        a.server.routes.at(0)?.subscriptions ===
          1 + requestSubjects("").length,
      "the two to know each other",
    );
    return new Pair([a, b], [from, to], got);
  }

  /** Connects to the port for routes of the first server. */
  async dial(): Promise<RawClient> {
    const { clusterPort } = this.a.server;
    const stranger = new RawClient(await dialTcp("127.0.0.1", clusterPort));
    this.#strangers.push(stranger);
    return stranger;
  }

  /** As `dial`, and becomes a route called `id`. */
  async join(id: string): Promise<RawClient> {
    const stranger = await this.dial();
    await stranger.send(
      `CONNECT {"headers":true,"name":"${id}","cluster":"test"}\r\n` +
        `INFO {"server_id":"${id}","server_name":"${id}","cluster":"test","headers":true}\r\n`,
    );
    await stranger.through("PING\r\n");
    return stranger;
  }

  /** Nothing was lost or doubled, and the route is the one it was. */
  async check(): Promise<void> {
    clearInterval(this.#timer);
    await eventually(() => this.#got.at(-1) === this.#sent, "the last message");
    assert(this.#sent > 0);
    const ends = () =>
      this.a.log.lines.filter((line) => line.includes("closed:")).join("\n");
    assert.equal(this.#got.length, this.#sent, ends());
    await eventually(() => this.a.server.routes.length === 1, "one route");
    assert.equal(this.a.server.routes[0].id, this.#route);
    for (const { log } of [this.a, this.b]) onlyOnce(log);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    for (const stranger of this.#strangers) {
      await stranger[Symbol.asyncDispose]();
    }
    await this.#from.close();
    await this.#to.close();
    await this.b[Symbol.asyncDispose]();
    await this.a[Symbol.asyncDispose]();
  }
}

/** Waits for a line; shows the others if it does not come. */
async function logged({ lines }: KeptLog, pattern: RegExp): Promise<void> {
  try {
    await eventually(() => lines.some((line) => pattern.test(line)), "");
  } catch {
    assert.fail(`no ${pattern} in:\n${lines.join("\n")}`);
  }
}

/** No error twice, whoever it is about. */
function onlyOnce({ lines }: KeptLog): void {
  const errors = lines.filter((line) => line.startsWith("ERR "))
    .map((line) => line.replace(/[\d.]+:\d+ - (rid:\d+ - )?/, ""));
  assert.deepEqual(errors, [...new Set(errors)]);
}

const INTRODUCTION =
  'CONNECT {"name":"S1","cluster":"test"}\r\nINFO {"server_id":"S1","cluster":"test"}\r\n';

/** What a stranger says, how it ends, and what the log has of it. */
const STRANGERS: readonly (readonly [string, string, RegExp, RegExp])[] = [
  [
    "a client",
    'CONNECT {"lang":"deno","version":"1","verbose":false}\r\nPING\r\n',
    /-ERR 'attempted to connect to route port'\r\n$/i,
    /attempted to connect to route port/i,
  ],
  [
    "a server of another cluster",
    'CONNECT {"name":"S1","cluster":"other"}\r\nINFO {"server_id":"S1","cluster":"other"}\r\n',
    /-ERR 'Rejecting connection, cluster name "other" does not match "test"'\r\n$/,
    /Rejecting connection, cluster name "other" does not match "test"/,
  ],
  [
    "a server without an id",
    'CONNECT {"name":"","cluster":"test"}\r\nINFO {"server_id":"","cluster":"test"}\r\n',
    /^INFO [^\n]*\r\n$/,
    /INFO without a server_id/,
  ],
  [
    "who begins with INFO",
    'INFO {"server_id":"S1","cluster":"test"}\r\n',
    /-ERR 'Authorization Violation'\r\n$/,
    /authentication error|INFO before CONNECT/,
  ],
  [
    "a browser",
    "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    /-ERR '.*'\r\n$/,
    /rid:\d+ - \S+/,
  ],
  [
    "garbage",
    `${INTRODUCTION}\u0000\u0001\u00ff\u00fe`.repeat(20),
    /-ERR 'Unknown Protocol Operation'\r\n$/,
    /Router parser ERROR/,
  ],
  [
    "CONNECT that is not JSON",
    "CONNECT {,}\r\n",
    /^(INFO [^\n]*\r\n)?$/,
    /rid:\d+ - .*(JSON|CONNECT)/i,
  ],
  [
    "a line that is too long",
    `${INTRODUCTION}RS+ $G ${"x".repeat(70_000)}\r\n`,
    /-ERR 'maximum control line exceeded'\r\n$/,
    /maximum control line exceeded/i,
  ],
  [
    "a message of 900 MB",
    `${INTRODUCTION}RMSG $G foo 900000000\r\nx`,
    /-ERR 'Maximum Payload Violation'\r\n$/,
    /maximum payload exceeded/i,
  ],
  [
    "a message of 2 GB",
    `${INTRODUCTION}RMSG $G foo 2147483648\r\nx`,
    /^INFO [^\n]*\r\n(?:RS\+ \$SYS [^\n]*\r\n)*PING\r\n$/,
    /Bad or Missing Size: "\$G foo 2147483648"/,
  ],
];

Deno.test("Strangers on the port for routes are sent away and disturb nobody", async (t) => {
  await using pair = await Pair.start();
  for (const [who, says, ends, line] of STRANGERS) {
    await t.step(who, async () => {
      const stranger = await pair.dial();
      await stranger.send(says);
      assert.match(await stranger.closed(), ends);
      await logged(pair.a.log, new RegExp(`^ERR .*(?:${line.source})`, "i"));
    });
  }
  await t.step("a server at the port for clients", async () => {
    const stranger = await pair.a.dial();
    await stranger.info();
    await stranger.send(`${INTRODUCTION}RS+ $G stream\r\n`);
    assert.match(await stranger.closed(), /-ERR 'Unknown Protocol Operation'/);
  });
  await pair.check();
});

Deno.test("Servers that fall silent are dropped and disturb nobody", async (t) => {
  await using pair = await Pair.start(PINGS);
  const halves: [string, string][] = [
    ["in a line", "RS+ $G str"],
    ["in a message", `RMSG $G stream 100000\r\n${"x".repeat(500)}`],
    ["in the line of a message", "HMSG $G stream 12 "],
  ];
  await Promise.all(halves.map(async ([, half], at) => {
    const peer = await pair.join(`S${at}`);
    await peer.send(`RS+ $G quiet.${at}\r\n${half}`);
    assert.match(await peer.closed(), /-ERR 'Stale Connection'\r\n$/);
  }));
  await t.step("before they say who they are", async () => {
    const stranger = await pair.dial();
    await stranger.send('CONNECT {"na');
    assert.match(
      await stranger.closed(),
      /-ERR '(Authentication Timeout|Stale Connection)'\r\n$/,
    );
  });
  await pair.check();
});

Deno.test("A crowd of silent connections keeps no server out", async () => {
  await using pair = await Pair.start();
  const crowd = await Promise.all(
    Array.from({ length: 520 }, () => pair.dial()),
  );
  const started = performance.now();
  await using late = await member("c", [routeTo(pair.a)]);
  await eventually(() => late.server.routes.length === 2, "c to join");
  const tookMs = performance.now() - started;
  assert(tookMs < 5000, `joined after ${tookMs} ms`);
  await late[Symbol.asyncDispose]();
  await Promise.all(crowd.map((stranger) => stranger.closed()));
  await pair.check();
});

Deno.test("Routes that lead nowhere are an error in the log once", async () => {
  await using pair = await Pair.start();
  // A port that answers, but is one for clients.
  const wrongPort = `nats://127.0.0.1:${pair.a.server.port}`;
  await using lost = await member("lost", [
    routeTo(pair.a),
    "nats://127.0.0.1:1",
    "nats://no-such-host.invalid:6222",
    wrongPort,
  ]);
  await eventually(() => lost.server.routes.length === 2, "what can be joined");
  const attempts = (text: string) =>
    lost.log.lines.filter((line) =>
      line.includes(`Trying to connect to route on ${text}`)
    ).length;
  await eventually(
    () => attempts("127.0.0.1:1") >= 3 && attempts("no-such-host") >= 3,
    "several attempts",
  );
  await logged(
    lost.log,
    /^ERR .*\(attempt 1\): dial 127\.0\.0\.1:1: .*refused/i,
  );
  await logged(
    lost.log,
    /^ERR .*\(attempt 1\): dial no-such-host.invalid:6222: ./,
  );
  await logged(
    lost.log,
    new RegExp(`^ERR .*${wrongPort.slice(7)} leads to a port for clients`),
  );
  onlyOnce(lost.log);
  await lost[Symbol.asyncDispose]();
  await pair.check();
});

Deno.test("A server that is among its own routes leaves itself out", async () => {
  const port = quietPort();
  const routes = [`nats://127.0.0.1:${port}`, `nats://localhost:${port}`];
  await using self = await TestServer.listening({
    cluster: { name: "test", host: "127.0.0.1", port, routes },
  });
  for (const route of ["127.0.0.1", "localhost"]) {
    await logged(
      self.log,
      new RegExp(`Detected route to self, ignoring "nats-route://${route}`),
    );
  }
  assert.deepEqual(self.server.routes, []);
  // A client, to have something to wait for: no dial is made meanwhile.
  const client = await self.dialClient(QUIET);
  await client.quiet();
  assert.equal(
    self.log.lines.filter((line) => /Trying to connect/.test(line)).length,
    2,
  );
});

Deno.test("Servers that dial each other at the same time keep one route, every time", async () => {
  const rounds = 50;
  const ports = Array.from({ length: 2 * rounds }, quietPort);
  const servers = await Promise.all(ports.map((port, at) =>
    TestServer.start({
      serverName: `s${at}`,
      dontListen: false,
      host: "127.0.0.1",
      port: -1,
      cluster: {
        name: "test",
        host: "127.0.0.1",
        port,
        routes: [`nats://127.0.0.1:${ports[at ^ 1]}`],
      },
    })
  ));
  const routes = () => servers.map(({ server }) => server.routes);
  await eventually(
    () => routes().every((list) => list.length === 1),
    "one route between every two",
  );
  const connections = () => routes().map(([route]) => route?.id);
  // Longer than any retry: whoever was sent away would have come back by then.
  // Settling may go on for a moment, but not for long.
  for (let windows = 0;; windows++) {
    const before = connections();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    if (before.join() === connections().join()) break;
    assert(windows < 2, "routes come and go");
  }
  for (const [at, { log }] of servers.entries()) {
    const { length } = log.lines.filter((line) =>
      line.includes("Route connection created")
    );
    assert(length <= 4, `s${at} had ${length} connections`);
  }
  await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
});

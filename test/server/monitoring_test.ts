/** The monitoring of a real server: where it is served, and what it tells. */

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { ConfigError, ListenError, Server } from "../../src/mod.ts";
import { FakeClock } from "../support/clock.ts";
import { ask } from "../support/monitoring.ts";
import { newNkeyUser } from "../support/nkeys.ts";
import { eventually, KeptLog, TestServer } from "../support/server.ts";
import {
  certFile,
  certText,
  dialTls,
  MUTUAL_TLS,
  SERVER_TLS,
} from "../support/tls.ts";

const MONITOR = { host: "127.0.0.1", port: -1 };

function connect(fields: object): string {
  return `CONNECT ${
    JSON.stringify({ verbose: false, pedantic: false, ...fields })
  }\r\n`;
}

Deno.test("Server serves no monitoring unless told to", async () => {
  await using test = await TestServer.start();
  assert.equal(test.server.monitorURL(), null);
});

Deno.test("Server serves monitoring where the clients are, unless it has an address of its own", async () => {
  await using test = await TestServer.listening({
    monitor: { port: -1, basePath: "/nats" },
  });
  const url = test.server.monitorURL() ?? "";
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/nats$/);
  assert(
    test.log.lines.includes(
      `INF Starting http monitor on ${new URL(url).host}`,
    ),
  );
  const varz = await ask(test.server, "/varz");
  assert.equal(varz.http_host, "127.0.0.1");
  assert.equal(varz.http_port, -1);
  assert.equal(varz.server_id, test.server.id);
  assert.equal(varz.port, test.server.port);
});

Deno.test("Server.start() takes its ports back when one cannot be had", async () => {
  await using taken = await TestServer.listening({ monitor: { port: -1 } });
  const { port } = new URL(taken.server.monitorURL() ?? "");
  const clash = new Server({
    host: "127.0.0.1",
    port: -1,
    monitor: { port: Number(port) },
  });
  await assert.rejects(
    clash.start(),
    (error: Error) =>
      error instanceof ListenError &&
      error.message.includes(
        `listen tcp 127.0.0.1:${port}: bind: address already in use`,
      ),
  );
  assert.equal(clash.monitorURL(), null);

  const other = new Server({
    host: "127.0.0.1",
    port: taken.server.port,
    monitor: { port: -1 },
  });
  await assert.rejects(other.start(), ListenError);
  assert.equal(other.monitorURL(), null);
  await taken[Symbol.asyncDispose]();
  await other.start();
  assert.notEqual(other.monitorURL(), null);
  await other.shutdown();
});

Deno.test("Server.shutdown() ends monitoring that is just being started", async () => {
  const server = new Server({
    host: "127.0.0.1",
    port: -1,
    tls: SERVER_TLS,
    monitor: { httpsPort: -1 },
  });
  const starting = assert.rejects(server.start(), /it was shut down/);
  await server.shutdown();
  await starting;
  assert.equal(server.monitorURL(), null);
});

Deno.test("Server refuses monitoring that cannot be, in the official words", async () => {
  const cases: [object, string][] = [
    [
      { monitor: { port: 8222, httpsPort: 8223 }, tls: SERVER_TLS },
      "can't specify both HTTP (8222) and HTTPs (8223) ports",
    ],
    [{ monitor: { httpsPort: 8223 } }, "TLS cert and key required for HTTPS"],
  ];
  for (const [options, message] of cases) {
    assert.throws(() => new Server(options), new ConfigError(message));
    await assert.rejects(Server.check(options), new ConfigError(message));
  }
  assert.throws(
    () => new Server({ monitor: { port: 70_000 } }),
    /^RangeError: Option "monitor.port" must be a whole number from -1/,
  );
  assert.throws(
    () => new Server({ monitor: { prot: 1 } as object }),
    /^TypeError: Unknown option "monitor.prot"$/,
  );
});

Deno.test("Server serves HTTPS with its certificate, and a new one after a reload", async () => {
  const options = {
    dontListen: true,
    tls: SERVER_TLS,
    monitor: { host: "127.0.0.1", httpsPort: -1 },
  };
  await using test = await TestServer.start(options);
  const { port, protocol } = new URL(test.server.monitorURL() ?? "");
  assert.equal(protocol, "https:");
  const serial = async () => {
    const conn = await Deno.connectTls({
      hostname: "localhost",
      port: Number(port),
      caCerts: [certText("ca.pem")],
    });
    await conn.handshake();
    const { subject, fingerprint } = await certificateAt(Number(port));
    conn.close();
    return `${subject} ${fingerprint}`;
  };
  const before = await serial();
  await test.server.reload({
    ...options,
    tls: {
      certFile: certFile("server-ecdsa.pem"),
      keyFile: certFile("server-ecdsa-key.pem"),
    },
  });
  assert.notEqual(await serial(), before);
});

async function certificateAt(port: number) {
  const { connect } = await import("node:tls");
  const socket = connect({
    port,
    host: "127.0.0.1",
    servername: "localhost",
    ca: certText("ca.pem"),
  });
  await new Promise((resolve, reject) => {
    socket.once("secureConnect", resolve);
    socket.once("error", reject);
  });
  const { subject, fingerprint256 } = socket.getPeerCertificate();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.destroy();
  await closed;
  return { subject: String(subject.CN), fingerprint: fingerprint256 };
}

Deno.test("Server.reload() refuses to move monitoring, and shows when it was configured", async () => {
  const clock = new FakeClock();
  const options = { dontListen: true, monitor: MONITOR };
  await using test = await TestServer.start({ clock, ...options });
  const before = await ask(test.server, "/varz");
  clock.advance(60_000);
  for (const monitor of [null, { ...MONITOR, port: 8222 }, { port: -1 }]) {
    await assert.rejects(
      test.server.reload({ ...options, monitor }),
      /^ConfigError: config reload not supported for http/,
    );
  }
  await test.server.reload({ ...options, maxPayload: 5 });
  const after = await ask(test.server, "/varz");
  assert.equal(after.max_payload, 5);
  assert.equal(after.start, before.start);
  assert.equal(after.uptime, "1m0s");
  assert.equal(
    Date.parse(after.config_load_time) - Date.parse(before.config_load_time),
    60_000,
  );
});

Deno.test("Server shows who is connected by name, and never what proves it", async () => {
  const nkey = await newNkeyUser();
  await using test = await TestServer.start({
    monitor: MONITOR,
    accounts: [{
      name: "APP",
      users: [
        { user: "derek", password: "s3cret-password" },
        { nkey: nkey.nkey },
      ],
    }],
    authorization: { users: [{ user: "anna", password: "s3cret-too" }] },
  });
  await test.client(connect({ user: "derek", pass: "s3cret-password" }));
  await test.client(connect({ user: "anna", pass: "s3cret-too" }));
  const signer = test.connect();
  const { nonce } = await signer.info();
  await signer.send(connect({
    nkey: nkey.nkey,
    sig: await nkey.sign(String(nonce)),
  }));
  await signer.quiet();
  const refused = test.connect();
  await refused.info();
  await refused.send(connect({ user: "derek", pass: "s3cret-guess" }));
  await refused.closed();

  const paths = [
    "/connz?auth=1&state=any&subs=detail",
    "/varz",
    "/accountz?acc=APP",
    "/subsz?subs=1",
    "/metrics",
    "/",
  ];
  for (const path of paths) {
    const response = await fetch(`${test.server.monitorURL()}${path}`);
    assert(!/s3cret/.test(await response.text()), path);
  }
  const { connections } = await ask(
    test.server,
    "/connz?auth=1&state=any&sort=cid",
  );
  assert.deepEqual(
    connections.map((
      { authorized_user, account, reason }: Record<string, string>,
    ) => [authorized_user, account, reason]),
    [
      ["derek", "APP", undefined],
      ["anna", undefined, undefined],
      [nkey.nkey, "APP", undefined],
      ["derek", undefined, "Authentication Failure"],
    ],
  );
  const shy = await ask(test.server, "/connz");
  assert(!("authorized_user" in shy.connections[0]));
  const ofDerek = await ask(test.server, "/connz?user=derek");
  assert.deepEqual([ofDerek.num_connections, ofDerek.total], [1, 3]);
});

Deno.test("Server says of a token only that there was one", async () => {
  await using test = await TestServer.start({
    monitor: MONITOR,
    authorization: { token: "s3cret-token" },
  });
  await test.client(connect({ auth_token: "s3cret-token" }));
  const { connections } = await ask(test.server, "/connz?auth=1");
  assert.equal(connections[0].authorized_user, "[REDACTED]");
});

Deno.test("Server remembers why connections were closed, oldest first, as many as it may", async () => {
  await using test = await TestServer.start({
    monitor: MONITOR,
    maxClosedClients: 3,
    maxPayload: 10,
  });
  const ends: [string, string][] = [
    ["FOO\r\n", "Protocol Violation"],
    ["PUB a 11\r\n", "Maximum Message Payload Exceeded"],
    [`PUB ${"a".repeat(5000)} 1\r\n`, "Maximum Control Line Exceeded"],
  ];
  const leaver = await test.client();
  await leaver.finish();
  await leaver.closed();
  for (const [text] of ends) {
    const client = await test.client(connect({ name: "c", lang: "x" }));
    await client.send(text);
    await client.closed();
  }
  const { connections, total } = await ask(test.server, "/connz?state=closed");
  assert.equal(total, 3);
  assert.deepEqual(
    connections.map((
      { cid, reason }: Record<string, unknown>,
    ) => [cid, reason]),
    ends.map(([, reason], i) => [i + 2, reason]),
  );
  const varz = await ask(test.server, "/varz");
  assert.equal(varz.connections, 0);
  assert.equal(varz.total_connections, 4);
});

Deno.test("Server tells idle times from messages and subscriptions, not from PINGs", async () => {
  const clock = new FakeClock();
  await using test = await TestServer.start({
    clock,
    monitor: MONITOR,
    writeDeadlineMs: 1_000_000,
  });
  const [subscriber, publisher] = [await test.client(), await test.client()];
  await subscriber.send("SUB foo 1\r\nPING\r\n");
  await subscriber.through("PONG\r\n");
  const idle = async () => {
    const { connections } = await ask(test.server, "/connz");
    return connections.map((one: Record<string, string>) => one.idle);
  };
  await idle();
  clock.advance(90_000);
  await publisher.send("PING\r\n");
  await publisher.through("PONG\r\n");
  assert.deepEqual(await idle(), ["1m30s", "1m30s"]);
  await publisher.send("PUB foo 0\r\n\r\nPING\r\n");
  await publisher.through("PONG\r\n");
  assert.deepEqual(await idle(), ["0s", "0s"]);
  clock.advance(5000);
  await publisher.send("SUB bar 1\r\nPING\r\n");
  await publisher.through("PONG\r\n");
  assert.deepEqual(await idle(), ["5s", "0s"]);
  const { connections: [first] } = await ask(test.server, "/connz");
  assert.equal(first.uptime, "1m35s");
});

Deno.test("Server measures the round trip of clients that can be asked", async () => {
  await using test = await TestServer.start({ monitor: MONITOR });
  const asked = await test.client(
    connect({ lang: "x", protocol: 1 }),
  );
  const old = await test.client();
  const rtts = async () => {
    const { connections } = await ask(test.server, "/connz");
    return connections.map((one: Record<string, string>) => one.rtt);
  };
  assert.deepEqual(await rtts(), ["0s", "0s"]);
  await asked.through("PING\r\n");
  await asked.send("PONG\r\n");
  await asked.send("PING\r\n");
  await asked.through("PONG\r\n");
  const [first, second] = await rtts();
  assert.match(first, /^[\d.]+(µs|ms|s)$/);
  assert.equal(second, "0s");
  await old.quiet();
});

Deno.test("Server shows what is queued for a client that does not read", async () => {
  await using test = await TestServer.listening({ monitor: MONITOR });
  const slow = await test.dialClient();
  await slow.send("SUB foo 1\r\n");
  await slow.quiet();
  slow.pause();
  const publisher = await test.dialClient();
  const payload = "x".repeat(500_000);
  let pending = 0;
  for (let i = 0; i < 60 && pending === 0; i++) {
    await publisher.send(`PUB foo ${payload.length}\r\n${payload}\r\n`);
    const { connections } = await ask(test.server, "/connz?sort=pending");
    pending = connections[0].pending_bytes;
    if (pending > 0) assert.equal(connections[0].cid, 1);
  }
  assert(pending > 100_000, String(pending));
});

Deno.test("Server counts slow consumers, and accounts theirs", async () => {
  await using test = await TestServer.listening({
    monitor: MONITOR,
    maxPayload: 1_000_000,
    maxPendingBytes: 1_000_000,
    accounts: [{ name: "A", users: [{ user: "a", password: "a" }] }],
  });
  const login = connect({ user: "a", pass: "a" });
  const slow = await test.dialClient(login);
  await slow.send("SUB foo 1\r\n");
  await slow.quiet();
  slow.pause();
  const publisher = await test.dialClient(login);
  const payload = "x".repeat(900_000);
  for (let i = 0; i < 40 && test.server.slowConsumers === 0; i++) {
    await publisher.send(`PUB foo ${payload.length}\r\n${payload}\r\n`);
    await publisher.quiet();
  }
  const varz = await ask(test.server, "/varz");
  assert.equal(varz.slow_consumers, 1);
  assert.equal(varz.slow_consumer_stats.clients, 1);
  const { account_statz } = await ask(test.server, "/accstatz");
  assert.deepEqual(
    account_statz.map((one: Record<string, unknown>) => [
      one.acc,
      one.slow_consumers,
    ]),
    [["A", 1]],
  );
  const { connections } = await ask(test.server, "/connz?state=closed&auth=1");
  assert.match(connections[0].reason, /^Slow Consumer \(Pending Bytes\)$/);
  assert.equal(connections[0].authorized_user, "a");
});

Deno.test("Server shows how a connection is encrypted, and whose certificate it has", async () => {
  await using test = await TestServer.listening({
    monitor: MONITOR,
    tls: MUTUAL_TLS,
  });
  const { client } = await dialTls(test.server.port, { as: "client" });
  await using _ = client;
  await client.send(connect({}));
  await client.quiet();
  const { connections: [one] } = await ask(test.server, "/connz?auth=1");
  assert.equal(one.tls_version, "1.3");
  assert.match(one.tls_cipher_suite, /^TLS_/);
  const [{ subject, subject_pk_sha256, cert_sha256 }] = one.tls_peer_certs;
  assert.match(subject, /CN=/);
  assert.match(subject_pk_sha256, /^[0-9a-f]{64}$/);
  assert.match(cert_sha256, /^[0-9a-f]{64}$/);
  const varz = await ask(test.server, "/varz");
  assert.deepEqual(
    [varz.tls_required, varz.ssl_required, varz.tls_verify],
    [true, true, true],
  );
  const { validToDate } = new X509Certificate(certText("server.pem"));
  assert.equal(Date.parse(varz.tls_cert_not_after), validToDate.getTime());
});

Deno.test("Server keeps monitoring while clients are let go, and says so", async () => {
  const clock = new FakeClock();
  await using test = await TestServer.start({ clock, monitor: MONITOR });
  await test.client();
  const leaving = test.server.lameDuck();
  await eventually(
    () => test.log.lines.some((line) => line.includes("lame duck")),
    "lame duck mode",
  );
  const response = await fetch(`${test.server.monitorURL()}/healthz`);
  assert.equal(response.status, 500);
  const { error } = await response.json();
  assert.match(error, /lame duck/);
  await test.server.shutdown();
  await leaving;
  assert.equal(test.server.monitorURL(), null);
});

Deno.test("Server shows subscriptions of all accounts, by account and by subject", async () => {
  await using test = await TestServer.start({
    monitor: MONITOR,
    accounts: [{ name: "A", users: [{ user: "a", password: "a" }] }],
    authorization: { users: [{ user: "g", password: "g" }] },
  });
  const a = await test.client(connect({ user: "a", pass: "a" }));
  await a.send(
    new TextEncoder().encode(
      "SUB foo.* 1\r\nSUB foo.bar q\u00fc 2\r\nUNSUB 1 5\r\n",
    ),
  );
  await a.quiet();
  const g = await test.client(connect({ user: "g", pass: "g" }));
  await g.send("SUB foo.> 1\r\nSUB bar 2\r\nPUB bar 1\r\nx\r\nPING\r\n");
  await g.through("PONG\r\n");
  const subjects = async (query: string) => {
    const { subscriptions_list = [], total } = await ask(
      test.server,
      `/subsz?subs=1&${query}`,
    );
    assert.equal(total, subscriptions_list.length);
    return subscriptions_list.map((one: Record<string, unknown>) =>
      [one.account, one.subject, one.qgroup, one.max, one.msgs, one.cid].join()
    ).sort();
  };
  const inA = ["A,foo.*,,5,0,1", "A,foo.bar,q\u00fc,,0,1"];
  assert.deepEqual(
    await subjects(""),
    [
      "$G,bar,,,1,2",
      "$G,foo.>,,,0,2",
      ...inA,
    ].sort(),
  );
  assert.deepEqual(await subjects("acc=A"), inA);
  assert.deepEqual(
    await subjects("test=foo.bar"),
    [
      "$G,foo.>,,,0,2",
      ...inA,
    ].sort(),
  );
  assert.deepEqual(await subjects("test=foo.bar&acc=NOPE"), []);
  const stats = await ask(test.server, "/subsz?acc=$G");
  assert.deepEqual(
    [stats.num_subscriptions, stats.num_inserts, stats.num_removes],
    [2, 2, 0],
  );
});

Deno.test("two monitored servers in one process know nothing of each other", async () => {
  const log = new KeptLog();
  await using one = await TestServer.start({ monitor: MONITOR, log });
  await using two = await TestServer.start({ monitor: MONITOR, log });
  await one.client();
  assert.equal((await ask(one.server, "/varz")).connections, 1);
  const varz = await ask(two.server, "/varz");
  assert.equal(varz.connections, 0);
  assert.equal(varz.http_req_stats["/varz"], 1);
});

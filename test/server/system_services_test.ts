import assert from "node:assert/strict";
import type { ServerOptions } from "../../src/mod.ts";
import { Server } from "../../src/mod.ts";
import { memoryPair } from "../../src/transport/memory.ts";
import { FakeClock } from "../support/clock.ts";
import { RawClient } from "../support/raw_client.ts";
import { eventually } from "../support/server.ts";
import { SystemClient } from "../support/system_client.ts";

const OPTIONS: ServerOptions = {
  dontListen: true,
  serverName: "alpha",
  serverTags: ["zone:eu"],
  accounts: [
    { name: "SYS", users: [{ user: "sys", password: "x" }] },
    {
      name: "APP",
      users: [{
        user: "app",
        password: "x",
        permissions: {
          publish: { allow: ["a.>", "$SYS.REQ.USER.INFO"] },
          allowResponses: { max: 5, ttlMs: 1000 },
        },
      }],
    },
  ],
  systemAccount: "SYS",
};

function join(server: Server, user: string): Promise<SystemClient> {
  return SystemClient.login(new RawClient(server.inProcessConn()), user);
}

Deno.test("SystemServices answers what monitoring serves, in an envelope that names the server", async (t) => {
  await using server = await Server.start(OPTIONS);
  await using asker = await join(server, "sys");
  for (
    const [what, field] of [
      ["VARZ", "server_id"],
      ["CONNZ", "num_connections"],
      ["ROUTEZ", "num_routes"],
      ["SUBSZ", "num_subscriptions"],
      ["HEALTHZ", "status"],
      ["ACCOUNTZ", "accounts"],
      ["LEAFZ", "leafnodes"],
      ["GATEWAYZ", "outbound_gateways"],
      ["JSZ", "disabled"],
    ]
  ) {
    await t.step(what, async () => {
      for (const whom of ["PING", server.id]) {
        const answer = await asker.ask(`$SYS.REQ.SERVER.${whom}.${what}`);
        assert.deepEqual(Object.keys(answer), ["server", "data"]);
        assert.equal(answer.server.id, server.id);
        assert.equal(answer.server.name, "alpha");
        assert(field in answer.data, Object.keys(answer.data).join());
      }
    });
  }
});

Deno.test("SystemServices answers PING with figures and IDZ with a name", async () => {
  await using server = await Server.start(OPTIONS);
  await using asker = await join(server, "sys");
  const first = await asker.ask("$SYS.REQ.SERVER.PING");
  const second = await asker.ask(`$SYS.REQ.SERVER.${server.id}.STATSZ`);
  assert.deepEqual(first.server.tags, ["zone:eu"]);
  assert.equal(first.statsz.connections, 1);
  assert.equal(first.statsz.active_servers, 1);
  assert(second.server.seq > first.server.seq);
  assert.deepEqual(await asker.ask("$SYS.REQ.SERVER.PING.IDZ"), {
    name: "alpha",
    host: "0.0.0.0",
    id: server.id,
  });
});

Deno.test("SystemServices takes the options of an endpoint as JSON", async () => {
  await using server = await Server.start(OPTIONS);
  await using asker = await join(server, "sys");
  await using app = await join(server, "app");
  await app.subscribe("orders.*");
  const ask = async (what: string, options: object) =>
    await asker.ask(`$SYS.REQ.SERVER.PING.${what}`, JSON.stringify(options));
  const connz = await ask("CONNZ", { acc: "APP", subscriptions: true });
  assert.equal(connz.data.num_connections, 1);
  assert.deepEqual(connz.data.connections[0].subscriptions_list, ["orders.*"]);
  const detail = await ask("CONNZ", { acc: "APP", subscriptions_detail: true });
  const [one] = detail.data.connections[0].subscriptions_list_detail;
  assert.equal(one.subject, "orders.*");
  assert.equal((await ask("CONNZ", { limit: 1 })).data.connections.length, 1);
  const accountz = await ask("ACCOUNTZ", { account: "APP" });
  assert.equal(accountz.data.account_detail.account_name, "APP");
  await app.raw[Symbol.asyncDispose]();
  await eventually(() => server.clientCount === 1, "one client");
  const closed = await ask("CONNZ", { state: 1, auth: true });
  assert.equal(closed.data.connections[0].account, "APP");
});

Deno.test("SystemServices says what is wrong with a request", async () => {
  await using server = await Server.start(OPTIONS);
  await using asker = await join(server, "sys");
  const ask = async (what: string, body: string) =>
    (await asker.ask(`$SYS.REQ.SERVER.PING.${what}`, body)).error;
  assert.equal((await ask("VARZ", "{")).code, 400);
  assert.equal((await ask("STATSZ", "[1")).code, 400);
  assert.equal((await ask("CONNZ", '{"limit":"many"}')).code, 400);
  assert.deepEqual(await ask("CONNZ", '{"sort":"beauty"}'), {
    code: 500,
    description: "invalid sorting option: beauty",
  });
});

Deno.test("SystemServices leaves requests alone that are meant for others", async () => {
  await using server = await Server.start(OPTIONS);
  await using asker = await join(server, "sys");
  for (
    const filter of [
      { server_name: "beta" },
      { server_name: "alph", exact_match: true },
      { cluster: "C" },
      { host: "10.0.0.1" },
      { tags: ["zone:us"] },
      { domain: "hub" },
    ]
  ) {
    const body = JSON.stringify(filter);
    await asker.request("$SYS.REQ.SERVER.PING.VARZ", body);
    // Requests are answered in turn: the first answer is this one's.
    assert.equal((await asker.ask("$SYS.REQ.SERVER.PING.IDZ")).name, "alpha");
  }
  const filter = '{"server_name":"lph","tags":["ZONE:EU"],"host":"0.0"}';
  const answer = await asker.ask("$SYS.REQ.SERVER.PING.VARZ", filter);
  assert.equal(answer.data.server_name, "alpha");
});

Deno.test("SystemServices answers for an account, and nothing for one it does not have", async () => {
  await using server = await Server.start(OPTIONS);
  await using asker = await join(server, "sys");
  await using app = await join(server, "app");
  await app.subscribe("orders.*");
  const ask = async (what: string) =>
    (await asker.ask(`$SYS.REQ.ACCOUNT.APP.${what}`)).data;
  assert.equal((await ask("INFO")).account_name, "APP");
  assert.equal((await ask("CONNZ")).num_connections, 1);
  assert.equal((await ask("SUBSZ")).subscriptions_list[0].subject, "orders.*");
  assert.deepEqual(
    (await ask("STATZ")).account_statz.map(({ acc }: { acc: string }) => acc),
    ["APP"],
  );
  await asker.request("$SYS.REQ.ACCOUNT.NOBODY.INFO");
  assert.equal((await asker.ask("$SYS.REQ.SERVER.PING.IDZ")).name, "alpha");
});

Deno.test("SystemServices tells a client of any account who it is, and nothing else", async () => {
  await using server = await Server.start(OPTIONS);
  await using app = await join(server, "app");
  const { data } = await app.ask("$SYS.REQ.USER.INFO");
  assert.deepEqual(data, {
    user: "app",
    account: "APP",
    account_name: "APP",
    permissions: {
      publish: { allow: ["a.>", "$SYS.REQ.USER.INFO"] },
      subscribe: {},
      responses: { max: 5, ttl: 1e9 },
    },
  });
  await using open = await Server.start({ dontListen: true });
  await using anybody = await join(open, "");
  assert.deepEqual((await anybody.ask("$SYS.REQ.USER.INFO")).data, {
    user: "",
    account: "$G",
    account_name: "$G",
  });
  await anybody.request("$SYS.REQ.SERVER.PING");
  assert.match(await anybody.raw.line(), /^HMSG in\.2 /); // No responders.
});

Deno.test("SystemServices tells a client the defaults of what its user may answer", async () => {
  await using server = await Server.start({
    dontListen: true,
    authorization: {
      users: [{
        user: "app",
        password: "x",
        permissions: {
          publish: { allow: ["$SYS.REQ.USER.INFO"] },
          allowResponses: { max: 0, ttlMs: 0 },
        },
      }],
    },
  });
  await using app = await join(server, "app");
  const { data } = await app.ask("$SYS.REQ.USER.INFO");
  assert.deepEqual(data.permissions.responses, { max: 1, ttl: 120e9 });
});

Deno.test("SystemServices are no subscriptions of anybody in the figures", async () => {
  await using server = await Server.start(OPTIONS);
  await using asker = await join(server, "sys");
  const { data } = await asker.ask("$SYS.REQ.SERVER.PING.SUBSZ");
  assert.equal(data.num_subscriptions, 1); // Its inbox.
});

Deno.test("SystemEvents tells of clients that come and go", async () => {
  await using server = await Server.start(OPTIONS);
  await using asker = await join(server, "sys");
  await asker.subscribe("$SYS.ACCOUNT.>");
  const app = await join(server, "app");
  const { subject, body } = await asker.next();
  assert.equal(subject, "$SYS.ACCOUNT.APP.CONNECT");
  assert.equal(body.type, "io.nats.server.advisory.v1.client_connect");
  assert.equal(body.server.id, server.id);
  const { acc, user, name, kind } = body.client;
  assert.deepEqual([acc, user, name, kind], ["APP", "app", "asker", "Client"]);
  await app.raw.send("PUB a.b 2\r\nhi\r\n");
  await app.raw.quiet();
  await app[Symbol.asyncDispose]();
  const gone = await asker.next();
  assert.equal(gone.subject, "$SYS.ACCOUNT.APP.DISCONNECT");
  assert.deepEqual(gone.body.sent, { msgs: 1, bytes: 2 });
  assert.equal(gone.body.reason, "Client Closed");
  assert.notEqual(gone.body.id, body.id);
  assert(gone.body.server.seq > body.server.seq);
});

Deno.test("SystemEvents does not tell of clients that were not let in", async () => {
  await using server = await Server.start(OPTIONS);
  await using asker = await join(server, "sys");
  await asker.subscribe("$SYS.ACCOUNT.>");
  await using stranger = new RawClient(server.inProcessConn());
  await stranger.info();
  await stranger.send('CONNECT {"user":"app","pass":"wrong"}\r\n');
  await stranger.closed();
  await using _app = await join(server, "app");
  assert.equal((await asker.next()).subject, "$SYS.ACCOUNT.APP.CONNECT");
});

Deno.test("SystemEvents gives figures every ten seconds while somebody listens, and when asked to", async () => {
  const clock = new FakeClock();
  await using server = await Server.start({
    ...OPTIONS,
    clock,
    pingIntervalMs: 3_600_000,
  });
  await using asker = await join(server, "sys");
  await asker.subscribe("$SYS.SERVER.*.STATSZ");
  clock.advance(10_000);
  const first = await asker.next();
  assert.equal(first.subject, `$SYS.SERVER.${server.id}.STATSZ`);
  assert.equal(first.body.statsz.connections, 1);
  clock.advance(10_000);
  const second = await asker.next();
  assert(second.body.server.seq > first.body.server.seq);
  await asker.raw.quiet();
  await asker.raw.send("PUB $SYS.REQ.SERVER.PING 0\r\n\r\n");
  assert.equal((await asker.next()).subject, first.subject);
  await asker.raw.send("UNSUB 1\r\n");
  await asker.raw.quiet();
  clock.advance(20_000);
  await asker.raw.quiet();
});

Deno.test("SystemEvents says when the server leaves, to clients and to other servers", async () => {
  const server = await Server.start({
    ...OPTIONS,
    lameDuckDurationMs: 20,
    lameDuckGracePeriodMs: 10,
    cluster: { name: "C" },
  });
  const [ours, theirs] = memoryPair();
  server.acceptRoute(theirs);
  await using peer = new RawClient(ours);
  await peer.send(
    'CONNECT {"echo":true,"headers":true,"name":"NX","cluster":"C"}\r\n',
  );
  await peer.info();
  await peer.send(
    'INFO {"server_id":"NX","server_name":"NX","cluster":"C","headers":true}\r\nRS+ SYS $SYS.SERVER.*.SHUTDOWN\r\n',
  );
  await peer.through("\r\nPING\r\n");
  await using asker = await join(server, "sys");
  await asker.subscribe("$SYS.SERVER.>");
  const over = server.lameDuck();
  const duck = await asker.nextOn(/LAMEDUCK$/);
  assert.equal(duck.body.id, server.id);
  await over;
  const rest = await peer.closed();
  const subject = `$SYS.SERVER.${server.id}.SHUTDOWN`;
  const [, size] = rest.match(
    new RegExp(`RMSG SYS ${subject.replaceAll("$", "\\$")} (\\d+)\r\n`),
  ) ?? [];
  const start = rest.indexOf("{", rest.indexOf(subject));
  const body = JSON.parse(rest.slice(start, start + Number(size)));
  assert.equal(body.cluster, "C");
  assert(body.seq > duck.body.seq);
});

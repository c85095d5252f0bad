import assert from "node:assert/strict";
import { ClosedError, ListenError } from "../../src/errors.ts";
import { Server } from "../../src/mod.ts";
import { memoryPair } from "../../src/transport/memory.ts";
import { FakeClock } from "../support/clock.ts";
import { QUIET, RawClient } from "../support/raw_client.ts";
import {
  assertShutdownFlushes,
  eventually,
  TestServer,
} from "../support/server.ts";

Deno.test("Server listens on a free port and says which", async () => {
  await using server = await TestServer.listening();
  assert(server.server.port > 0);
  assert.equal(
    server.server.clientURL(),
    `nats://127.0.0.1:${server.server.port}`,
  );
  await (await server.dialClient()).quiet();
  assert.equal(server.server.clientCount, 1);
});

Deno.test("Server without a listener opens no socket and serves in-process", async () => {
  await using server = await TestServer.start();
  assert.equal(server.server.port, 0);
  await (await server.client()).quiet();
});

Deno.test("Two servers live in one process and know nothing of each other", async () => {
  await using one = await TestServer.start();
  await using other = await TestServer.start();
  const [a, b] = [await one.client(), await other.client()];
  await a.send("SUB foo 1\r\n");
  await b.send("PUB foo 1\r\nx\r\n");
  await b.quiet();
  await a.quiet();
  assert.notEqual(one.server.id, other.server.id);
});

Deno.test("Server.start() says which port is taken, and by what it failed", async () => {
  await using first = await TestServer.listening();
  const { port } = first.server;
  await assert.rejects(
    Server.start({ host: "127.0.0.1", port }),
    new ListenError(
      `127.0.0.1:${port}`,
      new Deno.errors.AddrInUse("Address already in use (os error 98)"),
    ),
  );
});

Deno.test("Server.start() twice is an error", async () => {
  await using server = await TestServer.start();
  await assert.rejects(server.server.start(), ClosedError);
});

Deno.test("Server listens on the same port again right after it shut down", async () => {
  const first = await TestServer.listening();
  const { port } = first.server;
  const client = await first.dialClient();
  await first.server.shutdown();
  await client.closed();
  await using second = await TestServer.listening({ port });
  await (await second.dialClient()).quiet();
  await first[Symbol.asyncDispose]();
});

Deno.test("Server.readyForConnections() tells whether it got ready in time", async () => {
  const server = new Server({ dontListen: true });
  assert.equal(await server.readyForConnections(5), false);
  const waiting = server.readyForConnections(10_000);
  await server.start();
  assert.equal(await waiting, true);
  await server.shutdown();
  assert.equal(await server.readyForConnections(10_000), false);
});

Deno.test("Server hands out no connection before it runs or after it stopped", async () => {
  const server = new Server({ dontListen: true });
  assert.throws(() => server.inProcessConn(), ClosedError);
  await server.start();
  await server.shutdown();
  assert.throws(() => server.inProcessConn(), ClosedError);
});

Deno.test("Server.accept() serves any byte stream", async () => {
  await using server = await TestServer.start();
  const [ours, theirs] = memoryPair();
  server.server.accept(ours);
  await using client = new RawClient(theirs);
  await client.info();
  await client.send(QUIET);
  await client.quiet();
});

Deno.test("Server tells clients the advertised address instead of its own", async () => {
  await using server = await TestServer.listening({
    clientAdvertise: "nats.example.com:4443",
  });
  const info = await (await server.dial()).info();
  assert.equal(info.host, "nats.example.com");
  assert.equal(info.port, 4443);
  assert.equal(server.server.clientURL(), "nats://nats.example.com:4443");
});

Deno.test("Server shuts down when its signal is aborted", async () => {
  const controller = new AbortController();
  const server = await Server.start({
    dontListen: true,
    signal: controller.signal,
  });
  controller.abort();
  await server.waitForShutdown();
  await assert.rejects(
    Server.start({ dontListen: true, signal: controller.signal }),
    { name: "AbortError" },
  );
});

Deno.test("Server.shutdown() sends what is queued, then closes everyone without a word", async () => {
  await using server = await TestServer.listening();
  const publisher = await server.dialClient();
  await assertShutdownFlushes(server, publisher, await server.dialClient());
  await publisher.expectClosed("");
  assert.deepEqual(
    server.server.closedConnections.map(({ reason }) => reason),
    ["Server Shutdown", "Server Shutdown"],
  );
  await server.server.shutdown();
  assert.deepEqual(
    server.log.lines.filter((line) => /Shutdown\.\.\.|Exiting/.test(line)),
    ["INF Initiating Shutdown...", "INF Server Exiting.."],
  );
});

Deno.test("Server.shutdown() does not wait for a peer that never closes or reads", async () => {
  const server = await TestServer.listening();
  const client = await server.dialClient();
  await client.send("SUB foo 1\r\n");
  await client.quiet();
  client.pause();
  const publisher = await server.dialClient();
  for (let i = 0; i < 20; i++) {
    await publisher.send(`PUB foo 1000000\r\n${"x".repeat(1_000_000)}\r\n`);
  }
  await publisher.quiet();
  const started = performance.now();
  await server.server.shutdown();
  assert(performance.now() - started < 5000);
  await server[Symbol.asyncDispose]();
});

Deno.test("Server refuses connections beyond maxConnections, INFO first", async () => {
  await using server = await TestServer.listening({ maxConnections: 2 });
  await server.dialClient();
  const second = await server.dialClient();
  const third = await server.dial();
  await third.info();
  await third.expectClosed("-ERR 'maximum connections exceeded'\r\n");
  second.close();
  await eventually(() => server.server.clientCount === 1, "one client left");
  await (await server.dialClient()).quiet();
});

Deno.test("Server remembers closed connections and why, up to a bound", async () => {
  const clock = new FakeClock();
  await using server = await TestServer.start({ maxClosedClients: 3, clock });
  for (const bytes of ["", "RUBBISH\r\n", "SUB x\r\n", "PUB x 9999999\r\n"]) {
    const client = await server.client(
      'CONNECT {"verbose":false,"name":"n","lang":"l","version":"v"}\r\n',
    );
    await client.send("SUB foo 1\r\nPUB foo 3\r\nabc\r\n");
    await client.through("abc\r\n");
    if (bytes === "") client.close();
    else await client.send(bytes);
    await eventually(() => server.server.clientCount === 0, "no client left");
    clock.advance(5000);
  }
  const closed = server.server.closedConnections;
  assert.deepEqual(closed.map(({ id, reason }) => [id, reason]), [
    [2, "Protocol Violation"],
    [3, "Protocol Violation"],
    [4, "Maximum Message Payload Exceeded"],
  ]);
  const { name, lang, version, account, subscriptions, inMsgs, outBytes } =
    closed[0];
  assert.deepEqual(
    { name, lang, version, account, subscriptions, inMsgs, outBytes },
    {
      name: "n",
      lang: "l",
      version: "v",
      account: "$G",
      subscriptions: 1,
      inMsgs: 1,
      outBytes: 3,
    },
  );
  assert(closed[1].startedAt >= closed[0].stoppedAt + 5000);
  assert.deepEqual(server.server.traffic, {
    inMsgs: 4,
    inBytes: 12,
    outMsgs: 4,
    outBytes: 12,
  });
});

Deno.test("Server PINGs a quiet client and closes one that never answers", async () => {
  const clock = new FakeClock();
  await using server = await TestServer.start({ clock, pingIntervalMs: 1000 });
  const mute = await server.client();
  const lively = await server.client();
  for (let i = 0; i < 3; i++) {
    clock.advance(1300);
    await lively.expect("PING\r\n");
    await lively.send("PONG\r\n");
    await server.client(); // By the time it is in, the PONG was read.
  }
  assert.equal(
    await mute.closed(),
    "PING\r\nPING\r\n-ERR 'Stale Connection'\r\n",
  );
  assert.equal(server.server.closedConnections[0].reason, "Stale Connection");
});

Deno.test("Server PINGs about two seconds after CONNECT, however long the interval", async () => {
  const clock = new FakeClock();
  await using server = await TestServer.start({ clock });
  const client = await server.client();
  clock.advance(1900);
  await client.quiet();
  clock.advance(800);
  await client.expect("PING\r\n");
});

Deno.test("Server in lame duck mode tells its clients, then lets them go one by one", async () => {
  const clock = new FakeClock();
  const server = await TestServer.listening({ clock });
  const modern = await server.dial();
  await modern.info();
  await modern.send('CONNECT {"verbose":false,"protocol":1}\r\nPING\r\n');
  await modern.through("PONG\r\n");
  await modern.info();
  const old = await server.dialClient();

  const leaving = server.server.lameDuck();
  const info = await modern.info();
  assert.equal(info.ldm, true);
  assert.equal(info.connect_urls, undefined);
  assert.equal(info.max_payload, 1048576);
  await assert.rejects(server.dial(), Deno.errors.ConnectionRefused);
  await old.quiet();

  clock.advance(9_999);
  await modern.expect("PING\r\n");
  await old.expect("PING\r\n");
  await modern.quiet();
  assert.equal(server.server.clientCount, 2);
  clock.advance(2);
  await eventually(() => server.server.clientCount === 1, "one client gone");
  await modern.expectClosed("");
  await old.quiet();
  clock.advance(1_001);
  await eventually(() => server.server.clientCount === 0, "the other gone");
  await old.expectClosed("");
  clock.advance(1_001);
  await leaving;
  await server.server.waitForShutdown();
  assert.deepEqual(
    server.server.closedConnections.map(({ reason }) => reason),
    ["Server Shutdown", "Server Shutdown"],
  );
  await server[Symbol.asyncDispose]();
});

Deno.test("Server in lame duck mode without clients stops at once", async () => {
  const server = await TestServer.listening();
  await server.server.lameDuck();
  await server.server.waitForShutdown();
});

Deno.test("Server.shutdown() cuts lame duck mode short", async () => {
  const server = await TestServer.listening();
  const client = await server.dialClient();
  const leaving = server.server.lameDuck();
  await client.quiet();
  await server.server.shutdown();
  await leaving;
  await client.expectClosed("");
  await server[Symbol.asyncDispose]();
});

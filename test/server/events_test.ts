import assert from "node:assert/strict";
import type { ClosedConnection, ConnectedClient } from "../../src/mod.ts";
import { eventually, TestServer } from "../support/server.ts";

Deno.test("Server.events tells who comes and goes, and why", async () => {
  await using test = await TestServer.start({
    authorization: { user: "ada", password: "engine" },
  });
  const { events } = test.server;
  const connected: ConnectedClient[] = [];
  const gone: ClosedConnection[] = [];
  const refused: ClosedConnection[] = [];
  const stop = new AbortController();
  events.on("connect", (client) => connected.push(client), stop);
  events.on("disconnect", (client) => gone.push(client));
  events.on("authFailure", (client) => refused.push(client));
  const client = await test.client(
    'CONNECT {"user":"ada","pass":"engine","name":"me","verbose":false}\r\n',
  );
  assert.deepEqual(connected, [{
    id: 1,
    hostname: "pipe",
    port: 0,
    name: "me",
    user: "ada",
    account: "$G",
  }]);
  await client[Symbol.asyncDispose]();
  await eventually(() => gone.length === 1, "disconnect");
  assert.equal(gone[0].reason, "Client Closed");
  stop.abort();
  const wrong = test.connect();
  await wrong.info();
  await wrong.send('CONNECT {"user":"ada","pass":"no"}\r\n');
  await wrong.expectClosed("-ERR 'Authorization Violation'\r\n");
  assert.deepEqual(refused.map(({ user, reason }) => [user, reason]), [
    ["ada", "Authentication Failure"],
  ]);
  assert.deepEqual(gone.map(({ id }) => id), [1, 2]);
  assert.equal(connected.length, 1);
});

Deno.test("Server.events tells of slow consumers", async () => {
  await using test = await TestServer.start({
    maxPendingBytes: 100_000,
    maxPayload: 60_000,
  });
  const slow: ClosedConnection[] = [];
  test.server.events.on("slowConsumer", (client) => slow.push(client));
  const subscriber = await test.client();
  await subscriber.send("SUB foo 1\r\n");
  await subscriber.quiet();
  subscriber.pause();
  const publisher = await test.client();
  for (let i = 0; slow.length === 0 && i < 100; i++) {
    await publisher.send(`PUB foo 50000\r\n${"x".repeat(50_000)}\r\n`);
    await publisher.quiet();
  }
  assert.deepEqual(slow.map(({ id, reason }) => [id, reason]), [
    [1, "Slow Consumer (Pending Bytes)"],
  ]);
});

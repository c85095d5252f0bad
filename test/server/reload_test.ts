import assert from "node:assert/strict";
import { ConfigError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import { FakeClock } from "../support/clock.ts";
import {
  eventually,
  KeptLog,
  TestServer,
  TracingLog,
} from "../support/server.ts";

Deno.test("Server.reload() changes limits of connections there are and of new ones", async () => {
  await using test = await TestServer.start();
  const client = await test.client();
  await test.server.reload({
    dontListen: true,
    maxPayload: 4,
    maxControlLine: 16,
  });
  assert.equal((await test.connect().info()).max_payload, 4);
  await client.send("PUB foo 4\r\nfour\r\nPING\r\n");
  await client.through("PONG\r\n");
  await client.send(`SUB ${"x".repeat(40)} 1\r\n`);
  await client.expectClosed("-ERR 'maximum control line exceeded'\r\n");
});

Deno.test("Server.reload() changes pings and deadlines", async () => {
  const clock = new FakeClock();
  await using test = await TestServer.start({ clock });
  const client = await test.client();
  await test.server.reload({
    dontListen: true,
    pingIntervalMs: 100,
    pingMax: 1,
  });
  for (let ms = 0; ms < 130_000; ms += 1000) clock.advance(1000);
  assert.match(await client.closed(), /PING\r\n-ERR 'Stale Connection'\r\n$/);
});

Deno.test("Server.reload() turns tracing on and off for everybody", async () => {
  await using test = await TestServer.start();
  const client = await test.client();
  const log = new TracingLog();
  await test.server.reload({ dontListen: true, log });
  await client.send("SUB foo 1\r\nPUB foo 2\r\nhi\r\nPING\r\n");
  await client.through("PONG\r\n");
  for (
    const line of [
      "<<- [SUB foo 1]",
      '<<- MSG_PAYLOAD: ["hi"]',
      "->> [MSG foo 1 2]",
    ]
  ) {
    assert(log.lines.some((one) => one.endsWith(line)), line);
  }
  await test.server.reload({ dontListen: true, log: new KeptLog() as Log });
  const { length } = log.lines;
  await client.send("SUB bar 2\r\nPUB foo 2\r\nhi\r\nPING\r\n");
  await client.through("PONG\r\n");
  assert.equal(log.lines.length, length);
});

Deno.test("Server.reload() drops as many clients as there are too many", async () => {
  await using test = await TestServer.start();
  const clients = await Promise.all([
    test.client(),
    test.client(),
    test.client(),
  ]);
  await test.server.reload({ dontListen: true, maxConnections: 1 });
  await eventually(() => test.server.clientCount === 1, "one is left");
  const gone = test.server.closedConnections;
  assert.deepEqual(gone.map(({ reason }) => reason), [
    "Maximum Connections Exceeded",
    "Maximum Connections Exceeded",
  ]);
  const closed = clients.filter((_, index) =>
    gone.some(({ id }) => id === index + 1)
  );
  for (const client of closed) {
    await client.expectClosed("-ERR 'maximum connections exceeded'\r\n");
  }
});

Deno.test("Server.reload() applies all or nothing", async () => {
  await using test = await TestServer.start();
  const { server } = test;
  const attempts = [
    { dontListen: true, maxPayload: 4, maxPendingBytes: 5000 },
    { dontListen: true, maxPayload: 4, port: 4333 },
    {
      dontListen: true,
      maxPayload: 4,
      tls: { certFile: "gone.pem", keyFile: "gone.pem" },
    },
  ];
  for (const options of attempts) {
    await assert.rejects(server.reload(options), ConfigError);
    assert.equal((await test.connect().info()).max_payload, 1024 * 1024);
  }
  await assert.rejects(
    server.reload({ dontListen: true, maxPayload: -1 }),
    RangeError,
  );
});

Deno.test("Server.reload() logs what changed", async () => {
  await using test = await TestServer.start();
  await test.server.reload({
    dontListen: true,
    maxPayload: 4096,
    serverTags: ["a"],
  });
  assert.deepEqual(
    test.log.lines.filter((line) => line.includes("Reloaded")),
    ['INF Reloaded: server_tags = ["a"]', "INF Reloaded: max_payload = 4096"],
  );
});

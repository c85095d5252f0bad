/**
 * What hostile, broken and slow peers cost: at most their own connection. In
 * each test a healthy pair works beside them and must not lose a message.
 */

import assert from "node:assert/strict";
import { dialTcp } from "../../src/transport/tcp.ts";
import { HealthyPair } from "../support/healthy_pair.ts";
import { eventually, TestServer } from "../support/server.ts";

/** Reasons the server closed connections for, with how often. */
function reasons(server: TestServer): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of server.server.closedConnections) {
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}

Deno.test("Garbage, half frames and huge lengths cost only their senders", async () => {
  await using server = await TestServer.listening();
  const pair = await HealthyPair.on(server);
  const attacks = [
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "\0".repeat(100_000),
    "PUB healthy.pair 999999999\r\n",
    "PUB healthy.pair -5\r\nhello\r\n",
    "PUB healthy.pair 123456789012345678901234567890\r\n",
    "HPUB healthy.pair 10 5\r\n",
    `CONNECT ${'{"a":'.repeat(900)}1${"}".repeat(900)}\r\nRUBBISH\r\n`,
    `CONNECT ${"[".repeat(1_000_000)}`,
    "SUB " + "x".repeat(1_000_000),
    " ".repeat(1_000_000),
    "PUB healthy.pair 5\r\nhello there\r\n",
    "PUB healthy..pair",
    "MSG healthy.pair 1 1\r\nx\r\n",
    "-ERR 'you are wrong'\r\n",
  ];
  for (const attack of attacks) {
    const client = await server.dial();
    await client.send(attack).catch(() => {/* Closed on us: as it should. */});
    await client.finish().catch(() => {/* The same. */});
    await client.closed();
    await pair.check(10);
  }
  assert.equal(server.server.clientCount, 2);
});

Deno.test("A message announced and never sent holds nobody up", async () => {
  await using server = await TestServer.listening();
  const pair = await HealthyPair.on(server);
  for (let i = 0; i < 200; i++) {
    const client = await server.dialClient();
    await client.send("PUB healthy.pair 1048576\r\nonly this much");
  }
  await pair.check(1000);
  assert.equal(server.server.clientCount, 202);
});

Deno.test("A client that says nothing is left alone, and so is everybody else", async () => {
  await using server = await TestServer.listening();
  const pair = await HealthyPair.on(server);
  for (let i = 0; i < 50; i++) await server.dial();
  await pair.check(1000);
});

Deno.test("A subscriber that never reads is dropped at maxPendingBytes, alone", async () => {
  await using server = await TestServer.listening({
    maxPendingBytes: 2 * 1024 * 1024,
  });
  const pair = await HealthyPair.on(server);
  const mute = await server.dialClient();
  await mute.send("SUB flood 1\r\n");
  await mute.quiet();
  mute.pause();
  const reader = await server.dialClient();
  await reader.send("SUB flood 2\r\n");
  await reader.quiet();
  const flooder = await server.dialClient();
  const payload = "x".repeat(100_000);
  let sent = 0;
  while (server.server.slowConsumers === 0) {
    await flooder.send(`PUB flood 100000\r\n${payload}\r\n`);
    await flooder.quiet();
    await reader.expect(`MSG flood 2 100000\r\n${payload}\r\n`);
    await pair.check(1);
    assert(++sent < 1000, "it should have been dropped long ago");
  }
  await pair.check(1000);
  assert.deepEqual(reasons(server), { "Slow Consumer (Pending Bytes)": 1 });
  assert(
    server.log.lines.some((line) =>
      line.includes("Slow Consumer Detected: MaxPending of 2097152 Exceeded")
    ),
  );
  mute.close();
  await eventually(() => server.server.clientCount === 4, "it is gone");
});

Deno.test("A subscriber that stops reading is dropped at the write deadline", async () => {
  await using server = await TestServer.listening({ writeDeadlineMs: 200 });
  const pair = await HealthyPair.on(server);
  const mute = await server.dialClient();
  await mute.send("SUB flood 1\r\n");
  await mute.quiet();
  mute.pause();
  const flooder = await server.dialClient();
  for (let i = 0; i < 150; i++) {
    await flooder.send(`PUB flood 100000\r\n${"x".repeat(100_000)}\r\n`);
  }
  await flooder.quiet();
  await eventually(() => server.server.slowConsumers === 1, "it is dropped");
  await pair.check(100);
  assert.deepEqual(reasons(server), { "Slow Consumer (Write Deadline)": 1 });
});

Deno.test("A subscriber that reads slowly gets everything, and so do the others", async () => {
  await using server = await TestServer.listening();
  const pair = await HealthyPair.on(server);
  const slow = await server.dialClient();
  await slow.send("SUB flood 1\r\n");
  await slow.quiet();
  const resume = slow.pause();
  const flooder = await server.dialClient();
  const sending = (async () => {
    for (let i = 0; i < 200; i++) {
      await flooder.send(`PUB flood 100000\r\n${"x".repeat(100_000)}\r\n`);
    }
  })();
  await pair.check(500);
  await sending;
  resume();
  for (let i = 0; i < 200; i++) {
    await slow.expect(`MSG flood 1 100000\r\n${"x".repeat(100_000)}\r\n`);
  }
  assert.deepEqual(reasons(server), {});
});

Deno.test("A flood from one connection does not keep the others waiting", async () => {
  await using server = await TestServer.listening();
  const pair = await HealthyPair.on(server);
  const flood = await dialTcp("127.0.0.1", server.server.port);
  const batch = new TextEncoder().encode("PUB nobody 0\r\n\r\n".repeat(60_000));
  let flooding = true;
  const pumping = (async () => {
    while (flooding) {
      for (let rest = batch; rest.length > 0;) {
        rest = rest.subarray(await flood.write(rest));
      }
    }
  })();
  const started = performance.now();
  for (let i = 0; i < 20; i++) await pair.check(1);
  const took = performance.now() - started;
  flooding = false;
  await pumping;
  flood.close();
  // Without turns a single round trip took hundreds of milliseconds.
  assert(took < 5000, `20 round trips took ${took} ms`);
});

Deno.test("Ten thousand connections that come and vanish leave nothing behind", async () => {
  await using server = await TestServer.listening();
  const pair = await HealthyPair.on(server);
  const { port } = server.server;
  for (let round = 0; round < 100; round++) {
    await Promise.all(Array.from({ length: 100 }, async (_, i) => {
      const transport = await dialTcp("127.0.0.1", port);
      if (i % 3 === 0) {
        await transport.write(new TextEncoder().encode("SUB healthy.> 1\r\n"))
          .catch(() => {/* Vanished already. */});
      }
      transport.close();
    }));
    if (round % 10 === 0) await pair.check(10);
  }
  await eventually(() => server.server.clientCount === 2, "all have gone");
  await pair.check(100);
  assert.equal(server.server.traffic.outMsgs >= 200, true);
});

Deno.test("Subscriptions made and given up at speed disturb nobody", async () => {
  await using server = await TestServer.listening();
  const pair = await HealthyPair.on(server);
  const churn = await server.dialClient();
  let text = "";
  for (let i = 0; i < 20_000; i++) {
    text += `SUB churn.${i % 100}.* ${i}\r\nUNSUB ${i}\r\n`;
  }
  await churn.send(text);
  await pair.check(1000);
  await churn.quiet();
});

Deno.test("A transport that breaks its word costs only its own connection", async () => {
  await using server = await TestServer.listening();
  const pair = await HealthyPair.on(server);
  const honest = {
    remoteAddress: { hostname: "liar", port: 1 },
    read: () => new Promise<number>(() => {}),
    write: (source: Uint8Array) => Promise.resolve(source.length),
    closeWrite: () => Promise.resolve(),
    close: () => {},
  };
  const fail = () => {
    throw new Error("broken promise");
  };
  for (
    const [lie, reason] of [
      [{ read: () => Promise.resolve(1e9) }, "Internal Error"],
      [{ read: () => Promise.resolve(0) }, "Internal Error"],
      [{ read: fail }, "Read Error"],
      [{ write: () => Promise.resolve(0) }, "Write Error"],
      [{ write: () => Promise.resolve(1e9) }, "Write Error"],
      [{ write: fail }, "Write Error"],
      [{ read: () => Promise.resolve(null), close: fail }, "Client Closed"],
    ] as const
  ) {
    server.server.accept({ ...honest, ...lie });
    await eventually(() => server.server.clientCount === 2, reason);
    await pair.check(10);
    assert.equal(server.server.closedConnections.at(-1)?.reason, reason);
  }
});

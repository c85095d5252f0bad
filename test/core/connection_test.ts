import assert from "node:assert/strict";
import { FakeClock } from "../support/clock.ts";
import { TestServer } from "../support/server.ts";
import { StuckTransport } from "../support/stuck_transport.ts";

/** Lets promises run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

Deno.test("Connection gives a write the whole deadline, from its first moment on", async () => {
  const clock = new FakeClock();
  await using server = await TestServer.start({ clock });
  const transport = new StuckTransport();
  server.server.accept(transport);
  clock.advance(9_900);
  assert.equal(server.server.clientCount, 1);
  clock.advance(400);
  assert.equal(server.server.clientCount, 0);
  assert.equal(transport.closed, true);
  assert.deepEqual(
    server.server.closedConnections.map(({ reason }) => reason),
    ["Slow Consumer (Write Deadline)"],
  );
  assert.equal(server.server.slowConsumers, 1);
  assert(
    server.log.lines.some((line) =>
      /stuck:7 - cid:1 - Slow Consumer Detected: WriteDeadline of 10s exceeded/
        .test(line)
    ),
  );
});

Deno.test("Connection stays as long as its write makes progress", async () => {
  const clock = new FakeClock();
  await using server = await TestServer.start({ clock });
  const transport = new StuckTransport();
  server.server.accept(transport);
  for (let i = 0; i < 5; i++) {
    clock.advance(9_000);
    await transport.take(1);
  }
  assert.equal(server.server.clientCount, 1);
  clock.advance(11_000);
  assert.equal(server.server.clientCount, 0);
});

Deno.test("Connection that closes waits for the peer within bounds only", async () => {
  const clock = new FakeClock();
  const server = await TestServer.start({ clock });
  const transport = new StuckTransport();
  server.server.accept(transport);
  const stopping = server.server.shutdown();
  await settle();
  clock.advance(999);
  await settle();
  assert.equal(transport.closed, false);
  clock.advance(1);
  await stopping;
  assert.equal(transport.closed, true);
  assert.equal(clock.pending, 0, "no timer is left behind");
});

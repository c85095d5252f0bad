/** Servers inside a program: no permission, no socket, no side effects. */

import assert from "node:assert/strict";
import * as tcp from "@nats-io/transport-node";
import { Client } from "../../src/client/client.ts";
import type { ClosedConnection } from "../../src/mod.ts";
import { Server } from "../../src/mod.ts";
import { connect } from "../../src/nats_core.ts";
import { runModule, SRC } from "../support/module.ts";
import { TestServer } from "../support/server.ts";

const MOD = new URL("../../src/mod.ts", import.meta.url).href;

Deno.test("a server with dontListen needs no permission at all", async () => {
  const script = `
    import { Server } from ${JSON.stringify(MOD)};
    await using server = await Server.start({ dontListen: true });
    const conn = server.inProcessConn();
    const text = (bytes) => new TextDecoder().decode(bytes);
    const buffer = new Uint8Array(4096);
    let count = await conn.read(buffer);
    if (!text(buffer.subarray(0, count)).startsWith("INFO ")) throw 0;
    await conn.write(new TextEncoder().encode(
      'CONNECT {"verbose":false}\\r\\nSUB foo 1\\r\\nPUB foo 2\\r\\nhi\\r\\nPING\\r\\n',
    ));
    count = await conn.read(buffer);
    console.log(JSON.stringify(text(buffer.subarray(0, count))));
    conn.close();
  `;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, script);
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", file],
  }).output();
  await Deno.remove(file);
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.equal(decode(stderr), "");
  assert.equal(decode(stdout), '"MSG foo 1 2\\r\\nhi\\r\\nPONG\\r\\n"\n');
  assert.equal(code, 0);
});

/** Sockets this process has open, as the system lists them. */
async function sockets(): Promise<string[]> {
  const { stdout } = await new Deno.Command("ls", {
    args: ["-l", `/proc/${Deno.pid}/fd`],
  }).output();
  return new TextDecoder().decode(stdout).match(/socket:\[\d+\]/g) ?? [];
}

Deno.test({
  name: "a server with dontListen opens no socket of any kind (Linux)",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const before = new Set(await sockets());
    await using server = await Server.start({ dontListen: true });
    const transport = server.inProcessConn();
    await transport.read(new Uint8Array(4096));
    const opened = (await sockets()).filter((one) => !before.has(one));
    assert.deepEqual(opened, []);
    assert.equal(server.port, 0);
    transport.close();
  },
});

Deno.test("a server that listens serves in-process connections as well", async () => {
  await using server = await Server.start({ host: "127.0.0.1", port: -1 });
  const far = await tcp.connect({ servers: server.clientURL() });
  const near = await connect({ inProcessServer: server });
  await using small = await Client.connect({
    transport: server.inProcessConn(),
  });
  near.subscribe("shout", {
    callback: (_, message) =>
      void message.respond(message.string().toUpperCase()),
  });
  await near.flush();
  assert.equal((await far.request("shout", "from afar")).string(), "FROM AFAR");
  const answer = await small.request("shout", "nearby");
  assert.equal(new TextDecoder().decode(answer.data), "NEARBY");
  assert.equal(server.clientCount, 3);
  await near.close();
  await far.close();
});

Deno.test("an in-process connection and the server see each other go at once", async () => {
  await using server = await Server.start({ dontListen: true });
  const buffer = new Uint8Array(4096);
  const gone: ClosedConnection["reason"][] = [];
  server.events.on("disconnect", ({ reason }) => gone.push(reason));
  const [first, second] = [server.inProcessConn(), server.inProcessConn()];
  await first.read(buffer);
  await second.read(buffer);
  const left = new Promise<void>((resolve) =>
    server.events.on("disconnect", () => resolve())
  );
  first.close();
  await left;
  assert.deepEqual(gone, ["Client Closed"]);
  assert.equal(server.clientCount, 1);
  const reading = second.read(buffer);
  const stopping = server.shutdown();
  assert.equal(await reading, null);
  assert.deepEqual(gone, ["Client Closed", "Server Shutdown"]);
  second.close();
  await stopping;
  await assert.rejects(second.write(buffer), { name: "ClosedError" });
});

Deno.test("a server holds back who publishes in-process faster than others read", async () => {
  await using test = await TestServer.start({
    maxPendingBytes: 4_000_000,
    maxPayload: 10_000,
  });
  const payload = "x".repeat(10_000);
  const count = 2000;
  const subscriber = test.server.inProcessConn();
  const buffer = new Uint8Array(1024);
  await subscriber.read(buffer);
  const login = new TextEncoder().encode(
    'CONNECT {"verbose":false}\r\nSUB foo 1\r\n',
  );
  assert.equal(await subscriber.write(login), login.length);
  const publisher = await test.client();
  // Five times what may be pending, and the subscriber takes a kilobyte where
  // the server takes what there is.
  const sending = publisher.send(
    `PUB foo ${payload.length}\r\n${payload}\r\n`.repeat(count),
  );
  const expected = `MSG foo 1 ${payload.length}\r\n${payload}\r\n`.length;
  let left = count * expected;
  while (left > 0) {
    const read = await subscriber.read(buffer);
    assert(read !== null, `closed with ${left} bytes left`);
    left -= read;
  }
  await sending;
  await publisher.quiet();
  assert.deepEqual([left, test.server.slowConsumers], [0, 0]);
  subscriber.close();
});

Deno.test("connections opened and closed in-process leave nothing behind", async () => {
  const { code, stdout, stderr } = await runModule(
    `
    import { Server } from "${SRC}mod.ts";
    import { Client } from "${SRC}client/client.ts";
    import { connect } from "${SRC}nats_core.ts";
    await using server = await Server.start({
      dontListen: true,
      maxClosedClients: 0,
    });
    async function cycle() {
      const conn = server.inProcessConn();
      await conn.read(new Uint8Array(1024));
      conn.close();
      const client = await Client.connect({ transport: server.inProcessConn() });
      client.subscribe("foo", { callback() {} });
      await client.close();
      const nc = await connect({ inProcessServer: server });
      nc.subscribe("foo", { callback() {} });
      await nc.close();
    }
    // The least of some looks: connections that have gone may linger a while.
    async function heap() {
      let least = Infinity;
      for (let i = 0; i < 6; i++) {
        await new Promise((resolve) => setTimeout(resolve, 150));
        gc();
        const { heapUsed, external } = Deno.memoryUsage();
        least = Math.min(least, heapUsed + external);
      }
      return least;
    }
    for (let i = 0; i < 1500; i++) await cycle();
    const before = await heap();
    for (let i = 0; i < 1000; i++) await cycle();
    console.log(Math.round((await heap() - before) / 1000));
  `,
    ["--v8-flags=--expose-gc"],
  );
  assert.equal(code, 0, stderr);
  // A subscription, a promise, a timer left behind would be a hundred at least.
  const bytesEach = Number(stdout);
  assert(bytesEach < 100, `${bytesEach} bytes a cycle`);
});

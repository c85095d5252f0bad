import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { Message } from "../../src/client/client.ts";
import {
  Client,
  ClosedError,
  NoRespondersError,
  PermissionError,
  ServerError,
  TimeoutError,
} from "../../src/client/client.ts";
import type { ServerOptions } from "../../src/mod.ts";
import { decodeUtf8 } from "../../src/wire/ascii.ts";
import {
  freePort,
  OfficialServer,
  officialServers,
} from "../support/official_server.ts";
import { TestServer } from "../support/server.ts";

/** Connects one more client to the same server. */
type Connect = (name?: string) => Promise<Client>;

const BEHAVIOURS: Record<string, (connect: Connect) => Promise<void>> = {
  async "publish() reaches subscribers with wildcards"(connect) {
    await using here = await connect();
    await using there = await connect();
    const seen: string[] = [];
    for (const subject of ["a.b", "a.*", "a.>", "b"]) {
      there.subscribe(subject, {
        callback: (m) => seen.push(`${subject} ${m.subject} ${textOf(m)}`),
      });
    }
    await there.flush();
    here.publish("a.b", "hello");
    here.publish("a.é", new Uint8Array([0x78]));
    await here.flush();
    await there.flush();
    assert.deepEqual(seen.sort(), [
      "a.* a.b hello",
      "a.* a.é x",
      "a.> a.b hello",
      "a.> a.é x",
      "a.b a.b hello",
    ]);
  },

  async "subscribe() in a queue group shares messages"(connect) {
    await using client = await connect();
    let [alone, shared] = [0, 0];
    client.subscribe("q", { callback: () => alone++ });
    client.subscribe("q", { queue: "g", callback: () => shared++ });
    client.subscribe("q", { queue: "g", callback: () => shared++ });
    for (let i = 0; i < 50; i++) client.publish("q");
    await client.flush();
    assert.deepEqual([alone, shared], [50, 50]);
  },

  async "headers keep case, order and repetition"(connect) {
    await using client = await connect();
    const got = next(client, "h");
    client.publish("h", "x", {
      reply: "back",
      headers: [["Key", "a"], ["key", "b"], ["Key", ["c", "d: e"]]],
    });
    const message = await got;
    assert.deepEqual(
      [...message.headers ?? []],
      [["Key", ["a", "c", "d: e"]], ["key", ["b"]]],
    );
    assert.equal(message.reply, "back");
    assert.equal(textOf(message), "x");
    assert.throws(
      () => client.publish("h", "", { headers: [["a", "b\r\nc: d"]] }),
      TypeError,
    );
  },

  async "request() resolves with the answer to it"(connect) {
    await using client = await connect();
    client.subscribe("double", {
      callback: (m) => m.respond(`${2 * Number(textOf(m))}`),
    });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => client.request("double", `${i}`)),
    );
    assert.deepEqual(
      answers.map((m) => Number(textOf(m))),
      answers.map((_, i) => 2 * i),
    );
  },

  async "request() rejects when nobody answers"(connect) {
    await using client = await connect();
    await assert.rejects(client.request("nobody"), (error: unknown) => {
      assert(error instanceof NoRespondersError);
      return error.subject === "nobody";
    });
    client.subscribe("mute", { callback: () => {} });
    await assert.rejects(
      client.request("mute", "", { timeoutMs: 20 }),
      (error: unknown) =>
        error instanceof TimeoutError && error.timeoutMs === 20,
    );
  },

  async "publish() carries as much as the server takes and no more"(connect) {
    await using client = await connect();
    const { max_payload } = client.info;
    const payload = new Uint8Array(max_payload).map((_, i) => i * 7);
    const seen: boolean[] = [];
    client.subscribe("big", {
      callback: (m) =>
        seen.push(isDeepStrictEqual(new Uint8Array(m.data), payload)),
    });
    for (let i = 0; i < 5; i++) client.publish("big", payload);
    await client.flush();
    assert.deepEqual(seen, [true, true, true, true, true]);
    assert.throws(
      () => client.publish("big", new Uint8Array(max_payload + 1)),
      RangeError,
    );
    for (const subject of ["", "a b", "a\r\nPING", "é b"]) {
      assert.throws(() => client.publish(subject), TypeError);
      assert.throws(() => client.subscribe(subject), TypeError);
    }
    await client.flush();
  },

  async "Subscription ends after max, unsubscribe() and drain()"(connect) {
    await using client = await connect();
    const two = client.subscribe("s", { max: 2 });
    const left = client.subscribe("s");
    const drained = client.subscribe("s");
    for (let i = 0; i < 4; i++) client.publish("s", `${i}`);
    await drained.drain();
    client.publish("s", "late");
    await client.flush();
    assert.deepEqual(await texts(two), ["0", "1"]);
    assert.deepEqual(await texts(drained), ["0", "1", "2", "3"]);
    for await (const message of left) {
      assert.equal(textOf(message), "0");
      break;
    }
    assert(left.ended);
  },

  async "drain() answers what has arrived, then closes"(connect) {
    await using asker = await connect();
    const server = await connect();
    server.subscribe("ask", { callback: (m) => m.respond("yes") });
    await server.flush();
    const answer = asker.request("ask");
    await asker.flush();
    await server.drain();
    assert.equal(textOf(await answer), "yes");
    assert.equal(await server.closed, null);
    assert.throws(() => server.publish("x"), ClosedError);
    await assert.rejects(server.flush(), ClosedError);
  },

  async "close() ends iterators and rejects requests"(connect) {
    const client = await connect();
    const silent = client.subscribe("silent");
    const request = assert.rejects(client.request("silent"), ClosedError);
    const all = texts(silent);
    await client.flush();
    await client.close();
    await request;
    assert.deepEqual(await all, [""]);
  },
};

async function suite(
  t: Deno.TestContext,
  connect: Connect,
): Promise<void> {
  for (const [name, run] of Object.entries(BEHAVIOURS)) {
    await t.step(name, () => run(connect));
  }
}

Deno.test("Client works in-process", async (t) => {
  await using test = await TestServer.start();
  await suite(t, () => connectTo(test));
});

Deno.test("Client works over TCP", async (t) => {
  await using test = await TestServer.listening();
  const server = test.server.clientURL();
  await suite(t, () => Client.connect({ server }));
});

for (const binary of officialServers()) {
  Deno.test(`Client works with nats-server ${binary.version}`, async (t) => {
    await using official = await OfficialServer.start(binary);
    const server = `nats://127.0.0.1:${official.port}`;
    await suite(t, () => Client.connect({ server }));
  });
}

Deno.test("Client.connect() rejects with what the server says", async () => {
  await using test = await TestServer.start({
    authorization: { users: [{ user: "ann", password: "secret-enough" }] },
  } as ServerOptions);
  await assert.rejects(
    Client.connect({
      transport: test.server.inProcessConn(),
      user: "ann",
      pass: "wrong",
    }),
    (error: unknown) =>
      error instanceof ServerError && error.text === "Authorization Violation",
  );
  await using client = await Client.connect({
    transport: test.server.inProcessConn(),
    user: "ann",
    pass: "secret-enough",
  });
  await client.flush();
});

Deno.test("Client.connect() rejects what it cannot use", async () => {
  await assert.rejects(Client.connect({ server: "http://x" }), TypeError);
  const port = freePort();
  await assert.rejects(
    Client.connect({ server: `nats://127.0.0.1:${port}` }),
    Deno.errors.ConnectionRefused,
  );
});

Deno.test("Client tells who was refused", async () => {
  await using test = await TestServer.start({
    authorization: {
      users: [{
        user: "bob",
        password: "secret-enough",
        permissions: {
          publish: { allow: ["ok"] },
          subscribe: { allow: ["ok", "_INBOX.>"] },
        },
      }],
    },
  } as ServerOptions);
  const errors: Error[] = [];
  await using client = await Client.connect({
    transport: test.server.inProcessConn(),
    user: "bob",
    pass: "secret-enough",
    onError: (error) => errors.push(error),
  });
  const refused = client.subscribe("no.*", { queue: "g" });
  await assert.rejects(texts(refused), (error: unknown) => {
    assert(error instanceof PermissionError);
    assert.equal(error.operation, "subscription");
    assert.deepEqual([error.subject, error.queue], ["no.*", "g"]);
    return true;
  });
  await assert.rejects(client.request("no.x"), PermissionError);
  assert.deepEqual(errors, []);
  client.publish("no.y");
  await client.flush();
  assert.deepEqual(errors.map((e) => (e as PermissionError).subject), ["no.y"]);
});

Deno.test("Client reports a callback that throws and goes on", async () => {
  await using test = await TestServer.start();
  const errors: string[] = [];
  await using client = await Client.connect({
    transport: test.server.inProcessConn(),
    onError: (error) => errors.push(error.message),
  });
  client.subscribe("x", {
    callback: (m) => {
      throw new Error(textOf(m));
    },
  });
  client.publish("x", "1");
  client.publish("x", "2");
  await client.flush();
  assert.deepEqual(errors, ["1", "2"]);
});

Deno.test("Client without onError closes when a callback throws", async () => {
  await using test = await TestServer.start();
  await using client = await connectTo(test);
  const failure = new Error("no");
  client.subscribe("x", {
    callback: () => {
      throw failure;
    },
  });
  client.publish("x");
  assert.equal(await client.closed, failure);
});

Deno.test("Client is told that the server has gone", async () => {
  const test = await TestServer.start();
  const client = await connectTo(test);
  const waiting = texts(client.subscribe("x"));
  const ended = assert.rejects(waiting, ClosedError);
  await client.flush();
  await test[Symbol.asyncDispose]();
  assert(await client.closed instanceof ClosedError);
  await ended;
});

Deno.test("Client with echo off does not hear itself", async () => {
  await using test = await TestServer.start();
  await using client = await Client.connect({
    transport: test.server.inProcessConn(),
    echo: false,
  });
  let heard = 0;
  client.subscribe("x", { callback: () => heard++ });
  client.publish("x");
  await client.flush();
  assert.equal(heard, 0);
});

Deno.test("Client.ready() keeps what is queued small", async () => {
  await using test = await TestServer.listening();
  await using client = await Client.connect({
    server: test.server.clientURL(),
  });
  const payload = new Uint8Array(64 * 1024);
  const before = Deno.memoryUsage().external;
  let most = 0;
  for (let i = 0; i < 1600; i++) {
    client.publish("nobody", payload);
    await client.ready();
    most = Math.max(most, Deno.memoryUsage().external - before);
  }
  await client.flush();
  assert(most < 32 * 1024 * 1024, `${most} bytes more`);
  assert.equal(test.server.traffic.inMsgs, 1600);
});

function connectTo(test: TestServer): Promise<Client> {
  return Client.connect({ transport: test.server.inProcessConn() });
}

function textOf(message: Message): string {
  return decodeUtf8(message.data);
}

async function texts(messages: AsyncIterable<Message>): Promise<string[]> {
  return (await Array.fromAsync(messages)).map(textOf);
}

async function next(client: Client, subject: string): Promise<Message> {
  for await (const message of client.subscribe(subject)) return message;
  throw new Error("ended");
}

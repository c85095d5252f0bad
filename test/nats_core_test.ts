/**
 * The official client in-process: all it does over a socket, and that it
 * leaves the connections alone that do have one.
 */

import assert from "node:assert/strict";
import * as tcp from "@nats-io/transport-node";
import type {
  InProcessConnProvider,
  InProcessOptions,
  NatsConnection,
} from "../src/nats_core.ts";
import { connect } from "../src/nats_core.ts";
import type { AuthRequest, Transport } from "../src/mod.ts";
import { ClosedError, memoryPair, Server } from "../src/mod.ts";
import { runModule, SRC } from "./support/module.ts";
import { newNkeyUser } from "./support/nkeys.ts";
import { freePort } from "./support/official_server.ts";
import { eventually, TestServer } from "./support/server.ts";

/** A server that can be replaced behind the same provider. */
class Replaceable implements InProcessConnProvider, AsyncDisposable {
  server: Server = new Server({ dontListen: true });

  async restart(): Promise<void> {
    await this.server.shutdown();
    this.server = await Server.start({ dontListen: true });
  }

  inProcessConn(): Transport {
    return this.server.inProcessConn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.shutdown();
  }
}

const RETRY = { reconnectTimeWait: 20, maxReconnectAttempts: -1 };

/** A client of a server of its own, both closed afterwards. */
async function withClient(
  body: (client: NatsConnection, server: Server) => Promise<void>,
  options: Omit<InProcessOptions, "inProcessServer"> = {},
): Promise<void> {
  await using server = await Server.start({ dontListen: true });
  const client = await connect({ inProcessServer: server, ...options });
  try {
    await body(client, server);
  } finally {
    await client.close();
  }
}

/** Counts what comes in on a subject. */
function heard(client: tcp.NatsConnection, subject: string): string[] {
  const texts: string[] = [];
  client.subscribe(subject, {
    callback: (_, message) => {
      texts.push(message.string());
    },
  });
  return texts;
}

/** Publishes and has it delivered to itself. */
async function works(client: tcp.NatsConnection, text: string): Promise<void> {
  const texts = heard(client, `works.${text}`);
  client.publish(`works.${text}`, text);
  await client.flush();
  assert.deepEqual(texts, [text]);
}

Deno.test("connect() publishes and subscribes without a socket", () =>
  withClient(async (client, server) => {
    assert.equal(server.port, 0);
    const subscription = client.subscribe("greet.*", { max: 2 });
    client.publish("greet.joe", "hello", { reply: "re.ply" });
    client.publish("greet.sue");
    const messages = [];
    for await (const message of subscription) messages.push(message);
    assert.deepEqual(
      messages.map((message) => [message.subject, message.string()]),
      [["greet.joe", "hello"], ["greet.sue", ""]],
    );
    assert.equal(messages[0].reply, "re.ply");
    assert.equal(client.info?.server_id, server.id);
    assert.equal(client.getServer(), "in-process:4222");
  }));

Deno.test("connect() requests with headers and hears of no responders", () =>
  withClient(async (client) => {
    client.subscribe("double", {
      callback: (_, message) => {
        const headers = tcp.headers();
        headers.set("Was", message.headers?.get("Is") ?? "");
        message.respond(`${2 * Number(message.string())}`, { headers });
      },
    });
    const headers = tcp.headers();
    headers.set("Is", "ä");
    const reply = await client.request("double", "21", {
      timeout: 5000,
      headers,
    });
    assert.equal(reply.string(), "42");
    assert.equal(reply.headers?.get("Was"), "ä");
    await assert.rejects(
      client.request("nobody.home", "", { timeout: 5000 }),
      /no responders/i,
    );
  }));

Deno.test("connect() carries payloads of a megabyte", () =>
  withClient(async (client) => {
    const payload = new Uint8Array(client.info?.max_payload ?? 0);
    assert.equal(payload.length, 1024 * 1024);
    for (let i = 0; i < payload.length; i++) payload[i] = i * 31 >>> 4;
    const subscription = client.subscribe("big", { max: 10 });
    for (let i = 0; i < 10; i++) client.publish("big", payload);
    let count = 0;
    for await (const { data } of subscription) {
      assert.deepEqual(data, payload);
      count++;
    }
    assert.equal(count, 10);
  }));

Deno.test("connect() keeps thousands of requests in flight", () =>
  withClient(async (client, server) => {
    const other = await connect({ inProcessServer: server });
    other.subscribe("echo", {
      callback: (_, message) => {
        message.respond(message.data);
      },
    });
    await other.flush();
    const numbers = Array.from({ length: 5000 }, (_, i) => `${i}`);
    const replies = await Promise.all(
      numbers.map((text) => client.request("echo", text, { timeout: 10_000 })),
    );
    assert.deepEqual(replies.map((reply) => reply.string()), numbers);
    await other.close();
  }));

Deno.test("connect() drains: what was published before is delivered", () =>
  withClient(async (client, server) => {
    const publisher = await connect({ inProcessServer: server });
    const texts = heard(client, "drained");
    await client.flush();
    for (let i = 0; i < 5000; i++) publisher.publish("drained", `${i}`);
    await publisher.drain();
    await client.drain();
    assert.equal(texts.length, 5000);
    assert(client.isClosed() && publisher.isClosed());
    await eventually(() => server.clientCount === 0, "both gone");
  }));

Deno.test("connect() reconnects to the server that took the place of the last", async () => {
  await using provider = new Replaceable();
  await provider.server.start();
  const client = await connect({ inProcessServer: provider, ...RETRY });
  const texts = heard(client, "survives");
  client.publish("survives", "before");
  await client.flush();
  for (let round = 0; round < 3; round++) {
    await provider.restart();
    // The factory of the process is somebody else's by now.
    tcp.wsconnect({ servers: "ws://127.0.0.1:1", reconnect: false })
      .catch(() => {/* Nobody is there. */});
    await eventually(() => provider.server.clientCount === 1, "reconnected");
    client.publish("survives", `after ${round}`);
    await client.flush();
  }
  assert.deepEqual(texts, ["before", "after 0", "after 1", "after 2"]);
  assert.equal(client.info?.server_id, provider.server.id);
  await client.close();
});

Deno.test("connect() waits for a server that is not there yet if told to", async () => {
  await using provider = new Replaceable();
  const connecting = connect({
    inProcessServer: provider,
    waitOnFirstConnect: true,
    ...RETRY,
  });
  await provider.server.start();
  const client = await connecting;
  await works(client, "late");
  await client.close();
});

Deno.test("connect() tells two servers in one process apart", async () => {
  await using one = await Server.start({ dontListen: true });
  await using two = await Server.start({ dontListen: true });
  const clients = [
    await connect({ inProcessServer: one }),
    await connect({ inProcessServer: two }),
    await connect({ inProcessServer: one }),
  ];
  const texts = clients.map((client) => heard(client, "here"));
  for (const client of clients) await client.flush();
  clients[0].publish("here", "one");
  clients[1].publish("here", "two");
  for (const client of clients) await client.flush();
  assert.deepEqual(texts, [["one"], ["two"], ["one"]]);
  for (const client of clients) await client.close();
});

Deno.test("connect() logs in by password, token and nkey, and says when it may not", async () => {
  const nkey = await newNkeyUser();
  const users = [{ user: "ada", password: "engine" }, { nkey: nkey.nkey }];
  await using named = await Server.start({
    dontListen: true,
    authorization: { users },
  });
  await using tokened = await Server.start({
    dontListen: true,
    authorization: { token: "s3cret" },
  });
  const authenticator = tcp.nkeyAuthenticator(
    new TextEncoder().encode(nkey.seed),
  );
  for (
    const options of [
      { inProcessServer: named, user: "ada", pass: "engine" },
      { inProcessServer: named, authenticator },
      { inProcessServer: tokened, token: "s3cret" },
    ]
  ) {
    const client = await connect(options);
    await works(client, "in");
    await client.close();
  }
  for (
    const options of [
      { inProcessServer: named, user: "ada", pass: "wrong" },
      { inProcessServer: tokened, token: "wrong" },
      { inProcessServer: tokened },
    ]
  ) {
    await assert.rejects(connect(options), tcp.AuthorizationError);
  }
});

Deno.test("connect() logs in by JWT where the program knows what to make of it", async () => {
  const nkey = await newNkeyUser();
  const seen: AuthRequest[] = [];
  await using server = await Server.start({
    dontListen: true,
    authenticator: (request) => {
      seen.push(request);
      return request.nkeyVerified ? { user: request.jwt } : null;
    },
  });
  const seed = new TextEncoder().encode(nkey.seed);
  const client = await connect({
    inProcessServer: server,
    authenticator: tcp.jwtAuthenticator("a.b.c", seed),
  });
  await works(client, "in");
  await client.close();
  assert.deepEqual(
    seen.map(({ jwt, nkey, connectionType }) => [jwt, nkey, connectionType]),
    [["a.b.c", nkey.nkey, "IN_PROCESS"]],
  );
});

/** A TCP client and how to restart its server. */
async function tcpClient() {
  const port = freePort();
  let server = await TestServer.listening({ port });
  const client = await tcp.connect({ port, ...RETRY });
  return {
    client,
    restart: async () => {
      await server[Symbol.asyncDispose]();
      server = await TestServer.listening({ port });
      await eventually(() => server.server.clientCount === 1, "reconnected");
    },
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

Deno.test("connect() leaves TCP connections made before and after it alone", async () => {
  await using provider = new Replaceable();
  await provider.server.start();
  await using before = await tcpClient();
  const first = await connect({ inProcessServer: provider, ...RETRY });
  await using after = await tcpClient();
  const second = await connect({ inProcessServer: provider, ...RETRY });
  await provider.restart();
  await before.restart();
  await after.restart();
  await eventually(() => provider.server.clientCount === 2, "both are back");
  await works(before.client, "before");
  await works(after.client, "after");
  await works(first, "first");
  await works(second, "second");
  assert.match(before.client.getServer(), /^127/);
  assert.equal(provider.server.clientCount, 2);
  await first.close();
  await second.close();
});

Deno.test("connect() sees the server go, and the server sees the client go", () =>
  withClient(async (client, server) => {
    const other = await connect({ inProcessServer: server });
    assert.equal(server.clientCount, 2);
    await other.close();
    await eventually(() => server.clientCount === 1, "one left");
    const closed = client.closed();
    await server.shutdown();
    await closed;
    assert(client.isClosed());
    assert.throws(() => client.publish("x"), tcp.ClosedConnectionError);
  }, { reconnect: false }));

Deno.test("connect() fails at once when the stream ends before the login", async () => {
  const inProcessServer = {
    inProcessConn: () => {
      const [ours, theirs] = memoryPair();
      ours.close();
      return theirs;
    },
  };
  await assert.rejects(
    connect({ inProcessServer, timeout: 60_000 }),
    tcp.ConnectionError,
  );
});

/** Plays a server until the client has logged in. */
async function welcome(transport: Transport): Promise<void> {
  await write(transport, 'INFO {"version":"2.12.0","max_payload":1024}\r\n');
  await readThrough(transport, "PING\r\n");
  await write(transport, "PONG\r\n");
}

function write(transport: Transport, text: string): Promise<number> {
  return transport.write(new TextEncoder().encode(text));
}

/** Reads until `end` has come; how many bytes that were. */
async function readThrough(transport: Transport, end: string): Promise<number> {
  const buffer = new Uint8Array(1024);
  let total = 0;
  for (let text = ""; !text.endsWith(end);) {
    const count = await transport.read(buffer) ?? 0;
    text = (text + new TextDecoder().decode(buffer.subarray(0, count)))
      .slice(-1024);
    total += count;
  }
  return total;
}

Deno.test("connect() writes no more than the server reads", async () => {
  const [ours, theirs] = memoryPair();
  const welcomed = welcome(ours);
  const client = await connect({
    inProcessServer: { inProcessConn: () => theirs },
  });
  await welcomed;
  for (let i = 0; i < 1000; i++) client.publish("foo", new Uint8Array(1000));
  let flushed = false;
  const flushing = client.flush().then(() => flushed = true);
  const frame = "PUB foo 1000\r\n".length + 1000 + "\r\n".length;
  // A kilobyte at a time, which takes a thousand turns.
  const read = await readThrough(ours, "PING\r\n");
  assert.equal(read, 1000 * frame + "PING\r\n".length);
  assert(!flushed, "waits for the answer");
  await write(ours, "PONG\r\n");
  await flushing;
  const closing = client.close();
  assert.equal(await ours.read(new Uint8Array(1)), null);
  await closing;
});

Deno.test("connect() reads into little memory while it is quiet", async () => {
  await using server = await Server.start({ dontListen: true });
  const sizes: number[] = [];
  const inProcessServer = {
    inProcessConn: (): Transport => {
      const stream = server.inProcessConn();
      const { remoteAddress } = stream;
      return {
        remoteAddress,
        read: (target) => {
          sizes.push(target.length);
          return stream.read(target);
        },
        write: (source) => stream.write(source),
        closeWrite: () => stream.closeWrite(),
        close: () => stream.close(),
      };
    },
  };
  const client = await connect({ inProcessServer });
  assert.deepEqual([...new Set(sizes)], [1024]);
  heard(client, "big");
  for (let i = 0; i < 10; i++) client.publish("big", new Uint8Array(500_000));
  await client.flush();
  assert.equal(Math.max(...sizes), 65_536);
  for (let i = 0; i < 10; i++) await client.flush();
  assert.equal(sizes.at(-1), 1024);
  await client.close();
});

Deno.test("connect() sees the stream end in the moment it has logged in", async () => {
  const login = async (transport: Transport) => {
    await welcome(transport);
    transport.close();
  };
  const logins: Promise<void>[] = [];
  const inProcessServer = {
    inProcessConn: () => {
      const [ours, theirs] = memoryPair();
      logins.push(login(ours));
      return theirs;
    },
  };
  const client = await connect({ inProcessServer, reconnect: false });
  await client.closed();
  const again = await connect({ inProcessServer, ...RETRY });
  await eventually(() => logins.length > 3, "reconnected again and again");
  await again.close();
  await Promise.allSettled(logins);
});

Deno.test("connect() rejects with the reason when the server does not run", async () => {
  const server = new Server({ dontListen: true });
  const refused = (why: RegExp) => (error: Error) => {
    assert(error instanceof tcp.ConnectionError);
    assert.match(error.message, /^Cannot connect in-process: /);
    assert.match(error.message, why);
    assert(error.cause instanceof ClosedError);
    return true;
  };
  await assert.rejects(
    connect({ inProcessServer: server }),
    refused(/call start\(\) first$/),
  );
  await server.start();
  await server.shutdown();
  await assert.rejects(
    connect({ inProcessServer: server }),
    refused(/server was shut down, make a new one$/),
  );
});

Deno.test("connect() refuses TLS, ignores addresses", async () => {
  await using server = await Server.start({ dontListen: true });
  await assert.rejects(
    connect({ inProcessServer: server, tls: {} }),
    tcp.InvalidArgumentError,
  );
  const client = await connect({
    inProcessServer: server,
    servers: ["127.0.0.1:1"],
    port: 1,
  });
  await works(client, "anyway");
  await client.close();
});

Deno.test("connect() gives up a stream that comes after the timeout", async () => {
  const late = Promise.withResolvers<Transport>();
  const inProcessServer = { inProcessConn: () => late.promise };
  await assert.rejects(
    connect({ inProcessServer, timeout: 10 }),
    tcp.TimeoutError,
  );
  const [ours, theirs] = memoryPair();
  late.resolve(theirs);
  assert.equal(await ours.read(new Uint8Array(1)), null);
});

Deno.test("connect() takes no permission", async () => {
  const { code, stdout, stderr } = await runModule(`
    import { Server } from "${SRC}mod.ts";
    import { connect } from "${SRC}nats_core.ts";
    await using server = await Server.start({ dontListen: true });
    const client = await connect({ inProcessServer: server });
    client.subscribe("hi", { callback: (_, m) => m.respond(m.data) });
    console.log((await client.request("hi", "there")).string());
    await client.drain();
  `);
  assert.deepEqual([code, stdout], [0, "there\n"], stderr);
});

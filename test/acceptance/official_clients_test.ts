/**
 * The official JavaScript clients, unmodified, over TCP: what users do with a
 * NATS server. Each case runs with the current client and with the one before.
 */

import assert from "node:assert/strict";
import * as current from "@nats-io/transport-node";
import * as legacy from "nats";
import { freePort } from "../support/official_server.ts";
import { eventually, TestServer } from "../support/server.ts";

type Client = current.NatsConnection;
type Options = current.ConnectionOptions;

/** A client library; the older one has the same shapes under other names. */
interface Library {
  readonly name: string;
  connect(options: Options): Promise<Client>;
  headers(): current.MsgHdrs;
}

const LIBRARIES: readonly Library[] = [
  { name: "@nats-io/transport-node", ...current },
  { name: "nats", ...(legacy as unknown as Omit<Library, "name">) },
];

const encode = (text: string) => new TextEncoder().encode(text);

/** Subscribes with a callback. */
function on(
  client: Client,
  subject: string,
  heard: (message: current.Msg) => void,
  options: current.SubscriptionOptions = {},
): current.Subscription {
  return client.subscribe(subject, {
    ...options,
    callback: (_, message) => {
      heard(message);
    },
  });
}

/** Resolves when the client reports a status of such a type. */
async function statusOf(client: Client, type: RegExp): Promise<void> {
  for await (const status of client.status()) {
    if (type.test(status.type)) return;
  }
  throw new Error(`the client closed without ${type}`);
}

/** A server and as many clients as asked for, closed afterwards. */
async function withClients(
  library: Library,
  count: number,
  body: (clients: Client[], server: TestServer) => Promise<void>,
  options: Options = {},
): Promise<void> {
  await using server = await TestServer.listening();
  const clients: Client[] = [];
  for (let i = 0; i < count; i++) {
    clients.push(
      await library.connect({
        port: server.server.port,
        name: `client-${i}`,
        ...options,
      }),
    );
  }
  try {
    await body(clients, server);
  } finally {
    for (const client of clients) await client.close();
  }
}

/** Takes `count` messages from a subscription. */
async function take(
  subscription: AsyncIterable<current.Msg>,
  count: number,
): Promise<current.Msg[]> {
  const messages: current.Msg[] = [];
  for await (const message of subscription) {
    messages.push(message);
    if (messages.length === count) break;
  }
  return messages;
}

for (const library of LIBRARIES) {
  const test = (name: string, body: () => Promise<void>) =>
    Deno.test(`${library.name}: ${name}`, body);

  test("publish and subscribe", () =>
    withClients(library, 2, async ([publisher, subscriber]) => {
      const subscription = subscriber.subscribe("greet.*");
      await subscriber.flush();
      publisher.publish("greet.joe", encode("hello"), { reply: "re.ply" });
      publisher.publish("other.joe", encode("no"));
      publisher.publish("greet.sue");
      const [first, second] = await take(subscription, 2);
      assert.equal(first.subject, "greet.joe");
      assert.equal(first.string(), "hello");
      assert.equal(first.reply, "re.ply");
      assert.equal(second.subject, "greet.sue");
      assert.equal(second.data.length, 0);
    }));

  test("wildcards", () =>
    withClients(library, 1, async ([client]) => {
      const seen: Record<string, string[]> = {};
      for (const subject of ["a.*", "a.>", "*.b.*", ">", "a.b"]) {
        seen[subject] = [];
        on(client, subject, (message) => seen[subject].push(message.subject));
      }
      for (const subject of ["a", "a.b", "a.b.c", "x.b.y", "a.c"]) {
        client.publish(subject);
      }
      await client.flush();
      assert.deepEqual(seen, {
        "a.*": ["a.b", "a.c"],
        "a.>": ["a.b", "a.b.c", "a.c"],
        "*.b.*": ["a.b.c", "x.b.y"],
        ">": ["a", "a.b", "a.b.c", "x.b.y", "a.c"],
        "a.b": ["a.b"],
      });
    }));

  test("queue groups", () =>
    withClients(library, 4, async ([publisher, ...workers]) => {
      const counts = workers.map(() => 0);
      workers.forEach((worker, i) =>
        on(worker, "work", () => counts[i]++, { queue: "workers" })
      );
      for (const worker of workers) await worker.flush();
      for (let i = 0; i < 600; i++) publisher.publish("work", encode(`${i}`));
      await publisher.flush();
      for (const worker of workers) await worker.flush();
      assert.equal(counts.reduce((a, b) => a + b), 600);
      for (const count of counts) assert(count > 100, `${counts}`);
    }));

  test("request and reply, a thousand in flight", () =>
    withClients(library, 2, async ([requester, responder]) => {
      on(
        responder,
        "double",
        (message) => message.respond(encode(`${2 * Number(message.string())}`)),
      );
      await responder.flush();
      const replies = await Promise.all(
        Array.from(
          { length: 1000 },
          (_, i) =>
            requester.request("double", encode(`${i}`), { timeout: 5000 }),
        ),
      );
      assert.deepEqual(
        replies.map((reply) => Number(reply.string())),
        Array.from({ length: 1000 }, (_, i) => 2 * i),
      );
    }));

  test("a request nobody listens to fails at once", () =>
    withClients(library, 1, async ([client]) => {
      const started = performance.now();
      await assert.rejects(
        client.request("nobody.home", encode("x"), { timeout: 5000 }),
        /no responders|503/i,
      );
      assert(performance.now() - started < 2000);
      await assert.rejects(
        client.request("nobody.home", encode("x"), {
          timeout: 5000,
          noMux: true,
        }),
        /no responders|503/i,
      );
    }));

  test("headers", () =>
    withClients(library, 2, async ([publisher, subscriber]) => {
      const subscription = subscriber.subscribe("with.headers");
      await subscriber.flush();
      const headers = library.headers();
      headers.append("Trace-Id", "1");
      headers.append("Trace-Id", "2");
      headers.set("case-Matters", "ä ö ü");
      publisher.publish("with.headers", encode("body"), { headers });
      const [message] = await take(subscription, 1);
      assert.equal(message.string(), "body");
      assert.deepEqual(message.headers?.values("Trace-Id"), ["1", "2"]);
      assert.equal(message.headers?.get("case-Matters"), "ä ö ü");
    }));

  test("payloads of a megabyte, and not a byte more", () =>
    withClients(library, 2, async ([publisher, subscriber]) => {
      const subscription = subscriber.subscribe("big");
      await subscriber.flush();
      const payload = new Uint8Array(publisher.info?.max_payload ?? 0);
      assert.equal(payload.length, 1024 * 1024);
      for (let i = 0; i < payload.length; i += 65521) payload[i] = i & 0xff;
      for (let i = 0; i < 10; i++) publisher.publish("big", payload);
      for (const message of await take(subscription, 10)) {
        assert(payload.every((byte, i) => byte === message.data[i]));
      }
      assert.throws(() =>
        publisher.publish("big", new Uint8Array(payload.length + 1))
      );
      await publisher.flush();
    }));

  test("subscriptions that end after some messages", () =>
    withClients(library, 2, async ([publisher, subscriber]) => {
      const subscription = subscriber.subscribe("few", { max: 3 });
      await subscriber.flush();
      for (let i = 0; i < 10; i++) publisher.publish("few", encode(`${i}`));
      await publisher.flush();
      const messages = [];
      for await (const message of subscription) messages.push(message.string());
      assert.deepEqual(messages, ["0", "1", "2"]);
      assert.equal(subscriber.stats().inMsgs, 3);
    }));

  test("no echo", () =>
    withClients(library, 1, async ([client]) => {
      let heard = 0;
      on(client, "self", () => heard++);
      client.publish("self");
      await client.flush();
      assert.equal(heard, 0);
    }, { noEcho: true }));

  test("verbose and pedantic", () =>
    withClients(library, 1, async ([client]) => {
      const subscription = client.subscribe("loud");
      client.publish("loud", encode("x"));
      assert.equal((await take(subscription, 1))[0].string(), "x");
      await client.flush();
    }, { verbose: true, pedantic: true }));

  test("drain delivers what was published before", () =>
    withClients(library, 2, async ([publisher, subscriber]) => {
      let received = 0;
      const subscription = on(subscriber, "drained", () => received++);
      await subscriber.flush();
      for (let i = 0; i < 5000; i++) publisher.publish("drained");
      await publisher.flush();
      await subscription.drain();
      assert.equal(received, 5000);
      publisher.publish("drained");
      await publisher.drain();
      await subscriber.drain();
      assert.equal(received, 5000);
      assert.equal(publisher.isClosed() && subscriber.isClosed(), true);
    }));

  test("counts agree with the server's", () =>
    withClients(library, 2, async ([publisher, subscriber], server) => {
      subscriber.subscribe("counted", { callback: () => {} });
      await subscriber.flush();
      for (let i = 0; i < 100; i++) {
        publisher.publish("counted", encode("12345"));
      }
      await publisher.flush();
      await subscriber.flush();
      const { inMsgs, inBytes, outMsgs, outBytes } = server.server.traffic;
      assert.equal(inMsgs, publisher.stats().outMsgs);
      assert.equal(inBytes, publisher.stats().outBytes);
      assert.equal(outMsgs, subscriber.stats().inMsgs);
      assert.equal(outBytes, subscriber.stats().inBytes);
    }));

  test("round trip and server facts", () =>
    withClients(library, 1, async ([client], server) => {
      assert(await client.rtt() >= 0);
      assert.equal(client.info?.server_id, server.server.id);
      assert.equal(client.info?.version, "2.12.0");
      assert.equal(client.info?.headers, true);
      assert.equal(client.info?.client_ip, "127.0.0.1");
      assert.equal(client.getServer(), `127.0.0.1:${server.server.port}`);
    }));

  test("reconnects after the server was restarted, subscriptions and all", async () => {
    const port = freePort();
    let server = await TestServer.listening({ port });
    const client = await library.connect({
      port,
      reconnectTimeWait: 20,
      maxReconnectAttempts: -1,
    });
    const received: string[] = [];
    on(client, "survives", (message) => received.push(message.string()));
    client.publish("survives", encode("before"));
    await client.flush();
    const disconnected = statusOf(client, /^disconnect$/);
    await server[Symbol.asyncDispose]();
    await disconnected;
    server = await TestServer.listening({ port });
    await eventually(() => server.server.clientCount === 1, "reconnected");
    client.publish("survives", encode("after"));
    await client.flush();
    assert.deepEqual(received, ["before", "after"]);
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  test("hears of lame duck mode", async () => {
    const server = await TestServer.listening();
    const client = await library.connect({ port: server.server.port });
    const heard = statusOf(client, /ldm|lame/i);
    await client.flush();
    server.server.lameDuck();
    await heard;
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  test("is closed with the server's error when it breaks the rules", async () => {
    await using server = await TestServer.listening({ maxSubscriptions: 1 });
    const client = await library.connect({ port: server.server.port });
    client.subscribe("one", { callback: () => {} });
    client.subscribe("two", { callback: () => {} });
    await client.flush().catch(() => {/* Depends on the client. */});
    await client.close();
    assert(
      server.log.lines.some((line) =>
        line.includes("maximum subscriptions exceeded")
      ),
    );
  });

  test("a hundred clients chat at once and lose nothing", () =>
    withClients(library, 100, async (clients) => {
      let received = 0;
      for (const [i, client] of clients.entries()) {
        on(client, `chat.${(i + 1) % 100}.*`, () => received++);
      }
      for (const client of clients) await client.flush();
      for (let round = 0; round < 50; round++) {
        for (const [i, client] of clients.entries()) {
          client.publish(`chat.${i}.${round}`, encode("hi"));
        }
      }
      for (const client of clients) await client.flush();
      for (const client of clients) await client.flush();
      assert.equal(received, 5000);
    }));
}

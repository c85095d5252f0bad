/**
 * One load on a server within the process, or on one beside it: a process of
 * its own, so that no measurement warms up another. Prints a line of JSON.
 *
 * Run by embedded.ts: `embedded_load.ts <Load as JSON>`.
 */

import { Buffer } from "node:buffer";
import * as tcp from "@nats-io/transport-node";
import { Aedes } from "aedes";
import { Client } from "../src/client/client.ts";
import { Server } from "../src/mod.ts";
import { connect } from "../src/nats_core.ts";

/** What to do. */
export interface Load {
  /** Who does it; aedes is client and server in one, none is a bare stream. */
  readonly client: "midge" | "nats-core" | "aedes" | "none";
  readonly kind: "publish" | "request" | "idle";
  /** Messages, requests or connections in all. */
  readonly count: number;
  /** Requests in flight. */
  readonly inFlight?: number;
  /** Messages published before their arrival is waited for; else they stream. */
  readonly flushEvery?: number | undefined;
  /** In-process, over TCP to this process, or over TCP to that port. */
  readonly way: "memory" | "tcp" | number;
}

/** What came of it: a rate, or bytes a connection. */
export interface Outcome {
  /** Messages or requests a second. */
  readonly rate?: number;
  /** Resident memory a connection. */
  readonly residentBytes?: number;
  /** Of that, what V8 counts: heap and buffers. */
  readonly heapBytes?: number;
}

/** What loads need of a client. */
interface Bus {
  publish(): void;
  /** Resolves when more can be published without piling up. */
  ready(): Promise<unknown>;
  /** Resolves when what was published has arrived. */
  flush(): Promise<unknown>;
  subscribe(callback: () => void): Promise<unknown>;
  answer(): Promise<unknown>;
  request(): Promise<unknown>;
  close(): Promise<unknown>;
}

/** Messages published in a stream before giving others a turn. */
const BATCH = 512;
/** Share of a load that is run beforehand, to warm up. */
const WARM_UP = 0.25;
const SUBJECT = "bench.subj";
const PAYLOAD = new Uint8Array(128);

async function midgeBus(server: Server, { way }: Load): Promise<Bus> {
  const client = await Client.connect(
    way === "memory"
      ? { transport: server.inProcessConn() }
      : { server: urlOf(server, way) },
  );
  return {
    publish: () => client.publish(SUBJECT, PAYLOAD),
    ready: () => client.ready(),
    flush: () => client.flush(),
    subscribe: (callback) => {
      client.subscribe(SUBJECT, { callback });
      return client.flush();
    },
    answer: () => {
      client.subscribe(SUBJECT, { callback: (m) => m.respond(PAYLOAD) });
      return client.flush();
    },
    request: () => client.request(SUBJECT, PAYLOAD),
    close: () => client.close(),
  };
}

async function natsCoreBus(server: Server, { way }: Load): Promise<Bus> {
  const nc = way === "memory"
    ? await connect({ inProcessServer: server })
    : await tcp.connect({ servers: urlOf(server, way) });
  return {
    publish: () => nc.publish(SUBJECT, PAYLOAD),
    ready: () => nc.flush(),
    flush: () => nc.flush(),
    subscribe: (callback) => {
      nc.subscribe(SUBJECT, { callback });
      return nc.flush();
    },
    answer: () => {
      nc.subscribe(SUBJECT, { callback: (_, m) => void m.respond(PAYLOAD) });
      return nc.flush();
    },
    request: () => nc.request(SUBJECT, PAYLOAD, { timeout: 10_000 }),
    close: () => nc.close(),
  };
}

/** A stream that has logged in, without a client: what the server's end costs. */
function bareBus(server: Server): Bus {
  const stream = server.inProcessConn();
  const buffer = new Uint8Array(64);
  const refuse = () => Promise.reject(new Error("a stream just is"));
  return {
    publish: refuse,
    ready: refuse,
    flush: refuse,
    subscribe: async () => {
      await stream.write(new TextEncoder().encode(
        `CONNECT {"verbose":false}\r\nSUB ${SUBJECT} 1\r\nPING\r\n`,
      ));
      for (let text = ""; !text.endsWith("PONG\r\n");) {
        const count = await stream.read(buffer) ?? 0;
        text += new TextDecoder().decode(buffer.subarray(0, count));
      }
    },
    answer: refuse,
    request: refuse,
    close: () => Promise.resolve(stream.close()),
  };
}

/** The broker called directly, the shortest way there is. */
async function aedesBus(): Promise<Bus> {
  const broker = await Aedes.createBroker();
  const packet = {
    cmd: "publish" as const,
    topic: SUBJECT,
    payload: Buffer.from(PAYLOAD),
    qos: 0 as const,
    retain: false,
    dup: false,
  };
  let pending = 0;
  let finished = () => {};
  const done = () => {
    if (--pending === 0) finished();
  };
  const ready = () =>
    new Promise<void>((resolve) => {
      finished = resolve;
      if (pending === 0) resolve();
    });
  return {
    publish: () => {
      pending++;
      broker.publish(packet, done);
    },
    ready,
    flush: ready,
    subscribe: (callback) =>
      new Promise<void>((resolve) =>
        broker.subscribe(SUBJECT, (_, handled) => {
          callback();
          handled();
        }, resolve)
      ),
    answer: () => Promise.reject(new Error("aedes has no requests")),
    request: () => Promise.reject(new Error("aedes has no requests")),
    close: () => new Promise<void>((resolve) => broker.close(resolve)),
  };
}

function urlOf(server: Server, way: Load["way"]): string {
  return typeof way === "number"
    ? `nats://127.0.0.1:${way}`
    : server.clientURL();
}

async function open(server: Server, load: Load): Promise<Bus> {
  switch (load.client) {
    case "aedes":
      return await aedesBus();
    case "midge":
      return await midgeBus(server, load);
    case "nats-core":
      return await natsCoreBus(server, load);
    case "none":
      return bareBus(server);
  }
}

async function publish(server: Server, load: Load): Promise<Outcome> {
  const subscriber = await open(server, load);
  const publisher = load.client === "aedes"
    ? subscriber
    : await open(server, load);
  let received = 0;
  let wanted = Infinity;
  let arrived = () => {};
  await subscriber.subscribe(() => {
    if (++received === wanted) arrived();
  });
  const { flushEvery } = load;
  const burst = flushEvery ?? BATCH;
  const run = async (count: number) => {
    const all = new Promise<void>((resolve) => arrived = resolve);
    wanted = received + count;
    for (let sent = 0; sent < count; sent += burst) {
      for (let i = 0; i < burst; i++) publisher.publish();
      await (flushEvery ? publisher.flush() : publisher.ready());
    }
    await all;
  };
  await run(load.count * WARM_UP);
  const started = performance.now();
  await run(load.count);
  const seconds = (performance.now() - started) / 1000;
  for (const bus of new Set([publisher, subscriber])) await bus.close();
  return { rate: load.count / seconds };
}

async function request(server: Server, load: Load): Promise<Outcome> {
  const { count, inFlight = 1 } = load;
  const [responder, requester] = [
    await open(server, load),
    await open(server, load),
  ];
  await responder.answer();
  const run = async (count: number) => {
    let left = count;
    await Promise.all(Array.from({ length: inFlight }, async () => {
      while (left-- > 0) await requester.request();
    }));
  };
  await run(count * WARM_UP);
  const started = performance.now();
  await run(count);
  const seconds = (performance.now() - started) / 1000;
  await requester.close();
  await responder.close();
  return { rate: count / seconds };
}

/** Holds connections with a subscription each and looks at the difference. */
async function idle(server: Server, load: Load): Promise<Outcome> {
  const hold = async (count: number) => {
    const buses: Bus[] = [];
    for (let i = 0; i < count; i++) {
      const bus = await open(server, load);
      await bus.subscribe(() => {});
      buses.push(bus);
    }
    return buses;
  };
  // What the first connections load and compile is none of the others' cost.
  const buses = await hold(100);
  const before = await memory();
  buses.push(...await hold(load.count));
  const after = await memory();
  for (const bus of buses) await bus.close();
  return {
    residentBytes: (after.resident - before.resident) / load.count,
    heapBytes: (after.heap - before.heap) / load.count,
  };
}

/** After a collection, and after idle buffers had time to shrink. */
async function memory() {
  await new Promise((resolve) => setTimeout(resolve, 2500));
  Reflect.get(globalThis, "gc")();
  const { rss, heapUsed, external } = Deno.memoryUsage();
  return { resident: rss, heap: heapUsed + external };
}

if (import.meta.main) {
  const load: Load = JSON.parse(Deno.args[0]);
  await using server = await Server.start(
    load.way === "tcp" ? { host: "127.0.0.1", port: -1 } : { dontListen: true },
  );
  const outcome = await { publish, request, idle }[load.kind](server, load);
  Deno.stdout.writeSync(
    new TextEncoder().encode(`${JSON.stringify(outcome)}\n`),
  );
}

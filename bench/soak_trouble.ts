/**
 * What goes on beside the steady part of the soak: clients that come and go,
 * politely or not, clients that stop reading, reloads, scrapes, and a server
 * whose links break and that dies.
 */

import { pause, waitUntil } from "./soak_clock.ts";
import type { Midge } from "./soak_process.ts";
import { answer } from "./soak_requests.ts";
import type { World } from "./soak_world.ts";

/** Longest until all servers are linked again, in milliseconds. */
const RECOVERY_MS = 30_000;
/** How long a link is bad. */
const BAD_MS = 3000;
/** Longest until who does not read is thrown out. */
const SLOW_MS = 30_000;
/** Subscriptions that a client takes and gives up, in a burst. */
const BURST = 20;
/** Bursts until they are given up. */
const KEPT = 20;
const PAGES = [
  "/varz",
  "/connz?subs=1&limit=2000",
  "/connz?state=closed",
  "/routez?subs=1",
  "/subsz?subs=1&limit=5000",
  "/accountz",
  "/metrics",
];

const encoder = new TextEncoder();

/** Starts all of it; resolves when it is over, all servers up and linked. */
export function startTrouble(world: World): Promise<unknown> {
  const { a, b, c } = world;
  return Promise.all([
    ...[a, b, c].map((server) => visitors(world, server)),
    ...[a, b].map((server) => rudeVisitors(world, server)),
    ...[a, b].map((server) => changingInterest(world, server)),
    world.repeat("a responder that leaves", 500, () => briefResponder(world)),
    world.repeat(
      "a slow consumer",
      4000,
      (round) => slowConsumer(world, round % 2 === 0 ? a : b),
    ),
    world.repeat(
      "a reload",
      15_000,
      (round) => (round % 2 === 0 ? a : b).reload(),
    ),
    world.repeat("a scrape", 2000, (round) => scrape(world, round)),
    flaps(world),
  ]);
}

/** Clients that connect, see that all works, and leave in all the ways. */
async function visitors(world: World, server: Midge): Promise<void> {
  const steady = server !== world.c;
  await world.repeat(`a visitor of ${server.name}`, 60, async (round) => {
    try {
      await visit(world, server, round);
      world.count("visits");
    } catch (error) {
      if (steady) throw error;
    }
  });
}

async function visit(
  world: World,
  server: Midge,
  round: number,
): Promise<void> {
  const client = await world.connect(server);
  const subject = `visit.${crypto.randomUUID()}`;
  let received = 0;
  const callback = () => void received++;
  client.subscribe(subject, { callback });
  client.subscribe(`${subject}.limited`, { callback, max: 2 });
  const second = client.subscribe(`${subject}.*`, { callback });
  client.subscribe("soak.wild.*.x", { callback: () => {} });
  client.subscribe("soak.plain.a", { queue: subject, callback: () => {} });
  for (const name of [subject, `${subject}.limited`, `${subject}.free`]) {
    for (let i = 0; i < 3; i++) client.publish(name, "hello");
  }
  server.published += 9;
  await client.flush();
  // Three, two of the limited three, and six by the wildcard.
  if (received !== 11) throw new Error(`got ${received} of 11`);
  if (round % 3 === 0) second.unsubscribe();
  if (round % 3 === 1) await client.drain();
  await client.close();
}

/** Connections that end in the middle, or say what cannot be understood. */
async function rudeVisitors(world: World, server: Midge): Promise<void> {
  const last = [
    "",
    "BOGUS\r\n",
    'CONNECT {"verbose":false}\r\nSUB rude.> 1\r\nPUB rude.x 100\r\nabc',
    "CONNECT {\r\n",
    'CONNECT {"verbose":true}\r\nSUB fat.> 1\r\nPING\r\n',
    `PUB ${"x".repeat(5000)}`,
  ];
  const what = `a rude visitor of ${server.name}`;
  await world.repeat(what, 250, async (round) => {
    const conn = await dial(server);
    try {
      await conn.write(encoder.encode(last[round % last.length]));
      if (round % 4 === 0) await conn.read(new Uint8Array(4096));
    } finally {
      conn.close();
      world.count("rude visits");
    }
  });
}

async function dial(server: Midge): Promise<Deno.TcpConn> {
  server.dialled++;
  return await Deno.connect({ hostname: "127.0.0.1", port: server.port });
}

/** A client that stays, but takes new subscriptions and gives up old ones. */
async function changingInterest(world: World, server: Midge): Promise<void> {
  const client = await world.steady(server);
  const bursts: { unsubscribe(): void }[][] = [];
  await world.repeat("changing interest", 100, async () => {
    bursts.push(Array.from({ length: BURST }, (_, i) => {
      const subject = `interest.${crypto.randomUUID()}.${i % 2 ? "*" : "x"}`;
      return client.subscribe(subject, { callback: () => {} });
    }));
    const old = bursts.length > KEPT ? bursts.shift() ?? [] : [];
    for (const one of old) one.unsubscribe();
    world.count("subscriptions changed", BURST);
    await client.flush();
  });
}

/** Answers some requests, and leaves when it has answered what had come. */
async function briefResponder(world: World): Promise<void> {
  const client = await world.connect(world.b);
  answer(world, world.b, client, "ask.any");
  await pause(1000, world.calm.signal);
  await client.drain();
}

/** Takes large messages without reading them until the server closes it. */
async function slowConsumer(world: World, server: Midge): Promise<void> {
  const conn = await dial(server);
  try {
    const before = (await server.varz()).slow_consumers;
    await conn.write(
      encoder.encode('CONNECT {"verbose":false}\r\nSUB fat.> 1\r\n'),
    );
    const what = `${server.name} closes a slow consumer`;
    await waitUntil(what, SLOW_MS, async () => {
      return (await server.varz()).slow_consumers > before;
    });
    world.count(`slow consumers of ${server.name}`);
    const buffer = new Uint8Array(64 * 1024);
    while (await conn.read(buffer) !== null);
  } catch (error) {
    // Closed with bytes unread: that is a reset.
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  } finally {
    conn.close();
  }
}

/** Monitoring of all servers, each page in its turn. */
async function scrape(world: World, round: number): Promise<void> {
  for (const server of world.servers) {
    try {
      await server.ask(PAGES[round % PAGES.length]);
      world.count("scrapes");
    } catch (error) {
      if (server !== world.c) throw error;
    }
  }
}

/** One kind of accident after the other befalls the third server. */
async function flaps(world: World): Promise<void> {
  const { c, links, calm } = world;
  const accidents: readonly (readonly [string, () => Promise<void>])[] = [
    ["link cut", async () => {
      for (const link of links) link.cut();
      await pause(BAD_MS);
    }],
    ["server killed", async () => {
      await c.end("SIGKILL");
      await pause(BAD_MS / 3);
      await c.start();
    }],
    ["link stalled", async () => {
      for (const link of links) link.stall();
      await pause(BAD_MS);
    }],
    ["server stopped", async () => {
      await c.end("SIGTERM");
      await pause(BAD_MS / 3);
      await c.start();
    }],
  ];
  await pause(10_000, calm.signal);
  await world.repeat("a flap", 15_000, async (round) => {
    const [name, happen] = accidents[round % accidents.length];
    await happen();
    for (const link of links) link.heal();
    const started = performance.now();
    await waitUntil(`linked again after "${name}"`, RECOVERY_MS, async () => {
      return await linked(world);
    });
    world.count(`flaps: ${name}`);
    const took = performance.now() - started;
    world.slowestRecoveryMs = Math.max(world.slowestRecoveryMs, took);
  });
}

/** Whether every server has a route to every other. */
export async function linked({ servers }: World): Promise<boolean> {
  const answers = await Promise.all(servers.map((server) => server.varz()));
  return answers.every(({ routes }) => routes === servers.length - 1);
}

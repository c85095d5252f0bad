/**
 * The steady part of the soak: messages at fixed rates between clients that
 * stay, each numbered and accounted for.
 */

import type { Client } from "../src/client/client.ts";
import { ClosedError } from "../src/client/client.ts";
import { pause } from "./soak_clock.ts";
import type { Promised, Series } from "./soak_ledger.ts";
import type { Midge } from "./soak_process.ts";
import { startRequests } from "./soak_requests.ts";
import type { World } from "./soak_world.ts";

/** Time between two bursts, in milliseconds. */
const BURST_MS = 25;
/** Most messages in a burst; the rest has to wait for the next one. */
const MOST_AT_ONCE = 200;
/** Payload of what slow consumers choke on. */
const FAT = 64 * 1024;
/** Subjects that match the wildcard. */
const SUBJECTS = 5000;
/** Subjects published to at first: more than a server remembers. */
const CACHED = 60_000;
const HEADER = "Number";

/** Messages from one client at a rate. */
interface Flow {
  readonly series: Series;
  /** Messages a second. */
  readonly rate: number;
  readonly from: Midge;
  /** The client; `null` while its server is away. */
  client(): Client | null;
  readonly subject: (number: number) => string;
  readonly headers?: boolean;
}

/** Starts all of it; `said` resolves, once told to be quiet, after the last. */
export async function startLoad(
  world: World,
): Promise<{ said: Promise<unknown> }> {
  await fillCaches(world);
  const flows = [
    ...await plain(world),
    ...await wildcards(world),
    ...await queues(world),
    ...await fat(world),
    fromC(world),
  ];
  const requests = await startRequests(world);
  const publishing = flows.map((flow) => publish(world, flow));
  return { said: Promise.all([...publishing, ...requests]) };
}

/** What is bounded is filled first: the cache of subjects grows for long. */
async function fillCaches(world: World): Promise<void> {
  for (const server of [world.a, world.b]) {
    const client = await world.steady(server);
    for (let number = 0; number < CACHED; number++) {
      // It takes subjects that come up twice.
      for (let k = 0; k < 2; k++) client.publish(`cache.${number}`);
      if (number % 500 === 0) await client.flush();
    }
    server.published += 2 * CACHED;
    await client.flush();
  }
}

async function publish(world: World, flow: Flow): Promise<void> {
  const { signal } = world.quiet;
  let last = performance.now();
  let owed = 0;
  while (!signal.aborted) {
    await pause(BURST_MS, signal);
    const now = performance.now();
    owed += (now - last) * flow.rate / 1000;
    last = now;
    const count = Math.min(Math.floor(owed), MOST_AT_ONCE);
    owed -= count;
    try {
      await burst(flow, count);
    } catch (error) {
      // Its server may just have gone, and the next client is not there yet.
      const expected = error instanceof ClosedError && flow.from === world.c;
      if (!expected) world.problem(`${flow.series.name}: ${error}`);
    }
  }
}

async function burst(flow: Flow, count: number): Promise<void> {
  const { series, from, subject, headers } = flow;
  const client = flow.client();
  if (client === null) return;
  for (let i = 0; i < count; i++) {
    const number = series.sent;
    const options = headers
      ? { headers: [[HEADER, String(number)]] as const }
      : {};
    client.publish(subject(number), series.next(), options);
    from.published++;
  }
  await client.ready();
}

/** A subscriber on each of `places`, that gets each message. */
async function subscribe(
  world: World,
  series: Series,
  subject: string,
  places: readonly Midge[],
): Promise<void> {
  for (const server of places) {
    const receipt = series.receipt(server.name, "each");
    const client = await world.steady(server);
    client.subscribe(subject, {
      callback: ({ data }) => receipt.got(data, series.paddedTo),
    });
    await client.flush();
  }
}

async function plain(world: World): Promise<Flow[]> {
  const { a, b, c } = world;
  const flows: Flow[] = [];
  for (const [from, headers] of [[a, false], [b, true]] as const) {
    const kind = headers ? "headers" : "plain";
    const series = world.ledger.add(`${kind} from ${from.name}`);
    const subject = `soak.${kind}.${from.name}`;
    const client = await world.steady(from);
    await subscribe(world, series, subject, [a, b]);
    const receipt = series.receipt("c", "once at most");
    world.roam(c, (client) => {
      client.subscribe(subject, {
        callback: ({ data, headers }) => {
          receipt.got(data, series.paddedTo);
          if (headers !== undefined) checkHeader(world, data, headers);
        },
      });
    });
    flows.push({
      series,
      rate: 800,
      from,
      client: () => client,
      subject: () => subject,
      headers,
    });
  }
  return flows;
}

function checkHeader(
  world: World,
  data: Uint8Array,
  headers: Map<string, string[]>,
): void {
  const number = new TextDecoder().decode(data.subarray(0, 10));
  const said = headers.get(HEADER)?.[0];
  if (Number(said) !== Number(number)) {
    world.problem(`message ${number} has the header of ${said}`);
  }
}

async function wildcards(world: World): Promise<Flow[]> {
  const { a, b } = world;
  const series = world.ledger.add("wildcards from a");
  await subscribe(world, series, "soak.wild.*.x", [b]);
  await subscribe(world, series, "soak.wild.>", [a]);
  const client = await world.steady(a);
  return [{
    series,
    rate: 600,
    from: a,
    client: () => client,
    subject: (number) => `soak.wild.${number % SUBJECTS}.x`,
  }];
}

/** Groups with members on servers that stay, and one with members anywhere. */
async function queues(world: World): Promise<Flow[]> {
  const { a, b, c } = world;
  const steady = world.ledger.add("queues from a");
  await join(world, steady, "soak.queue", "one", [a, a, b, b]);
  await join(world, steady, "soak.queue", "two", [b]);
  const flaky = world.ledger.add("queue from b");
  const promised = "once at most";
  const receipt = await join(world, flaky, "soak.any", "q", [a, b], promised);
  world.roam(c, (client) => {
    client.subscribe("soak.any", {
      queue: "q",
      callback: ({ data }) => receipt.got(data, flaky.paddedTo),
    });
  });
  const [first, second] = [await world.steady(a), await world.steady(b)];
  return [{
    series: steady,
    rate: 800,
    from: a,
    client: () => first,
    subject: () => "soak.queue",
  }, {
    series: flaky,
    rate: 400,
    from: b,
    client: () => second,
    subject: () => "soak.any",
  }];
}

async function join(
  world: World,
  series: Series,
  subject: string,
  queue: string,
  places: readonly Midge[],
  promised: Promised = "group",
) {
  const receipt = series.receipt(`group ${queue}`, promised);
  for (const server of places) {
    const client = await world.steady(server);
    client.subscribe(subject, {
      queue,
      callback: ({ data }) => receipt.got(data, series.paddedTo),
    });
    await client.flush();
  }
  return receipt;
}

/** Large messages, which slow consumers subscribe to, too. */
async function fat(world: World): Promise<Flow[]> {
  const { a, b } = world;
  const series = world.ledger.add("64 KB from a", FAT);
  await subscribe(world, series, "fat.data", [a, b]);
  const client = await world.steady(a);
  return [{
    series,
    rate: 30,
    from: a,
    client: () => client,
    subject: () => "fat.data",
  }];
}

/** From the server that goes away: what it says comes, if it comes, once. */
function fromC(world: World): Flow {
  const { a, c } = world;
  const series = world.ledger.add("plain from c");
  const receipt = series.receipt("a", "once at most");
  let current: Client | null = null;
  world.roam(c, (client) => {
    current = client;
    client.closed.then(() => current === client && (current = null));
  });
  world.steady(a).then((client) =>
    client.subscribe("soak.c", {
      callback: ({ data }) => receipt.got(data, series.paddedTo),
    })
  );
  return {
    series,
    rate: 400,
    from: c,
    client: () => current,
    subject: () => "soak.c",
  };
}

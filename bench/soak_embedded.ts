/**
 * The soak within one process: a server that never listens with both clients
 * on it, connections that come and go, and servers that start and stop. A line
 * of input begins it, the next ends it, and the end of input the process; says
 * when it is ready and, as a line of JSON, what came of it.
 *
 * Run by soak.ts.
 */

import type { Client } from "../src/client/client.ts";
import { Client as Connection } from "../src/client/client.ts";
import { Server } from "../src/mod.ts";
import { connect } from "../src/nats_core.ts";
import { pause, waitUntil } from "./soak_clock.ts";
import { Ledger } from "./soak_ledger.ts";

/** What came of it. */
export interface EmbeddedOutcome {
  readonly problems: readonly string[];
  readonly sent: number;
  readonly received: number;
  readonly requests: number;
  readonly visits: number;
  readonly servers: number;
}

/** Time between two bursts, in milliseconds, and messages in one. */
const BURST_MS = 25;
const BURST = 20;

const problems: string[] = [];
const counts = { requests: 0, visits: 0, servers: 0 };
const over = new AbortController();
/** What stays to the end. */
const steady: AsyncDisposableStack = new AsyncDisposableStack();

async function repeat(pauseMs: number, action: () => Promise<void>) {
  while (!over.signal.aborted) {
    try {
      await action();
    } catch (error) {
      if (problems.length < 100) problems.push(String(error));
    }
    await pause(pauseMs, over.signal);
  }
}

/** Messages and requests between two clients of the project. */
async function midgeClients(server: Server, ledger: Ledger) {
  const [from, to] = [await visitor(server), await visitor(server)];
  steady.use(from);
  steady.use(to);
  const series = ledger.add("embedded, ./client");
  const receipt = series.receipt("./client", "each");
  to.subscribe("midge.data", {
    callback: ({ data }) => receipt.got(data, series.paddedTo),
  });
  to.subscribe("midge.ask", { callback: (m) => m.respond(m.data) });
  await to.flush();
  return repeat(BURST_MS, async () => {
    for (let i = 0; i < BURST; i++) from.publish("midge.data", series.next());
    await from.request("midge.ask", "?");
    counts.requests++;
  });
}

/** The same between two of the official ones. */
async function officialClients(server: Server, ledger: Ledger) {
  const options = { inProcessServer: server };
  const [from, to] = [await connect(options), await connect(options)];
  steady.defer(() => from.close());
  steady.defer(() => to.close());
  const series = ledger.add("embedded, nats-core");
  const receipt = series.receipt("nats-core", "each");
  to.subscribe("core.*", {
    callback: (_, { data }) => receipt.got(data, series.paddedTo),
  });
  to.subscribe("ask.core", { callback: (_, m) => void m.respond(m.data) });
  await to.flush();
  return repeat(BURST_MS, async () => {
    for (let i = 0; i < BURST; i++) from.publish("core.data", series.next());
    await from.request("ask.core", "?");
    counts.requests++;
  });
}

async function visitor(server: Server): Promise<Client> {
  return await Connection.connect({ transport: server.inProcessConn() });
}

/** Clients of both kinds that come, see that it works, and go. */
async function visit(server: Server): Promise<void> {
  const subject = `visit.${crypto.randomUUID()}`;
  const client = await visitor(server);
  const subscription = client.subscribe(`${subject}.*`, {
    callback: () => {},
  });
  await client.flush();
  const nc = await connect({ inProcessServer: server });
  nc.publish(`${subject}.x`, "hello");
  await nc.flush();
  await client.flush();
  if (subscription.delivered !== 1) throw new Error("a visitor got nothing");
  if (++counts.visits % 2 === 0) await client.drain();
  else await client.close();
  await nc.close();
}

/** A server that listens, serves one client and shuts down. */
async function briefServer(): Promise<void> {
  await using server = await Server.start({
    host: "127.0.0.1",
    port: -1,
    monitor: { port: -1 },
  });
  const client = await Connection.connect({ server: server.clientURL() });
  client.subscribe("x", { callback: () => {} });
  await client.flush();
  if (counts.servers++ % 2 === 0) await client.close();
}

/** Runs everything until `ended`. */
async function soak(
  server: Server,
  ended: Promise<unknown>,
): Promise<EmbeddedOutcome> {
  const ledger = new Ledger();
  const all = Promise.all([
    midgeClients(server, ledger),
    officialClients(server, ledger),
    repeat(100, () => visit(server)),
    repeat(1000, briefServer),
  ]);
  await ended;
  over.abort();
  await all;
  await waitUntil("all has come", 5000, () => ledger.complete)
    .catch((error) => problems.push(String(error)));
  await steady.disposeAsync();
  await waitUntil("all clients are gone", 5000, () => server.clientCount === 0)
    .catch((error) => problems.push(String(error)));
  return {
    problems: [...problems, ...ledger.problems()],
    sent: ledger.series.reduce((sum, { sent }) => sum + sent, 0),
    received: ledger.series.reduce(
      (sum, { receipts }) => sum + receipts[0].received,
      0,
    ),
    ...counts,
  };
}

/** V8's trace goes the same way and may have stopped in the middle of a line. */
function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`\n${text}\n`));
}

if (import.meta.main) {
  const input = Deno.stdin.readable.getReader();
  await using server = await Server.start({
    dontListen: true,
    maxClosedClients: 200,
  });
  // What opens files when it is first used has done so when it is ready.
  await visit(server);
  await briefServer();
  print("ready");
  await input.read();
  print(JSON.stringify(await soak(server, input.read())));
  await input.read();
  // It ends by itself, or something was left open.
}

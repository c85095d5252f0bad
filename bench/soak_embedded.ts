/**
 * The soak within one process: a server that never listens with both clients
 * on it, connections that come and go, and servers that start and stop. Ends
 * with its input, and then prints a line of JSON; see `EmbeddedOutcome`.
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
const BURST = 10;

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
function visitors(server: Server): Promise<void> {
  return repeat(100, async () => {
    const subject = `visit.${crypto.randomUUID()}`;
    const client = await visitor(server);
    const subscription = client.subscribe(`${subject}.*`, {
      callback: () => {},
    });
    const nc = await connect({ inProcessServer: server });
    nc.publish(`${subject}.x`, "hello");
    await nc.flush();
    await client.flush();
    if (subscription.delivered !== 1) problems.push("a visitor got nothing");
    if (++counts.visits % 2 === 0) await client.drain();
    else await client.close();
    await nc.close();
  });
}

/** Servers that listen, serve one client and shut down. */
function briefServers(): Promise<void> {
  return repeat(1000, async () => {
    await using server = await Server.start({
      host: "127.0.0.1",
      port: -1,
      monitor: { port: -1 },
    });
    const client = await Connection.connect({ server: server.clientURL() });
    client.subscribe("x", { callback: () => {} });
    await client.flush();
    if (counts.servers++ % 2 === 0) await client.close();
  });
}

if (import.meta.main) {
  const ledger = new Ledger();
  await using server = await Server.start({
    dontListen: true,
    maxClosedClients: 200,
  });
  const all = Promise.all([
    midgeClients(server, ledger),
    officialClients(server, ledger),
    visitors(server),
    briefServers(),
  ]);
  await Deno.stdin.readable.pipeTo(new WritableStream());
  over.abort();
  await all;
  await waitUntil("all has come", 5000, () => ledger.complete)
    .catch((error) => problems.push(String(error)));
  const outcome: EmbeddedOutcome = {
    problems: [...problems, ...ledger.problems()],
    sent: ledger.series.reduce((sum, { sent }) => sum + sent, 0),
    received: ledger.series.reduce(
      (sum, { receipts }) => sum + receipts[0].received,
      0,
    ),
    ...counts,
  };
  await steady.disposeAsync();
  // V8's trace may have stopped in the middle of a line.
  const text = `\n${JSON.stringify(outcome)}\n`;
  Deno.stdout.writeSync(new TextEncoder().encode(text));
  // It ends by itself, or something was left open.
}

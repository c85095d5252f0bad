/**
 * Every listener, and traffic that was real before bytes of it were changed:
 * the server lives on, and a healthy pair beside it loses nothing.
 *
 * `FUZZ_SEED` repeats a run that failed, `FUZZ_CASES` makes a longer one.
 */

import assert from "node:assert/strict";
import { HealthyPair } from "../support/healthy_pair.ts";
import type { Random } from "../support/mutation.ts";
import { below, mutated, oneOf, randomOf } from "../support/mutation.ts";
import type { Recordings } from "../support/recordings.ts";
import { record } from "../support/recordings.ts";
import { eventually, TestServer } from "../support/server.ts";

const SEED = Number(Deno.env.get("FUZZ_SEED") ?? Date.now() % 1_000_000_000);
/** Connections for each listener. */
const CASES = Number(Deno.env.get("FUZZ_CASES") ?? 400);
/** Connections at a time. */
const AT_ONCE = 20;
/** How long one waits for a server that goes on listening, in milliseconds. */
const PATIENCE_MS = 30;

/** A server with every listener there is. */
function start(): Promise<TestServer> {
  return TestServer.listening({
    cluster: { host: "127.0.0.1", port: -1 },
    monitor: { port: -1 },
  });
}

/** Sends one changed recording in pieces, as TCP may; returns the answer. */
async function attack(
  port: number,
  recordings: readonly Uint8Array[],
  random: Random,
): Promise<string> {
  let bytes = mutated(oneOf(recordings, random), random);
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const answer = read(conn);
  try {
    while (bytes.length > 0) {
      const size = random() < 0.5 ? bytes.length : below(200, random) + 1;
      bytes = bytes.subarray(await conn.write(bytes.subarray(0, size)));
    }
    if (random() < 0.5) await conn.closeWrite();
  } catch {
    // Closed on us: as it should.
  }
  const timer = setTimeout(() => hangUp(conn), PATIENCE_MS);
  const text = await answer;
  clearTimeout(timer);
  hangUp(conn);
  return text;
}

function hangUp(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // That has been done.
  }
}

/** All that comes until the end, however that comes. */
async function read(conn: Deno.Conn): Promise<string> {
  const chunk = new Uint8Array(64 * 1024);
  const decoder = new TextDecoder("latin1");
  let text = "";
  try {
    for (;;) {
      const count = await conn.read(chunk);
      if (count === null) return text;
      text += decoder.decode(chunk.subarray(0, count));
    }
  } catch {
    return text;
  }
}

/** What no peer may bring about. */
function assertSound(server: TestServer, answers: readonly string[]): void {
  const { closedConnections } = server.server;
  const broken = closedConnections
    .filter(({ reason }) => reason === "Internal Error");
  assert.deepEqual(broken, []);
  const logged = server.log.lines
    .filter((line) =>
      /internal error|serving monitoring|TypeError/i.test(line)
    );
  assert.deepEqual(logged, []);
  const failed = answers.filter((text) => /^HTTP\/1\.1 5/.test(text));
  assert.deepEqual(failed, []);
}

async function fuzz(
  server: TestServer,
  port: number,
  recordings: readonly Uint8Array[],
): Promise<void> {
  const pair = await HealthyPair.on(server);
  for (let first = 0; first < CASES; first += AT_ONCE) {
    try {
      const attacks = Array.from(
        { length: AT_ONCE },
        (_, i) => attack(port, recordings, randomOf(SEED + first + i)),
      );
      await pair.check(20);
      assertSound(server, await Promise.all(attacks));
      await pair.check(20);
    } catch (cause) {
      throw new Error(
        `FUZZ_SEED=${SEED + first} begins with what failed`,
        { cause },
      );
    }
  }
}

/** Where traffic of a kind goes. */
const LISTENERS: Readonly<
  Record<keyof Recordings, (server: TestServer) => number>
> = {
  client: ({ server }) => server.port,
  route: ({ server }) => server.clusterPort,
  monitoring: ({ server }) => Number(new URL(server.monitorURL() ?? "").port),
};

for (const [kind, portOf] of Object.entries(LISTENERS)) {
  Deno.test(`Changed traffic of ${kind} costs only who sends it`, async () => {
    await using server = await start();
    const recordings = (await record(server.server))[kind as keyof Recordings];
    assert(recordings.length > 0);
    await fuzz(server, portOf(server), recordings);
    await eventually(() => server.server.clientCount === 2, "all have gone");
    await eventually(() => server.server.routes.length === 0, "no routes");
  });
}

Deno.test("Changed traffic at listeners it is not meant for costs only who sends it", async () => {
  await using server = await start();
  const all = Object.values(await record(server.server)).flat();
  const ports = Object.values(LISTENERS).map((portOf) => portOf(server));
  for (const port of ports) await fuzz(server, port, all);
});

/**
 * How long it holds: three servers in a cluster, one of which keeps losing its
 * links and its life, and one within a program, under mixed load for as long as
 * it is told. Fails if memory grows, a message is lost or doubled, or anything
 * is left open.
 *
 * `deno task bench:soak [30m] [--write]`; `--write` puts the result into
 * bench/RESULTS.md. Memory is judged from a fifth of the time on: in less than
 * ten minutes it is still warming up. Takes half a processor; Linux only.
 */

import { circumstances, print, writeSection } from "./report.ts";
import { durationOf, pause, waitUntil } from "./soak_clock.ts";
import { Program } from "./soak_program.ts";
import type { EmbeddedOutcome } from "./soak_embedded.ts";
import { Link } from "./soak_link.ts";
import { startLoad } from "./soak_load.ts";
import type { Observed } from "./soak_process.ts";
import { Midge, usageOf } from "./soak_process.ts";
import type { Course } from "./soak_report.ts";
import * as report from "./soak_report.ts";
import { linked, startTrouble } from "./soak_trouble.ts";
import { World } from "./soak_world.ts";
import { freePort } from "./servers.ts";

const SAMPLE_MS = 10_000;
/** Enough for a sample in each fifth. */
const LEAST_MS = 6 * SAMPLE_MS;
/** Longest that the last messages may take. */
const SETTLE_MS = 20_000;
/** Until Deno has opened the last of its caches. */
const START_MS = 5000;

/** Two servers that dial each other, and a third over links that can break. */
function makeWorld(folder: string): World {
  const [a, b, c] = [0, 1, 2].map(() => new Link(freePort()));
  const direct = [a.target, b.target];
  return new World(
    new Midge("a", folder, a, direct),
    new Midge("b", folder, b, direct),
    new Midge("c", folder, c, [a.port, b.port]),
  );
}

async function sample(courses: readonly Course[], at: number): Promise<void> {
  const usage = await usageOf(courses.map(({ process }) => process.pid));
  for (const { process, samples } of courses) {
    const found = usage.get(process.pid);
    if (found === undefined) continue; // Being restarted.
    samples.push({ at, heapMb: process.heapMb, ...found });
  }
}

/** Takes samples until the time is over, and prints what they say. */
async function watch(
  world: World,
  courses: readonly Course[],
  durationMs: number,
): Promise<void> {
  const started = performance.now();
  for (let at = 0; at < durationMs; at = performance.now() - started) {
    await pause(Math.min(SAMPLE_MS, durationMs - at));
    const seconds = Math.round((performance.now() - started) / 1000);
    await sample(courses, seconds);
    const { a } = world;
    const varz = await a.varz();
    const memory = courses.map(({ process, samples }) => {
      const { rssMb = NaN, fds = NaN } = samples.at(-1) ?? {};
      return `${process.name} ${
        rssMb.toFixed(1)
      } MB ${process.heapMb} heap ${fds} fds`;
    });
    print(
      `${seconds} s: ${
        memory.join(", ")
      }; a: ${varz.connections} connections, ${varz.subscriptions} subscriptions, ${varz.in_msgs} in, ${varz.out_msgs} out; ${world.problems.length} problems`,
    );
  }
}

function courseOf(process: Observed, title: string, judged: boolean): Course {
  const fds = { fdsBefore: NaN, fdsAfter: NaN };
  return { process, title, judged, samples: [], ...fds };
}

async function openFiles(courses: readonly Course[]): Promise<number[]> {
  const usage = await usageOf(courses.map(({ process }) => process.pid));
  return courses.map(({ process }) => usage.get(process.pid)?.fds ?? NaN);
}

/** What servers counted beside what the load did. */
async function compareCounts(world: World): Promise<void> {
  for (const server of [world.a, world.b]) {
    const { name, published, dialled } = server;
    const varz = await server.varz();
    const slow = world.counter.get(`slow consumers of ${name}`) ?? 0;
    const pairs = [
      ["messages in", varz.in_client_msgs, published],
      ["connections", varz.total_connections, dialled],
      ["slow consumers", varz.slow_consumers, slow],
    ] as const;
    for (const [what, counted, done] of pairs) {
      if (counted === done) continue;
      world.problem(`${name} counted ${counted} ${what}, there were ${done}`);
    }
  }
}

/** Runs the load for a while, and lets everything come to rest. */
async function load(
  world: World,
  program: Program,
  courses: readonly Course[],
  durationMs: number,
): Promise<EmbeddedOutcome> {
  await pause(START_MS);
  const steady = [world.a, world.b];
  const before = await Promise.all(steady.map((server) => server.varz()));
  const files = await openFiles(courses);
  for (const [i, course] of courses.entries()) course.fdsBefore = files[i];

  await program.begin();
  const { said } = await startLoad(world);
  const trouble = startTrouble(world);
  await watch(world, courses, durationMs);
  world.calm.abort();
  await trouble;
  world.quiet.abort();
  await said;
  await world.flush();
  await settle(world, "all messages have come", () => world.ledger.complete);
  await compareCounts(world);
  await world.close();
  const outcome = await program.rest();

  await settle(world, "all files are closed", async () => {
    const files = await openFiles(courses);
    for (const [i, course] of courses.entries()) course.fdsAfter = files[i];
    return courses.every(({ judged, fdsBefore, fdsAfter }) =>
      !judged || fdsAfter <= fdsBefore
    );
  });
  for (const [i, server] of steady.entries()) {
    const after = await server.varz();
    report.leftovers(server.name, before[i], after)
      .forEach((one) => world.problem(one));
  }
  return outcome;
}

async function settle(
  world: World,
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  await waitUntil(what, SETTLE_MS, holds)
    .catch((error) => world.problem(String(error)));
}

async function soak(durationMs: number, folder: string): Promise<string[]> {
  const world = makeWorld(folder);
  const { a, b, c, links, servers } = world;
  for (const server of servers) await server.start();
  await waitUntil("all are linked", SETTLE_MS, () => linked(world));
  const program = await Program.start();
  const own = { name: "load", pid: Deno.pid, heapMb: NaN };
  const courses = [
    courseOf(a, "a", true),
    courseOf(b, "b", true),
    courseOf(c, "c, killed again and again", false),
    courseOf(program, "embedded, with its clients", true),
    courseOf(own, "the load itself", false),
  ];
  const outcome = await load(world, program, courses, durationMs);
  await program.end();
  for (const server of servers) await server.end("SIGTERM");
  for (const link of links) link.close();

  const problems = [
    ...world.problems,
    ...world.ledger.problems(),
    ...outcome.problems.map((text) => `embedded: ${text}`),
    ...report.leaks(courses),
  ];
  return [
    problems.length === 0
      ? "**Passed**: memory flat, every count adds up, nothing left open."
      : `**Failed**:\n\n${problems.map((one) => `- ${one}`).join("\n")}`,
    report.processTable(courses),
    report.FILLED,
    "Resident memory over that time, each line between its own least and most:",
    report.curves(courses),
    report.PROMISES,
    report.messageTable(world),
    report.countList(world, outcome),
  ];
}

if (import.meta.main) {
  const [duration = "30m"] = Deno.args.filter((one) => !one.startsWith("--"));
  const durationMs = durationOf(duration);
  if (durationMs < LEAST_MS) throw new RangeError("A minute at the least");
  const folder = await Deno.makeTempDir({ prefix: "soak" });
  const facts = circumstances("load, links and servers on the same machine");
  print(`${facts.join("\n")}\n`);
  try {
    const parts = await soak(durationMs, folder);
    print(`\n${parts.join("\n\n")}`);
    if (Deno.args.includes("--write")) {
      await writeSection("Endurance", [
        `By \`deno task bench:soak ${duration} --write\`.`,
        facts.join("\n"),
        ...parts,
      ]);
    }
    Deno.exitCode = parts[0].startsWith("**Passed") ? 0 : 1;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

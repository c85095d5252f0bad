/**
 * What hostile connections do to a server and to a healthy pair beside them:
 * for a while as many as this machine can make, of all kinds, at every
 * listener. Says how many there were, whether the pair lost anything and how
 * long its messages took, quiet and meanwhile, and what the server holds.
 *
 * `deno task bench:hostile [--seconds N] [--seed N] [--write]`; `--write` puts
 * the table into bench/RESULTS.md. The load is on loopback only.
 */

import manifest from "../deno.json" with { type: "json" };
import { Server } from "../src/mod.ts";
import type { Random } from "../test/support/mutation.ts";
import { below, mutated, oneOf, randomOf } from "../test/support/mutation.ts";
import type { Recordings } from "../test/support/recordings.ts";
import { record } from "../test/support/recordings.ts";
import type { Seen } from "./hostile_pair.ts";
import {
  circumstances,
  flag,
  print,
  thousands,
  writeSection,
} from "./report.ts";
import { shell } from "./servers.ts";

const ROOT = new URL("..", import.meta.url);
/** Connections open at a time. */
const AT_ONCE = 150;
/** How long the pair is alone, in milliseconds. */
const QUIET_MS = 5000;
/** How long the server may take to come to rest, in milliseconds. */
const REST_MS = 10_000;
/** How long a peer that hangs, hangs, in milliseconds. */
const HANG_MS = 300;

/** What a server logs that no peer may bring about. */
const DEFECT = /internal error|serving monitoring|Uncaught/i;

const encoder = new TextEncoder();

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A server in a process of its own, as `deno task start` starts it. */
class Target {
  readonly #process: Deno.ChildProcess;
  /** In a file: a pipe that nobody has time to read would hold the server up. */
  readonly #log: string;
  #ports: readonly number[] = [];

  private constructor(log: string) {
    const [, ...args] = manifest.tasks.start.command.split(" ");
    const main = args.pop() ?? "";
    const listeners = ["-p", "-1", "-m", "-1", "--cluster"];
    this.#log = log;
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [...args, `--allow-write=${log}`, main, "-l", log]
        .concat("-a", "127.0.0.1", listeners, "nats://127.0.0.1:-1"),
      cwd: ROOT,
      stdin: "null",
      stderr: "inherit",
    }).spawn();
  }

  static async start(): Promise<Target> {
    const target = new Target(await Deno.makeTempFile({ suffix: ".log" }));
    while (!target.#text().includes("Server is ready")) await pause(10);
    target.#ports = [...target.#text().matchAll(/ on \S+:(\d+)\n/g)]
      .map(([, port]) => Number(port));
    return target;
  }

  /** Ports of monitoring, clients and routes. */
  get ports(): Readonly<Record<keyof Recordings, number>> {
    const [monitoring, client, route] = this.#ports;
    return { monitoring, client, route };
  }

  /** Resident memory, in MB. */
  get residentMb(): number {
    const status = shell(`cat /proc/${this.#process.pid}/status`);
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  }

  /** Lines in its log that no peer may bring about. */
  get defects(): readonly string[] {
    return this.#text().split("\n").filter((line) => DEFECT.test(line));
  }

  /** Connections of clients now. */
  async clients(): Promise<number> {
    const url = `http://127.0.0.1:${this.ports.monitoring}/varz`;
    return (await (await fetch(url)).json()).connections;
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#process.status;
    await Deno.remove(this.#log);
  }

  #text(): string {
    return Deno.readTextFileSync(this.#log);
  }
}

/** The process of the pair, as seen from here. */
class Pair {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: ReadableStreamDefaultReader<string>;

  constructor(port: number) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-net=127.0.0.1", "bench/hostile_pair.ts"]
        .concat(String(port)),
      cwd: ROOT,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#answers = this.#process.stdout
      .pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Everything published has arrived. Rejects when the pair has failed. */
  async seen(): Promise<Seen> {
    await this.#writer.write(encoder.encode("?"));
    const { value } = await this.#answers.read();
    if (value === undefined) throw new Error("the pair has lost something");
    return JSON.parse(value);
  }

  async stop(): Promise<void> {
    await this.#writer.close();
    await this.#answers.cancel();
    await this.#process.status;
  }
}

/** Reads what comes until the end, however that comes. */
async function drain(conn: Deno.Conn): Promise<void> {
  const chunk = new Uint8Array(64 * 1024);
  try {
    while (await conn.read(chunk) !== null);
  } catch {
    // Gone.
  }
}

/** Does something bad to a connection. */
type Attack = (conn: Deno.Conn, world: World) => Promise<void>;

/** What attacks choose from. */
interface World {
  readonly random: Random;
  /** Recorded at the listener that is attacked, and anywhere. */
  readonly own: readonly Uint8Array[];
  readonly any: readonly Uint8Array[];
}

const ATTACKS: Readonly<Record<string, Attack>> = {
  "changed traffic": async (conn, { random, own }) => {
    await conn.write(mutated(oneOf(own, random), random));
    await conn.closeWrite();
    await drain(conn);
  },
  "changed traffic of other listeners": async (conn, { random, any }) => {
    await conn.write(mutated(oneOf(any, random), random));
    await conn.closeWrite();
    await drain(conn);
  },
  "noise": async (conn, { random }) => {
    const bytes = new Uint8Array(1 + below(50_000, random));
    for (const at of bytes.keys()) bytes[at] = below(256, random);
    await conn.write(bytes);
    await drain(conn);
  },
  "gone at once": () => Promise.resolve(),
  "half a message, then nothing": async (conn, { random }) => {
    const size = 1 + below(1_048_576, random);
    await conn.write(encoder.encode(`PUB hostile ${size}\r\nhalf`));
    await pause(HANG_MS);
  },
  "a byte at a time": async (conn, { random, own }) => {
    const bytes = mutated(oneOf(own, random), random).subarray(0, 30);
    for (let at = 0; at < bytes.length; at++) {
      await conn.write(bytes.subarray(at, at + 1));
      await pause(HANG_MS / 30);
    }
  },
  "subscribed to everything, reading nothing": async (conn) => {
    const text = 'CONNECT {"verbose":false}\r\nSUB > 1\r\n';
    await conn.write(encoder.encode(text));
    await pause(HANG_MS);
  },
};

/** One hostile connection; what becomes of it is nobody's concern. */
async function attack(
  attacks: readonly Attack[],
  port: number,
  world: World,
): Promise<void> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    const time = setTimeout(() => hangUp(conn), 2 * HANG_MS);
    await oneOf(attacks, world.random)(conn, world);
    clearTimeout(time);
  } catch {
    // Closed on us: as it should.
  }
  hangUp(conn);
}

function hangUp(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // That has been done.
  }
}

/** Attacks until `deadline`; how many there were at each listener. */
async function attackAll(
  target: Target,
  recordings: Recordings,
  { deadline, seed }: { deadline: number; seed: number },
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const random = randomOf(seed);
  const any = Object.values(recordings).flat();
  const attacks = Object.values(ATTACKS);
  const kinds = Object.keys(recordings) as (keyof Recordings)[];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (performance.now() < deadline) {
      const kind = oneOf(kinds, random);
      const world = { random, own: recordings[kind], any };
      await attack(attacks, target.ports[kind], world);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  }));
  return counts;
}

/** Real traffic, from a server of this process. */
async function recorded(): Promise<Recordings> {
  await using server = await Server.start({
    host: "127.0.0.1",
    port: -1,
    cluster: { host: "127.0.0.1", port: -1 },
    monitor: { port: -1 },
  });
  return await record(server);
}

function row(name: string, { messages, latency }: Seen, mb: number): string {
  const times = latency.map((ms) => ms.toFixed(1)).join(" / ");
  return `| ${name} | ${thousands(messages)} | 0 | ${times} | ${
    mb.toFixed(0)
  } |`;
}

/** What came of the attacks, in a sentence. */
function factsOf(
  counts: ReadonlyMap<string, number>,
  { seconds, left, defects }: {
    readonly seconds: number;
    readonly left: number;
    readonly defects: number;
  },
): string {
  const total = counts.values().reduce((sum, count) => sum + count, 0);
  const byKind = [...counts].map(([kind, count]) =>
    `${thousands(count)} ${kind}`
  );
  return `${thousands(total)} hostile connections in ${seconds} s (${
    byKind.join(", ")
  }), ${AT_ONCE} at a time, of ${
    Object.keys(ATTACKS).length
  } kinds; left behind: ${left}; errors of the server's own: ${defects}.`;
}

async function main(): Promise<void> {
  const seconds = Number(flag("seconds", "120"));
  const seed = Number(flag("seed", String(Date.now() % 1e9)));
  print(`seed ${seed}`);
  const recordings = await recorded();
  const target = await Target.start();
  const healthy = new Pair(target.ports.client);
  const table = [
    "| | messages of the pair | lost | ms p50 / p99 / longest | server, MB resident |",
    "|---|---|---|---|---|",
  ];
  const note = async (name: string) => {
    table.push(row(name, await healthy.seen(), target.residentMb));
    print(table.at(-1) ?? "");
  };
  await pause(QUIET_MS);
  await note("before");
  const deadline = performance.now() + seconds * 1000;
  const counts = await attackAll(target, recordings, { deadline, seed });
  await note("meanwhile");
  await pause(REST_MS);
  await note(`${REST_MS / 1000} s later`);
  const left = await target.clients() - 2;
  const { defects } = target;
  await healthy.stop();
  await target.stop();
  const facts = factsOf(counts, { seconds, left, defects: defects.length });
  print(`\n${facts}\n${defects.slice(0, 5).join("\n")}`);
  if (Deno.args.includes("--write")) await writeResults(facts, table);
  if (left !== 0 || defects.length > 0) Deno.exit(1);
}

async function writeResults(
  facts: string,
  table: readonly string[],
): Promise<void> {
  await writeSection("Among enemies", [
    "By `deno task bench:hostile --write`: numbered messages, one a millisecond, between two clients of a server whose client, route and monitoring ports are attacked meanwhile.",
    circumstances(facts).join("\n"),
    table.join("\n"),
  ]);
}

if (import.meta.main) await main();

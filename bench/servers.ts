/**
 * Servers under test, each in a process of its own, and what running a load on
 * them takes. CPU and memory are read from /proc (Linux).
 */

import manifest from "../deno.json" with { type: "json" };
import type { Load, Outcome } from "./load.ts";

/** What servers show and load processes trust under `--tls`. */
const CERTS = "test/support/certs";
const CA_FILE = `${CERTS}/ca.pem`;
const TLS_FLAGS = [
  "--tls",
  `--tlscert=${CERTS}/server.pem`,
  `--tlskey=${CERTS}/server-key.pem`,
];

/** Whether all connections are to be encrypted. */
export const OVER_TLS: boolean = Deno.args.includes("--tls");
const ROOT = new URL("..", import.meta.url);
const decoder = new TextDecoder();

/** A server under test, or several that work together. */
export interface Subject {
  readonly name: string;
  /** Where publishers connect. */
  readonly port: number;
  /** Where subscribers connect, if that is another server. */
  readonly subscribersAt?: number;
  readonly processes: readonly Deno.ChildProcess[];
}

/** One run of one load. */
export interface Sample extends Outcome {
  /** CPU time of the servers per message, in nanoseconds; NaN if unknown. */
  readonly cpuNs: number;
}

/** A port nobody listens on. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Starts a server and returns when it takes connections. */
export async function start(
  name: string,
  path: string,
  args: readonly string[],
): Promise<Subject> {
  const port = freePort();
  const process = new Deno.Command(path, {
    args: [...args, "-a", "127.0.0.1", "-p", String(port)],
    cwd: ROOT,
    stdout: "null",
    stderr: "null",
  }).spawn();
  for (let tries = 0; tries < 500; tries++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return { name, port, processes: [process] };
    } catch {
      // Not listening yet.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  throw new Error(`${name} does not listen`);
}

/** Starts midge the way `deno task start` does. */
export function startMidge(flags: readonly string[]): Promise<Subject> {
  const [, ...args] = manifest.tasks.start.command.split(" ");
  return start("midge", Deno.execPath(), [...args, ...flags]);
}

/** Starts midge, and nats-server if it is there. */
export async function startAll(withOfficial: boolean): Promise<Subject[]> {
  const flags = OVER_TLS ? TLS_FLAGS : [];
  const subjects = [await startMidge(flags)];
  if (withOfficial) {
    subjects.push(await start("nats-server", "nats-server", flags));
  }
  return subjects;
}

/** Ends them and waits until they have. */
export async function stopAll(subjects: readonly Subject[]): Promise<void> {
  for (const process of subjects.flatMap(({ processes }) => processes)) {
    process.kill("SIGTERM");
    await process.status;
  }
}

/** What a shell command prints; empty if it fails. */
export function shell(command: string): string {
  const { stdout } = new Deno.Command("sh", {
    args: ["-c", command],
    stderr: "null",
  }).outputSync();
  return decoder.decode(stdout);
}

/** CPU time processes have used so far, in nanoseconds; NaN where unknown. */
export function cpuTime(...processes: readonly Deno.ChildProcess[]): number {
  const files = processes.map(({ pid }) => `/proc/${pid}/task/*/schedstat`);
  const lines = shell(`cat ${files.join(" ")}`).trim();
  if (lines === "") return NaN; // Not Linux.
  return lines.split("\n").reduce(
    (sum, line) => sum + Number(line.split(" ")[0]),
    0,
  );
}

/** Resident memory of a single server, in KB; NaN where unknown. */
export function residentKb({ processes: [{ pid }] }: Subject): number {
  const status = shell(`cat /proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
}

/** A process that does `load` to `subject`, not yet started. */
export function loadProcess(
  { port, subscribersAt = port }: Subject,
  load: Load,
  stdin: "null" | "piped",
): Deno.Command {
  const more = OVER_TLS
    ? { subscribersAt, caFile: CA_FILE }
    : { subscribersAt };
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-net=127.0.0.1",
      `--allow-read=${CA_FILE}`,
      "bench/load.ts",
      String(port),
      JSON.stringify({ ...load, ...more }),
    ],
    cwd: ROOT,
    stdin,
    stdout: "piped",
    stderr: "inherit",
  });
}

/** Runs a load once. */
export async function measure(
  subject: Subject,
  load: Load,
): Promise<Sample> {
  const before = cpuTime(...subject.processes);
  const { success, stdout } = await loadProcess(subject, load, "null").output();
  if (!success) throw new Error(`${load.name} failed on ${subject.name}`);
  const outcome: Outcome = JSON.parse(decoder.decode(stdout));
  const used = cpuTime(...subject.processes) - before;
  return { ...outcome, cpuNs: used / Math.max(outcome.sent, outcome.received) };
}

/** What nats-server calls itself; `null` where it is not installed. */
export async function officialVersion(): Promise<string | null> {
  try {
    const { stdout } = await new Deno.Command("nats-server", { args: ["-v"] })
      .output();
    return decoder.decode(stdout).trim();
  } catch {
    return null; // Not installed.
  }
}

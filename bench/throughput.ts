/**
 * midge and nats-server under the same loads, in turn, in one run: rates,
 * latencies, CPU per message and memory a connection, with ratios.
 *
 * `deno task bench [--rounds N] [--only TEXT] [--tls] [--write]`; `--tls` does
 * it over TLS, with loads that are about that, `--write` puts the table into
 * bench/RESULTS.md. CPU and memory are read from /proc (Linux).
 */

import manifest from "../deno.json" with { type: "json" };
import type { Load, Outcome } from "./load.ts";

const LOADS: readonly Load[] = [
  { name: "publish, 16 B", kind: "publish", count: 8e6, size: 16 },
  {
    name: "publish ×4, 128 B",
    kind: "publish",
    count: 6e6,
    size: 128,
    publishers: 4,
  },
  { name: "1→1, 16 B", kind: "publish", count: 4e6, size: 16, subscribers: 1 },
  {
    name: "1→1, 128 B",
    kind: "publish",
    count: 3e6,
    size: 128,
    subscribers: 1,
  },
  {
    name: "1→1, 4 KB",
    kind: "publish",
    count: 2e5,
    size: 4096,
    subscribers: 1,
  },
  {
    name: "1→4, 128 B",
    kind: "publish",
    count: 1e6,
    size: 128,
    subscribers: 4,
  },
  {
    name: "4→4 own subjects, 128 B",
    kind: "publish",
    count: 3e6,
    size: 128,
    publishers: 4,
    subscribers: 4,
    own: true,
  },
  {
    name: "queue 1→4, 128 B",
    kind: "publish",
    count: 2e6,
    size: 128,
    subscribers: 4,
    queue: true,
  },
  {
    name: "1→1 wildcard, 128 B",
    kind: "publish",
    count: 3e6,
    size: 128,
    subscribers: 1,
    wildcard: true,
  },
  {
    name: "1→1 headers, 128 B",
    kind: "publish",
    count: 3e6,
    size: 128,
    subscribers: 1,
    headers: true,
  },
  {
    name: "1→1, 128 B, 2,000 subs/s churn",
    kind: "publish",
    count: 3e6,
    size: 128,
    subscribers: 1,
    churn: 2000,
  },
  { name: "request, 1 in flight", kind: "request", count: 2e4 },
  {
    name: "request, 16 in flight",
    kind: "request",
    count: 1e5,
    publishers: 16,
  },
];

/** The loads that tell something about TLS. */
const TLS_LOADS: readonly string[] = [
  "publish, 16 B",
  "1→1, 128 B",
  "1→1, 4 KB",
  "request, 1 in flight",
];

/** What servers show and load processes trust under `--tls`. */
const CERTS = "test/support/certs";
const CA_FILE = `${CERTS}/ca.pem`;
const TLS_FLAGS = [
  "--tls",
  `--tlscert=${CERTS}/server.pem`,
  `--tlskey=${CERTS}/server-key.pem`,
];

const IDLE: Load = { name: "idle connections", kind: "idle", count: 5000 };

const OVER_TLS = Deno.args.includes("--tls");
const ROOT = new URL("..", import.meta.url);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A server under test. */
interface Subject {
  readonly name: string;
  readonly port: number;
  readonly process: Deno.ChildProcess;
}

/** One run of one load. */
interface Sample extends Outcome {
  /** CPU time of the server per message, in nanoseconds; NaN if unknown. */
  readonly cpuNs: number;
}

export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function start(
  name: string,
  path: string,
  args: string[],
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
      return { name, port, process };
    } catch {
      // Not listening yet.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  throw new Error(`${name} does not listen`);
}

/** Starts midge the way `deno task start` does, and nats-server if it is there. */
export async function startAll(withOfficial: boolean): Promise<Subject[]> {
  const [, ...args] = manifest.tasks.start.command.split(" ");
  const flags = OVER_TLS ? TLS_FLAGS : [];
  const subjects = [
    await start("midge", Deno.execPath(), [...args, ...flags]),
  ];
  if (withOfficial) {
    subjects.push(await start("nats-server", "nats-server", flags));
  }
  return subjects;
}

export async function stopAll(subjects: readonly Subject[]): Promise<void> {
  for (const { process } of subjects) {
    process.kill("SIGTERM");
    await process.status;
  }
}

/** What a shell command prints; empty if it fails. */
function shell(command: string): string {
  const { stdout } = new Deno.Command("sh", {
    args: ["-c", command],
    stderr: "null",
  }).outputSync();
  return decoder.decode(stdout);
}

/** CPU time a process has used so far, in nanoseconds; NaN where unknown. */
function cpuTime(pid: number): number {
  const lines = shell(`cat /proc/${pid}/task/*/schedstat`).trim();
  if (lines === "") return NaN; // Not Linux.
  return lines.split("\n").reduce(
    (sum, line) => sum + Number(line.split(" ")[0]),
    0,
  );
}

/** Resident memory of a process, in KB; NaN where unknown. */
function residentKb(pid: number): number {
  const status = shell(`cat /proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
}

function loadProcess(subject: Subject, load: Load, stdin: "null" | "piped") {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-net=127.0.0.1",
      `--allow-read=${CA_FILE}`,
      "bench/load.ts",
      String(subject.port),
      JSON.stringify(OVER_TLS ? { ...load, caFile: CA_FILE } : load),
    ],
    cwd: ROOT,
    stdin,
    stdout: "piped",
    stderr: "inherit",
  });
}

async function measure(subject: Subject, load: Load): Promise<Sample> {
  const before = cpuTime(subject.process.pid);
  const { success, stdout } = await loadProcess(subject, load, "null").output();
  if (!success) throw new Error(`${load.name} failed on ${subject.name}`);
  const outcome: Outcome = JSON.parse(decoder.decode(stdout));
  const used = cpuTime(subject.process.pid) - before;
  return { ...outcome, cpuNs: used / Math.max(outcome.sent, outcome.received) };
}

/** Memory of an idle connection with one subscription, in KB. */
async function measureIdle(subject: Subject): Promise<number> {
  const before = residentKb(subject.process.pid);
  const holder = loadProcess(subject, IDLE, "piped").spawn();
  const reader = holder.stdout.getReader();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const used = residentKb(subject.process.pid) - before;
  reader.releaseLock();
  await holder.stdout.cancel();
  await holder.stdin.close();
  await holder.status;
  return used / IDLE.count;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function geometricMean(values: readonly number[]): number {
  const known = values.filter((value) => value > 0);
  return Math.exp(
    known.reduce((sum, value) => sum + Math.log(value), 0) / known.length,
  );
}

export function thousands(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function latency(samples: readonly Sample[]): string {
  if (samples[0].latency === undefined) return "";
  return [0, 1, 2].map((i) =>
    Math.round(median(samples.map(({ latency }) => latency?.[i] ?? NaN)))
  ).join(" / ");
}

/** Runs all loads and returns the lines of the table. */
async function compare(
  subjects: readonly Subject[],
  rounds: number,
  only: string,
): Promise<string[]> {
  const [, official] = subjects;
  const lines = official === undefined
    ? [
      "| load | midge /s | CPU ns/msg | p50 / p99 / p99.9 µs |",
      "|---|---|---|---|",
    ]
    : [
      "| load | midge /s | nats-server /s | ratio | CPU ns/msg midge | nats-server | ratio | p50 / p99 / p99.9 µs midge | nats-server |",
      "|---|---|---|---|---|---|---|---|---|",
    ];
  const add = (line: string) => {
    lines.push(line);
    print(line);
  };
  print(lines.join("\n"));
  const rates: number[] = [];
  const cpus: number[] = [];
  for (const load of LOADS) {
    if (!load.name.includes(only)) continue;
    if (OVER_TLS && !TLS_LOADS.includes(load.name)) continue;
    const samples = subjects.map((): Sample[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, subject] of subjects.entries()) {
        samples[i].push(await measure(subject, load));
      }
    }
    const [rate, otherRate] = samples.map((all) =>
      median(all.map(({ rate }) => rate))
    );
    const [cpu, otherCpu] = samples.map((all) =>
      median(all.map(({ cpuNs }) => cpuNs))
    );
    if (official === undefined) {
      add(
        `| ${load.name} | ${thousands(rate)} | ${thousands(cpu)} | ${
          latency(samples[0])
        } |`,
      );
      continue;
    }
    rates.push(rate / otherRate);
    cpus.push(otherCpu / cpu);
    add(
      `| ${load.name} | ${thousands(rate)} | ${thousands(otherRate)} | ${
        (rate / otherRate).toFixed(2)
      } | ${thousands(cpu)} | ${thousands(otherCpu)} | ${
        (otherCpu / cpu).toFixed(2)
      } | ${latency(samples[0])} | ${latency(samples[1])} |`,
    );
  }
  if (official !== undefined && rates.length > 1) {
    add(
      `| **geometric mean** | | | **${
        geometricMean(rates).toFixed(2)
      }** | | | **${geometricMean(cpus).toFixed(2)}** | | |`,
    );
  }
  return lines;
}

/** Memory of idle connections on servers that have done nothing else. */
async function compareIdle(withOfficial: boolean): Promise<string> {
  const subjects = await startAll(withOfficial);
  try {
    const [midge, official] = await Promise.all(subjects.map(measureIdle));
    const other = official === undefined
      ? ""
      : `, nats-server ${official.toFixed(1)} KB: ratio ${
        (midge / official).toFixed(2)
      }`;
    return `Memory a connection, ${
      thousands(IDLE.count)
    } idle with a subscription each: midge ${midge.toFixed(1)} KB${other}.`;
  } finally {
    await stopAll(subjects);
  }
}

/** The machine and the versions, for whoever compares with another. */
export function circumstances(others: string): string[] {
  const cpu = /model name\s*:\s*(.+)/.exec(shell("cat /proc/cpuinfo"))?.[1] ??
    "unknown processor";
  return [
    `- ${navigator.hardwareConcurrency} processors (${cpu}), ${Deno.build.os} ${Deno.osRelease()}, loopback, servers and load on the same machine`,
    `- midge ${manifest.version}, Deno ${Deno.version.deno} (V8 ${Deno.version.v8})`,
    `- ${others}`,
  ];
}

async function officialVersion(): Promise<string | null> {
  try {
    const { stdout } = await new Deno.Command("nats-server", { args: ["-v"] })
      .output();
    return decoder.decode(stdout).trim();
  } catch {
    return null; // Not installed.
  }
}

export function flag(name: string, otherwise: string): string {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? otherwise : Deno.args[at + 1] ?? otherwise;
}

export function print(text: string): void {
  Deno.stdout.writeSync(encoder.encode(`${text}\n`));
}

if (import.meta.main) {
  const version = await officialVersion();
  const rounds = flag("rounds", "5");
  const only = flag("only", "");
  const facts = circumstances(
    version ?? "nats-server not installed: midge alone",
  );
  print(`${facts.join("\n")}\n`);
  const subjects = await startAll(version !== null);
  let table: string[];
  try {
    table = await compare(subjects, Number(rounds), only);
  } finally {
    await stopAll(subjects);
  }
  if (IDLE.name.includes(only)) {
    table.push("", await compareIdle(version !== null));
    print(`\n${table.at(-1)}`);
  }
  if (Deno.args.includes("--write")) {
    const mode = OVER_TLS ? "Over TLS" : "Plain";
    await writeSection(mode, [
      `Medians of ${rounds} rounds, both servers in turn.`,
      facts.join("\n"),
      table.join("\n"),
    ]);
  }
}

/** Puts `parts` in the place of a section of RESULTS.md, or at its end. */
export async function writeSection(
  title: string,
  parts: readonly string[],
): Promise<void> {
  const file = new URL("RESULTS.md", import.meta.url);
  const [head, ...sections] = (await Deno.readTextFile(file)).split(/^## /m);
  const text = [title, ...parts].join("\n\n");
  const at = sections.findIndex((one) => one.startsWith(`${title}\n`));
  sections.splice(at < 0 ? sections.length : at, 1, text);
  const pieces = [head, ...sections].map((one) => one.trim());
  await Deno.writeTextFile(file, `${pieces.join("\n\n## ")}\n`);
}

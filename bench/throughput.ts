/**
 * midge and nats-server under the same loads, in turn, in one run: rates,
 * latencies, CPU per message and memory a connection, with ratios.
 *
 * `deno task bench [--rounds N] [--only TEXT] [--tls] [--write]`; `--tls` does
 * it over TLS, with loads that are about that, `--write` puts the table into
 * bench/RESULTS.md. CPU and memory are read from /proc (Linux).
 */

import type { Load } from "./load.ts";
import {
  circumstances,
  flag,
  median,
  print,
  thousands,
  writeSection,
} from "./report.ts";
import type { Sample, Subject } from "./servers.ts";
import {
  loadProcess,
  measure,
  officialVersion,
  OVER_TLS,
  residentKb,
  startAll,
  stopAll,
} from "./servers.ts";

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

const IDLE: Load = { name: "idle connections", kind: "idle", count: 5000 };

/** Memory of an idle connection with one subscription, in KB. */
async function measureIdle(subject: Subject): Promise<number> {
  const before = residentKb(subject);
  const holder = loadProcess(subject, IDLE, "piped").spawn();
  const reader = holder.stdout.getReader();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const used = residentKb(subject) - before;
  reader.releaseLock();
  await holder.stdout.cancel();
  await holder.stdin.close();
  await holder.status;
  return used / IDLE.count;
}

function geometricMean(values: readonly number[]): number {
  const known = values.filter((value) => value > 0);
  return Math.exp(
    known.reduce((sum, value) => sum + Math.log(value), 0) / known.length,
  );
}

/** Heads of the table: midge alone, and beside nats-server. */
const ALONE = [
  "| load | midge /s | CPU ns/msg | p50 / p99 / p99.9 µs |",
  "|---|---|---|---|",
];
const BESIDE = [
  "| load | midge /s | nats-server /s | ratio | CPU ns/msg midge | nats-server | ratio | p50 / p99 / p99.9 µs midge | nats-server |",
  "|---|---|---|---|---|---|---|---|---|",
];

/** One server under one load: medians. */
interface Figures {
  readonly rate: number;
  readonly cpuNs: number;
  /** Empty where there are none. */
  readonly latency: string;
}

function figuresOf(samples: readonly Sample[]): Figures {
  const of = (read: (sample: Sample) => number) => median(samples.map(read));
  const latency = samples[0].latency === undefined
    ? ""
    : [0, 1, 2].map((i) => Math.round(of(({ latency }) => latency?.[i] ?? NaN)))
      .join(" / ");
  return {
    rate: of(({ rate }) => rate),
    cpuNs: of(({ cpuNs }) => cpuNs),
    latency,
  };
}

/** Runs a load on all subjects in turn, again and again. */
async function runLoad(
  subjects: readonly Subject[],
  load: Load,
  rounds: number,
): Promise<Figures[]> {
  const samples = subjects.map((): Sample[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, subject] of subjects.entries()) {
      samples[i].push(await measure(subject, load));
    }
  }
  return samples.map(figuresOf);
}

/** Runs loads on all subjects in turn and returns the lines of the table. */
export async function compare(
  subjects: readonly Subject[],
  loads: readonly Load[],
  rounds: number,
): Promise<string[]> {
  const lines = subjects.length > 1 ? [...BESIDE] : [...ALONE];
  print(lines.join("\n"));
  const add = (...cells: readonly string[]) => {
    lines.push(`| ${cells.join(" | ")} |`);
    print(lines.at(-1) ?? "");
  };
  const rates: number[] = [];
  const cpus: number[] = [];
  for (const load of loads) {
    const [midge, official] = await runLoad(subjects, load, rounds);
    const { rate, cpuNs, latency } = midge;
    if (official === undefined) {
      add(load.name, thousands(rate), thousands(cpuNs), latency);
      continue;
    }
    const rateRatio = rate / official.rate;
    const cpuRatio = official.cpuNs / cpuNs;
    rates.push(rateRatio);
    cpus.push(cpuRatio);
    add(
      ...[load.name, thousands(rate), thousands(official.rate)],
      ...[rateRatio.toFixed(2), thousands(cpuNs), thousands(official.cpuNs)],
      ...[cpuRatio.toFixed(2), latency, official.latency],
    );
  }
  if (rates.length > 1) {
    const [rate, cpu] = [rates, cpus].map((all) =>
      `**${geometricMean(all).toFixed(2)}**`
    );
    add("**geometric mean**", "", "", rate, "", "", cpu, "", "");
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
    const loads = LOADS.filter(({ name }) =>
      name.includes(only) && (!OVER_TLS || TLS_LOADS.includes(name))
    );
    table = await compare(subjects, loads, Number(rounds));
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

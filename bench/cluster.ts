/**
 * Two midges and two nats-servers, each pair joined by a route, under the same
 * loads in turn: publishers at one server, subscribers at the other. Then what
 * subscriptions that come and go cost a bystander, and how long a server that
 * joins takes to know 10,000 of them.
 *
 * `deno task bench:cluster [--rounds N] [--only TEXT] [--write]`; `--write`
 * puts the tables into bench/RESULTS.md. CPU is that of both servers.
 */

import type { Load } from "./load.ts";
import { circumstances, flag, median, print, writeSection } from "./report.ts";
import type { Subject } from "./servers.ts";
import {
  freePort,
  measure,
  officialVersion,
  start,
  startMidge,
  stopAll,
} from "./servers.ts";
import { compare } from "./throughput.ts";

const LOADS: readonly Load[] = [
  {
    name: "1→1, 128 B",
    kind: "publish",
    count: 2e6,
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
    name: "queue 1→4, 128 B",
    kind: "publish",
    count: 1e6,
    size: 128,
    subscribers: 4,
    queue: true,
  },
  {
    name: "1→1 headers, 128 B",
    kind: "publish",
    count: 2e6,
    size: 128,
    subscribers: 1,
    headers: true,
  },
  { name: "request, 1 in flight", kind: "request", count: 1e4 },
  {
    name: "request, 16 in flight",
    kind: "request",
    count: 5e4,
    publishers: 16,
  },
];

/** A pair that has nothing to do with subscriptions that come and go. */
const BYSTANDER: Load = { name: "bystander", kind: "request", count: 1e4 };
/** SUB and UNSUB pairs a second. */
const CHURN = 1000;
/** Subscriptions that a server which joins is told of. */
const ANNOUNCED = 10_000;

const encoder = new TextEncoder();

type Start = (flags: readonly string[]) => Promise<Subject>;

const STARTS: readonly Start[] = [
  startMidge,
  (flags) => start("nats-server", "nats-server", flags),
];

/** What makes a server one of a cluster, dialling `seed` unless that is 0. */
function clusterFlags(port: number, seed: number): string[] {
  const flags = [
    ...["--cluster_name", "bench"],
    ...["--cluster", `nats://127.0.0.1:${port}`],
  ];
  if (seed === 0) return flags;
  return [...flags, "--routes", `nats://127.0.0.1:${seed}`];
}

/** Two servers and a route; subscribers go to the second. */
async function startPair(startOne: Start): Promise<Subject> {
  const seed = freePort();
  const first = await startOne(clusterFlags(seed, 0));
  const second = await startOne(clusterFlags(freePort(), seed));
  return {
    name: first.name,
    port: first.port,
    subscribersAt: second.port,
    processes: [...first.processes, ...second.processes],
  };
}

/** Latencies of a pair with and without churn beside it. */
async function compareChurn(
  subjects: readonly Subject[],
  rounds: number,
): Promise<string[]> {
  const lines = [
    `| request across, p50 / p99 / p99.9 µs | quiet | ${CHURN} SUB and UNSUB a second |`,
    "|---|---|---|",
  ];
  for (const subject of subjects) {
    const quiet: number[][] = [];
    const churned: number[][] = [];
    for (let round = 0; round < rounds; round++) {
      const one = await measure(subject, BYSTANDER);
      const other = await measure(subject, { ...BYSTANDER, churn: CHURN });
      quiet.push([...one.latency ?? []]);
      churned.push([...other.latency ?? []]);
    }
    lines.push(
      `| ${subject.name} | ${medians(quiet)} | ${medians(churned)} |`,
    );
  }
  return lines;
}

function medians(latencies: readonly number[][]): string {
  return [0, 1, 2].map((i) =>
    Math.round(median(latencies.map((one) => one[i])))
  ).join(" / ");
}

/** A client that holds `ANNOUNCED` subscriptions. */
async function subscribed(port: number): Promise<Deno.Conn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = Array.from(
    { length: ANNOUNCED },
    (_, i) => `SUB orders.${i}.created ${i + 1}\r\n`,
  );
  const text = `CONNECT {"verbose":false}\r\n${lines.join("")}PING\r\n`;
  const writer = conn.writable.getWriter();
  await writer.write(encoder.encode(text));
  writer.releaseLock();
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(4096);
  for (let seen = ""; !seen.includes("PONG\r\n");) {
    const count = await conn.read(chunk);
    if (count === null) throw new Error("closed while subscribing");
    seen = (seen + decoder.decode(chunk.subarray(0, count))).slice(-4096);
  }
  return conn;
}

/**
 * Milliseconds from the moment a server that joins takes connections until it
 * has all subscriptions of the other one.
 */
async function measureJoin(startOne: Start): Promise<number> {
  const seed = freePort();
  const monitor = freePort();
  const first = await startOne(clusterFlags(seed, 0));
  const holder = await subscribed(first.port);
  const second = await startOne(
    [...clusterFlags(freePort(), seed), "-m", String(monitor)],
  );
  const startedAt = performance.now();
  try {
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${monitor}/routez`);
      const { routes }: Routez = await answer.json();
      const [route] = routes ?? [];
      if (route?.subscriptions >= ANNOUNCED) {
        return performance.now() - startedAt;
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  } finally {
    holder.close();
    await stopAll([first, second]);
  }
}

/** As much of the answer as matters here. */
interface Routez {
  readonly routes?: readonly { readonly subscriptions: number }[];
}

/** How long joining takes, as a sentence. */
async function compareJoin(
  starts: readonly Start[],
  rounds: number,
): Promise<string> {
  const times = starts.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, startOne] of starts.entries()) {
      times[i].push(await measureJoin(startOne));
    }
  }
  const [midge, official] = times.map((all) => Math.round(median(all)));
  const other = official === undefined ? "" : `, nats-server ${official} ms`;
  return `A server that joins has ${
    ANNOUNCED.toLocaleString("en-US")
  } subscriptions of another one, from when it takes connections: midge ${midge} ms${other}.`;
}

async function main(): Promise<void> {
  const version = await officialVersion();
  const rounds = Number(flag("rounds", "5"));
  const only = flag("only", "");
  const facts = circumstances(
    version ?? "nats-server not installed: midge alone",
  ).join("\n");
  print(`${facts}\n`);
  const starts = version === null ? STARTS.slice(0, 1) : STARTS;
  const subjects: Subject[] = [];
  const parts = [
    `By \`deno task bench:cluster --write\`: publishers at one server, subscribers at another, a route between them. Medians of ${rounds} rounds, both kinds of server in turn; CPU of both servers of a pair together.`,
    facts,
  ];
  try {
    for (const startOne of starts) subjects.push(await startPair(startOne));
    const loads = LOADS.filter(({ name }) => name.includes(only));
    if (loads.length > 0) {
      parts.push((await compare(subjects, loads, rounds)).join("\n"));
    }
    if ("churn".includes(only)) {
      parts.push((await compareChurn(subjects, rounds)).join("\n"));
      print(`\n${parts.at(-1)}`);
    }
  } finally {
    await stopAll(subjects);
  }
  if ("join".includes(only)) {
    parts.push(await compareJoin(starts, rounds));
    print(`\n${parts.at(-1)}`);
  }
  if (Deno.args.includes("--write")) {
    await writeSection("Across a route", parts);
  }
}

if (import.meta.main) await main();

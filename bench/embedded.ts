/**
 * What it is worth to have the server within the process: the same client
 * without a socket and over loopback TCP, beside aedes called directly, and
 * what a connection takes.
 *
 * `deno task bench:embedded [--rounds N] [--write]`; `--write` puts the tables
 * into bench/RESULTS.md.
 */

import { fileURLToPath } from "node:url";
import type { Load, Outcome } from "./embedded_load.ts";
import {
  circumstances,
  flag,
  median,
  print,
  thousands,
  writeSection,
} from "./report.ts";
import { startAll, stopAll } from "./servers.ts";

const ROOT = new URL("..", import.meta.url);
const BENCH = new URL(".", import.meta.url);
const PERMISSIONS = ["--allow-net=127.0.0.1", "--allow-env", "--allow-read"];
const V8_FLAGS = "--v8-flags=--expose-gc,--max-semi-space-size=4";

/** A line of the table. */
interface Row {
  readonly name: string;
  readonly kind: Load["kind"];
  readonly inFlight?: number;
  readonly flushEvery?: number;
  /** How many of them, by client. */
  readonly counts: Readonly<Record<"midge" | "nats-core", number>>;
}

const ROWS: readonly Row[] = [
  {
    name: "publish 128 B → callback",
    kind: "publish",
    counts: { midge: 2_048_000, "nats-core": 512_000 },
  },
  {
    name: "the same, a flush after 16",
    kind: "publish",
    flushEvery: 16,
    counts: { midge: 512_000, "nats-core": 256_000 },
  },
  {
    name: "request, 1 in flight",
    kind: "request",
    counts: { midge: 30_000, "nats-core": 15_000 },
  },
  {
    name: "request, 64 in flight",
    kind: "request",
    inFlight: 64,
    counts: { midge: 100_000, "nats-core": 40_000 },
  },
];

const CLIENTS = { midge: "`./client`", "nats-core": "nats-core" } as const;

const AEDES: Load = {
  client: "aedes",
  kind: "publish",
  count: 1_024_000,
  way: "memory",
};

const IDLE = { kind: "idle", count: 5000, way: "memory" } as const;

/** Runs a load in a process of its own, with further flags for Deno. */
async function run(
  load: Load,
  flags: readonly string[] = [],
): Promise<Outcome> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--import-map=test/imports.json"],
      ...["--lock=test/deno.lock", V8_FLAGS, ...PERMISSIONS, ...flags],
      ...["bench/embedded_load.ts", JSON.stringify(load)],
    ],
    cwd: ROOT,
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout));
}

/** Runs each load in turn, for some rounds; the median rate of each. */
async function medianRates(
  loads: readonly Load[],
  rounds: number,
): Promise<number[]> {
  const rates = loads.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, load] of loads.entries()) {
      rates[i].push((await run(load)).rate ?? NaN);
    }
  }
  return rates.map(median);
}

function times(a: number, b: number): string {
  return `${(a / b).toFixed(1)} ×`;
}

/** In-process beside TCP, line by line; `port` is that of a midge beside us. */
async function compare(port: number, rounds: number): Promise<string[]> {
  const lines = [
    "| load | client | in-process /s | TCP, server in the process /s | ratio | TCP, server of its own /s | ratio |",
    "|---|---|---|---|---|---|---|",
  ];
  print(lines.join("\n"));
  for (const { name, kind, inFlight = 1, flushEvery, counts } of ROWS) {
    for (const client of ["midge", "nats-core"] as const) {
      const count = counts[client];
      const ways: Load["way"][] = ["memory", "tcp", port];
      const isFirst = name === ROWS[0].name && client === "midge";
      const loads: Load[] = ways.map((way) => (
        { client, kind, count, inFlight, flushEvery, way }
      ));
      if (isFirst) loads.push(AEDES);
      const [memory, tcp, own, aedes] = await medianRates(loads, rounds);
      lines.push(
        `| ${name} | ${CLIENTS[client]} | ${thousands(memory)} | ${
          thousands(tcp)
        } | ${times(memory, tcp)} | ${thousands(own)} | ${
          times(memory, own)
        } |`,
      );
      print(lines.at(-1) ?? "");
      if (!isFirst) continue;
      lines.push(
        `| ${name} | aedes, called directly | ${
          thousands(aedes)
        } | | | | midge ${times(memory, aedes)} |`,
      );
      print(lines.at(-1) ?? "");
    }
  }
  return lines;
}

/** What one connection takes that just is there. */
async function compareIdle(): Promise<string> {
  const parts: string[] = [];
  for (
    const [client, name] of [
      ["none", "without a client"],
      ["midge", "with `./client`"],
      ["nats-core", "with nats-core"],
    ] as const
  ) {
    const { residentBytes = NaN, heapBytes = NaN } = await run(
      { client, ...IDLE },
    );
    const [resident, heap] = [residentBytes, heapBytes].map((bytes) =>
      (bytes / 1024).toFixed(1)
    );
    parts.push(`${name} ${resident} KB resident, ${heap} KB heap and buffers`);
  }
  return `Memory an in-process connection, both ends, ${
    thousands(IDLE.count)
  } idle with a subscription each, after a collection: ${parts.join("; ")}.`;
}

/** A sample of where the time went, as V8 writes it. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Whose code a function is. */
const PARTS: readonly (readonly [string, RegExp])[] = [
  ["its parser", /nats-core.*parser\.js$/],
  ["the rest of nats-core", /@nats-io\//],
  ["`TextEncoder`", /^(op_encode|encode ext:.*)$/],
  ["garbage collection", /^\(garbage collector\)/],
  ["the adapter and the memory pair", /\/(nats_core|transport\/memory)\.ts$/],
  ["the server", /\/src\//],
];

/** Where the time of nats-core goes, in one sentence. */
async function profile(): Promise<string> {
  const dir = await Deno.makeTempDir({ dir: fileURLToPath(BENCH) });
  try {
    await run({
      client: "nats-core",
      kind: "publish",
      count: 2_048_000,
      way: "memory",
    }, [
      "--cpu-prof",
      `--cpu-prof-dir=${dir}`,
    ]);
    const [{ name }] = await Array.fromAsync(Deno.readDir(dir));
    const found: Profile = JSON.parse(
      await Deno.readTextFile(`${dir}/${name}`),
    );
    return `Of the time of nats-core's publish → callback in-process ${
      shares(found).join(", ")
    } (a CPU profile).`;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function shares({ nodes, samples, timeDeltas }: Profile): string[] {
  const partOf = new Map(nodes.map(({ id, callFrame }) => {
    const { functionName, url } = callFrame;
    const code = url === "" ? functionName : `${functionName} ${url}`;
    const part = PARTS.findIndex(([, pattern]) =>
      pattern.test(url) || pattern.test(code)
    );
    return [id, part];
  }));
  const spent = PARTS.map(() => 0);
  let all = 0;
  for (const [i, id] of samples.entries()) {
    const part = partOf.get(id) ?? -1;
    if (part >= 0) spent[part] += timeDeltas[i];
    all += timeDeltas[i];
  }
  return PARTS.map(([name], i) =>
    `${Math.round(100 * spent[i] / all)} % is ${name}`
  );
}

if (import.meta.main) {
  const rounds = flag("rounds", "5");
  const facts = circumstances(
    "aedes 1.2.0, nats-core 3.4.0, transport-node 3.4.0",
  );
  print(`${facts.join("\n")}\n`);
  const subjects = await startAll(false);
  let table: string[];
  try {
    table = await compare(subjects[0].port, Number(rounds));
  } finally {
    await stopAll(subjects);
  }
  const sentences = [await profile(), await compareIdle()];
  print(`\n${sentences.join("\n\n")}`);
  if (Deno.args.includes("--write")) {
    await writeSection("Within a program", [
      `By \`deno task bench:embedded --write\`: medians of ${rounds} rounds, all ways in turn, each load in a process of its own.`,
      facts.join("\n"),
      table.join("\n"),
      ...sentences,
    ]);
  }
}

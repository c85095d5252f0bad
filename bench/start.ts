/**
 * How long midge takes from being started to `Server is ready`, by what it is
 * configured for, and what it holds a second later, idle; beside nats-server
 * where it is installed, and the executable where it has been made.
 *
 * `deno task bench:start [--rounds N] [--write]`; `--write` puts the table into
 * bench/RESULTS.md. Memory and CPU are read from /proc (Linux).
 */

import { fileURLToPath } from "node:url";
import manifest from "../deno.json" with { type: "json" };
import { circumstances, flag, median, print, writeSection } from "./report.ts";
import { cpuTime, officialVersion, shell } from "./servers.ts";

const ROOT = new URL("..", import.meta.url);
const EXECUTABLE = fileURLToPath(new URL("../dist/midge", import.meta.url));
const CERTS = fileURLToPath(
  new URL("../test/support/certs/", import.meta.url),
);

/** How long a server is left alone before its memory is read, in milliseconds. */
const SETTLE_MS = 1000;

/** A program, and arguments in front of those of a mode. */
interface Program {
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
}

/** What a server is started for. */
interface Mode {
  readonly name: string;
  readonly args: readonly string[];
  /** Whether nats-server takes the same arguments. */
  readonly official: boolean;
}

const MODES: readonly Mode[] = [
  { name: "plain", args: [], official: true },
  {
    name: "a configuration file",
    args: ["-c", "config/default.conf"],
    official: false,
  },
  { name: "monitoring", args: ["-m", "-1"], official: true },
  {
    name: "TLS",
    args: ["--tls", "--tlscert", `${CERTS}server.pem`]
      .concat("--tlskey", `${CERTS}server-key.pem`),
    official: true,
  },
  {
    name: "a cluster",
    args: ["--cluster", "nats://127.0.0.1:-1"],
    official: true,
  },
];

/** One start. */
interface Start {
  readonly readyMs: number;
  readonly cpuMs: number;
  readonly residentMb: number;
  /** Without what it shares with the file it was started from. */
  readonly ownMb: number;
}

async function start({ path, args }: Program, mode: Mode): Promise<Start> {
  const began = performance.now();
  const process = new Deno.Command(path, {
    args: [...args, "-a", "127.0.0.1", "-p", "-1", ...mode.args],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let text = "";
  let readyMs = NaN;
  const decoder = new TextDecoder();
  for await (const chunk of process.stderr.values({ preventCancel: true })) {
    text += decoder.decode(chunk);
    if (!text.includes("Server is ready")) continue;
    readyMs = performance.now() - began;
    break;
  }
  if (Number.isNaN(readyMs)) throw new Error(`did not start: ${text}`);
  const cpuMs = cpuTime(process) / 1e6;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const status = shell(`cat /proc/${process.pid}/status`);
  const megabytes = (field: string) =>
    Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  process.kill("SIGTERM");
  await process.stderr.cancel();
  await process.status;
  return {
    readyMs,
    cpuMs,
    residentMb: megabytes("VmRSS"),
    ownMb: megabytes("RssAnon"),
  };
}

async function programs(version: string | null): Promise<Program[]> {
  const [, ...args] = manifest.tasks.start.command.split(" ");
  const all = [{ name: "midge", path: Deno.execPath(), args }];
  try {
    await Deno.stat(EXECUTABLE);
    all.push({ name: "dist/midge", path: EXECUTABLE, args: [] });
  } catch {
    // `deno task compile` has not been run.
  }
  return version === null
    ? all
    : [...all, { name: "nats-server", path: "nats-server", args: [] }];
}

function row(mode: Mode, { name }: Program, starts: readonly Start[]): string {
  const of = (field: keyof Start, digits = 0) =>
    median(starts.map((start) => start[field])).toFixed(digits);
  const slowest = Math.max(...starts.map(({ readyMs }) => readyMs)).toFixed(0);
  return `| ${mode.name} | ${name} | ${of("readyMs")} | ${slowest} | ${
    of("cpuMs")
  } | ${of("residentMb", 1)} | ${of("ownMb", 1)} |`;
}

if (import.meta.main) {
  const rounds = Number(flag("rounds", "15"));
  const version = await officialVersion();
  const all = await programs(version);
  const table = [
    "| started for | program | ready after ms | slowest | CPU ms | MB resident | of them its own |",
    "|---|---|---|---|---|---|---|",
  ];
  for (const mode of MODES) {
    const running = all.filter(({ name }) =>
      mode.official || name !== "nats-server"
    );
    const starts = running.map((): Start[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [at, program] of running.entries()) {
        starts[at].push(await start(program, mode));
      }
    }
    const rows = running.map((program, at) => row(mode, program, starts[at]));
    table.push(...rows);
    rows.forEach(print);
  }
  if (Deno.args.includes("--write")) {
    const facts = circumstances(version ?? "nats-server is not installed");
    await writeSection("Starting", [
      `By \`deno task bench:start --write\`: medians of ${rounds} starts, programs in turn; memory a second after.`,
      facts.join("\n"),
      table.join("\n"),
    ]);
  }
}

/**
 * A midge as an operator runs it: a process with a configuration file, told to
 * reload, killed and started again. Says what it uses (from /proc, Linux) and
 * what its monitoring says.
 */

import manifest from "../deno.json" with { type: "json" };
import { waitUntil } from "./soak_clock.ts";
import type { Link } from "./soak_link.ts";
import { freePort } from "./servers.ts";

const ROOT = new URL("..", import.meta.url);
/** Clock ticks a second in /proc, on every Linux there is. */
const TICKS = 100;
/** `… Mark-Compact 82.1 (88.7) -> 11.8 (25.0) MB`, as V8 traces it. */
const COLLECTED = /Mark-Compact [\d.]+ \([\d.]+\) -> ([\d.]+)/;
/** Longest a server may take to start or to reload, in milliseconds. */
const PATIENCE_MS = 20_000;

/** What a process uses. */
export interface Usage {
  /** Resident memory. */
  readonly rssMb: number;
  /** Open files, sockets included. */
  readonly fds: number;
  /** Processor time so far, in seconds. */
  readonly cpuSeconds: number;
}

/** What of /varz the soak looks at, under the names it has there. */
export interface Varz {
  readonly connections: number;
  readonly total_connections: number;
  readonly subscriptions: number;
  readonly slow_consumers: number;
  readonly routes: number;
  readonly max_payload: number;
  readonly in_msgs: number;
  readonly out_msgs: number;
  readonly in_client_msgs: number;
}

/** What every process under observation has. */
export interface Observed {
  /** In a word. */
  readonly name: string;
  /** Its process id. */
  readonly pid: number;
  /** Heap in use after the last full collection, in MB; NaN before one. */
  readonly heapMb: number;
}

/** No connection is kept: it would be a file open at the server. */
const ONCE = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });

/** Settings that reloads change, one after the other. */
const VARIANTS: readonly string[] = [
  "max_payload: 1MB\ndebug: false\nmax_connections: 1000\nping_interval: 20s",
  "max_payload: 2MB\ndebug: true\nmax_connections: 900\nping_interval: 30s",
];
/** What `max_payload` is in them. */
const MAX_PAYLOADS = [1, 2].map((mb) => mb * 1024 * 1024);

/** See the module. */
export class Midge implements Observed {
  /** For clients. */
  readonly port: number = freePort();
  /** For monitoring. */
  readonly monitorPort: number = freePort();
  /** `Observed` */
  heapMb = NaN;
  /** Messages that clients of the soak published to it. */
  published = 0;
  /** Connections that clients of the soak made to it. */
  dialled = 0;
  /** How often it was told to read its file again. */
  reloads = 0;
  #process: Deno.ChildProcess | null = null;
  #tracing: Promise<void> = Promise.resolve();

  /** Files go into `folder`; it dials the cluster ports `routes`. */
  constructor(
    readonly name: string,
    readonly folder: string,
    readonly link: Link,
    readonly routes: readonly number[],
  ) {}

  /** `Observed`; 0 while it does not run. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Where clients connect. */
  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Starts it the way `deno task start` does; resolves when it is healthy. */
  async start(): Promise<void> {
    await this.#configure();
    const [, ...args] = manifest.tasks.start.command.split(" ");
    const traced = args.map((one) =>
      one.startsWith("--v8-flags=") ? `${one},--trace-gc` : one
    );
    traced.splice(-1, 0, `--allow-write=${this.folder}`);
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [...traced, "-c", this.#file],
      cwd: ROOT,
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#tracing = this.#readTrace(this.#process);
    await waitUntil(`${this.name} is healthy`, PATIENCE_MS, async () => {
      return (await this.ask("/healthz").catch(() => "")).includes("ok");
    });
  }

  /** Ends it and waits for that; says how if it went wrong. */
  async end(signal: Deno.Signal): Promise<void> {
    const process = this.#process;
    this.#process = null;
    if (process === null) return;
    process.kill(signal);
    const { success, code } = await process.status;
    await this.#tracing;
    if (!success && signal !== "SIGKILL") {
      throw new Error(`${this.name} ended with ${code}`);
    }
  }

  /** Changes its file, and waits until it obeys. */
  async reload(): Promise<void> {
    this.reloads++;
    await this.#configure();
    this.#process?.kill("SIGHUP");
    const wanted = MAX_PAYLOADS[this.reloads % 2];
    await waitUntil(`${this.name} has reloaded`, PATIENCE_MS, async () => {
      return (await this.varz()).max_payload === wanted;
    });
  }

  /** A page of its monitoring. */
  async ask(path: string): Promise<string> {
    const url = `http://127.0.0.1:${this.monitorPort}${path}`;
    const answer = await fetch(url, { client: ONCE });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} says ${answer.status}: ${text}`);
    return text;
  }

  /** What it says of itself. */
  async varz(): Promise<Varz> {
    return JSON.parse(await this.ask("/varz"));
  }

  get #file(): string {
    return `${this.folder}/${this.name}.conf`;
  }

  async #configure(): Promise<void> {
    const variant = this.reloads % 2;
    await Deno.writeTextFile(
      this.#file,
      `server_name: ${this.name}
listen: "127.0.0.1:${this.port}"
http: "127.0.0.1:${this.monitorPort}"
max_pending: 4MB
write_deadline: 2s
max_closed_clients: 200
log_file: "${this.folder}/${this.name}${variant}.log"
logfile_size_limit: 1MB
logfile_max_num: 2
${VARIANTS[variant]}
cluster {
  name: soak
  listen: "127.0.0.1:${this.link.target}"
  advertise: "127.0.0.1:${this.link.port}"
  routes: [${this.routes.map((port) => `"nats-route://127.0.0.1:${port}"`)}]
}
`,
    );
  }

  async #readTrace({ stdout }: Deno.ChildProcess): Promise<void> {
    for await (const line of linesOf(stdout)) {
      this.heapMb = heapIn(line) ?? this.heapMb;
    }
  }
}

/** What a line of V8's trace says is left of the heap, in MB. */
export function heapIn(line: string): number | null {
  const found = COLLECTED.exec(line);
  return found === null ? null : Number(found[1]);
}

/** The lines of a process's output; an unfinished one is left out. */
export async function* linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** What processes use now, by their ids; those that are gone are left out. */
export async function usageOf(
  pids: readonly number[],
): Promise<Map<number, Usage>> {
  const script = pids.map((pid) =>
    `echo ${pid} $(grep VmRSS /proc/${pid}/status) / $(ls /proc/${pid}/fd | wc -l) $(cut -d' ' -f14,15 /proc/${pid}/stat)`
  ).join("; ");
  // A shell, because Deno lets nobody read /proc who may not do everything.
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", script],
    stderr: "null",
  }).output();
  const found = new Map<number, Usage>();
  const pattern = /^(\d+) VmRSS: (\d+) kB \/ (\d+) (\d+) (\d+)$/gm;
  for (const line of new TextDecoder().decode(stdout).matchAll(pattern)) {
    const [pid, kb, fds, user, system] = line.slice(1).map(Number);
    found.set(pid, {
      rssMb: kb / 1024,
      fds,
      cpuSeconds: (user + system) / TICKS,
    });
  }
  return found;
}

/** The executable as a user runs it: a process, its output, its exit code. */

import assert from "node:assert/strict";
import { dialTcp } from "../../src/transport/tcp.ts";
import { MAIN } from "./paths.ts";
import { QUIET, RawClient } from "./raw_client.ts";

/** Longest a test waits for a line. */
const PATIENCE_MS = 20_000;

/** What a test may grant besides the network. */
export const FILES: readonly string[] = ["--allow-read", "--allow-write"];

/** How to run the executable with `args` and no more permissions than these. */
export function command(
  args: readonly string[],
  permissions: readonly string[] = [],
): string[] {
  return ["run", "--no-prompt", "--allow-net", ...permissions, MAIN, ...args];
}

/** A midge that is not run from its sources, and where it is run. */
export interface Place {
  /** The executable. */
  readonly program: string;
  /** The working directory. */
  readonly cwd: string;
  /** Variables of the environment besides those of the test. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A midge process with its standard error read line by line. */
export class Midge implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #text = "";
  #wake: () => void = () => {};
  #ended = false;

  constructor(
    args: readonly string[],
    permissions: readonly string[] = [],
    place: Place | null = null,
  ) {
    this.#process = new Deno.Command(place?.program ?? Deno.execPath(), {
      args: place === null ? command(args, permissions) : [...args],
      ...(place === null ? {} : { cwd: place.cwd, env: place.env ?? {} }),
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#read();
  }

  /** The process id. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Everything written to standard error so far. */
  get text(): string {
    return this.#text;
  }

  /** Waits for a line that matches and returns what the pattern captured. */
  async line(pattern: RegExp): Promise<string[]> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = pattern.exec(this.#text);
      if (found !== null) return found.slice(1);
      assert(!this.#ended, `ended without ${pattern}:\n${this.#text}`);
      const left = deadline - performance.now();
      assert(left > 0, `no ${pattern} yet:\n${this.#text}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async port(): Promise<number> {
    return Number((await this.line(/client connections on \S+:(\d+)\n/))[0]);
  }

  kill(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** The exit code, once the process has ended. */
  async code(): Promise<number> {
    await this.#reading;
    return (await this.#process.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (!this.#ended) this.kill("SIGKILL");
    } catch {
      // It has ended just now.
    }
    await this.code();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#process.stderr) {
      this.#text += decoder.decode(chunk, { stream: true });
      this.#wake();
    }
    this.#ended = true;
    this.#wake();
  }
}

/** A raw client of a server on a port of the loopback interface. */
export async function connect(port: number): Promise<RawClient> {
  const client = new RawClient(await dialTcp("127.0.0.1", port));
  await client.info();
  await client.send(QUIET);
  await client.quiet();
  return client;
}

/** Runs the executable to its end. */
export async function run(
  args: readonly string[],
  permissions: readonly string[] = [],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: command(args, permissions),
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

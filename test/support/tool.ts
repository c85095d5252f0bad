/** A command of the executable that runs beside a test: what it says, its end. */

import assert from "node:assert/strict";
import { command } from "./midge.ts";

const ROOT = new URL("../../", import.meta.url);

/** How to run a tool. */
export interface ToolOptions {
  /** Flags of Deno besides the network. */
  readonly permissions?: readonly string[];
  /** Variables of the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What is piped in. */
  readonly input?: string;
}

/** What a tool did. */
export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running tool. */
export class Tool implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<unknown>;
  readonly #text = { stdout: "", stderr: "" };
  #wake: () => void = () => {};
  #ended = false;

  constructor(
    args: readonly string[],
    { permissions = [], env = {}, input }: ToolOptions = {},
  ) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: command(args, permissions),
      cwd: ROOT,
      env,
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#reading = Promise.all([
      this.#read("stdout"),
      this.#read("stderr"),
      input === undefined ? null : this.#pipe(input),
    ]);
  }

  /** Resolves once standard error has a match. */
  async said(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#text.stderr)) {
      assert(!this.#ended, `ended without ${pattern}: ${this.#text.stderr}`);
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  kill(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Resolves when it has ended. */
  async result(): Promise<ToolResult> {
    await this.#reading;
    return { code: (await this.#process.status).code, ...this.#text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.kill("SIGKILL");
    await this.result();
  }

  async #read(name: "stdout" | "stderr"): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#process[name]) {
      this.#text[name] += decoder.decode(chunk, { stream: true });
      this.#wake();
    }
    if (name === "stderr") this.#ended = true;
    this.#wake();
  }

  async #pipe(input: string): Promise<void> {
    const writer = this.#process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  }
}

/** Runs a tool to its end. */
export async function runTool(
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  await using tool = new Tool(args, options);
  return await tool.result();
}

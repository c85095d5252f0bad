/**
 * A program of two modules: in one process without a socket, and as two
 * processes over TCP, by one option. A user sees the same.
 */

import assert from "node:assert/strict";
import { Midge } from "../support/midge.ts";

const ROOT = new URL("../../", import.meta.url);
const MAIN = "test/acceptance/modular_monolith/main.ts";

/** What each module prints. */
const SHOWN = {
  billing: [
    "billing: open",
    "billing: Ada owes 7",
    "billing: Cleo owes 9",
    "billing: took 16",
  ],
  orders: [
    "orders: Ada: invoice 1 over 7",
    "orders: Ben: no coffee here",
    "orders: Cleo: invoice 2 over 9",
    "orders: no responders: 'shop.opinion'",
  ],
};

/** The program as a process with these permissions and arguments. */
class Program {
  readonly #process: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(permissions: readonly string[], args: readonly string[]) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--no-check", "--no-lock"],
        ...["--import-map=test/imports.json", ...permissions, MAIN, ...args],
      ],
      cwd: ROOT,
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const texts = this.#process.stdout.pipeThrough(new TextDecoderStream());
    this.#output = texts.getReader();
  }

  /** Resolves once it has printed `text`, or all there is. */
  async until(text: string | null): Promise<void> {
    while (text === null || !this.#text.includes(text)) {
      const { done, value } = await this.#output.read();
      if (done) return;
      this.#text += value;
    }
  }

  /** The lines it printed, once it has ended well. */
  async lines(): Promise<string[]> {
    await this.until(null);
    assert((await this.#process.status).success, this.#text);
    return this.#text.trimEnd().split("\n");
  }
}

Deno.test("a modular monolith runs in one process, without any permission", async () => {
  const lines = await new Program([], []).lines();
  for (const [name, shown] of Object.entries(SHOWN)) {
    assert.deepEqual(lines.filter((line) => line.startsWith(name)), shown);
  }
  assert.equal(lines.length, SHOWN.billing.length + SHOWN.orders.length);
});

Deno.test("a modular monolith runs as two processes by one option", async () => {
  await using midge = new Midge(["-a", "127.0.0.1", "-p", "-1"]);
  const address = `127.0.0.1:${await midge.port()}`;
  const start = (module: string) =>
    new Program([`--allow-net=${address}`], [
      `--server=nats://${address}`,
      module,
    ]);
  const billing = start("billing");
  await billing.until("open");
  const orderLines = await start("orders").lines();
  const billingLines = await billing.lines();
  assert.deepEqual({ billing: billingLines, orders: orderLines }, SHOWN);
});

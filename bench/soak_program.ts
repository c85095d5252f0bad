/** The process that soak_embedded.ts runs in, and the conversation with it. */

import { fileURLToPath } from "node:url";
import type { EmbeddedOutcome } from "./soak_embedded.ts";
import type { Observed } from "./soak_process.ts";
import { heapIn, linesOf } from "./soak_process.ts";

/** See the module. */
export class Program implements Observed {
  /** `Observed` */
  readonly name = "embedded";
  /** `Observed` */
  heapMb = NaN;
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #ready = Promise.withResolvers<void>();
  readonly #outcome = Promise.withResolvers<EmbeddedOutcome>();
  readonly #reading: Promise<void>;

  private constructor() {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--allow-net=127.0.0.1"],
        ...["--allow-env", "--v8-flags=--max-semi-space-size=4,--trace-gc"],
        fileURLToPath(new URL("soak_embedded.ts", import.meta.url)),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Resolves when it has everything but load. */
  static async start(): Promise<Program> {
    const program = new Program();
    await program.#ready.promise;
    return program;
  }

  /** `Observed` */
  get pid(): number {
    return this.#process.pid;
  }

  /** Begins with the load. */
  async begin(): Promise<void> {
    await this.#input.write(new TextEncoder().encode("begin\n"));
  }

  /** Ends the load; what came of it. */
  async rest(): Promise<EmbeddedOutcome> {
    await this.#input.write(new TextEncoder().encode("rest\n"));
    return await this.#outcome.promise;
  }

  /** Ends it, which it has to do by itself. */
  async end(): Promise<void> {
    await this.#input.close();
    await this.#reading;
    const { success, code } = await this.#process.status;
    if (!success) throw new Error(`embedded ended with ${code}`);
  }

  async #read(): Promise<void> {
    for await (const line of linesOf(this.#process.stdout)) {
      this.heapMb = heapIn(line) ?? this.heapMb;
      if (line === "ready") this.#ready.resolve();
      if (line.startsWith("{")) this.#outcome.resolve(JSON.parse(line));
    }
    const early = new Error("embedded has ended early");
    this.#ready.reject(early);
    this.#outcome.reject(early);
  }
}

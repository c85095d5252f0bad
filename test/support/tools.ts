/** Monitoring tools of others, where this machine has them. */

import assert from "node:assert/strict";

/**
 * The program that the environment variable `variable` names, or that is found
 * on the PATH as `name`; says so once and is `null` where there is none.
 */
export function tool(
  variable: string,
  name: string,
  versionFlag: string,
): string | null {
  const path = Deno.env.get(variable) || name;
  try {
    const { success } = new Deno.Command(path, { args: [versionFlag] })
      .outputSync();
    if (success) return path;
  } catch {
    // Not on this machine.
  }
  // deno-lint-ignore no-console -- Why tests are skipped.
  console.log(`${name} is missing (${variable}): its tests are skipped`);
  return null;
}

/** One line of Prometheus' text format. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads Prometheus' text format. */
export function parseSeries(text: string): Series[] {
  return text.split("\n").filter((line) => line !== "" && line[0] !== "#").map(
    (line) => {
      const [, name, labels = "", value] =
        /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      assert(name !== undefined, `not a series: ${line}`);
      const pairs = labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"(?:,|$)/g);
      return {
        name,
        labels: Object.fromEntries(
          [...pairs].map(([, key, text]) => [key, JSON.parse(`"${text}"`)]),
        ),
        value: Number(value),
      };
    },
  );
}

/** A running program with everything it writes. */
export class ToolProcess implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<unknown>;
  /** What it has written to either stream. */
  text = "";

  constructor(path: string, args: readonly string[]) {
    this.#process = new Deno.Command(path, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { stdout, stderr } = this.#process;
    this.#reading = Promise.all([this.#read(stdout), this.#read(stderr)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#reading;
    await this.#process.status;
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.text += text;
    }
  }
}

/** Runs code of midge in a process of its own, with permissions of its own. */

/** Where the sources are, for imports in such code. */
export const SRC: string = new URL("../../src/", import.meta.url).href;

/** What became of it. */
export interface Outcome {
  /** Exit code. */
  code: number;
  /** Standard output. */
  stdout: string;
  /** Standard error. */
  stderr: string;
}

/**
 * Runs `code`, a TypeScript module, under Deno with `flags` and nothing else
 * permitted. `wrap` is a shell line that ends in `exec "$@"`.
 */
export async function runModule(
  code: string,
  flags: readonly string[] = [],
  wrap = 'exec "$@"',
): Promise<Outcome> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, code);
    const deno = [
      Deno.execPath(),
      "run",
      "--quiet",
      "--no-prompt",
      "--no-lock",
    ];
    const { code: status, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", wrap, "sh", ...deno, ...flags, file],
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return {
      code: status,
      stdout: decoder.decode(stdout),
      stderr: decoder.decode(stderr),
    };
  } finally {
    await Deno.remove(file);
  }
}

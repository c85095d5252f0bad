/**
 * `deno task compile [TARGET…]`: makes `dist/midge`, one executable with all
 * that midge needs inside, for this platform, or for those named. `all` names
 * every one there is.
 *
 * Into it goes a runtime that Deno downloads and keeps; where there is no way
 * to it, `DENORT_BIN` names one that is there already.
 */

// deno-lint-ignore-file no-console -- A tool that answers whoever started it.

import { BCRYPT_LIBRARY } from "../src/auth/bcrypt.ts";
import { TOML_LIBRARY } from "../src/config/toml.ts";
import { VERSION } from "../src/version.ts";

/** What `deno compile` can make executables for. */
const TARGETS: readonly string[] = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
  "aarch64-pc-windows-msvc",
];

/** Imported under names that Deno cannot see before midge runs. */
export const LIBRARIES: readonly string[] = [BCRYPT_LIBRARY, TOML_LIBRARY];

/**
 * What the executable may do, whoever starts it: talk to the network, read and
 * write files that its configuration names, and use variables in there; start
 * no program and load no code from elsewhere.
 */
export const PERMISSIONS: readonly string[] = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys=hostname,networkInterfaces",
];

/** Caps V8's young generation, as `deno task start` does. */
const V8_FLAGS = "--v8-flags=--max-semi-space-size=4";

const ROOT = new URL("../", import.meta.url);

/** An executable could not be made; the message is one line that says why. */
export class CompileError extends Error {
  /** The class name. */
  override readonly name = "CompileError";
}

/**
 * Makes the executable `output` for `target`, or for this platform, and returns
 * what is inside as Deno lists it. Rejects with `CompileError`.
 */
export async function compile(
  output: string,
  target: string = Deno.build.target,
): Promise<string> {
  const { success, stderr } = await run(Deno.execPath(), [
    "compile",
    "--no-check", // `deno task check` has done that.
    "--frozen",
    "--exclude-unused-npm",
    ...LIBRARIES.map((library) => `--include=${library}`),
    ...PERMISSIONS,
    V8_FLAGS,
    `--target=${target}`,
    `--output=${output}`,
    "main.ts",
  ]);
  if (!success) throw new CompileError(failure(stderr));
  if (target === Deno.build.target) await tryOut(output);
  return stderr;
}

/** Throws `CompileError` for a file that is no midge, and removes it. */
async function tryOut(executable: string): Promise<void> {
  const { stdout } = await run(executable, ["--version"]);
  if (stdout.includes(`(midge v${VERSION})`)) return;
  await Deno.remove(executable);
  throw new CompileError(
    `DENORT_BIN=${
      Deno.env.get("DENORT_BIN") ?? ""
    } is not the runtime for executables of Deno ${Deno.version.deno}: it is called denort, and "deno" is another program`,
  );
}

/** What Deno says at length, in a line. */
function failure(output: string): string {
  const [stderr] = output.split("\nStack backtrace:");
  const [, url] = /(https:\S*denort\S*\.zip)/.exec(stderr) ?? [];
  if (url !== undefined) {
    const [, cause = "no answer"] = /client error .*?: (.*)/.exec(stderr) ?? [];
    return `cannot download the runtime that goes into executables, ${url} (${cause}): get it where that works, unpack it, and name it, as in DENORT_BIN=./denort deno task compile`;
  }
  const [, reason] = /^ *0: (.*)/m.exec(stderr) ??
    /^error: (.*)/m.exec(stderr) ?? [];
  return reason ?? stderr.trim().replaceAll("\n", " ");
}

interface Outcome {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(program: string, args: readonly string[]): Promise<Outcome> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    success,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** Where the executable for one of `TARGETS` goes. */
function outputFor(target: string): string {
  const suffix = target.includes("windows") ? ".exe" : "";
  return `dist/midge-${target}${suffix}`;
}

async function main(args: readonly string[]): Promise<number> {
  const named = args.includes("all") ? TARGETS : args;
  const unknown = named.find((target) => !TARGETS.includes(target));
  if (unknown !== undefined) {
    console.error(
      `compile: no target "${unknown}": take all, or of ${TARGETS.join(", ")}`,
    );
    return 1;
  }
  const suffix = Deno.build.os === "windows" ? ".exe" : "";
  const wanted: [string, string][] = named.length === 0
    ? [[`dist/midge${suffix}`, Deno.build.target]]
    : named.map((target) => [outputFor(target), target]);
  for (const [output, target] of wanted) {
    try {
      await compile(output, target);
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      console.error(`compile: ${error.message}`);
      return 1;
    }
    const { size } = await Deno.stat(new URL(output, ROOT));
    console.log(`${output}: midge ${VERSION}, ${Math.round(size / 1e6)} MB`);
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

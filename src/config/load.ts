/**
 * From a configuration file to settings: reads it, picks the language by its
 * name, and reports everything that is wrong with it. The only place in
 * `config/` that touches files and the environment.
 */

import { fileProblem } from "../error_text.ts";
import { ConfigError } from "../errors.ts";
import { demand, granted } from "../permission.ts";
import { parseNatsConf } from "./nats_conf.ts";
import type { Problem } from "./read_tree.ts";
import { readTree } from "./read_tree.ts";
import type { Settings, Values } from "./settings.ts";
import { checkSettings, settingsOf } from "./settings.ts";
import { parseToml } from "./toml.ts";
import type { MapNode } from "./tree.ts";
import { toPlain } from "./tree.ts";

/** What a file came to. */
export interface ConfigFile {
  /** What it sets. */
  readonly values: Values;
  /** What is doubtful about it, each with its place. */
  readonly warnings: readonly string[];
  /** `sha256:` and the digest of its content, as nats-server shows it. */
  readonly digest: string;
}

/**
 * Reads a file, `*.toml` as TOML and any other in the language of nats-server,
 * with its includes and variables. Rejects with a `ConfigError` of one line for
 * each mistake, `file:line:column: what`.
 */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const tree = await parse(path);
  const { values, problems } = readTree(tree);
  if (problems.some(({ warning }) => !warning)) {
    throw new ConfigError(problems.map(line).join("\n"));
  }
  return {
    values,
    warnings: problems.map(line),
    digest: await digestOf(tree),
  };
}

/**
 * The settings of a configuration file, checked. Rejects with a `ConfigError`
 * that says what is wrong and where, one line for each mistake.
 *
 * @example A server as a file describes it
 * ```ts no-eval
 * import { loadConfig, Server } from "@midge/server";
 *
 * const { server: options } = await loadConfig("edge.conf");
 * await using server = await Server.start(options);
 * ```
 */
export async function loadConfig(path: string): Promise<Settings> {
  if (typeof path !== "string") {
    throw new TypeError(
      `Cannot load config: path must be a string, got ${typeof path}`,
    );
  }
  const { values } = await readConfigFile(path);
  const settings = settingsOf(values);
  checkSettings(settings);
  return settings;
}

/** Reads a text file. Throws `ConfigError` that says why it cannot be had. */
export function readFile(path: string): string {
  try {
    demand({ name: "read", path });
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new ConfigError(`open ${path}: ${fileProblem(error)}`);
  }
}

async function parse(path: string): Promise<MapNode> {
  const text = readFile(path);
  if (path.toLowerCase().endsWith(".toml")) return await parseToml(text, path);
  return parseNatsConf(text, path, {
    variable,
    include: (included) => ({ text: readFile(included) }),
  });
}

/** A variable of the environment. Throws `ConfigError` if that is off limits. */
function variable(name: string): string | undefined {
  if (!granted({ name: "env", variable: name })) {
    throw new ConfigError(
      `not permitted to read the environment variable ${name}: run with --allow-env=${name}`,
    );
  }
  try {
    return Deno.env.get(name);
  } catch {
    return undefined; // No name a variable could have.
  }
}

function line({ at, reason }: Problem): string {
  return `${at.file}:${at.line}:${at.column}: ${reason}`;
}

/** As nats-server since 2.10 (config-and-monitoring §1.11). */
async function digestOf(tree: MapNode): Promise<string> {
  const json = JSON.stringify(sorted(toPlain(tree))).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const bytes = new TextEncoder().encode(`${json}\n`);
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return `sha256:${new Uint8Array(hash).toHex()}`;
}

/** The same value with the keys of every map in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null || value instanceof Date) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1)
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

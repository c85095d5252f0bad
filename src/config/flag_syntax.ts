/**
 * Command lines as Go's programs take them, which all of midge's commands
 * follow: one dash or two, `-name value` or `-name=value`, switches with
 * `=true` and `=false` (config-and-monitoring §4.1). Knows no flag's meaning.
 */

import { ConfigError } from "../errors.ts";
import { ValueError } from "./value_types.ts";

/** A flag as somebody wrote it. */
export interface WrittenFlag {
  /** Without dashes. */
  readonly name: string;
  /** What stands behind `=`; `undefined` without one. */
  readonly value: string | undefined;
}

/** What a flag looks like. */
export interface FlagForm {
  /** Without dashes. */
  readonly names: readonly string[];
  /** What help calls the value; a switch has none. */
  readonly value?: string;
}

/** A flag on a command line. */
export interface GivenFlag<Flag extends FlagForm> {
  /** Which one. */
  readonly flag: Flag;
  /** By which of its names. */
  readonly name: string;
  /** Its value: of a switch, `true` unless something else stands behind `=`. */
  readonly text: string;
}

/** Takes an argument apart; `null` if it is not written as a flag is. */
export function splitFlag(argument: string): WrittenFlag | null {
  const [, name, , value] = /^--?([^-=][^=]*)(=(.*))?$/s.exec(argument) ?? [];
  return name === undefined ? null : { name, value };
}

/**
 * Goes through arguments: flags come with their values, others as they are,
 * and behind `--` there are only others. `find` knows flags by name and throws
 * `ConfigError` for others, as this does for what is no command line.
 */
export function* readArguments<Flag extends FlagForm>(
  args: readonly string[],
  find: (name: string) => Flag,
): Generator<GivenFlag<Flag> | string, void, void> {
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--") return yield* args.slice(i + 1);
    if (!args[i].startsWith("-") || args[i] === "-") {
      yield args[i];
      continue;
    }
    const written = splitFlag(args[i]);
    if (written === null) throw new ConfigError(`bad flag syntax: ${args[i]}`);
    const { name, value } = written;
    const flag = find(name);
    const text = value ?? (flag.value === undefined ? "true" : args[++i]);
    if (text === undefined) {
      throw new ConfigError(`flag needs an argument: -${name}`);
    }
    yield { flag, name, text };
  }
}

/**
 * What `read` makes of a flag's text. Throws `ConfigError`, which names the
 * flag, for a `ValueError`.
 */
export function readValue<T>(
  { flag, name, text }: GivenFlag<FlagForm>,
  read: (text: string) => T,
): T {
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new ConfigError(
      flag.value === undefined
        ? `invalid boolean value "${text}" for -${name}: ${error.message}`
        : `invalid value "${
          redacted(text)
        }" for flag -${name}: ${error.message}`,
    );
  }
}

/** The lines of help on a flag, its description from `column` on. */
export function helpLine(
  { names, value }: FlagForm,
  help: string,
  column: number,
): string {
  const forms = names.map((name) =>
    /^[a-z_-]{3,}$/.test(name) ? `--${name}` : `-${name}`
  );
  const usage = `${forms.join(", ")}${value === undefined ? "" : ` ${value}`}`;
  const margin = `\n${" ".repeat(column)}`;
  const lines = help.replaceAll("\n", margin);
  return usage.length > column - 3
    ? `  ${usage}${margin}${lines}\n`
    : `  ${usage.padEnd(column - 3)} ${lines}\n`;
}

/** Without what a URL says of user and password. */
function redacted(text: string): string {
  return text.replace(/^([^:/]*:\/\/)?.*@/s, "$1…@");
}

/**
 * Flags of a command as a table: what each is called, what help says of it and
 * how its value is read. Flags may stand behind arguments too, as users of the
 * `nats` tool know it.
 */

import type { FlagForm } from "../config/flag_syntax.ts";
import { helpLine, readArguments, readValue } from "../config/flag_syntax.ts";
import { boolean, integer, ValueError } from "../config/value_types.ts";
import { ConfigError } from "../errors.ts";

/** One flag, and the value it has unless given. */
export interface Flag<Value> extends FlagForm {
  /** What help says of it. */
  readonly help: string;
  /** What counts when it is not given. */
  readonly initial: Value;
  /** Reads a value; `before` is what was given earlier. Throws `ValueError`. */
  parse(text: string, before: Value): Value;
}

/** Flags by the name their value goes by in code, in the order of help. */
export type FlagTable = Readonly<Record<string, Flag<unknown>>>;

/** What the flags of a table come to. */
export type FlagValues<Table extends FlagTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Flag<infer Value> ? Value
    : never;
};

/** A command line that was read. */
export interface CommandLine<Table extends FlagTable> {
  /** By name in code. */
  readonly flags: FlagValues<Table>;
  /** What is not a flag, in order. */
  readonly words: readonly string[];
}

/** Where descriptions start in help. */
const HELP_COLUMN = 29;

/** Says what is wrong with a value, if anything. */
type Check<Value> = (value: Value) => string | null;

/** A flag with a text as its value: any text, and empty unless given. */
export function textFlag(
  names: readonly string[],
  value: string,
  help: string,
  { initial = "", problem = () => null }: {
    initial?: string;
    problem?: Check<string>;
  } = {},
): Flag<string> {
  const parse = (text: string) => checked(text, problem);
  return { names, value, help, initial, parse };
}

/** A flag that is given or not. */
export function switchFlag(
  names: readonly string[],
  help: string,
): Flag<boolean> {
  const parse = (text: string) => boolean.parse(text) as boolean;
  return { names, help, initial: false, parse };
}

/** A flag with a number from `least` on, `initial` unless given. */
export function countFlag(
  names: readonly string[],
  help: string,
  { least, initial }: { least: number; initial: number },
): Flag<number> {
  const parse = (text: string) => {
    const count = integer.parse(text) as number;
    if (count >= least) return count;
    throw new ValueError(`must be at least ${least}`);
  };
  return { names, value: "N", help, initial, parse };
}

/** A flag with a decimal number. */
export function numberFlag(
  names: readonly string[],
  value: string,
  help: string,
  { initial, problem }: { initial: number; problem: Check<number> },
): Flag<number> {
  const parse = (text: string) => {
    if (/^[+-]?\d+(\.\d+)?$/.test(text)) return checked(Number(text), problem);
    throw new ValueError("parse error: not a number");
  };
  return { names, value, help, initial, parse };
}

/**
 * Reads the arguments behind a command's name. Throws `ConfigError`; `hint`
 * follows on the complaint about a flag that is not in the table.
 */
export function parseCommandLine<Table extends FlagTable>(
  table: Table,
  args: readonly string[],
  hint = "",
): CommandLine<Table> {
  const entries = Object.entries(table).map(([key, flag]) => ({
    key,
    ...flag,
  }));
  const values = new Map(entries.map(({ key, initial }) => [key, initial]));
  const words: string[] = [];
  const find = (name: string) => {
    const entry = entries.find(({ names }) => names.includes(name));
    if (entry !== undefined) return entry;
    throw new ConfigError(`flag provided but not defined: -${name}${hint}`);
  };
  for (const given of readArguments(args, find)) {
    if (typeof given === "string") {
      words.push(given);
      continue;
    }
    const { key, parse } = given.flag;
    const before = values.get(key);
    values.set(key, readValue(given, (text) => parse(text, before)));
  }
  return { flags: Object.fromEntries(values) as FlagValues<Table>, words };
}

/** Lines of help on each flag, by the first two of its names. */
export function flagHelp(table: FlagTable): string {
  return Object.values(table).map(({ names, help, ...form }) =>
    helpLine({ ...form, names: names.slice(0, 2) }, help, HELP_COLUMN)
  ).join("");
}

function checked<Value>(value: Value, check: Check<Value>): Value {
  const problem = check(value);
  if (problem === null) return value;
  throw new ValueError(problem);
}

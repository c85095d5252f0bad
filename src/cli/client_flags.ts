/**
 * The flags of `midge pub`, `sub` and `req`, and how a command line of theirs
 * is read: Go's rules as everywhere in midge, but flags may stand behind
 * arguments too, as users of the `nats` tool know it. `--` ends them.
 */

import { splitFlag } from "../config/flag_syntax.ts";
import {
  boolean,
  integer,
  parseDuration,
  ValueError,
} from "../config/value_types.ts";
import { ConfigError } from "../errors.ts";
import { headerBlock } from "../wire/headers.ts";

/** One flag, and the value it has unless given. */
export interface Flag<Value> {
  /** Without dashes; help shows them in this order. */
  readonly names: readonly string[];
  /** What help calls the value; a switch has none. */
  readonly value?: string;
  /** A line of help. */
  readonly help: string;
  /** What counts when it is not given. */
  readonly initial: Value;
  /** Reads a value; `before` is what was given earlier. Throws `ValueError`. */
  parse(text: string, before: Value): Value;
}

/** Flags by the name their value goes by in code. */
export type FlagTable = Readonly<Record<string, Flag<unknown>>>;

/** What the flags of a table come to. */
export type FlagValues<Table extends FlagTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Flag<infer Value> ? Value
    : never;
};

/** Longest that timers can wait. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
/** Widest flag that help still has on one line with its description. */
const HELP_COLUMN = 26;

/** What all commands have: where the server is and who is asking. */
export const CONNECTION_FLAGS = {
  server: textFlag(
    ["s", "server"],
    "URL,…",
    "Servers, the first that answers counts (default NATS_URL, else nats://127.0.0.1:4222)",
  ),
  user: textFlag(["user"], "USER", "User name"),
  password: textFlag(
    ["password"],
    "PASSWORD",
    "Password of the user (default NATS_PASSWORD)",
  ),
  token: textFlag(["token"], "TOKEN", "Token, instead of user and password"),
  nkey: textFlag(["nkey"], "FILE", "File with the seed of a user's nkey"),
  creds: textFlag(["creds"], "FILE", "File with a user's JWT and seed"),
  tls: switchFlag(["tls"], "Insist on TLS"),
  tlsfirst: switchFlag(["tlsfirst"], "Begin with TLS, before INFO"),
  tlsca: textFlag(
    ["tlsca"],
    "FILE",
    "Authorities to check the server against, PEM",
  ),
  tlscert: textFlag(["tlscert"], "FILE", "Certificate to show, PEM"),
  tlskey: textFlag(["tlskey"], "FILE", "Its private key, PEM"),
  tlsname: textFlag(
    ["tlsname"],
    "NAME",
    "Name the server's certificate must have, if not its host's",
  ),
  insecure: switchFlag(["insecure"], "Trust any certificate"),
  timeoutMs: {
    names: ["timeout"],
    value: "TIME",
    help: "Longest wait for server or answer, as in 500ms (default 5s)",
    initial: 5000,
    parse(text: string): number {
      const ms = parseDuration(text);
      if (ms > 0 && ms <= MAX_TIMEOUT_MS) return ms;
      throw new ValueError("must be more than 0 and at most 596h");
    },
  },
  help: switchFlag(["h", "help"], "Show this text"),
};

/** Headers of a message, in order. */
export const HEADER_FLAG: Flag<readonly (readonly [string, string])[]> = {
  names: ["H", "header", "headers"],
  value: "'NAME: VALUE'",
  help: "Add a header; may be repeated",
  initial: [],
  parse(text, before) {
    const [, name, value] = /^([^:]+):(.*)$/s.exec(text) ?? [];
    if (name === undefined) throw new ValueError("write it as 'NAME: VALUE'");
    const header = [name, value.trim()] as const;
    try {
      headerBlock([header]);
    } catch (error) {
      throw new ValueError((error as Error).message);
    }
    return [...before, header];
  },
};

/** A flag with any text as its value, empty unless given. */
export function textFlag(
  names: readonly string[],
  value: string,
  help: string,
): Flag<string> {
  return { names, value, help, initial: "", parse: (text) => text };
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

/** A command line that was read. */
export interface CommandLine<Table extends FlagTable> {
  /** By name in code. */
  readonly flags: FlagValues<Table>;
  /** What is not a flag, in order. */
  readonly words: readonly string[];
}

/** Reads the arguments behind a command's name. Throws `ConfigError`. */
export function parseCommandLine<Table extends FlagTable>(
  table: Table,
  args: readonly string[],
): CommandLine<Table> {
  const flags: Record<string, unknown> = {};
  for (const [key, { initial }] of Object.entries(table)) flags[key] = initial;
  const words: string[] = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--") {
      words.push(...args.slice(i + 1));
      break;
    }
    if (!args[i].startsWith("-") || args[i] === "-") {
      words.push(args[i]);
      continue;
    }
    const written = splitFlag(args[i]);
    if (written === null) throw new ConfigError("bad flag syntax");
    const { name } = written;
    let { value } = written;
    const [key, flag] = findFlag(table, name);
    if (value === undefined) {
      if (flag.value === undefined) value = "true";
      else if (++i < args.length) value = args[i];
      else throw new ConfigError(`flag needs an argument: -${name}`);
    }
    try {
      flags[key] = flag.parse(value, flags[key]);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      throw new ConfigError(
        `invalid value "${value}" for flag -${name}: ${error.message}`,
      );
    }
  }
  return { flags: flags as FlagValues<Table>, words };
}

/** Lines of help, one for each flag. */
export function flagHelp(table: FlagTable): string {
  return Object.values(table).map(({ names, value, help }) => {
    const forms = names.map((one) => one.length > 1 ? `--${one}` : `-${one}`);
    const [first, second] = forms;
    const shown = second === undefined ? first : `${first}, ${second}`;
    const usage = value === undefined ? shown : `${shown} ${value}`;
    return `  ${usage.padEnd(HELP_COLUMN)} ${help}\n`;
  }).join("");
}

function findFlag(table: FlagTable, name: string): [string, Flag<unknown>] {
  const found = Object.entries(table).find(([, { names }]) =>
    names.includes(name)
  );
  if (found !== undefined) return found;
  throw new ConfigError(
    `flag provided but not defined: -${name}; arguments with a dash go behind --`,
  );
}

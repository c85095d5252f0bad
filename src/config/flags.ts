/**
 * The command line, as nats-server reads it: `-p 4222`, `--port=4222`, any flag
 * with one dash or two, switches with `=true` or `=false` (Go's rules;
 * config-and-monitoring §4.1).
 */

import { ConfigError } from "../errors.ts";
import type { ServerOptions } from "../options.ts";

/** What the command line asks for. */
export interface CommandLine {
  /** Options given by flags, and no others. */
  options: ServerOptions;
  /** Log connection life. */
  debug: boolean;
  /** Log every protocol operation. */
  trace: boolean;
  /** Print help instead of serving. */
  help: boolean;
  /** Print the version instead of serving. */
  version: boolean;
}

/** A flag: its names, what it takes, what it does, and what help says. */
interface Flag {
  readonly names: readonly string[];
  /** What help calls the value; `null` makes it a switch. */
  readonly value: string | null;
  readonly help: string;
  apply(line: CommandLine, value: string, name: string): void;
}

/** Port the word "default" stands for, as in nats-server. */
const DEFAULT_PORT = 4222;

const FLAGS: readonly { title: string; flags: readonly Flag[] }[] = [
  {
    title: "Server",
    flags: [
      {
        names: ["a", "addr", "net"],
        value: "HOST",
        help: "Address to listen on for clients (default 0.0.0.0)",
        apply(line, value, name) {
          if (value === "") {
            throw new ConfigError(
              `invalid value "" for flag -${name}: must name an address`,
            );
          }
          line.options.host = value;
        },
      },
      {
        names: ["p", "port"],
        value: "PORT",
        help: "Port to listen on for clients, -1 for a free one (default 4222)",
        apply(line, value, name) {
          const port = integer(value, name);
          if (port < -1 || port > 65535) {
            throw new ConfigError(
              `invalid value "${value}" for flag -${name}: must be from -1 to 65535`,
            );
          }
          line.options.port = port === 0 ? DEFAULT_PORT : port;
        },
      },
    ],
  },
  {
    title: "Logging",
    flags: [
      {
        names: ["D", "debug"],
        value: null,
        help: "Log the life of connections",
        apply(line, value, name) {
          line.debug = boolean(value, name);
        },
      },
      {
        names: ["V", "trace"],
        value: null,
        help: "Log every protocol operation",
        apply(line, value, name) {
          line.trace = boolean(value, name);
        },
      },
      {
        names: ["DV"],
        value: null,
        help: "Both of these",
        apply(line, value, name) {
          line.debug = line.trace = boolean(value, name);
        },
      },
    ],
  },
  {
    title: "Common",
    flags: [
      {
        names: ["h", "help"],
        value: null,
        help: "Show this text",
        apply(line, value, name) {
          line.help = boolean(value, name);
        },
      },
      {
        names: ["v", "version"],
        value: null,
        help: "Show the version",
        apply(line, value, name) {
          line.version = boolean(value, name);
        },
      },
    ],
  },
];

/**
 * Reads the arguments behind the program's name. Throws `ConfigError` with one
 * line that names the flag.
 */
export function parseFlags(args: readonly string[]): CommandLine {
  const line: CommandLine = {
    options: {},
    debug: false,
    trace: false,
    help: false,
    version: false,
  };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === "--") break;
    if (!arg.startsWith("-") || arg === "-") {
      applyCommand(line, arg);
      break;
    }
    const [, name, , given] = /^--?([^-=][^=]*)(=(.*))?$/s.exec(arg) ?? [];
    if (name === undefined) throw new ConfigError(`bad flag syntax: ${arg}`);
    const flag = findFlag(name);
    if (flag === undefined) {
      throw new ConfigError(`flag provided but not defined: -${name}`);
    }
    let value = given;
    if (value === undefined) {
      if (flag.value === null) value = "true";
      else if (++i < args.length) value = args[i];
      else throw new ConfigError(`flag needs an argument: -${name}`);
    }
    flag.apply(line, value, name);
  }
  return line;
}

/** What `-h` prints. */
export function helpText(): string {
  let text = "Usage: midge [flags]\n";
  for (const { title, flags } of FLAGS) {
    text += `\n${title}:\n`;
    for (const { names, value, help } of flags) {
      const forms = names.map((n) => (n.length > 2 ? `--${n}` : `-${n}`));
      const usage = `${forms.join(", ")}${value === null ? "" : ` ${value}`}`;
      text += `  ${usage.padEnd(28)} ${help}\n`;
    }
  }
  return text;
}

function findFlag(name: string): Flag | undefined {
  for (const { flags } of FLAGS) {
    const found = flags.find((flag) => flag.names.includes(name));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The words nats-server takes instead of a flag. */
function applyCommand(line: CommandLine, word: string): void {
  switch (word.toLowerCase()) {
    case "version":
      line.version = true;
      return;
    case "help":
      line.help = true;
      return;
    default:
      throw new ConfigError(`unrecognized command: "${word}"`);
  }
}

function integer(value: string, name: string): number {
  if (
    !/^[+-]?(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9]\d*)$/.test(value)
  ) {
    throw new ConfigError(
      `invalid value "${value}" for flag -${name}: parse error`,
    );
  }
  const sign = value.startsWith("-") ? -1 : 1;
  const digits = value.replace(/^[+-]/, "").replace(/^0(?=\d)/, "0o");
  const number = sign * Number(digits);
  if (!Number.isSafeInteger(number)) {
    throw new ConfigError(
      `invalid value "${value}" for flag -${name}: value out of range`,
    );
  }
  return number;
}

function boolean(value: string, name: string): boolean {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(value)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(value)) return false;
  throw new ConfigError(
    `invalid boolean value "${value}" for -${name}: parse error`,
  );
}

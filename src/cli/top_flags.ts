/**
 * The flags of `midge top`: nats-top's, spelled as there and read by Go's
 * rules, and a few of its own.
 */

import { parseSwitch, splitFlag } from "../config/flag_syntax.ts";
import { ConfigError } from "../errors.ts";

/** What `/connz` can sort open connections by. */
export const SORTS: readonly string[] = [
  "cid",
  "start",
  "subs",
  "pending",
  "msgs_to",
  "msgs_from",
  "bytes_to",
  "bytes_from",
  "last",
  "idle",
  "uptime",
  "rtt",
];

/** Most connections one page may have. */
export const MAX_LIMIT = 1_000_000;

/** What the arguments come to. */
export interface TopFlags {
  s: string;
  m: number;
  ms: number;
  n: number;
  d: number;
  r: number;
  sort: string;
  o: string;
  l: string;
  cert: string;
  key: string;
  cacert: string;
  k: boolean;
  u: boolean;
  b: boolean;
  lookup: boolean;
  once: boolean;
  json: boolean;
  help: boolean;
  version: boolean;
}

/** A flag: its value's kind is that of its default. */
interface Flag {
  readonly standard: TopFlags[keyof TopFlags];
  /** What help calls the value; a switch has none. */
  readonly value?: string;
  readonly help: string;
  readonly alias?: string;
  /** Says what is wrong with a value, if anything. */
  check?(value: never): string | null;
}

const port = {
  check: (value: number) =>
    Number.isInteger(value) && value >= 0 && value <= 65535
      ? null
      : "must be a port",
};

/** Where descriptions start in help. */
const HELP_COLUMN = 22;

/** In the order of help. */
const FLAGS: Readonly<Record<keyof TopFlags, Flag>> = {
  s: {
    standard: "127.0.0.1",
    value: "HOST",
    help: "The server; or a URL, with a base path if it has one",
    check: (value: string) => value === "" ? "must not be empty" : null,
  },
  m: { standard: 8222, value: "PORT", help: "Its monitoring port", ...port },
  ms: { standard: 0, value: "PORT", help: "Its HTTPS port instead", ...port },
  cert: { standard: "", value: "FILE", help: "Client certificate for HTTPS" },
  key: { standard: "", value: "FILE", help: "Private key of the certificate" },
  cacert: {
    standard: "",
    value: "FILE",
    help: "Authority that signed the server's certificate",
  },
  k: { standard: false, help: "Take any certificate of the server" },
  n: {
    standard: 1024,
    value: "NUM",
    help: "Most connections to show",
    check: limitProblem,
  },
  d: {
    standard: 1,
    value: "SECONDS",
    help: "Time between two looks",
    check: (value: number) =>
      value >= 0.1 && value <= 86400 ? null : "must be from 0.1 to 86400",
  },
  r: {
    standard: -1,
    value: "NUM",
    help: "Quit after this many looks; -1 for never",
    check: (value: number) =>
      Number.isInteger(value) ? null : "must be a whole number",
  },
  sort: {
    standard: "cid",
    value: "BY",
    help: `${SORTS.slice(0, 8).join("|")}|\n${" ".repeat(HELP_COLUMN)}${
      SORTS.slice(8).join("|")
    }`,
    check: sortProblem,
  },
  lookup: { standard: false, help: "Names instead of addresses, from the DNS" },
  b: { standard: false, help: "Plain numbers: 1536 instead of 1.5K" },
  u: {
    standard: false,
    help: "Show the subjects listened to",
    alias: "display-subscriptions-column",
  },
  o: {
    standard: "",
    value: "FILE",
    help: "Write the figures to a file, - for standard output, and exit",
  },
  l: {
    standard: "",
    value: "DELIMITER",
    help: "With -o: columns between these",
  },
  once: { standard: false, help: "The same as -o -" },
  json: { standard: false, help: "With -o or --once: JSON" },
  version: { standard: false, help: "Show the version", alias: "v" },
  help: { standard: false, help: "Show this text", alias: "h" },
};

/** One line on how it is called. */
export const TOP_USAGE = "Usage: midge top [flags]";

/** What `midge top --help` prints. */
export function topHelp(): string {
  const lines = Object.entries(FLAGS).map(([name, flag]) => {
    const { alias, value, help, standard } = flag;
    const forms = [name, ...alias === undefined ? [] : [alias]]
      .sort((a, b) => a.length - b.length)
      .map((form) =>
        form.length > 3 && value === undefined ? `--${form}` : `-${form}`
      )
      .filter((form) => form.length < HELP_COLUMN - 6);
    const usage = `  ${forms.join(", ")}${
      value === undefined ? "" : ` ${value}`
    }`;
    const otherwise =
      standard === "" || standard === false || Number(standard) <= 0
        ? ""
        : ` (default ${standard})`;
    return `${usage.padEnd(HELP_COLUMN)}${help}${otherwise}\n`;
  });
  return `${TOP_USAGE}

Shows a server's connections as they are now, over its monitoring port (-m of
the server), busiest first if asked, every second anew. On screen, ? lists the
keys.

${lines.join("")}`;
}

/** Reads the arguments behind `top`. Throws `ConfigError` naming the flag. */
export function parseTopFlags(args: readonly string[]): TopFlags {
  const flags = Object.fromEntries(
    Object.entries(FLAGS).map(([name, { standard }]) => [name, standard]),
  ) as unknown as TopFlags;
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--" && i === args.length - 1) break;
    const written = splitFlag(args[i]);
    if (written === null) {
      throw new ConfigError(`unexpected argument: "${args[i]}"`);
    }
    const { name: given, value: inline } = written;
    const name = nameOf(given);
    const text = FLAGS[name].value === undefined
      ? inline ?? "true"
      : inline ?? args[++i];
    if (text === undefined) {
      throw new ConfigError(`flag needs an argument: -${given}`);
    }
    Object.assign(flags, { [name]: valueOf(name, given, text) });
  }
  checkTogether(flags);
  return flags;
}

/** Says what is wrong with a sort option, if anything. */
export function sortProblem(sort: string): string | null {
  return SORTS.includes(sort) ? null : `must be one of ${SORTS.join(", ")}`;
}

/** Says what is wrong with a number of connections, if anything. */
export function limitProblem(limit: number): string | null {
  return Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT
    ? null
    : `must be a whole number from 1 to ${MAX_LIMIT}`;
}

/** The base URL the flags name. Throws `ConfigError`. */
export function baseUrl({ s, m, ms }: TopFlags): string {
  if (s.includes("://")) {
    const url = URL.parse(s);
    if (url === null || !/^https?:$/.test(url.protocol)) {
      throw new ConfigError(`invalid value "${s}" for flag -s: not a URL`);
    }
    return url.origin + url.pathname.replace(/\/+$/, "");
  }
  const host = s.includes(":") && !s.startsWith("[") ? `[${s}]` : s;
  const base = ms > 0 ? `https://${host}:${ms}` : `http://${host}:${m}`;
  if (/[/?#@\s]/.test(s) || !URL.canParse(base)) {
    throw new ConfigError(`invalid value "${s}" for flag -s: not a host`);
  }
  return base;
}

function nameOf(given: string): keyof TopFlags {
  for (const [name, { alias }] of Object.entries(FLAGS)) {
    if (name === given || alias === given) return name as keyof TopFlags;
  }
  throw new ConfigError(`flag provided but not defined: -${given}`);
}

function valueOf(
  name: keyof TopFlags,
  given: string,
  text: string,
): string | number | boolean {
  const { standard, check } = FLAGS[name];
  if (typeof standard === "boolean") return parseSwitch(given, text);
  const value = typeof standard === "number" ? numberOf(given, text) : text;
  const problem = check?.(value as never) ?? null;
  if (problem === null) return value;
  throw new ConfigError(
    `invalid value "${text}" for flag -${given}: ${problem}`,
  );
}

function numberOf(given: string, text: string): number {
  if (/^[+-]?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new ConfigError(
    `invalid value "${text}" for flag -${given}: parse error`,
  );
}

function checkTogether(flags: TopFlags): void {
  if ((flags.cert === "") !== (flags.key === "")) {
    throw new ConfigError("-cert and -key go together");
  }
  if (flags.m === 0 && flags.ms === 0) {
    throw new ConfigError('invalid value "0" for flag -m: must be a port');
  }
  if (flags.once && flags.o === "") flags.o = "-";
  if (flags.json && flags.l !== "") {
    throw new ConfigError("-json and -l exclude each other");
  }
  if (flags.o !== "") return;
  if (flags.json) throw new ConfigError("-json needs --once or -o FILE");
  if (flags.l !== "") throw new ConfigError("-l needs --once or -o FILE");
}

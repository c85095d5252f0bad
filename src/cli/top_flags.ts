/** The flags of `midge top`: nats-top's, spelled as there, and a few of its own. */

import { ConfigError } from "../errors.ts";
import type { Flag, FlagValues } from "./flag_table.ts";
import {
  flagHelp,
  numberFlag,
  parseCommandLine,
  switchFlag,
  textFlag,
} from "./flag_table.ts";

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

const FLAGS = {
  s: textFlag(
    ["s"],
    "HOST",
    "The server, or a URL, with a base path if any (default 127.0.0.1)",
    {
      initial: "127.0.0.1",
      problem: (host) => host === "" ? "must not be empty" : null,
    },
  ),
  m: portFlag("m", "Its monitoring port (default 8222)", 8222),
  ms: portFlag("ms", "Its HTTPS port instead", 0),
  cert: textFlag(["cert"], "FILE", "Client certificate for HTTPS"),
  key: textFlag(["key"], "FILE", "Private key of the certificate"),
  cacert: textFlag(
    ["cacert"],
    "FILE",
    "Authority that signed the server's certificate",
  ),
  k: switchFlag(["k"], "Take any certificate of the server"),
  n: numberFlag(["n"], "NUM", "Most connections to show (default 1024)", {
    initial: 1024,
    problem: limitProblem,
  }),
  d: numberFlag(["d"], "SECONDS", "Time between two looks (default 1)", {
    initial: 1,
    problem: (seconds) =>
      seconds >= 0.1 && seconds <= 86400 ? null : "must be from 0.1 to 86400",
  }),
  r: numberFlag(["r"], "NUM", "Quit after this many looks; -1 for never", {
    initial: -1,
    problem: (looks) =>
      Number.isInteger(looks) ? null : "must be a whole number",
  }),
  sort: textFlag(
    ["sort"],
    "BY",
    `${SORTS.slice(0, 8).join("|")}|\n${
      SORTS.slice(8).join("|")
    } (default cid)`,
    { initial: "cid", problem: sortProblem },
  ),
  lookup: switchFlag(["lookup"], "Names instead of addresses, from the DNS"),
  b: switchFlag(["b"], "Plain numbers: 1536 instead of 1.5K"),
  u: switchFlag(
    ["u", "display-subscriptions-column"],
    "Show the subjects listened to",
  ),
  o: textFlag(
    ["o"],
    "FILE",
    "Write the figures to a file, - for standard output, and exit",
  ),
  l: textFlag(["l"], "DELIMITER", "With -o: columns between these"),
  once: switchFlag(["once"], "The same as -o -"),
  json: switchFlag(["json"], "With -o or --once: JSON"),
  version: switchFlag(["v", "version"], "Show the version"),
  help: switchFlag(["h", "help"], "Show this text"),
};

/** What the arguments come to. */
export type TopFlags = FlagValues<typeof FLAGS>;

/** One line on how it is called. */
export const TOP_USAGE = "Usage: midge top [flags]";

/** What `midge top --help` prints. */
export function topHelp(): string {
  return `${TOP_USAGE}

Shows a server's connections as they are now, over its monitoring port (-m of
the server), busiest first if asked, every second anew. On screen, ? lists the
keys.

${flagHelp(FLAGS)}`;
}

/** Reads the arguments behind `top`. Throws `ConfigError` naming the flag. */
export function parseTopFlags(args: readonly string[]): TopFlags {
  const { flags, words } = parseCommandLine(FLAGS, args);
  if (words.length > 0) {
    throw new ConfigError(`unexpected argument: "${words[0]}"`);
  }
  const o = flags.once ? flags.o || "-" : flags.o;
  checkTogether({ ...flags, o });
  return { ...flags, o };
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

function portFlag(name: string, help: string, initial: number): Flag<number> {
  const problem = (port: number) =>
    Number.isInteger(port) && port >= 0 && port <= 65535
      ? null
      : "must be a port";
  return numberFlag([name], "PORT", help, { initial, problem });
}

function checkTogether(flags: TopFlags): void {
  if ((flags.cert === "") !== (flags.key === "")) {
    throw new ConfigError("-cert and -key go together");
  }
  if (flags.m === 0 && flags.ms === 0) {
    throw new ConfigError('invalid value "0" for flag -m: must be a port');
  }
  if (flags.json && flags.l !== "") {
    throw new ConfigError("-json and -l exclude each other");
  }
  if (flags.o !== "") return;
  if (flags.json) throw new ConfigError("-json needs --once or -o FILE");
  if (flags.l !== "") throw new ConfigError("-l needs --once or -o FILE");
}

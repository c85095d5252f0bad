/**
 * Logging to a syslog daemon, on this machine or elsewhere: addresses, and
 * packets as nats-server writes them (config-and-monitoring §5.2). How packets
 * travel is not its business.
 */

import { errorText } from "../error_text.ts";
import { ConfigError } from "../errors.ts";
import type { LevelLabel } from "../log.ts";
import { demand } from "../permission.ts";
import { formatLine, stderrFormat, wallClock, writeStderr } from "../log.ts";
import { SyslogLink } from "./syslog_link.ts";
import type { SyslogSocket } from "./syslog_socket.ts";
import {
  dialTcp,
  dialUdp,
  dialUnix,
  NeedsUnstableNet,
} from "./syslog_socket.ts";

/** What a log to syslog may be told. All fields are optional. */
export interface SyslogOptions {
  /** Name of the program, the tag of every line. Default `midge`. */
  tag?: string;
  /** Process id behind the tag. Default: this process's. */
  pid?: number;
  /** Wall-clock milliseconds since 1970. */
  epochMs?: () => number;
  /** Name of this machine, for daemons elsewhere. Default: the system's. */
  hostname?: string;
  /** Where to look for the daemon of this machine, in this order. */
  paths?: readonly string[];
  /** Where lines about the log itself go. Default: standard error. */
  complain?: (line: string) => void;
  /** First pause before dialling again, in milliseconds. Default 500. */
  retryMs?: number;
  /** How long a daemon may take nothing, in milliseconds. Default 30,000. */
  stallMs?: number;
  /** How many characters may wait; default 4 Mi. */
  maxQueued?: number;
}

/** An open syslog. */
export interface Syslog {
  /** Queues one line. Never throws. */
  write(level: LevelLabel, text: string): void;
  /** Sends what is queued if the daemon takes it soon. Idempotent. */
  close(): Promise<void>;
}

/** Severities of RFC 3164; what is normal is a notice, traces too. */
const SEVERITY: Readonly<Record<LevelLabel, number>> = {
  FTL: 2,
  ERR: 3,
  WRN: 4,
  INF: 5,
  TRC: 5,
  DBG: 7,
};

/** The facility of system daemons, which local lines have; remote ones have 0. */
const DAEMON = 3 << 3;

/** systemd's own path, which `/dev/log` leads to: Deno guards all of `/dev`. */
const SYSTEMD = "/run/systemd/journal/dev-log";
const LOCAL_PATHS = ["/dev/log", SYSTEMD, "/var/run/syslog", "/var/run/log"];

const DEFAULT_PORT = 514;
const REMOTE_FORMS = "udp://host:514, tcp://host:514 or unix:///path";

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Where to find a daemon. */
interface Target {
  readonly name: string;
  readonly dial: () => Promise<SyslogSocket>;
  /** What to run with where it is not permitted; `null`: the error says so. */
  readonly flags: string | null;
}

/**
 * Opens the syslog of this machine. Rejects with `ConfigError` that says what to
 * do when there is none, or none that may be used.
 */
export function openLocalSyslog(options: SyslogOptions = {}): Promise<Syslog> {
  const paths = options.paths ?? LOCAL_PATHS;
  const target = {
    name: "of this machine",
    dial: () => dialFirst(paths),
    flags: "--allow-all, or where there is systemd with --allow-net " +
      `--allow-read=${SYSTEMD} --allow-write=${SYSTEMD}`,
  };
  return open(target, (level, text, atMs) => {
    const priority = DAEMON | SEVERITY[level];
    return `<${priority}>${stamp(atMs)} ${text}`;
  }, options);
}

/**
 * Opens the syslog at `url`: `udp://host:514`, `tcp://host:514` (the port may be
 * left out) or `unix:///path`. Rejects with `ConfigError` when the URL is no
 * such thing or nobody answers there; once open, finds it again by itself.
 */
export async function openRemoteSyslog(
  url: string,
  options: SyslogOptions = {},
): Promise<Syslog> {
  const target = parseTarget(url);
  const hostname = options.hostname ?? ownName();
  return await open(target, (level, text, atMs) => {
    return `<${SEVERITY[level]}>${rfc3339(atMs)} ${hostname} ${text}`;
  }, options);
}

/** Opens `target`; `format` puts all that is in front of the tag. */
async function open(
  { name, dial, flags }: Target,
  format: (level: LevelLabel, text: string, atMs: number) => string,
  options: SyslogOptions,
): Promise<Syslog> {
  const { tag = "midge", pid = Deno.pid, epochMs = wallClock() } = options;
  const { complain = writeStderr, ...limits } = options;
  const packet = (level: LevelLabel, text: string) => {
    // One line is one packet, whatever somebody has got into it.
    const line = text.replace(/[\r\n]+/g, " ");
    return format(level, `${tag}[${pid}]: ${line}\n`, epochMs());
  };
  let link: SyslogLink;
  try {
    link = await SyslogLink.open({
      ...limits,
      name,
      dial,
      packet,
      complain: (level, text) =>
        complain(formatLine(level, text, epochMs(), stderrFormat())),
    });
  } catch (error) {
    throw new ConfigError(
      `error connecting to syslog ${name}: ${dialCause(error, flags)}`,
      { cause: error },
    );
  }
  return {
    write: (level, text) => link.send(packet(level, text)),
    close: () => link.close(),
  };
}

/** The first of `paths` where there is a daemon. */
async function dialFirst(paths: readonly string[]): Promise<SyslogSocket> {
  const errors: Error[] = [];
  for (const path of paths) {
    try {
      return await dialUnix(path);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (!(error instanceof Deno.errors.NotFound)) errors.push(error);
    }
  }
  const { NotCapable, NotFound } = Deno.errors;
  throw errors.find((error) => error instanceof NeedsUnstableNet) ??
    errors.find((error) => error instanceof NotCapable) ?? errors[0] ??
    new NotFound(`no socket at ${paths.join(", ")} (does a daemon run?)`);
}

function dialCause(error: unknown, flags: string | null): string {
  if (flags !== null && error instanceof Deno.errors.NotCapable) {
    return `not permitted: run with ${flags}`;
  }
  return errorText(error);
}

/** Throws `ConfigError` that names the URL. */
function parseTarget(url: string): Target {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1].toLowerCase() ?? "";
  if (scheme !== "udp" && scheme !== "tcp" && scheme !== "unix") {
    throw new ConfigError(
      `error invalid network type: "${scheme}" in remote syslog "${url}" (use ${REMOTE_FORMS})`,
    );
  }
  if (scheme === "unix") {
    const path = /^unix:(?:\/\/)?(\/[^/].*)$/i.exec(url)?.[1];
    if (path === undefined) throw badAddress(url);
    const flags = `--allow-net --allow-read=${path} --allow-write=${path}`;
    return { name: url, dial: () => dialUnix(path), flags };
  }
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const hostname = parsed?.hostname.replace(/^\[(.*)\]$/, "$1") ?? "";
  const port = parsed?.port ? Number(parsed.port) : DEFAULT_PORT;
  if (hostname === "" || port === 0) throw badAddress(url);
  const dial = scheme === "udp" ? dialUdp : dialTcp;
  return { name: url, dial: () => dial(hostname, port), flags: null };
}

function badAddress(url: string): ConfigError {
  return new ConfigError(
    `error connecting to syslog: bad address "${url}" (use ${REMOTE_FORMS})`,
  );
}

/** Throws `ConfigError` where Deno keeps the name of the machine to itself. */
function ownName(): string {
  try {
    demand({ name: "sys", kind: "hostname" });
    return Deno.hostname();
  } catch (error) {
    throw new ConfigError(
      `error connecting to syslog: ${dialCause(error, null)}`,
      { cause: error },
    );
  }
}

/** `Nov  1 06:15:40`, local time. */
function stamp(atMs: number): string {
  const date = new Date(atMs);
  const day = String(date.getDate()).padStart(2);
  return `${MONTHS[date.getMonth()]} ${day} ${date.toTimeString().slice(0, 8)}`;
}

/** `2026-11-01T06:15:40+01:00`, local time; `Z` in UTC. */
function rfc3339(atMs: number): string {
  const date = new Date(atMs);
  const east = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + east * 60_000).toISOString();
  const minutes = Math.abs(east);
  const [hh, mm] = [Math.floor(minutes / 60), minutes % 60]
    .map((part) => String(part).padStart(2, "0"));
  const zone = east === 0 ? "Z" : `${east < 0 ? "-" : "+"}${hh}:${mm}`;
  return `${local.slice(0, 19)}${zone}`;
}

/**
 * What midge logs through, the official line format, and a sink to stderr.
 *
 * `debug` and `trace` are optional: call `log.trace?.(…)`, so that a level that
 * is off does not even evaluate its arguments.
 */

/** A destination for log lines; each method takes one finished line of text. */
export interface Log {
  /** Something failed: `[ERR]`. */
  error(text: string): void;
  /** Something looks wrong: `[WRN]`. */
  warn(text: string): void;
  /** Normal operation: `[INF]`. */
  info(text: string): void;
  /** Life of connections: `[DBG]`. Absent when debugging is off. */
  debug?: ((text: string) => void) | undefined;
  /** Every protocol operation: `[TRC]`. Absent when tracing is off. */
  trace?: ((text: string) => void) | undefined;
}

/** Drops everything: what an embedded server uses unless told otherwise. */
export const silentLog: Log = { error() {}, warn() {}, info() {} };

/** The three letters of a level as operators grep for them. */
export type LevelLabel = "INF" | "WRN" | "ERR" | "FTL" | "DBG" | "TRC";

/** How lines are written. */
export interface LineFormat {
  /** The process id in front of every line. */
  pid: number;
  /** Date and time with microseconds; default `true`. */
  logtime?: boolean;
  /** They are UTC instead of local; default `false`. */
  logtimeUtc?: boolean;
  /** The level is coloured, for a terminal; default `false`. */
  colour?: boolean;
}

/** Codes that colour a level on a terminal, as nats-server picks them. */
const COLOURS: Readonly<Record<LevelLabel, string>> = {
  INF: "32",
  DBG: "36",
  WRN: "0;93",
  ERR: "31",
  FTL: "31",
  TRC: "33",
};

/** Where log lines go and what they look like. All fields are optional. */
export interface LogOptions {
  /** Include `[DBG]` lines. Default `false`. */
  debug?: boolean;
  /** Include `[TRC]` lines. Default `false`. */
  trace?: boolean;
  /** Write date and time. Default `true`. */
  logtime?: boolean;
  /** Write them in UTC. Default `false`. */
  logtimeUtc?: boolean;
  /** File to append to; wins over the syslogs. Default: none. */
  logFile?: string;
  /** Bytes at which the file is set aside and begun anew; 0 = never. */
  logfileSizeLimit?: number;
  /** Files kept, the current one included; 0 = all. */
  logfileMaxNum?: number;
  /** Log to the syslog of this machine. Default `false`. */
  syslog?: boolean;
  /** Log to this syslog: `udp://host:514`, `tcp://…`, `unix:///path`; wins over `syslog`. */
  remoteSyslog?: string;
}

/** Defaults of where log lines go. */
export const DEFAULT_LOG: Readonly<Required<LogOptions>> = Object.freeze({
  debug: false,
  trace: false,
  logtime: true,
  logtimeUtc: false,
  logFile: "",
  logfileSizeLimit: 0,
  logfileMaxNum: 0,
  syslog: false,
  remoteSyslog: "",
});

/**
 * One log line with its line end, as nats-server writes it:
 * `[2842] 2016/04/26 13:21:20.379640 [INF] Server is ready`.
 *
 * `atMs` is wall-clock time in milliseconds with a fraction.
 */
export function formatLine(
  level: LevelLabel,
  text: string,
  atMs: number,
  format: LineFormat,
): string {
  const time = format.logtime === false
    ? ""
    : `${timestamp(atMs, format.logtimeUtc === true)} `;
  const label = format.colour
    ? `\x1b[${COLOURS[level]}m${level}\x1b[0m`
    : level;
  return `[${format.pid}] ${time}[${label}] ${text}\n`;
}

/** Which levels a log has. */
export interface LogLevels {
  /** Include `[DBG]` lines. */
  debug?: boolean;
  /** Include `[TRC]` lines. */
  trace?: boolean;
}

/** A log that hands level and text of each line to `write`. */
export function levelLog(
  write: (level: LevelLabel, text: string) => void,
  levels: LogLevels = {},
): Log {
  const at = (level: LevelLabel) => (text: string): void => write(level, text);
  return {
    error: at("ERR"),
    warn: at("WRN"),
    info: at("INF"),
    ...(levels.debug ? { debug: at("DBG") } : {}),
    ...(levels.trace ? { trace: at("TRC") } : {}),
  };
}

/** A log that formats lines and hands them to `write`. */
export function lineLog(
  write: (line: string) => void,
  format: LineFormat,
  levels: LogLevels = {},
): Log {
  const epochMs = wallClock();
  return levelLog(
    (level, text) => write(formatLine(level, text, epochMs(), format)),
    levels,
  );
}

/**
 * A log to standard error, in nats-server's format; lines are written whole, in
 * order, at once. `debug` adds the life of connections, `trace` every operation.
 */
export function stderrLog(
  options: Pick<LogOptions, "debug" | "trace" | "logtime" | "logtimeUtc"> = {},
): Log {
  return lineLog(writeStderr, stderrFormat(options), options);
}

/** How lines look on standard error: in colour where somebody looks at them. */
export function stderrFormat(
  { logtime = true, logtimeUtc = false }: Pick<
    LogOptions,
    "logtime" | "logtimeUtc"
  > = {},
): LineFormat {
  const colour = Deno.stderr.isTerminal() && !Deno.noColor;
  return { pid: Deno.pid, logtime, logtimeUtc, colour };
}

/**
 * A clock of wall time in milliseconds with microseconds in the fraction. It
 * follows the machine's clock when that is set or the machine was asleep.
 */
export function wallClock(): () => number {
  let offset = performance.timeOrigin;
  return () => {
    const fine = offset + performance.now();
    const coarse = Date.now();
    const now = Math.max(coarse, Math.min(fine, coarse + 0.999));
    offset += now - fine;
    return now;
  };
}

/** Writes all of `text` to standard error; a closed stderr is not an error. */
export function writeStderr(text: string): void {
  let rest = new TextEncoder().encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(Deno.stderr.writeSync(rest));
  } catch {
    // Nobody reads stderr any more: there is nowhere left to say so.
  }
}

/** `2016/04/26 13:21:20.379640`, local time unless `utc`. */
function timestamp(atMs: number, utc: boolean): string {
  const date = new Date(atMs);
  if (!utc) date.setMinutes(date.getMinutes() - date.getTimezoneOffset());
  const [day, time] = date.toISOString().slice(0, 19).split("T");
  const fraction = atMs - Math.floor(atMs / 1000) * 1000;
  const micros = Math.min(Math.round(fraction * 1000), 999_999);
  return `${day.replaceAll("-", "/")} ${time}.${
    String(micros).padStart(6, "0")
  }`;
}

/**
 * A log that writes to whichever is the current one: for whoever keeps it
 * longer than that, as a reload puts another in its place.
 */
export function liveLog(current: () => Log): Log {
  return {
    error: (text) => current().error(text),
    warn: (text) => current().warn(text),
    info: (text) => current().info(text),
    get debug() {
      const log = current();
      return log.debug && ((text: string) => log.debug?.(text));
    },
    get trace() {
      const log = current();
      return log.trace && ((text: string) => log.trace?.(text));
    },
  };
}

/**
 * Opens the log that options ask for: a file, a syslog elsewhere, the syslog of
 * this machine or standard error, whichever is asked for first in this order.
 * The executable calls it; servers in programs bring a `Log` of their own.
 */

import type { LevelLabel, Log, LogOptions } from "../log.ts";
import {
  formatLine,
  levelLog,
  stderrFormat,
  wallClock,
  writeStderr,
} from "../log.ts";

/** A log and what its owner does with it. */
export interface OpenLog {
  /** The log itself, with the levels that are on. */
  readonly log: Log;
  /** Writes why the process is about to end: `[FTL]`. */
  fatal(text: string): void;
  /** Opens a log file anew, for those who have moved it away. */
  reopen(): void;
  /** Writes what is still on its way and closes the destination. */
  close(): void | Promise<void>;
}

/** A place lines go to. */
interface Destination {
  write(level: LevelLabel, text: string): void;
  reopen?(): void;
  close(): void | Promise<void>;
}

/**
 * Opens a log; `programName` is how syslog calls this program. Rejects with
 * `ConfigError` when the destination cannot be used.
 */
export async function openLog(
  options: LogOptions,
  programName = "midge",
): Promise<OpenLog> {
  const destination = await openDestination(options, programName);
  const write = destination.write.bind(destination);
  const log = levelLog(write, options);
  return {
    log,
    fatal: (text) => write("FTL", text),
    reopen() {
      if (destination.reopen !== undefined) destination.reopen();
      else log.info("File log re-open ignored, not a file logger");
    },
    close: () => destination.close(),
  };
}

/** What is not asked for is not even loaded. */
async function openDestination(
  options: LogOptions,
  tag: string,
): Promise<Destination> {
  const { logtime = true, logtimeUtc = false } = options;
  if (options.logFile) {
    const { FileLog } = await import("./file_log.ts");
    return FileLog.open(options.logFile, {
      format: { pid: Deno.pid, logtime, logtimeUtc },
      sizeLimit: options.logfileSizeLimit ?? 0,
      maxFiles: options.logfileMaxNum ?? 0,
    });
  }
  if (options.remoteSyslog) {
    const { openRemoteSyslog } = await import("./syslog.ts");
    return await openRemoteSyslog(options.remoteSyslog, { tag });
  }
  if (options.syslog) {
    const { openLocalSyslog } = await import("./syslog.ts");
    return await openLocalSyslog({ tag });
  }
  return stderrDestination(options);
}

function stderrDestination(options: LogOptions): Destination {
  const format = stderrFormat(options);
  const epochMs = wallClock();
  return {
    write: (level, text) =>
      writeStderr(formatLine(level, text, epochMs(), format)),
    close() {},
  };
}

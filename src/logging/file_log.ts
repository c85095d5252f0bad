/**
 * The log file: appends whole lines, sets the file aside when it has grown too
 * large, and opens it anew for logrotate. Nothing that happens to the file or
 * its disk reaches the server: lines that cannot be written are counted, and
 * standard error hears of it. Knows nothing of levels being on or off.
 */

import { basename, dirname, join } from "node:path";
import { errorText } from "../error_text.ts";
import { ConfigError } from "../errors.ts";
import type { LevelLabel, LineFormat } from "../log.ts";
import { formatLine, wallClock, writeStderr } from "../log.ts";
import { demand, granted } from "../permission.ts";

/** What a file log needs to know besides its path. */
export interface FileLogOptions {
  /** How lines are written. */
  format: LineFormat;
  /** Bytes the file may have before it is set aside; 0 = any. Default 0. */
  sizeLimit?: number;
  /** Files kept, the current one included; 0 = all. Default 0. */
  maxFiles?: number;
  /** Wall-clock milliseconds since 1970 with a fraction. */
  epochMs?: () => number;
  /** Where lines about the log itself go. Default: standard error. */
  complain?: (line: string) => void;
}

/** What follows the name and a dot in the name of a file set aside. */
const BACKUP_SUFFIX = /^\d{4}(\.\d\d){5}\.\d{9}$/;

/** A file that log lines are appended to. */
export class FileLog {
  readonly #path: string;
  readonly #format: LineFormat;
  readonly #sizeLimit: number;
  readonly #maxFiles: number;
  readonly #epochMs: () => number;
  readonly #complain: (line: string) => void;
  readonly #encoder = new TextEncoder();
  #file: Deno.FsFile;
  #size = 0;
  /** Size above which the file is set aside next; infinite for what is no regular file. */
  #rotateAbove = Infinity;
  /** Lines lost since writing began to fail. */
  #lost = 0;
  /** The file ends within a line. */
  #torn = false;
  #closed = false;

  private constructor(
    path: string,
    options: FileLogOptions,
    file: Deno.FsFile,
  ) {
    this.#path = path;
    this.#format = options.format;
    this.#sizeLimit = options.sizeLimit ?? 0;
    this.#maxFiles = options.maxFiles ?? 0;
    this.#epochMs = options.epochMs ?? wallClock();
    this.#complain = options.complain ?? writeStderr;
    this.#file = file;
    this.#adopt(file);
  }

  /**
   * Opens `path` for appending and creates it with mode 0640 if need be. Throws
   * `ConfigError` that names the file and what to do.
   */
  static open(path: string, options: FileLogOptions): FileLog {
    if (options.sizeLimit && !mayRotate(path)) {
      const folder = dirname(path);
      throw new ConfigError(
        `error opening file: open ${path}: not permitted to set it aside ` +
          `at its size limit: run with --allow-read=${folder} --allow-write=${folder}`,
      );
    }
    const log = new FileLog(path, options, openFile(path));
    log.#rotateIfTooLarge();
    return log;
  }

  /** Appends one line. Never throws. */
  write(level: LevelLabel, text: string): void {
    if (this.#closed) return;
    this.#append(level, text);
    if (this.#size > this.#rotateAbove) this.#rotate();
  }

  /**
   * Closes the file and opens what is at its path now, for those who have moved
   * it away. Goes on with the old one if that fails.
   */
  reopen(): void {
    if (this.#closed) return;
    try {
      const file = openFile(this.#path);
      this.#file.close();
      this.#adopt(file);
    } catch (error) {
      this.#append("ERR", `File log not re-opened: ${errorText(error)}`);
      return;
    }
    this.write("INF", "File log re-opened");
    this.#rotateIfTooLarge();
  }

  /** Closes the file; lines that come later are dropped. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }

  #adopt(file: Deno.FsFile): void {
    this.#file = file;
    // Deno wants more permissions for this than for writing.
    if (this.#sizeLimit === 0) return;
    const { size, isFile } = file.statSync();
    this.#size = size;
    this.#rotateAbove = isFile ? this.#sizeLimit : Infinity;
  }

  #rotateIfTooLarge(): void {
    if (this.#size > this.#rotateAbove) {
      this.write("INF", "Rotating logfile...");
    }
  }

  #append(level: LevelLabel, text: string): void {
    const line = formatLine(level, text, this.#epochMs(), this.#format);
    const bytes = this.#encoder.encode(this.#torn ? `\n${line}` : line);
    let written = 0;
    try {
      while (written < bytes.length) {
        written += this.#file.writeSync(bytes.subarray(written));
      }
    } catch (error) {
      this.#size += written;
      this.#torn ||= written > 0;
      if (this.#lost++ === 0) {
        this.#say("ERR", `Cannot write ${this.#name()}: ${errorText(error)}`);
      }
      return;
    }
    this.#size += written;
    this.#torn = false;
    if (this.#lost > 0) this.#recovered();
  }

  #recovered(): void {
    const text = `Writing ${this.#name()} again, lines lost: ${this.#lost}`;
    this.#lost = 0;
    this.#say("WRN", text);
    this.#append("WRN", text);
  }

  /** Sets the file aside; if that cannot be done, tries again later. */
  #rotate(): void {
    this.#size = this.#file.statSync().size;
    // Others may have emptied the file, as logrotate's copytruncate does.
    if (this.#size <= this.#rotateAbove) return;
    let backup: string;
    try {
      backup = this.#setAside();
    } catch (error) {
      this.#rotateAbove = this.#size + this.#sizeLimit;
      if (error instanceof Deno.errors.NotFound) {
        // Somebody has moved the file away already.
        this.reopen();
        return;
      }
      this.#append(
        "ERR",
        `Unable to rotate ${this.#name()} (${errorText(error)}), ` +
          `will attempt next rotation at size ${this.#rotateAbove}`,
      );
      return;
    }
    // nats-server ends the lines about rotation with CR LF; so do we.
    this.#append("INF", `Rotated log, backup saved as ${quote(backup)}\r`);
    if (this.#maxFiles > 0) this.#purge();
  }

  /** Renames the file, goes on with a new one and returns the old one's path. */
  #setAside(): string {
    const backup = this.#backupPath();
    Deno.renameSync(this.#path, backup);
    let file: Deno.FsFile;
    try {
      file = openFile(this.#path);
    } catch (error) {
      Deno.renameSync(backup, this.#path);
      throw error;
    }
    this.#file.close();
    this.#adopt(file);
    return backup;
  }

  /** A path that nothing has: two files may be set aside at the same time. */
  #backupPath(): string {
    const atMs = this.#epochMs();
    for (let extra = 0;; extra++) {
      const path = `${this.#path}.${backupSuffix(atMs, extra)}`;
      if (!exists(path)) return path;
    }
  }

  #purge(): void {
    const folder = dirname(this.#path);
    const prefix = `${basename(this.#path)}.`;
    try {
      // By name is by age, oldest first.
      const backups = [...Deno.readDirSync(folder)]
        .filter(({ name, isFile }) =>
          isFile && name.startsWith(prefix) &&
          BACKUP_SUFFIX.test(name.slice(prefix.length))
        )
        .map(({ name }) => name)
        .sort();
      const surplus = Math.max(0, backups.length - (this.#maxFiles - 1));
      for (const name of backups.slice(0, surplus)) {
        Deno.removeSync(join(folder, name));
        this.#append("INF", `Purged log file ${quote(name)}\r`);
      }
    } catch (error) {
      this.#append(
        "ERR",
        `Unable to purge log files (${
          errorText(error)
        }), will attempt next rotation\r`,
      );
    }
  }

  #name(): string {
    return `log file ${quote(this.#path)}`;
  }

  #say(level: LevelLabel, text: string): void {
    this.#complain(formatLine(level, text, this.#epochMs(), this.#format));
  }
}

/** Throws `ConfigError` in nats-server's words, with what to do. */
function openFile(path: string): Deno.FsFile {
  try {
    demand({ name: "write", path });
    return Deno.openSync(path, { append: true, create: true, mode: 0o640 });
  } catch (error) {
    throw new ConfigError(
      `error opening file: open ${path}: ${openCause(path, error)}`,
      { cause: error },
    );
  }
}

function openCause(path: string, error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) {
    // Devices are not for sale one by one.
    const flag = error.message.includes("--allow-all")
      ? "--allow-all"
      : `--allow-write=${path}`;
    return `not permitted: run with ${flag}`;
  }
  if (error instanceof Deno.errors.NotFound) {
    return `no such file or directory (create "${dirname(path)}" first)`;
  }
  if (error instanceof Deno.errors.IsADirectory) {
    return "is a directory (name a file in it)";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "permission denied (this user must be allowed to write there)";
  }
  return errorText(error);
}

/** Whether files beside `path` may be renamed and removed without asking. */
function mayRotate(path: string): boolean {
  return (["read", "write"] as const).every((name) =>
    granted({ name, path: dirname(path) })
  );
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** `2026.11.21.06.15.19.038231086`, local time; `extra` is added at the end. */
function backupSuffix(atMs: number, extra: number): string {
  const wholeMs = Math.floor(atMs);
  const date = new Date(wholeMs);
  const nanos = date.getMilliseconds() * 1e6 +
    Math.floor((atMs - wholeMs) * 1e6) + extra;
  return [
    date.getFullYear(),
    ...[
      date.getMonth() + 1,
      date.getDate(),
      date.getHours(),
      date.getMinutes(),
      date.getSeconds(),
    ].map((part) => String(part).padStart(2, "0")),
    String(nanos).padStart(9, "0"),
  ].join(".");
}

function quote(path: string): string {
  return JSON.stringify(path);
}

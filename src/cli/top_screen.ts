/**
 * `midge top` on a terminal: looks at the server every so often, draws what it
 * saw, obeys keys, and leaves the terminal as it found it, however it ends.
 */

import type { Controls } from "./top_controls.ts";
import { HELP_LINES, KeyReader } from "./top_controls.ts";
import type { HostNames } from "./top_hosts.ts";
import type { Reading } from "./top_samples.ts";
import { readingOf } from "./top_samples.ts";
import type { Source } from "./top_source.ts";
import { SourceError } from "./top_source.ts";
import { cut, shown } from "./top_text.ts";
import type { ViewOptions } from "./top_view.ts";
import { countLine, headLines, tableLines } from "./top_view.ts";

/** A terminal, as far as it is used; tests have their own. */
export interface Terminal {
  /** Columns and rows at the moment. */
  size(): { columns: number; rows: number };
  /** Switches line editing and echo off or on. */
  setRaw(raw: boolean): void;
  /** Reads what was typed; `null` once there will be no more. */
  read(target: Uint8Array): Promise<number | null>;
  /** Writes all of `text`. */
  write(text: string): void;
  /** Calls back when the size changes or a signal ends the process. */
  listen(onResize: () => void, onSignal: (exitCode: number) => void): void;
  /** No more calls back. */
  unlisten(): void;
}

/** What is watched and how. */
export interface Watch {
  readonly source: Source;
  readonly controls: Controls;
  readonly hosts: HostNames;
  readonly delayMs: number;
  /** Looks after which it ends by itself; 0 or less for none. */
  readonly maxLooks: number;
}

/** Alternate screen, no cursor, no wrapping; and the way back. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
const REVERSED = "\x1b[7m";
const NORMAL = "\x1b[0m";

/** Watches until told to stop, and returns the exit code. `first` is shown at once. */
export async function watch(
  what: Watch,
  first: Reading,
  terminal: Terminal,
): Promise<number> {
  return await new Screen(what, first, terminal).run();
}

class Screen {
  readonly #watch: Watch;
  readonly #terminal: Terminal;
  readonly #ended = Promise.withResolvers<number>();
  readonly #stop = new AbortController();
  #reading: Reading;
  /** What it is sorted by; keys may have asked for something else since. */
  #sorted: string;
  /** Why the last look failed; empty when it did not. */
  #trouble = "";
  /** Looks so far. */
  #looks = 1;
  /** Ends the wait for the next look. */
  #wake: () => void = () => {};
  /** A key asked for a look that has not begun yet. */
  #wanted = false;

  constructor(what: Watch, first: Reading, terminal: Terminal) {
    this.#watch = what;
    this.#reading = first;
    this.#sorted = what.controls.sort;
    this.#terminal = terminal;
  }

  async run(): Promise<number> {
    const terminal = this.#terminal;
    const { hosts } = this.#watch;
    terminal.setRaw(true);
    try {
      terminal.listen(() => this.#draw(), (code) => this.#end(code));
      hosts.onName = () => this.#draw();
      terminal.write(ENTER);
      this.#draw();
      this.#guard(this.#readKeys());
      this.#guard(this.#look());
      return await this.#ended.promise;
    } finally {
      this.#stop.abort();
      this.#wake();
      hosts.onName = () => {};
      terminal.unlisten();
      try {
        terminal.write(LEAVE);
      } finally {
        terminal.setRaw(false);
      }
    }
  }

  /** What fails in the background fails the whole. */
  #guard(work: Promise<void>): void {
    work.catch((error) => this.#ended.reject(error));
  }

  #end(code: number): void {
    this.#ended.resolve(code);
  }

  async #readKeys(): Promise<void> {
    const reader = new KeyReader();
    const chunk = new Uint8Array(1024);
    while (!this.#stop.signal.aborted) {
      const n = await this.#terminal.read(chunk);
      if (n === null) return this.#end(0);
      for (const key of reader.keys(chunk.subarray(0, n))) {
        const effect = this.#watch.controls.press(key);
        if (effect === "quit") return this.#end(0);
        if (effect === "look") {
          this.#wanted = true;
          this.#wake();
        }
      }
      this.#draw();
    }
  }

  async #look(): Promise<void> {
    const { controls, delayMs, maxLooks } = this.#watch;
    while (!this.#stop.signal.aborted) {
      if (maxLooks > 0 && this.#looks >= maxLooks) return this.#end(0);
      if (!this.#wanted) await this.#pause(delayMs);
      if (this.#stop.signal.aborted) return;
      if (controls.paused && !this.#wanted) continue;
      this.#wanted = false;
      await this.#sample();
      this.#draw();
    }
  }

  async #sample(): Promise<void> {
    const { source, controls: { sort, limit, subs } } = this.#watch;
    const { signal } = this.#stop;
    try {
      const sample = await source.sample({ sort, limit, subs }, signal);
      this.#sorted = sort;
      this.#reading = readingOf(this.#reading.sample, sample);
      this.#trouble = "";
      this.#looks++;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof SourceError)) throw error;
      this.#trouble = error.message;
    }
  }

  /** Resolves after a while, or as soon as somebody calls `#wake`. */
  async #pause(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #draw(): void {
    if (this.#stop.signal.aborted) return;
    const { columns, rows } = this.#terminal.size();
    const lines = this.#watch.controls.help ? HELP_LINES : this.#lines(rows);
    const drawn = lines.slice(0, rows).map((line) => `${line}${NORMAL}\x1b[K`);
    this.#terminal.write(
      `\x1b[H${drawn.map((line) => fitted(line, columns)).join("\r\n")}\x1b[J`,
    );
  }

  /** The whole screen; the table is cut to the rows that are left. */
  #lines(rows: number): string[] {
    const { controls, hosts } = this.#watch;
    const reading = this.#reading;
    const view: ViewOptions = {
      sort: this.#sorted,
      subs: controls.subs,
      rawBytes: controls.rawBytes,
      rates: controls.rates,
      nameOf: (ip) => controls.lookup ? hosts.nameOf(ip) : undefined,
    };
    const [heading, ...table] = tableLines(reading, view);
    const above = [
      ...headLines(reading, controls.rawBytes),
      this.#statusLine(),
      countLine(reading, view),
      `${REVERSED}${heading}`,
    ];
    controls.page = Math.max(1, rows - above.length);
    const last = Math.max(0, table.length - controls.page);
    controls.scrolled = Math.min(controls.scrolled, last);
    return [...above, ...table.slice(controls.scrolled)];
  }

  /** A question, or whatever else there is to say. */
  #statusLine(): string {
    const { controls } = this.#watch;
    if (controls.question !== "") return controls.question;
    if (controls.notice !== "") return `${REVERSED}${shown(controls.notice)}`;
    if (this.#trouble !== "") {
      const ago = (performance.now() - this.#reading.sample.takenMs) / 1000;
      return `${REVERSED}${this.#trouble} (figures are ${
        ago.toFixed(0)
      }s old, trying again)`;
    }
    return controls.paused ? `${REVERSED}paused` : "";
  }
}

/** A line cut to the terminal; sequences that colour it take no columns. */
function fitted(line: string, columns: number): string {
  // deno-lint-ignore no-control-regex -- ESC is what they begin with.
  const [, before, text, after] = /^(\x1b\[7m)?(.*?)(\x1b.*)$/s.exec(line) ??
    [];
  return `${before ?? ""}${cut(text, columns)}${after}`;
}

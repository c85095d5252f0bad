/**
 * The text of a NATS configuration, and a position in it: blanks, comments,
 * keys, and the errors that name where they are (config-and-monitoring §1.1 to
 * 1.3, 1.9).
 *
 * `nats_conf` calls it where it expects one of them. Knows neither values nor
 * how entries make a map.
 */

import type { ConfigError } from "../errors.ts";
import type { Position } from "./tree.ts";
import { configErrorAt } from "./tree.ts";

/** What is read: a file, or the text of an environment variable. */
export interface ScannedText {
  /** All of it. */
  readonly text: string;
  /** Where to say that the character at `offset` stands. */
  at(offset: number): Position;
}

// White space as Go's unicode.IsSpace has it: \s without U+FEFF, with U+0085.
const SPACE =
  "\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const SPACES = new RegExp(`[${SPACE}]*`, "y");
const COMMENT = /(?:#|\/\/)[^\r\n]*/y;
const BARE_KEY = new RegExp(`[^${SPACE}:=]*`, "y");
const BLANKS = /[ \t]*/y;
const SLASH = /\/(?!\/)/y;
const BARE_PATH = /[^ \t\r\n;}']*/y;

/** Starts of include paths that are refused, as the official server words it. */
const NO_PATHS: readonly (readonly [string, string])[] = [
  ["0123456789-", "start of a number"],
  ["[", "start of an array"],
  ["{", "start of a map"],
  ["(", "start of a block"],
  ["\\", "escape sequence"],
];

/** Reads tokens from a text, one behind the other. */
export class Scanner {
  /** Offset of the next character. */
  pos = 0;
  readonly #source: ScannedText;
  readonly #text: string;
  readonly #prefix: string;

  /** `prefix` goes before the reason of every error. */
  constructor(source: ScannedText, prefix = "") {
    this.#source = source;
    this.#text = source.text;
    this.#prefix = prefix;
  }

  /** The next character (UTF-16 unit); empty at the end. */
  get char(): string {
    return this.#text.charAt(this.pos);
  }

  /** Whether there is nothing left. */
  get ended(): boolean {
    return this.pos >= this.#text.length;
  }

  /** The position of an offset, by default of the next character. */
  at(offset = this.pos): Position {
    return this.#source.at(offset);
  }

  /** The error to throw for what stands at `offset`, by default what is next. */
  fail(
    reason: string,
    offset = this.pos,
    cause: unknown = undefined,
  ): ConfigError {
    return configErrorAt(this.at(offset), this.#prefix + reason, cause);
  }

  /** The next character, for people. */
  shown(): string {
    const code = this.#text.codePointAt(this.pos);
    if (code === undefined) return "EOF";
    if (code === 0x0a || code === 0x0d) return "new line";
    return `'${String.fromCodePoint(code)}'`;
  }

  /** The text from `start` to the next character. */
  since(start: number): string {
    return this.#text.slice(start, this.pos);
  }

  /** Skips `char` if it is next; says whether it was. */
  take(char: string): boolean {
    if (this.char !== char) return false;
    this.pos++;
    return true;
  }

  /** Reads what a sticky pattern matches here; empty if it does not. */
  match(sticky: RegExp): string {
    sticky.lastIndex = this.pos;
    const text = sticky.exec(this.#text)?.[0] ?? "";
    this.pos += text.length;
    return text;
  }

  /** Reads to the next match of a global pattern, and over it; or not at all. */
  matchNext(pattern: RegExp): boolean {
    pattern.lastIndex = this.pos;
    if (!pattern.test(this.#text)) return false;
    this.pos = pattern.lastIndex;
    return true;
  }

  /** Skips spaces and tabs. */
  skipBlanks(): void {
    this.match(BLANKS);
  }

  /** Skips white space of every kind, ends of lines too. */
  skipSpace(): void {
    this.match(SPACES);
  }

  /** Skips white space and comments: what may stand where a token may. */
  skipSpaceAndComments(): void {
    do this.skipSpace(); while (this.match(COMMENT) !== "");
  }

  /**
   * Skips blanks and a comment behind a value, and says whether the line ends
   * there. A single slash counts as a blank, as it does officially.
   */
  skipToLineEnd(): boolean {
    do this.skipBlanks(); while (this.match(SLASH) !== "");
    this.match(COMMENT);
    return this.ended || this.char === "\n" || this.char === "\r";
  }

  /** Reads text between two quotes of the kind that is next, as it stands. */
  readQuoted(): string {
    const start = this.pos + 1;
    const end = this.#text.indexOf(this.char, start);
    if (end < 0) throw this.unclosedString();
    this.pos = end + 1;
    return this.#text.slice(start, end);
  }

  /** The error for a string that starts at `offset` and has no second quote. */
  unclosedString(offset = this.pos): ConfigError {
    return this.fail(
      "Unexpected EOF: the string that starts here is never closed",
      offset,
    );
  }

  /** Reads a key; `keyword` is set if it is the word `include` before space. */
  readKey(): { key: string; keyword: boolean } {
    const { char } = this;
    if (char === '"' || char === "'") {
      return { key: this.readQuoted(), keyword: false };
    }
    if (char === ":" || char === "=") {
      throw this.fail(`Unexpected key separator '${char}'`);
    }
    if (char === "[") {
      throw this.fail(
        "Unexpected '[' at the start of a key: quote it, or name the file .toml if it is TOML",
      );
    }
    if (",;]/".includes(char)) {
      throw this.fail(`Unexpected '${char}' at the start of a key`);
    }
    const key = this.match(BARE_KEY);
    const followed = !this.ended && this.char !== ":" && this.char !== "=";
    return { key, keyword: followed && key.toLowerCase() === "include" };
  }

  /** Reads the path of an include directive. */
  readIncludePath(): string {
    // Any space ends the word `include`, but only blanks may follow.
    this.skipBlanks();
    const { char } = this;
    if (char === '"' || char === "'") return this.readQuoted();
    const [, found] =
      NO_PATHS.find(([starts]) => char !== "" && starts.includes(char)) ?? [];
    if (found !== undefined) {
      throw this.fail(`Expected include value but found ${found}: quote it`);
    }
    const path = this.match(BARE_PATH);
    if (path === "") {
      throw this.fail(`Expected include value but found ${this.shown()}`);
    }
    this.take("'");
    return path;
  }
}

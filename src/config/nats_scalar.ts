/**
 * Values of the NATS configuration language that hold no others: strings in
 * four forms, switches, numbers with units, dates, and what merely begins like
 * one of these (config-and-monitoring §1.5 to 1.7).
 *
 * `nats_conf` calls it. Knows nothing of what a variable stands for.
 */

import type { Scanner } from "./nats_scanner.ts";
import type { Position, ScalarNode } from "./tree.ts";

/** `$NAME` where a value is expected. */
export interface VariableToken {
  /** Tells it from values. */
  readonly kind: "variable";
  /** What follows the `$`. */
  readonly name: string;
}

const BARE_STRING_END = " \t\r\n;,]}'";
// Unlike the official reader's, which forgets `]`: `[1,2]` are integers.
const NUMBER_END = " \t\r\n;,]}";
/** A `)` alone on its line. */
const BLOCK_END = /[\r\n]\)(?=[\r\n]|$)/g;
const INTEGER = /-?[0-9]+/y;
const FRACTION = /\.[0-9]+/y;
const REST_OF_ADDRESS = /[0-9.:-]*/y;
const SUFFIX = /[kmgtpe][bi]*/iy;
const DATE_FORM = "0000-00-00T00:00:00Z";

const SUFFIX_LETTERS = "kmgtpe";
const BINARY_SUFFIXES = ["b", "i", "ib"];
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["t", "\t"],
  ["n", "\n"],
  ["r", "\r"],
  ['"', '"'],
  ["\\", "\\"],
]);
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** Reads the value that is next; throws `ConfigError` where there is none. */
export function readScalar(scanner: Scanner): ScalarNode | VariableToken {
  const at = scanner.at();
  const { char } = scanner;
  switch (char) {
    case "'":
      return { kind: "string", value: scanner.readQuoted(), at };
    case '"':
      return { kind: "string", value: doubleQuoted(scanner), at };
    case "(":
      return { kind: "string", value: block(scanner), at };
    case ".":
      throw scanner.fail(
        "Floats must start with a digit: quote it if it is text",
      );
    case "":
    case ",":
    case ";":
    case "]":
    case "}":
    case "\r":
    case "\n":
      throw scanner.fail(`Expected value but found ${scanner.shown()}`);
  }
  return isDigit(char) || char === "-"
    ? number(scanner, at)
    : bare(scanner, at);
}

function doubleQuoted(scanner: Scanner): string {
  const start = scanner.pos++;
  const { text } = escapedUntil(scanner, '"', start);
  if (!scanner.take('"')) throw scanner.unclosedString(start);
  return text;
}

function block(scanner: Scanner): string {
  const start = scanner.pos++;
  if (!scanner.matchNext(BLOCK_END)) {
    throw scanner.fail(
      "Unexpected EOF processing block: only a ')' alone on its line ends it",
      start,
    );
  }
  return scanner.since(start).slice(1, -1);
}

function bare(scanner: Scanner, at: Position): ScalarNode | VariableToken {
  const { text, escaped } = escapedUntil(scanner, BARE_STRING_END, scanner.pos);
  // Officially a single quote ends bare text, and is eaten.
  if (scanner.take("'") || escaped) return { kind: "string", value: text, at };
  if (/^(?:true|yes|on)$/i.test(text)) {
    return { kind: "boolean", value: true, at };
  }
  if (/^(?:false|no|off)$/i.test(text)) {
    return { kind: "boolean", value: false, at };
  }
  // A bcrypt hash needs no quotes, though it starts as a variable does.
  return text.startsWith("$") && !text.startsWith("$2a$")
    ? { kind: "variable", name: text.slice(1) }
    : { kind: "string", value: text, at };
}

/** Text up to one of `ends` or the end of all, its escapes resolved. */
function escapedUntil(
  scanner: Scanner,
  ends: string,
  start: number,
): { text: string; escaped: boolean } {
  const parts: (string | number)[] = [];
  let from = scanner.pos;
  for (; !scanner.ended && !ends.includes(scanner.char); scanner.pos++) {
    if (scanner.char !== "\\") continue;
    parts.push(scanner.since(from), escape(scanner));
    from = scanner.pos + 1;
  }
  const rest = scanner.since(from);
  if (parts.length === 0) return { text: rest, escaped: false };
  const text = assemble([...parts, rest]);
  if (text === null) {
    throw scanner.fail("Escapes \\xHH must spell text in UTF-8", start);
  }
  return { text, escaped: true };
}

/** What an escape stands for, `\xHH` as a byte; stops at its last character. */
function escape(scanner: Scanner): string | number {
  const start = scanner.pos++;
  const meant = ESCAPES.get(scanner.char);
  if (meant !== undefined) return meant;
  if (scanner.char !== "x") {
    throw scanner.fail(
      `Invalid escape character ${scanner.shown()}. Only the following escape characters are allowed: \\xXX, \\t, \\n, \\r, \\", \\\\.`,
      start,
    );
  }
  const hex = /[0-9a-f]{2}/iy;
  scanner.pos++;
  const digits = scanner.match(hex);
  if (digits === "") {
    throw scanner.fail(
      `Expected two hexadecimal digits after '\\x', but got ${scanner.shown()}`,
      start,
    );
  }
  scanner.pos--;
  return parseInt(digits, 16);
}

/** Text of strings and bytes in a row, or `null` if that is no UTF-8. */
function assemble(parts: readonly (string | number)[]): string | null {
  const bytes = parts.flatMap((part) =>
    typeof part === "string" ? [...new TextEncoder().encode(part)] : [part]
  );
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(Uint8Array.from(bytes));
  } catch {
    return null; // Only invalid UTF-8 makes it throw.
  }
}

/** A number, or what begins like one: dates, addresses, text. */
function number(scanner: Scanner, at: Position): ScalarNode | VariableToken {
  const start = scanner.pos;
  const digits = scanner.match(INTEGER);
  if (digits === "") {
    scanner.pos++;
    throw scanner.fail(
      scanner.char === "."
        ? "Floats must start with a digit"
        : `Expected a digit but got ${scanner.shown()}: quote it if it is text`,
    );
  }
  const negative = digits.startsWith("-");
  if (scanner.char === ".") return floatOrAddress(scanner, start, at);
  if (scanner.char === "-" && !negative) return date(scanner, start, at);
  const suffix = scanner.match(SUFFIX);
  const { char } = scanner;
  if (char === "" || NUMBER_END.includes(char)) {
    const value = BigInt(digits) * factor(scanner, suffix.toLowerCase(), start);
    if (value < MIN_INT64 || value > MAX_INT64) {
      throw scanner.fail(
        `integer '${scanner.since(start)}' is out of the range`,
        start,
      );
    }
    return { kind: "integer", value: Number(value), at };
  }
  if (negative && suffix === "") {
    throw scanner.fail(
      `Expected a digit but got ${scanner.shown()}: quote it if it is text`,
    );
  }
  scanner.pos = start;
  return bare(scanner, at);
}

/** What a number's suffix, in lower case, multiplies it by. */
function factor(scanner: Scanner, suffix: string, start: number): bigint {
  if (suffix === "") return 1n;
  const [letter] = suffix;
  const rest = suffix.slice(1);
  const power = BigInt(SUFFIX_LETTERS.indexOf(letter) + 1);
  if (rest === "") return 1000n ** power;
  if (BINARY_SUFFIXES.includes(rest)) return 1024n ** power;
  throw scanner.fail(
    `Unknown unit '${suffix}': use ${letter}, ${letter}b or ${letter}ib, or quote it if it is text`,
    start,
  );
}

function floatOrAddress(
  scanner: Scanner,
  start: number,
  at: Position,
): ScalarNode {
  if (scanner.match(FRACTION) === "") {
    scanner.pos++;
    throw scanner.fail(
      `Floats must have a digit after the '.', but got ${scanner.shown()} instead: quote it if it is text`,
    );
  }
  if (scanner.char === ".") {
    scanner.match(REST_OF_ADDRESS);
    return { kind: "string", value: scanner.since(start), at };
  }
  const text = scanner.since(start);
  const value = Number(text);
  if (Number.isFinite(value)) return { kind: "float", value, at };
  throw scanner.fail(`float '${text}' is out of the range`, start);
}

function date(scanner: Scanner, start: number, at: Position): ScalarNode {
  if (scanner.pos - start !== 4) {
    throw scanner.fail(
      "All ISO8601 dates must be in full Zulu form: quote it if it is text",
      start,
    );
  }
  scanner.pos = start;
  for (const form of DATE_FORM) {
    const wanted = form === "0" ? "digit" : `'${form}'`;
    if (form === "0" ? isDigit(scanner.char) : scanner.char === form) {
      scanner.pos++;
      continue;
    }
    throw scanner.fail(
      `Expected ${wanted} in ISO8601 datetime, but found ${scanner.shown()} instead: quote it if it is text`,
    );
  }
  const text = scanner.since(start);
  const value = new Date(text);
  if (isMoment(value, text)) return { kind: "datetime", value, at };
  throw scanner.fail(
    `Expected Zulu formatted DateTime, but got '${text}'`,
    start,
  );
}

/** Whether the day and hour exist: else `Date` is invalid, or rolls over. */
function isMoment(date: Date, text: string): boolean {
  return !Number.isNaN(date.getTime()) &&
    date.toISOString() === text.replace("Z", ".000Z");
}

function isDigit(char: string): boolean {
  return char >= "0" && char <= "9";
}

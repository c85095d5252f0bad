/**
 * What a configuration file says, whatever language it is in: a tree of values
 * and keys that know where they stand, and errors that say so.
 *
 * The parsers build it, `read_tree` reads settings out of it. Knows no option names
 * and no syntax.
 */

import { ConfigError } from "../errors.ts";

/** A place in a file, for people: what editors show. */
export interface Position {
  /** As given by the user, or as an include directive leads to it. */
  readonly file: string;
  /** From 1; LF, CR LF and CR end a line. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

/** A value of kind `Kind` that holds no others. */
interface Scalar<Kind extends string, Value> {
  /** Which kind of value it is. */
  readonly kind: Kind;
  /** The value itself. */
  readonly value: Value;
  /** Its first character, quotes included. */
  readonly at: Position;
}

/** Text, a number, a switch or a moment. Integers are within int64. */
export type ScalarNode =
  | Scalar<"string", string>
  | Scalar<"integer", number>
  | Scalar<"float", number>
  | Scalar<"boolean", boolean>
  | Scalar<"datetime", Date>;

/** Values in order. */
export interface ArrayNode {
  /** Tells it from other nodes. */
  readonly kind: "array";
  /** The values. */
  readonly items: readonly ConfigNode[];
  /** Its opening bracket. */
  readonly at: Position;
}

/** Values by name. */
export interface MapNode {
  /** Tells it from other nodes. */
  readonly kind: "map";
  /** By key, case kept; of keys written twice, the last. */
  readonly entries: ReadonlyMap<string, ConfigEntry>;
  /** Its opening brace, or whatever begins it. */
  readonly at: Position;
}

/** Any value. Variables make several places share one node. */
export type ConfigNode = ScalarNode | ArrayNode | MapNode;

/** A key and its value. */
export interface ConfigEntry {
  /** As written, without quotes. */
  readonly key: string;
  /** Where the key stands: what errors about an option point at. */
  readonly keyAt: Position;
  /** What the key stands for. */
  readonly value: ConfigNode;
  /** Some `$VAR` used it: then it need not be an option. Set by the parser. */
  referenced: boolean;
}

/** How deep maps and arrays may nest: beyond every use, far below the stack. */
export const MAX_DEPTH = 100;

/** An error in a file, as `FILE:LINE:COLUMN: reason`. */
export function configErrorAt(
  at: Position,
  reason: string,
  cause?: unknown,
): ConfigError {
  const text = `${at.file}:${at.line}:${at.column}: ${reason}`;
  return cause === undefined
    ? new ConfigError(text)
    : new ConfigError(text, { cause });
}

/** What to say where values are nested deeper than `MAX_DEPTH`. */
export function tooDeep(at: Position): ConfigError {
  return configErrorAt(at, `Nested deeper than ${MAX_DEPTH} levels`);
}

/** The tree as plain objects, arrays, numbers, strings, booleans and dates. */
export function toPlain(node: ConfigNode): unknown {
  switch (node.kind) {
    case "map":
      // Not by assignment: "__proto__" is a key like any other.
      return Object.fromEntries(
        [...node.entries].map(([key, { value }]) => [key, toPlain(value)]),
      );
    case "array":
      return node.items.map(toPlain);
    default:
      return node.value;
  }
}

/** The text of a file, where parsers look up what offset is on which line. */
export class Source {
  /** The text, without a byte order mark. */
  readonly text: string;
  readonly #file: string;
  /** Offset of the first character of each line; filled at the first use. */
  readonly #lines: number[] = [];

  /** `file` is the name positions carry. */
  constructor(text: string, file: string) {
    this.text = text.startsWith("\ufeff") ? text.slice(1) : text;
    this.#file = file;
  }

  /** The position of the character at `offset`; that of the end is allowed. */
  at(offset: number): Position {
    if (this.#lines.length === 0) {
      this.#lines.push(0);
      for (const { index, 0: { length } } of this.text.matchAll(/\r\n?|\n/g)) {
        this.#lines.push(index + length);
      }
    }
    let low = 0;
    let high = this.#lines.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#lines[middle] <= offset) low = middle;
      else high = middle;
    }
    return {
      file: this.#file,
      line: low + 1,
      column: offset - this.#lines[low] + 1,
    };
  }
}

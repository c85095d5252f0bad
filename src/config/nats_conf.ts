/**
 * The configuration language of nats-server: text in, tree out
 * (config-and-monitoring §1).
 *
 * Accepts what nats-server accepts and means the same by it, except that it
 * refuses what can only be a slip: keys without a value, units that are none,
 * variables in a circle, braces that do not match. Numbers may stand right
 * before `]`, include paths may be absolute, and a byte order mark is skipped.
 * Knows no options, and gets files and the environment through
 * `ConfEnvironment`.
 */

import { dirname, isAbsolute, join, normalize } from "node:path";
import { errorText } from "../error_text.ts";
import { readScalar } from "./nats_scalar.ts";
import { Scanner } from "./nats_scanner.ts";
import type { ConfigEntry, ConfigNode, MapNode, Position } from "./tree.ts";
import { configErrorAt, MAX_DEPTH, Source, tooDeep } from "./tree.ts";

/** What a file may refer to outside itself. Both may throw: it is reported. */
export interface ConfEnvironment {
  /** The environment variable `name`. */
  variable(name: string): string | undefined;
  /** The file at `path`, which is absolute or relative as the main file's. */
  include(path: string): { readonly text: string };
}

/** What all texts that make one configuration share. */
interface Context {
  readonly env: ConfEnvironment;
  /** Files being read, outermost first: including one of them is a circle. */
  readonly files: readonly string[];
  /** Environment variables being read: likewise. */
  readonly variables: readonly string[];
  /** How far the maps and arrays read so far reach. */
  readonly extents: Map<ConfigNode, Extent>;
}

/** How far a node reaches, variables in it replaced. */
interface Extent {
  /** Levels, its own included. */
  readonly height: number;
  /** Values, itself included. */
  readonly size: number;
}

/** How far a value without others in it reaches. */
const SCALAR: Extent = { height: 0, size: 1 };

/**
 * Most values in a map or an array. Ten lines of `b: [$a, $a, $a, $a]` would
 * have a million of them, twenty more than anybody can wait for.
 */
const MAX_SIZE = 100_000;

type Entries = Map<string, ConfigEntry>;

/**
 * Reads the text of `file` and of the files it includes. Throws `ConfigError`
 * as `FILE:LINE:COLUMN: reason` for the first mistake.
 */
export function parseNatsConf(
  text: string,
  file: string,
  env: ConfEnvironment,
): MapNode {
  const files = [normalize(file)];
  const context = { env, files, variables: [], extents: new Map() };
  return new ConfParser(new Scanner(new Source(text, file)), context, 0).file();
}

/** Parses one text: a file, or the value of an environment variable. */
class ConfParser {
  readonly #scanner: Scanner;
  readonly #context: Context;
  #depth: number;
  /** The maps that are open, outermost first: where variables are looked up. */
  readonly #scopes: Entries[] = [];

  constructor(scanner: Scanner, context: Context, depth: number) {
    this.#scanner = scanner;
    this.#context = context;
    this.#depth = depth;
  }

  /** A whole file. Braces around it, or around parts of it, mean nothing. */
  file(): MapNode {
    const scanner = this.#scanner;
    const entries: Entries = new Map();
    const braces: number[] = [];
    this.#scopes.push(entries);
    for (;;) {
      scanner.skipSpaceAndComments();
      if (scanner.ended) break;
      const start = scanner.pos;
      if (scanner.take("{")) braces.push(start);
      else if (!scanner.take("}")) this.#entry(entries, true);
      else if (braces.pop() === undefined) this.#strayBrace(start);
    }
    const unclosed = braces.pop();
    if (unclosed === undefined) {
      return { kind: "map", entries, at: scanner.at(0) };
    }
    throw scanner.fail("Unexpected EOF: this '{' is never closed", unclosed);
  }

  /** The value of an environment variable: as if it stood behind `key =`. */
  variable(): ConfigNode {
    const scanner = this.#scanner;
    scanner.skipBlanks();
    if (scanner.ended) return { kind: "string", value: "", at: scanner.at() };
    const value = this.#value();
    this.#endOfEntry(true);
    scanner.skipSpaceAndComments();
    if (scanner.ended) return value;
    throw scanner.fail(`Expected a single value, but got ${scanner.shown()}`);
  }

  /** nats-server forgives one brace too many, at the end. */
  #strayBrace(start: number): void {
    this.#scanner.skipSpaceAndComments();
    if (this.#scanner.ended) return;
    throw this.#scanner.fail("Unexpected '}': no '{' is open", start);
  }

  /** A key, its value and what ends them; or an include directive. */
  #entry(entries: Entries, top: boolean): void {
    const scanner = this.#scanner;
    const start = scanner.pos;
    const keyAt = scanner.at();
    const { key, keyword } = scanner.readKey();
    if (keyword) {
      this.#include(entries, start);
    } else {
      scanner.skipSpace();
      if (scanner.take(":") || scanner.take("=")) {
        if (top) scanner.skipBlanks();
        else scanner.skipSpace();
      }
      if (scanner.ended) {
        throw scanner.fail(`Unexpected EOF: "${key}" has no value`, start);
      }
      const value = this.#value();
      entries.set(key, { key, keyAt, value, referenced: false });
    }
    this.#endOfEntry(top);
  }

  /** The end of an entry; a closing brace stays for who opened the map. */
  #endOfEntry(top: boolean): void {
    const scanner = this.#scanner;
    if (scanner.skipToLineEnd() || scanner.char === "}") return;
    if (scanner.take(",") || scanner.take(";")) return;
    throw scanner.fail(
      (top
        ? "Expected a top-level value to end with a new line, comment or EOF"
        : 'Expected a map value terminator "," or a map terminator "}"') +
        `, but got ${scanner.shown()} instead: put one entry on a line, and text with blanks in quotes`,
    );
  }

  #value(): ConfigNode {
    const scanner = this.#scanner;
    if (scanner.char === "[") return this.#array();
    if (scanner.char === "{") return this.#map();
    const start = scanner.pos;
    const scalar = readScalar(scanner);
    if (scalar.kind !== "variable") return scalar;
    const value = this.#lookUp(scalar.name, start);
    if (this.#depth + this.#extent(value).height > MAX_DEPTH) {
      throw tooDeep(scanner.at(start));
    }
    return value;
  }

  #map(): MapNode {
    const scanner = this.#scanner;
    const start = scanner.pos;
    const at = this.#open();
    const entries: Entries = new Map();
    this.#scopes.push(entries);
    for (;;) {
      scanner.skipSpaceAndComments();
      if (scanner.ended) {
        throw scanner.fail(
          "Unexpected EOF processing map: this '{' is never closed",
          start,
        );
      }
      if (scanner.take("}")) break;
      this.#entry(entries, false);
    }
    this.#scopes.pop();
    const values = [...entries.values()].map(({ value }) => value);
    return this.#close({ kind: "map", entries, at }, values);
  }

  #array(): ConfigNode {
    const scanner = this.#scanner;
    const start = scanner.pos;
    const at = this.#open();
    const items: ConfigNode[] = [];
    for (;;) {
      scanner.skipSpaceAndComments();
      if (scanner.ended) {
        throw scanner.fail("Unexpected EOF: this '[' is never closed", start);
      }
      if (scanner.take("]")) break;
      if (scanner.char === ",") {
        throw scanner.fail("Unexpected array value terminator ','");
      }
      items.push(this.#value());
      this.#endOfItem();
    }
    return this.#close({ kind: "array", items, at }, items);
  }

  /** The end of an item; a closing bracket stays. */
  #endOfItem(): void {
    const scanner = this.#scanner;
    if (scanner.skipToLineEnd() || scanner.char === "]") return;
    if (scanner.take(",")) return;
    throw scanner.fail(
      `Expected an array value terminator "," or an array terminator "]", but got ${scanner.shown()} instead: put text with blanks in quotes`,
    );
  }

  /** Enters a map or array: what is next is its bracket. */
  #open(): Position {
    const at = this.#scanner.at();
    if (++this.#depth > MAX_DEPTH) throw tooDeep(at);
    this.#scanner.pos++;
    return at;
  }

  #close<Node extends ConfigNode>(
    node: Node,
    children: readonly ConfigNode[],
  ): Node {
    this.#depth--;
    const extents = children.map((child) => this.#extent(child));
    const size = extents.reduce((sum, one) => sum + one.size, 1);
    if (size > MAX_SIZE) {
      throw configErrorAt(node.at, `More than ${MAX_SIZE} values in one`);
    }
    const inside = extents.reduce((most, one) => Math.max(most, one.height), 0);
    this.#context.extents.set(node, { height: inside + 1, size });
    return node;
  }

  /** What a node adds to the one it is in; variables may hang it anywhere. */
  #extent(node: ConfigNode): Extent {
    return this.#context.extents.get(node) ?? SCALAR;
  }

  /** What `$name` at `start` stands for. */
  #lookUp(name: string, start: number): ConfigNode {
    for (const scope of this.#scopes.toReversed()) {
      const entry = scope.get(name);
      if (entry === undefined) continue;
      entry.referenced = true;
      return entry.value;
    }
    return this.#fromEnvironment(name, start);
  }

  #fromEnvironment(name: string, start: number): ConfigNode {
    const { env, variables } = this.#context;
    const scanner = this.#scanner;
    const at = scanner.at(start);
    const reference = `variable reference for '${name}' on line ${at.line}`;
    if (variables.includes(name)) {
      throw scanner.fail(`variable reference cycle for '${name}'`, start);
    }
    let text: string | undefined;
    try {
      // The platform refuses to look up these.
      text = /^[^=\0]+$/.test(name) ? env.variable(name) : undefined;
    } catch (error) {
      throw scanner.fail(
        `${reference} can not be read: ${errorText(error)}`,
        start,
        error,
      );
    }
    if (text === undefined) {
      throw scanner.fail(
        `${reference} can not be found: it is no key above in the maps that are open and not in the environment (quote it if it is text)`,
        start,
      );
    }
    // An error in the text points at the reference, which people can see.
    const source = { text, at: () => at };
    return new ConfParser(
      new Scanner(source, `${reference} could not be parsed: `),
      { ...this.#context, variables: [...variables, name] },
      this.#depth,
    ).variable();
  }

  /** Puts the entries of the file that an include at `start` names here. */
  #include(entries: Entries, start: number): void {
    const scanner = this.#scanner;
    const written = scanner.readIncludePath();
    const { files } = this.#context;
    const path = isAbsolute(written)
      ? normalize(written)
      : join(dirname(files[files.length - 1]), written);
    if (files.includes(path)) {
      const circle = [...files, path].join("' -> '");
      throw scanner.fail(`include cycle: '${circle}'`, start);
    }
    if (this.#depth >= MAX_DEPTH) throw tooDeep(scanner.at(start));
    const source = new Source(this.#readFile(path, start), path);
    const { entries: included } = new ConfParser(
      new Scanner(source),
      { ...this.#context, files: [...files, path] },
      this.#depth + 1,
    ).file();
    for (const [key, entry] of included) entries.set(key, entry);
  }

  #readFile(path: string, start: number): string {
    try {
      return this.#context.env.include(path).text;
    } catch (error) {
      throw this.#scanner.fail(
        `error parsing include file '${path}', ${errorText(error)}`,
        start,
        error,
      );
    }
  }
}

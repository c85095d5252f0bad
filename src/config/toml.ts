/**
 * TOML 1.0: text in, the same tree out as from the language of nats-server
 * (config-and-monitoring §3).
 *
 * A library parses; here its tree becomes ours, and its errors get places.
 * Knows no options.
 */

import type { AST, ParseError } from "npm:toml-eslint-parser@1.0.3";
import { libraryProblem } from "../error_text.ts";
import type { ConfigError } from "../errors.ts";
import type {
  ArrayNode,
  ConfigEntry,
  ConfigNode,
  MapNode,
  Position,
} from "./tree.ts";
import { configErrorAt, MAX_DEPTH, Source, tooDeep } from "./tree.ts";

type Library = typeof import("npm:toml-eslint-parser@1.0.3");

/**
 * Imported by a name that Deno cannot see before midge runs: what a literal
 * import names it downloads at every first start, TOML or not.
 */
export const TOML_LIBRARY: string = "npm:toml-eslint-parser@1.0.3";

type Key = AST.TOMLBare | AST.TOMLQuoted;

/** A map that more may be added to. */
type GrowingMap = MapNode & { readonly entries: Map<string, ConfigEntry> };

/** What `[…]` and `[[…]]` headers add to. */
type Container =
  | GrowingMap
  | (ArrayNode & { readonly items: GrowingMap[] });

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/**
 * Reads the text of `file`. Rejects with `ConfigError`, as
 * `FILE:LINE:COLUMN: reason`, for the first mistake. The first call downloads
 * the library, about 200 kB, unless Deno has it.
 */
export async function parseToml(text: string, file: string): Promise<MapNode> {
  const source = new Source(text, file);
  const library = await load(source);
  try {
    const [table] = library.parseTOML(source.text, { tomlVersion: "1.0" }).body;
    const root = new Converter(source).file(table);
    checkDepth(root);
    return root;
  } catch (error) {
    if (error instanceof library.ParseError) throw syntaxError(error, source);
    // Values far too deep for us use up the library's stack.
    if (error instanceof RangeError) throw tooDeep(source.at(0));
    throw error;
  }
}

async function load(source: Source): Promise<Library> {
  try {
    return await import(TOML_LIBRARY);
  } catch (error) {
    const problem = libraryProblem(TOML_LIBRARY, error);
    throw configErrorAt(source.at(0), problem, error);
  }
}

/** The library's error, and what to do about the commonest mistake. */
function syntaxError(error: ParseError, source: Source): ConfigError {
  const { text } = source;
  if (text[error.index] === ":") {
    return configErrorAt(
      source.at(error.index),
      `${error.message}: TOML has '=' here; files in NATS syntax are called .conf`,
      error,
    );
  }
  const before = text.slice(0, error.index).trimEnd();
  if (!/^Un(expected|specified)/.test(error.message) || !before.endsWith("=")) {
    return configErrorAt(source.at(error.index), error.message, error);
  }
  // The library looks for a value on the lines below, too.
  const sameLine = !/[\r\n]/.test(text.slice(before.length, error.index));
  return configErrorAt(
    source.at(sameLine ? error.index : before.length),
    `${error.message}: expected a value behind '=', text in quotes`,
    error,
  );
}

/** Turns the library's tree of one file into ours. */
class Converter {
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  file(table: AST.TOMLTopLevelTable): MapNode {
    const root = emptyMap(this.#source.at(0));
    for (const part of table.body) {
      if (part.type === "TOMLTable") this.#table(root, part);
      else this.#keyValue(root, part);
    }
    return root;
  }

  /** `[a.b]` or `[[a.b]]` and the lines below it. */
  #table(root: GrowingMap, { key, kind, body }: AST.TOMLTable): void {
    const [parent, last] = this.#descend(root, key.keys);
    const table = kind === "array"
      ? this.#append(parent, last)
      : this.#enter(parent, last);
    for (const part of body) this.#keyValue(table, part);
  }

  #keyValue(map: GrowingMap, { key, value }: AST.TOMLKeyValue): void {
    const [parent, last] = this.#descend(map, key.keys);
    this.#add(parent, last, this.#value(value));
  }

  /** The map that all keys but the last lead to, and the last. */
  #descend(map: GrowingMap, keys: readonly Key[]): [GrowingMap, Key] {
    let inner = map;
    for (const key of keys.slice(0, -1)) inner = this.#enter(inner, key);
    return [inner, keys[keys.length - 1]];
  }

  /** The map under a key, the last one of several; a new one if there is none. */
  #enter(map: GrowingMap, key: Key): GrowingMap {
    const found = container(map, key);
    if (found === undefined) {
      return this.#add(map, key, emptyMap(this.#at(key)));
    }
    return found.kind === "map" ? found : found.items[found.items.length - 1];
  }

  /** Adds a map to the array under a key. */
  #append(map: GrowingMap, key: Key): GrowingMap {
    const at = this.#at(key);
    const table = emptyMap(at);
    const found = container(map, key);
    if (found?.kind === "array") found.items.push(table);
    else this.#add(map, key, { kind: "array", items: [table], at });
    return table;
  }

  #add<Node extends ConfigNode>(map: GrowingMap, key: Key, value: Node): Node {
    const name = nameOf(key);
    const keyAt = this.#at(key);
    map.entries.set(name, { key: name, keyAt, value, referenced: false });
    return value;
  }

  #value(node: AST.TOMLContentNode): ConfigNode {
    const at = this.#at(node);
    switch (node.type) {
      case "TOMLArray": {
        const items = node.elements.map((element) => this.#value(element));
        return { kind: "array", items, at };
      }
      case "TOMLInlineTable": {
        const map = emptyMap(at);
        for (const part of node.body) this.#keyValue(map, part);
        return map;
      }
      case "TOMLValue":
        return scalar(node, at);
    }
  }

  #at(node: { readonly range: AST.Range }): Position {
    return this.#source.at(node.range[0]);
  }
}

function emptyMap(at: Position): GrowingMap {
  return { kind: "map", entries: new Map(), at };
}

/** What is under a key: the library lets keys lead through nothing else. */
function container(map: GrowingMap, key: Key): Container | undefined {
  return map.entries.get(nameOf(key))?.value as Container | undefined;
}

function nameOf(key: Key): string {
  return key.type === "TOMLBare" ? key.name : key.value;
}

function scalar(node: AST.TOMLValue, at: Position): ConfigNode {
  switch (node.kind) {
    case "integer":
      if (node.bigint >= MIN_INT64 && node.bigint <= MAX_INT64) {
        return { kind: "integer", value: Number(node.bigint), at };
      }
      throw configErrorAt(at, `integer '${node.number}' is out of the range`);
    case "float":
      if (Number.isFinite(node.value)) {
        return { kind: "float", value: node.value, at };
      }
      throw configErrorAt(at, `float '${node.number}' is out of the range`);
    case "local-date":
    case "local-time":
    case "local-date-time":
      throw configErrorAt(
        at,
        `'${node.datetime}' is no moment: add a time zone, as in 2026-01-31T12:00:00Z, or quote it if it is text`,
      );
    case "offset-date-time":
      return { kind: "datetime", value: node.value, at };
    case "string":
      return { kind: "string", value: node.value, at };
    case "boolean":
      return { kind: "boolean", value: node.value, at };
  }
}

/** Level by level, not by recursion: keys with dots go as deep as they like. */
function checkDepth(root: MapNode): void {
  let level: ConfigNode[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw tooDeep(level[0].at);
    level = level.flatMap(childrenOf).filter(isContainer);
  }
}

function childrenOf(node: ConfigNode): readonly ConfigNode[] {
  if (node.kind === "array") return node.items;
  if (node.kind !== "map") return [];
  return [...node.entries.values()].map(({ value }) => value);
}

function isContainer({ kind }: ConfigNode): boolean {
  return kind === "array" || kind === "map";
}

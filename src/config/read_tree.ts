/**
 * From a configuration tree to values, by the schema. Finds every mistake of a
 * file before it gives up, each with its place.
 */

import type { ConfigEntry, MapNode, Position } from "./tree.ts";
import { toPlain } from "./tree.ts";
import type { Block, Setting } from "./setting.ts";
import { join, ROOT } from "./schema.ts";
import type { Values } from "./settings.ts";
import { problemWith } from "./settings.ts";
import type { ListenAddress } from "./value_types.ts";
import { ValueError } from "./value_types.ts";
import { VERSION } from "../version.ts";

/** Something wrong with a file. */
export interface Problem {
  /** Where. */
  readonly at: Position;
  /** What. */
  readonly reason: string;
  /** The file can be used all the same. */
  readonly warning: boolean;
}

/** What a file says. */
export interface FileValues {
  /** What it sets. */
  readonly values: Values;
  /** What is wrong with it, in the order of the file. */
  readonly problems: readonly Problem[];
}

/** Reads a whole file. Never throws. */
export function readTree(tree: MapNode): FileValues {
  const reader = new Reader();
  reader.block(tree, ROOT, "", "");
  return { values: reader.values, problems: reader.problems };
}

class Reader {
  readonly values = new Map<string, unknown>();
  readonly problems: Problem[] = [];

  /** Reads `block`, found at `path`; its targets start from `target`. */
  block(map: MapNode, block: Block, path: string, target: string): void {
    for (const entry of map.entries.values()) {
      const key = entry.key.toLowerCase();
      const setting = block.settings.find((one) => names(one).includes(key));
      const inner = block.blocks.find((one) => one.key === key);
      if (setting !== undefined) this.#setting(setting, entry, target);
      else if (inner !== undefined) this.#inner(inner, entry, path, target);
      else if (this.#fixed(block, entry, path)) continue;
      else if (block.refused?.includes(key)) {
        this.#refuse(entry, join(path, key));
      } else if (!entry.referenced) this.#unknown(entry, block, path);
    }
  }

  #setting(setting: Setting, entry: ConfigEntry, parent: string): void {
    const { key, parts, type } = setting;
    const target = join(parent, setting.target);
    try {
      const value = type.read(entry.value, (reason) => {
        this.#problem(
          entry.keyAt,
          `invalid use of field "${key}": ${key} ${reason}`,
          true,
        );
      });
      if (value === undefined) return;
      const problem = parts === undefined ? problemWith(target, value) : null;
      if (problem !== null) throw new ValueError(problem);
      if (parts === undefined) this.values.set(target, value);
      else this.#address(value as ListenAddress, target, parts);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      if (error.at !== undefined) this.#problem(error.at, error.message);
      else this.#problem(entry.keyAt, `${key}: ${error.message}`);
    }
  }

  /** Whether it is a setting midge has one value of; any other is a mistake. */
  #fixed({ fixed = [] }: Block, entry: ConfigEntry, path: string): boolean {
    const key = entry.key.toLowerCase();
    const found = fixed.find((one) => one.key === key);
    if (found === undefined) return false;
    const value = toPlain(entry.value);
    if (!found.values.includes(lowerCase(value))) {
      const given = JSON.stringify(value);
      this.#problem(
        entry.keyAt,
        `${
          join(path, key)
        }: ${given} is not supported by midge ${VERSION}: ${found.reason}`,
      );
    }
    return true;
  }

  #address(
    { host, port }: ListenAddress,
    target: string,
    [hostPart, portPart]: readonly [string, string],
  ): void {
    if (host !== undefined) this.values.set(`${target}.${hostPart}`, host);
    this.values.set(`${target}.${portPart}`, port);
  }

  #inner(
    block: Block,
    entry: ConfigEntry,
    path: string,
    parent: string,
  ): void {
    const target = join(parent, block.target);
    if (entry.value.kind !== "map") {
      this.#problem(
        entry.keyAt,
        `${block.key} takes a block: write ${block.key} { … }`,
      );
      return;
    }
    this.block(entry.value, block, join(path, block.key), target);
  }

  #refuse({ keyAt }: ConfigEntry, name: string): void {
    this.#problem(keyAt, `${name} is not supported by midge ${VERSION}`);
  }

  #unknown({ key, keyAt }: ConfigEntry, block: Block, path: string): void {
    const known = [
      ...block.settings.flatMap(names),
      ...block.fixed?.map(({ key }) => key) ?? [],
      ...block.blocks.map((one) => one.key),
    ];
    const near = nearest(key.toLowerCase(), known);
    const where = path === "" ? "" : ` in ${path}`;
    const hint = near === undefined ? "" : `: did you mean "${near}"?`;
    this.#problem(keyAt, `unknown field "${key}"${where}${hint}`);
  }

  #problem(at: Position, reason: string, warning = false): void {
    this.problems.push({ at, reason, warning });
  }
}

function names({ key, aliases = [] }: Setting): readonly string[] {
  return [key, ...aliases];
}

function lowerCase(value: unknown): unknown {
  return typeof value === "string" ? value.toLowerCase() : value;
}

/** Longest key that is compared with known ones. */
const LONGEST_WORD = 64;

/** The one of `known` that `word` is most likely a slip of, if any. */
export function nearest(
  word: string,
  known: readonly string[],
): string | undefined {
  if (word.length > LONGEST_WORD) return undefined;
  const scored = known
    .map((name) => ({ name, steps: distance(word, name) }))
    .filter(({ name, steps }) => steps <= Math.max(1, name.length / 3))
    .sort((a, b) => a.steps - b.steps);
  return scored[0]?.name;
}

/** Letters to insert, drop, replace or swap to get from one word to the other. */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
        ? before[j - 2] + 1
        : Infinity;
      next.push(Math.min(replaced, swapped, row[j] + 1, next[j - 1] + 1));
    }
    [before, row] = [row, next];
  }
  return row[to.length];
}

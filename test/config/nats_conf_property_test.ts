import assert from "node:assert/strict";
import fc from "fast-check";
import { parseNatsConf } from "../../src/config/nats_conf.ts";
import { parseToml } from "../../src/config/toml.ts";
import type { ConfigNode, MapNode } from "../../src/config/tree.ts";
import { ConfigError } from "../../src/errors.ts";

/** A tree without positions; floats as they are written. */
type Model =
  | { kind: "string"; value: string }
  | { kind: "integer"; value: number }
  | { kind: "float"; value: string }
  | { kind: "boolean"; value: boolean }
  | { kind: "datetime"; value: Date }
  | { kind: "array"; items: readonly Model[] }
  | MapModel;

type MapModel = {
  kind: "map";
  entries: readonly (readonly [string, Model])[];
};

/** Chooses one of several ways to write something. */
type Choose = <Choice>(...choices: readonly Choice[]) => Choice;

function chooser(seed: number): Choose {
  let state = seed;
  return (...choices) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return choices[(state >>> 8) % choices.length];
  };
}

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.stringMatching(/^[a-z][a-z0-9.:\/@*>#=+-]*$/),
  fc.constantFrom(
    "yes",
    "OFF",
    "$A",
    "5m",
    "1-2",
    "include",
    "\n\n",
    "\r\t\n",
    "\nx)\n",
  ),
);
/** No escapes in quoted keys: one with both quotes cannot be written. */
const key = text.filter((one) => !(one.includes("'") && one.includes('"')));

const leaf: fc.Arbitrary<Model> = fc.oneof(
  text.map((value) => ({ kind: "string", value }) as const),
  fc.oneof(
    fc.maxSafeInteger(),
    fc.integer({ min: -9, max: 9 }).map((n) => n * 1024 ** 2),
    fc.integer({ min: -9, max: 9 }).map((n) => n * 1000),
  ).map((value) => ({ kind: "integer", value: value + 0 }) as const),
  fc.tuple(fc.integer(), fc.stringMatching(/^[0-9]{1,9}$/)).map(
    ([whole, fraction]) =>
      ({ kind: "float", value: `${whole}.${fraction}` }) as const,
  ),
  fc.boolean().map((value) => ({ kind: "boolean", value }) as const),
  fc.date({
    min: new Date("1970-01-01T00:00:00Z"),
    max: new Date("2999-12-31T23:59:59Z"),
    noInvalidDate: true,
  }).map((date) =>
    ({
      kind: "datetime",
      value: new Date(Math.floor(date.getTime() / 1000) * 1000),
    }) as const
  ),
);

function mapOf(value: fc.Arbitrary<Model>): fc.Arbitrary<MapModel> {
  return fc.uniqueArray(fc.tuple(key, value), {
    selector: ([name]) => name,
    maxLength: 6,
  }).map((entries) => ({ kind: "map", entries }));
}

const { root } = fc.letrec<{ value: Model; root: MapModel }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 5 })
      .map((items) => ({ kind: "array", items }) as const),
    mapOf(tie("value")),
  ),
  root: mapOf(tie("value")),
}));

/** What a parser should make of a model, in the form of `stripped`. */
function expected(model: Model): unknown {
  switch (model.kind) {
    case "float":
      return { kind: "float", value: Number(model.value) };
    case "array":
      return { kind: "array", items: model.items.map(expected) };
    case "map":
      return {
        kind: "map",
        entries: new Map(
          model.entries.map(([name, value]) => [name, expected(value)]),
        ),
      };
    default:
      return model;
  }
}

/** A tree without its positions. */
function stripped(node: ConfigNode): unknown {
  switch (node.kind) {
    case "array":
      return { kind: "array", items: node.items.map(stripped) };
    case "map":
      return {
        kind: "map",
        entries: new Map(
          [...node.entries].map(([name, { value }]) => [name, stripped(value)]),
        ),
      };
    default:
      return { kind: node.kind, value: node.value };
  }
}

/** Writes the language of nats-server in all the ways it can be written. */
class NatsPrinter {
  readonly #choose: Choose;

  constructor(choose: Choose) {
    this.#choose = choose;
  }

  file(map: MapModel): string {
    const [open, close] = this.#choose(["", ""], ["{", "}"], ["{\n{", "}}\n"]);
    return `${this.#choose("", "\ufeff")}${this.#space()}${open}${
      this.#entries(map, true)
    }${close}${this.#space()}`;
  }

  #entries({ entries }: MapModel, top: boolean): string {
    let out = this.#space();
    for (const [name, value] of entries) {
      const [separator, behind] = this.#choose(
        [":", this.#blanks()],
        ["=", top ? this.#blanks() : this.#spaces()],
        [" ", this.#spaces()],
        [`${this.#spaces()}:`, this.#blanks()],
      );
      const written = this.#value(value);
      out += this.#key(name) + separator + behind + written +
        this.#end(written, ",", ";") + this.#space();
    }
    return out;
  }

  #array(items: readonly Model[]): string {
    let out = `[${this.#space()}`;
    for (const [i, item] of items.entries()) {
      const written = this.#value(item);
      const last = i === items.length - 1 && !written.endsWith("\n)");
      out += written;
      if (last && this.#choose(true, false)) break;
      out += this.#end(written, ",") + this.#space();
    }
    return `${out}]`;
  }

  /** What ends a value; behind a block only the end of a line does. */
  #end(written: string, ...marks: readonly string[]): string {
    const line = this.#choose("\n", "\r\n", "\r", " # a: {\n", "\t// [\r\n");
    if (written.endsWith("\n)")) return this.#choose("\n", "\r\n");
    return this.#choose(line, ...marks.map((mark) => this.#blanks() + mark));
  }

  #key(name: string): string {
    const ways = quoted(name);
    if (/^[\w*.>$@-]+$/.test(name) && !/^include$/i.test(name)) ways.push(name);
    return this.#choose(...ways);
  }

  #value(model: Model): string {
    switch (model.kind) {
      case "string":
        return this.#string(model.value);
      case "integer":
        return this.#integer(model.value);
      case "boolean":
        return model.value
          ? this.#choose("true", "Yes", "ON")
          : this.#choose("false", "no", "Off");
      case "datetime":
        return model.value.toISOString().replace(".000", "");
      case "array":
        return this.#array(model.items);
      case "map":
        return `{${this.#entries(model, false)}}`;
      default:
        return model.value;
    }
  }

  #integer(value: number): string {
    const ways = [String(value)];
    if (value % 1000 === 0) ways.push(`${value / 1000}k`);
    if (value % 1024 === 0) ways.push(`${value / 1024}KiB`);
    if (value % 1024 ** 2 === 0) ways.push(`${value / 1024 ** 2}Mb`);
    return this.#choose(...ways);
  }

  #string(value: string): string {
    const ways = [this.#escaped(value)];
    if (!value.includes("'")) ways.push(`'${value}'`);
    if (/\n$/.test(value) && !/[\r\n]\)[\r\n]/.test(value)) {
      ways.push(`(${value})`);
    }
    if (
      /^[a-z*>][\w.:\/@*>#=+-]*$/.test(value) &&
      !/^(?:true|yes|on|false|no|off)$/i.test(value)
    ) ways.push(value);
    return this.#choose(...ways);
  }

  #escaped(value: string): string {
    const body = value.replace(/["\\\n\r\t]|[^\n\r\t]/gu, (char) => {
      const letter = new Map([["\n", "n"], ["\r", "r"], ["\t", "t"]]).get(char);
      const must = char === '"' || char === "\\";
      if (must) return `\\${char}`;
      return this.#choose(
        char,
        char,
        letter === undefined ? bytesOf(char) : `\\${letter}`,
      );
    });
    return `"${body}"`;
  }

  #blanks(): string {
    return this.#choose("", " ", "\t ");
  }

  #spaces(): string {
    return this.#choose("", " ", "\n", "\r\n \u00a0");
  }

  #space(): string {
    return this.#choose("", " ", "\n\n", "\t# } \n", "//\r\n  ");
  }
}

function quoted(name: string): string[] {
  return ["'", '"'].filter((quote) => !name.includes(quote))
    .map((quote) => `${quote}${name}${quote}`);
}

function bytesOf(char: string): string {
  return [...new TextEncoder().encode(char)]
    .map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}

/** Writes TOML, with headers where they can be and inline where not. */
class TomlPrinter {
  readonly #choose: Choose;

  constructor(choose: Choose) {
    this.#choose = choose;
  }

  /** The entries of the table at `path`, then its tables below their headers. */
  table({ entries }: MapModel, path: readonly string[] = []): string {
    let lines = "";
    let tables = "";
    for (const [name, value] of entries) {
      const header = [...path, this.#key(name)];
      const items = value.kind === "array" ? value.items : [];
      if (value.kind === "map" && this.#choose(true, false)) {
        tables += `[${header.join(".")}]\n${this.table(value, header)}`;
      } else if (items.length > 0 && items.every(isMap)) {
        for (const item of items) {
          tables += `[[${header.join(" . ")}]]\n${this.table(item, header)}`;
        }
      } else {
        lines += `${this.#key(name)} = ${this.#value(value)}${
          this.#choose("\n", " # c\r\n")
        }`;
      }
    }
    return lines + tables;
  }

  #key(name: string): string {
    return /^[\w-]+$/.test(name)
      ? this.#choose(name, this.#string(name))
      : this.#string(name);
  }

  #value(model: Model): string {
    switch (model.kind) {
      case "string":
        return this.#string(model.value);
      case "array":
        return `[${
          model.items.map((item) => this.#value(item))
            .join(this.#choose(",", " ,\n # c\n"))
        }${this.#choose("", "\n")}]`;
      case "map":
        return `{${
          model.entries.map(([name, value]) =>
            `${this.#key(name)}=${this.#value(value)}`
          ).join(", ")
        }}`;
      case "datetime":
        return model.value.toISOString();
      default:
        return String(model.value);
    }
  }

  #string(value: string): string {
    const escaped = value.replace(
      // deno-lint-ignore no-control-regex -- Those are what TOML escapes.
      /["\\\u0000-\u001f\u007f]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    const plain = /^[\w .:\/$>*-]*$/.test(value);
    return plain ? this.#choose(`"${escaped}"`, `'${value}'`) : `"${escaped}"`;
  }
}

function isMap(model: Model): model is MapModel {
  return model.kind === "map";
}

const NO_FILES = {
  variable: () => undefined,
  include(path: string): never {
    throw new Error(`open ${path}: no such file or directory`);
  },
};

function parse(written: string): MapNode {
  return parseNatsConf(written, "f", NO_FILES);
}

Deno.test("parseNatsConf() reads back any tree, however it is written", () => {
  fc.assert(
    fc.property(root, fc.nat(), (model, seed) => {
      const written = new NatsPrinter(chooser(seed)).file(model);
      assert.deepEqual(stripped(parse(written)), expected(model), written);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("parseToml() reads the same tree as parseNatsConf()", async () => {
  await fc.assert(
    fc.asyncProperty(root, fc.nat(), async (model, seed) => {
      const conf = new NatsPrinter(chooser(seed)).file(model);
      const toml = new TomlPrinter(chooser(seed)).table(model);
      const fromToml = stripped(await parseToml(toml, "f.toml"));
      assert.deepEqual(fromToml, stripped(parse(conf)), toml);
    }),
    { numRuns: 500 },
  );
});

/** Pieces that mean something, alone or in the wrong place. */
const PIECES =
  "{ } [ ] ( ) , ; : = # // / ' \" \\ \\x41 \\xff \\q $A $ a port include 1 -1 . 1.5 1.2.3.4:5 8kb 8kbi 1e3 1-2 2016-05-04T18:53:41Z yes é 😀 \ufeff \u0000 \u00a0"
    .split(" ").concat(" ", "\n", "\r\n", "\r", "\t", "a: 1\n", "a {", "\n)\n");

const garbage = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 25 })
    .map((pieces) => pieces.join("")),
  fc.tuple(
    root,
    fc.nat(),
    fc.nat(),
    fc.nat(8),
    fc.constantFrom("", ...PIECES),
  ).map(([model, seed, at, cut, piece]) => {
    const written = new NatsPrinter(chooser(seed)).file(model);
    const start = at % (written.length + 1);
    return written.slice(0, start) + piece + written.slice(start + cut);
  }),
);

/** That the position an error names is in the text, its end included. */
function assertPlace(error: unknown, written: string): void {
  assert(error instanceof ConfigError, String(error));
  const [, line, column] = /^f:(\d+):(\d+): ./.exec(error.message) ?? [];
  const lines = written.replace(/^\ufeff/, "").split(/\r\n?|\n/);
  const found = lines[Number(line) - 1];
  assert(found !== undefined, error.message);
  // A line break of two characters has a second place behind the line.
  assert(Number(column) >= 1, error.message);
  assert(Number(column) <= found.length + 2, error.message);
}

Deno.test("parseNatsConf() takes anything, or says where it is wrong", () => {
  let good = 0;
  let bad = 0;
  fc.assert(
    fc.property(garbage, (written) => {
      try {
        parse(written);
        good++;
      } catch (error) {
        assertPlace(error, written);
        bad++;
      }
    }),
    { numRuns: 5000 },
  );
  assert(good > 100 && bad > 100, `${good} good, ${bad} bad`);
});

Deno.test("parseToml() takes anything, or says where it is wrong", async () => {
  await fc.assert(
    fc.asyncProperty(root, fc.nat(), garbage, async (model, at, piece) => {
      const valid = new TomlPrinter(chooser(at)).table(model);
      const start = at % (valid.length + 1);
      const written = valid.slice(0, start) + piece + valid.slice(start);
      try {
        await parseToml(written, "f");
      } catch (error) {
        assertPlace(error, written);
      }
    }),
    { numRuns: 1000 },
  );
});

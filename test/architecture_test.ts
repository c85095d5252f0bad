/**
 * The layers of src/, enforced: a file imports from its own folder or from a
 * lower row, never sideways or up, types included; and no file grows too long.
 */

import assert from "node:assert/strict";

/** Lowest first; folders of one row do not know each other. */
const ROWS: readonly (readonly string[])[] = [
  [
    "auth_options.ts",
    "cluster_options.ts",
    "error_text.ts",
    "errors.ts",
    "log.ts",
    "monitor_options.ts",
    "option_shape.ts",
    "options.ts",
    "permission.ts",
    "tls_facts.ts",
    "tls_options.ts",
    "version.ts",
  ],
  ["wire", "subject", "transport", "config", "logging"],
  ["auth", "dial"],
  ["core", "client"],
  ["peer"],
  ["cluster", "monitor"],
  ["server"],
  ["cli", "mod.ts", "nats_core.ts"],
];

/** Longest a source file may get. */
const MAX_LINES = 400;

/** The live page is in the languages of browsers. */
const SOURCE = /\.(ts|js|css|html)$/;

const SRC = new URL("../src/", import.meta.url);

async function* sources(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sources(new URL(`${name}/`, folder));
    else if (SOURCE.test(name)) yield new URL(name, folder);
  }
}

/** The folder, or for a file at the top the file itself. */
function unitOf(file: URL): string {
  return file.href.slice(SRC.href.length).split("/")[0];
}

function rowOf(unit: string): number {
  const row = ROWS.findIndex((units) => units.includes(unit));
  assert(row >= 0, `"${unit}" has no place among the layers`);
  return row;
}

/** The files of midge that a file imports or exports from. */
function imports(file: URL, text: string): URL[] {
  return [...text.matchAll(/^(?:import|export|\}).*? from "(\.[^"]+)"/gm)]
    .map(([, path]) => new URL(path, file))
    .filter(({ href }) => href.startsWith(SRC.href));
}

const graph = new Map<string, string[]>();
for await (const file of sources(SRC)) {
  const text = await Deno.readTextFile(file);
  graph.set(file.href, imports(file, text).map(({ href }) => href));
}

Deno.test("every import points to its own folder or a lower layer", () => {
  for (const [file, imported] of graph) {
    const unit = unitOf(new URL(file));
    for (const other of imported) {
      const otherUnit = unitOf(new URL(other));
      assert(
        otherUnit === unit || rowOf(otherUnit) < rowOf(unit) ||
          (rowOf(unit) === 0 && rowOf(otherUnit) === 0),
        `${unit} must not import ${otherUnit}: ${file}`,
      );
    }
  }
});

Deno.test("no files import each other in a circle", () => {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    assert(!path.includes(file), `circle: ${[...path, file].join(" -> ")}`);
    if (done.has(file)) return;
    for (const other of graph.get(file) ?? []) visit(other, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
});

Deno.test("no source file is longer than one can read in a sitting", async () => {
  for (const file of graph.keys()) {
    const lines = (await Deno.readTextFile(new URL(file))).split("\n").length;
    assert(lines <= MAX_LINES + 1, `${file} has ${lines} lines`);
  }
});

Deno.test("only transports, monitoring and syslog use Deno's networking, only cli the process", async () => {
  const allowed: [RegExp, RegExp][] = [
    [
      /Deno\.(listen|connect|serve|startTls)/,
      /src\/(transport\/|monitor\/|logging\/syslog_socket\.ts)/,
    ],
    [/Deno\.(exit|args|addSignalListener)|console\./, /src\/cli\//],
  ];
  for (const file of graph.keys()) {
    const text = await Deno.readTextFile(new URL(file));
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    for (const [pattern, where] of allowed) {
      assert(where.test(file) || !pattern.test(code), `${pattern} in ${file}`);
    }
  }
});

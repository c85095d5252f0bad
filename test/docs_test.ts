/** What the README says of flags, options and versions, against what there is. */

import assert from "node:assert/strict";
import manifest from "../deno.json" with { type: "json" };
import { parseFlags } from "../src/config/flags.ts";
import { DEFAULT_OPTIONS } from "../src/options.ts";
import { run } from "./support/midge.ts";
import { README } from "./support/readme.ts";

const ROOT = new URL("../", import.meta.url);

/** Commands beside the server, by the word that names them. */
const COMMANDS = ["pub", "sub", "req", "top", "mkpasswd"];

const helps = new Map(
  await Promise.all(
    COMMANDS.map(async (command) =>
      [command, (await run([command, "-h"])).stdout] as const
    ),
  ),
);

/** Arguments of every `midge …` that the README tells somebody to type. */
function commandLines(): string[][] {
  const typed = [
    ...README.matchAll(/^(?:\$ | {4})midge (.+)$/gm),
    ...README.matchAll(/`midge ([^`\n]+)`/g),
  ];
  return typed.map(([, line]) => {
    const [command] = line.split(/ {2,}| &$| && /);
    return [...command.matchAll(/'([^']*)'|(\S+)/g)]
      .map(([, quoted, plain]) => quoted ?? plain);
  });
}

/** The flags that a text names: `-s`, `--server`. */
function flagsIn(text: string): string[] {
  return [...text.matchAll(/(?<![\w-])--?[a-z][\w-]*/gi)].map(([flag]) => flag);
}

Deno.test("README's commands have flags that exist", () => {
  const lines = commandLines();
  assert(lines.length > 30, String(lines.length));
  for (const args of lines) {
    const [command] = args;
    const help = helps.get(command);
    if (help === undefined) {
      assert.doesNotThrow(() => parseFlags(args), args.join(" "));
      continue;
    }
    const known = flagsIn(help);
    for (const flag of args.filter((arg) => /^-\D/.test(arg))) {
      const spellings = [
        flag,
        flag.replace(/^-/, "--"),
        flag.replace("--", "-"),
      ];
      assert(
        spellings.some((one) => known.includes(one)),
        `midge ${args.join(" ")}: ${flag}`,
      );
    }
  }
});

Deno.test("README's table of client flags has those that their help has", () => {
  const [, table] = /^\| flag .*\n\| -.*\n((?:\|.*\n)+)/m.exec(README) ?? [];
  const shown = table.trimEnd().split("\n")
    .map((row) => row.split("|")[1])
    .flatMap(flagsIn);
  const known = ["pub", "sub", "req"]
    .flatMap((command) => (helps.get(command) ?? "").split("\n"))
    .filter((line) => /^ {2}-/.test(line))
    .flatMap((line) => flagsIn(line.slice(0, 29)))
    .filter((flag) => flag !== "-h" && flag !== "--help");
  assert.deepEqual(
    [...new Set(shown)].sort(),
    [...new Set(known)].sort(),
  );
});

Deno.test("README's table of options has those there are", () => {
  const [, table] = /^\| option .*\n\| -.*\n((?:\|.*\n)+)/m.exec(README) ?? [];
  const shown = table.trimEnd().split("\n")
    .flatMap((row) => [...row.split("|")[1].matchAll(/`(\w+)`/g)])
    .map(([, name]) => name);
  assert.deepEqual(shown.sort(), Object.keys(DEFAULT_OPTIONS).sort());
});

Deno.test("midge's version is in one place", async () => {
  const shown = [...README.matchAll(/midge(?: version)? v?(\d+\.\d+\.\d+)/g)];
  assert(shown.length > 0);
  for (const [text, version] of shown) {
    assert.equal(version, manifest.version, text);
  }
  for (const folder of ["src/", "config/"]) {
    for await (const [file, text] of texts(new URL(folder, ROOT))) {
      assert(!text.includes(manifest.version), file);
    }
  }
});

async function* texts(folder: URL): AsyncGenerator<[string, string]> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* texts(new URL(`${name}/`, folder));
    else if (!name.endsWith(".png")) {
      yield [name, await Deno.readTextFile(new URL(name, folder))];
    }
  }
}

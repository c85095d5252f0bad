import assert from "node:assert/strict";
import { atLeast, officialServers } from "../support/official_server.ts";
import { DEFAULT_OPTIONS } from "../../src/options.ts";

const SAMPLE = new URL("../../config/default.conf", import.meta.url);

/** Options that are no setting of a file, or that a file leaves out by default. */
const NOT_IN_FILES = [
  "dontListen",
  "tls",
  "allowNonTls",
  "maxSubTokens",
  "serverName",
  "clientAdvertise",
  "log",
  "clock",
];

/** `max_payload` for `maxPayload`; units are left out of names in files. */
function keyOf(option: string): string {
  return option.replace(/(Ms|Bytes)$/, "")
    .replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function milliseconds(text: string): number {
  const [, number, unit] = /^"(\d+)(s|m)"$/.exec(text) ?? [];
  return Number(number) * (unit === "m" ? 60_000 : 1000);
}

Deno.test("config/default.conf says what the defaults are, all of them", async () => {
  const values = new Map<string, string>();
  for (const line of (await Deno.readTextFile(SAMPLE)).split("\n")) {
    const [, key, value] = /^(\w+): (.+)$/.exec(line) ?? [];
    if (key !== undefined) values.set(key, value);
    else assert.match(line, /^(#.*)?$/);
  }
  for (const [option, value] of Object.entries(DEFAULT_OPTIONS)) {
    if (NOT_IN_FILES.includes(option)) continue;
    const text = values.get(keyOf(option));
    assert(text !== undefined, `${keyOf(option)} is missing`);
    values.delete(keyOf(option));
    assert.equal(
      option.endsWith("Ms") ? milliseconds(text) : text,
      option.endsWith("Ms") ? value : String(value),
      option,
    );
  }
  assert.deepEqual([...values.keys()], [], "options midge does not have");
});

for (const binary of officialServers().filter((one) => atLeast(one, 2, 10))) {
  Deno.test(`nats-server ${binary.version} accepts config/default.conf`, async () => {
    const { code, stderr } = await new Deno.Command(binary.path, {
      args: ["-t", "-c", SAMPLE.pathname],
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
  });
}

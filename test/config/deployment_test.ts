/** How midge is deployed: what config/ has for that fits together, and midge. */

import assert from "node:assert/strict";
import { verifyPassword } from "../support/bcrypt.ts";
import { parseFlags } from "../../src/config/flags.ts";
import { loadConfig } from "../../src/mod.ts";
import { Folder } from "../support/folder.ts";
import { pathOf } from "../support/paths.ts";

const UNIT = await text("config/midge.service");

async function text(name: string): Promise<string> {
  return await Deno.readTextFile(pathOf(name));
}

async function load(name: string) {
  return await loadConfig(pathOf(name));
}

/** The value of a line `NAME=value`. */
function setting(name: string): string {
  const [, value] = new RegExp(`^${name}=(.*)$`, "m").exec(UNIT) ?? [];
  assert(value !== undefined, `no ${name}`);
  return value;
}

Deno.test("config/edge.conf and config/edge.toml say the same", async () => {
  assert.deepEqual(
    await load("config/edge.conf"),
    await load("config/edge.toml"),
  );
});

Deno.test("config/edge.conf lets in who knows its password", async () => {
  const { server } = await load("config/edge.conf");
  const [{ password = "" }] = server.authorization?.users ?? [];
  assert(await verifyPassword("change me", password));
  assert.equal(server.monitor?.host, "127.0.0.1");
});

Deno.test("config/midge.service starts midge with flags it has, and reloads it", () => {
  const [program, ...args] = setting("ExecStart").split(" ");
  const line = parseFlags(args);
  assert.equal(line.action, "serve");
  const installed = [...UNIT.matchAll(/^# +install .* (\S+) (\S+)$/gm)]
    .map(([, from, to]) => to.endsWith("/") ? to + from.split("/").at(-1) : to);
  assert(installed.includes(program), program);
  assert(installed.includes(line.configFile), line.configFile);
  assert.match(setting("ExecReload"), /kill -HUP \$MAINPID$/);
});

const analyzer = findAnalyzer();

function findAnalyzer(): boolean {
  try {
    const args = ["--version"];
    if (new Deno.Command("systemd-analyze", { args }).outputSync().success) {
      return true;
    }
  } catch {
    // Not on this machine.
  }
  // deno-lint-ignore no-console -- Why tests are skipped.
  console.log("systemd-analyze is missing: its view of the unit is skipped");
  return false;
}

/** What systemd says to the unit, with a program in it that exists. */
async function analyze(...args: string[]) {
  using folder = new Folder({
    "midge.service": UNIT.replaceAll("/usr/local/bin/midge", "/bin/true"),
  });
  const { success, stdout, stderr } = await new Deno.Command(
    "systemd-analyze",
    { args: [...args, folder.file("midge.service")] },
  ).output();
  const decoder = new TextDecoder();
  return {
    success,
    said: decoder.decode(stdout) + decoder.decode(stderr),
  };
}

Deno.test({
  name: "config/midge.service is what systemd takes, and hardened",
  ignore: !analyzer,
  async fn() {
    const verified = await analyze("verify");
    assert.deepEqual(verified, { success: true, said: "" });
    // Exposure of 2.0 at most, of 10.
    const secure = await analyze(
      "security",
      "--offline=true",
      "--threshold=20",
    );
    assert(secure.success, secure.said);
  },
});

Deno.test("config/Containerfile copies what there is, and starts midge with flags it has", async () => {
  const file = await text("config/Containerfile");
  const copied = [...file.matchAll(/^COPY (\S+) (\S+)$/gm)];
  const paths = copied.map(([, , to]) => to);
  const [[, executable], [, config]] = copied;
  const [, target] = /deno task compile (\S+)/.exec(file) ?? [];
  assert.equal(executable, `dist/midge-${target}`);
  await Deno.stat(pathOf(config));
  const [program] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(file)?.[1] ?? "[]");
  const args = JSON.parse(/^CMD (.*)$/m.exec(file)?.[1] ?? "[]");
  assert(paths.includes(program));
  assert(paths.includes(parseFlags(args).configFile));
});

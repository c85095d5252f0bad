/**
 * The program of "How do embedded NATS instances communicate with a Go
 * application?", translated: in-process and over TCP, as README shows it, each
 * run the way a user runs a program of his own.
 */

import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { Folder } from "../support/folder.ts";
import { block } from "../support/readme.ts";

const ROOT = new URL("../../", import.meta.url);
const IN_PROCESS = block("ts", "Hello embedded NATS!");
const [COMMAND, ...SHOWN] = block("console", "hello_embedded").split("\n");

/** Where a user's own program finds midge. */
const IMPORTS = Object.fromEntries(
  Object.entries(manifest.exports).map(([name, path]) => [
    manifest.name + name.slice(1),
    new URL(path, ROOT).href,
  ]),
);

/** The program with the lines of README's diff in the place of others. */
function overTcp(): string {
  let text = IN_PROCESS;
  const lines = block("diff", "dontListen").trimEnd().split("\n");
  for (let i = 0; i < lines.length; i += 2) {
    const [before, after] = [lines[i], lines[i + 1]].map((line) =>
      line.slice(1)
    );
    assert(text.includes(`${before}\n`), before);
    text = text.replace(before, after);
  }
  return text;
}

/** Runs a program behind a shell command; what it prints. */
async function run(
  program: string,
  permissions: readonly string[],
  shell = 'exec "$@"',
): Promise<string> {
  using folder = new Folder({
    "deno.json": JSON.stringify({ imports: IMPORTS, unstable: ["net"] }),
    "hello_embedded.ts": program,
  });
  const [file, ...flags] = COMMAND.replace("$ npx -y deno@2.9.6 ", "")
    .split(" ").toReversed();
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: [
      ...["-c", shell, "sh", Deno.execPath()],
      ...[...flags.toReversed(), "--quiet", "--no-lock", ...permissions, file],
    ],
    cwd: folder.path,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assert.equal(code, 0, decoder.decode(stderr));
  assert.equal(decoder.decode(stderr), "");
  return decoder.decode(stdout);
}

Deno.test("the article's program runs in-process, without any permission", async () => {
  assert.equal(await run(IN_PROCESS, []), SHOWN.join("\n"));
});

Deno.test("the article's program runs over TCP, three lines changed", async () => {
  const permissions = ["--allow-net", "--allow-env"];
  assert.equal(await run(overTcp(), permissions), SHOWN.join("\n"));
});

/** Whether a network of our own can be had, where nobody else has sockets. */
const LONELY = await new Deno.Command("unshare", {
  args: ["-rn", "ip", "link", "set", "lo", "up"],
  stderr: "null",
}).output().then(({ success }) => success, () => false);

Deno.test({
  name:
    "the article's program in-process is not seen by the network, over TCP it is (Linux)",
  ignore: !LONELY,
  async fn() {
    // As the article looks with netstat: a closed connection lingers.
    const watched =
      'exec unshare -rn sh -c \'ip link set lo up; "$@"; grep -c : /proc/net/tcp || true\' sh "$@"';
    const permissions = ["--allow-net", "--allow-env"];
    const sockets = async (program: string) =>
      Number((await run(program, permissions, watched)).split("\n")[1]);
    // Its first line is a heading, which has no colon.
    assert.equal(await sockets(IN_PROCESS), 0);
    assert(await sockets(overTcp()) > 0);
  },
});

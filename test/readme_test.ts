/** The README's client script, run as it stands there: its output must be true. */

import assert from "node:assert/strict";
import manifest from "../deno.json" with { type: "json" };
import { helpText } from "../src/config/flags.ts";
import { block, README } from "./support/readme.ts";
import { TestServer } from "./support/server.ts";
import { runTool, Tool } from "./support/tool.ts";

Deno.test("README's client script prints what README says", async () => {
  await using server = await TestServer.listening();
  const script = block("ts", "transport-node").replace(
    "127.0.0.1:4222",
    `127.0.0.1:${server.server.port}`,
  );
  const [command, ...shown] = block("console", "run --allow-net").split("\n");
  const args = command.replace("$ npx -y deno@2.9.6 ", "").split(" ");
  const process = new Deno.Command(Deno.execPath(), {
    args: [...args.slice(0, -1), "--quiet", "--no-config", "--no-lock", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { stdout } = await process.output();
  assert.equal(new TextDecoder().decode(stdout), shown.join("\n"));
});

Deno.test("README's authenticator lets in who is in the table", async () => {
  const script = block("ts", "DatabaseSync").replace(
    '"@midge/server"',
    JSON.stringify(new URL("../src/mod.ts", import.meta.url).href),
  );
  const check = `
    for (const password of ["engine", "guess"]) {
      const conn = await Deno.connect({ port: server.port });
      const lines = conn.readable.pipeThrough(new TextDecoderStream());
      const reader = lines.getReader();
      await reader.read();
      const writer = conn.writable.getWriter();
      const connect = JSON.stringify({ user: "ada", pass: password });
      await writer.write(new TextEncoder().encode(
        \`CONNECT \${connect}\\r\\nPUB maths.x 0\\r\\n\\r\\nPUB x 0\\r\\n\\r\\nPING\\r\\n\`,
      ));
      let text = "";
      while (!/PONG|Authorization/.test(text)) text += (await reader.read()).value;
      console.log(text.replace(/INFO.*/, "").trim());
      await reader.cancel();
    }`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--ext=ts", script + check],
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.deepEqual(decode(stdout).split(/\r?\n/), [
    "+OK",
    "+OK",
    `-ERR 'Permissions Violation for Publish to "x"'`,
    "PONG",
    "-ERR 'Authorization Violation'",
    "",
  ], decode(stderr));
});

Deno.test("README's pub, sub and req print what README says", async () => {
  await using server = await TestServer.listening();
  const url = server.server.clientURL();
  const responder = await server.client();
  await responder.send("SUB shout.* 1\r\n");
  await responder.quiet();
  const steps = block("console", "midge sub 'sensor").split(/^\$ midge /m)
    .slice(1)
    .map((step) => /^(.*?)(?: &)?\n(.*)$/s.exec(step)?.slice(1) ?? []);
  const tools = steps.map(([words, shown]) => ({
    args: [...words.matchAll(/'([^']*)'|(\S+)/g)]
      .map(([, quoted, plain]) => quoted ?? plain).concat("-s", url),
    shown,
  }));
  const [sub, pub, req, none] = tools;
  await using subscribing = new Tool(sub.args);
  await subscribing.said(/Subscribing/);
  const published = await runTool(pub.args);
  const received = await subscribing.result();
  assert.equal(received.stderr, sub.shown);
  assert.equal(published.stderr + received.stdout, pub.shown);
  await using requesting = new Tool(req.args);
  const [, , , reply] = (await responder.through("\r\n")).split(" ");
  const text = (await responder.through("\r\n")).trim();
  await responder.send(
    `PUB ${reply} ${text.length}\r\n${text.toUpperCase()}\r\n`,
  );
  const { stderr, stdout } = await requesting.result();
  const anyTime = (line: string) => line.replace(/[\d.]+ms/, "…ms");
  assert.equal(anyTime(stderr + stdout), anyTime(req.shown));
  assert.equal((await runTool(none.args)).stderr, none.shown);
});

Deno.test("README shows the help there is", () => {
  assert(README.includes(`$ midge -h\n${helpText().trim()}\n`));
});

Deno.test("README's first commands are tasks that exist and name their permissions", () => {
  for (const [, name] of block("sh", "task start").matchAll(/task (\w+)/g)) {
    assert(name in manifest.tasks, name);
  }
  for (const task of Object.values(manifest.tasks)) {
    if (!("command" in task)) continue;
    assert(!/ -A\b|--allow-all/.test(task.command), task.command);
  }
});

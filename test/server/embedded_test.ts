/** Servers inside a program: no permission, no socket, no side effects. */

import assert from "node:assert/strict";
import { Server } from "../../src/mod.ts";

const MOD = new URL("../../src/mod.ts", import.meta.url).href;

Deno.test("a server with dontListen needs no permission at all", async () => {
  const script = `
    import { Server } from ${JSON.stringify(MOD)};
    await using server = await Server.start({ dontListen: true });
    const conn = server.inProcessConn();
    const text = (bytes) => new TextDecoder().decode(bytes);
    const buffer = new Uint8Array(4096);
    let count = await conn.read(buffer);
    if (!text(buffer.subarray(0, count)).startsWith("INFO ")) throw 0;
    await conn.write(new TextEncoder().encode(
      'CONNECT {"verbose":false}\\r\\nSUB foo 1\\r\\nPUB foo 2\\r\\nhi\\r\\nPING\\r\\n',
    ));
    count = await conn.read(buffer);
    console.log(JSON.stringify(text(buffer.subarray(0, count))));
    conn.close();
  `;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, script);
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", file],
  }).output();
  await Deno.remove(file);
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.equal(decode(stderr), "");
  assert.equal(decode(stdout), '"MSG foo 1 2\\r\\nhi\\r\\nPONG\\r\\n"\n');
  assert.equal(code, 0);
});

/** Sockets this process has open, as the system lists them. */
async function sockets(): Promise<string[]> {
  const { stdout } = await new Deno.Command("ls", {
    args: ["-l", `/proc/${Deno.pid}/fd`],
  }).output();
  return new TextDecoder().decode(stdout).match(/socket:\[\d+\]/g) ?? [];
}

Deno.test({
  name: "a server with dontListen opens no socket of any kind (Linux)",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const before = new Set(await sockets());
    await using server = await Server.start({ dontListen: true });
    const transport = server.inProcessConn();
    await transport.read(new Uint8Array(4096));
    const opened = (await sockets()).filter((one) => !before.has(one));
    assert.deepEqual(opened, []);
    assert.equal(server.port, 0);
    transport.close();
  },
});

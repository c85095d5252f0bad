/** The executable without a configuration: starting, stopping, help. */

import assert from "node:assert/strict";
import { dialTcp } from "../../src/transport/tcp.ts";
import { connect, Midge, run } from "../support/midge.ts";
import { freePort } from "../support/official_server.ts";
import { RawClient } from "../support/raw_client.ts";

Deno.test("midge starts with log lines like the official ones and stops on SIGTERM", async () => {
  await using midge = new Midge(["-a", "127.0.0.1", "-p", "-1", "-D"]);
  await midge.line(/Server is ready\n/);
  const line = String
    .raw`\[\d+\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} \[INF\] `;
  const expected = [
    String.raw`Starting nats-server, midge version \d+\.\d+\.\d+`,
    String.raw`  Version:  2\.12\.0`,
    "  Name:     N[A-Z2-7]{55}",
    "  ID:       N[A-Z2-7]{55}",
    String.raw`Listening for client connections on 127\.0\.0\.1:\d+`,
    "Server is ready",
  ].map((text) => `${line}${text}\n`).join("");
  assert.match(midge.text, new RegExp(`^${expected}$`));
  const client = await connect(await midge.port());
  await midge.line(
    /\[DBG\] 127\.0\.0\.1:\d+ - cid:1 - Client connection created/,
  );
  midge.kill("SIGTERM");
  await client.expectClosed("");
  assert.equal(await midge.code(), 0);
  assert.match(
    midge.text,
    /\[INF\] Initiating Shutdown\.\.\.\n.*\[INF\] Server Exiting\.\.\n$/s,
  );
});

Deno.test("midge flushes what is queued on SIGINT", async () => {
  await using midge = new Midge(["-a", "127.0.0.1", "-p", "-1"]);
  const port = await midge.port();
  const subscriber = await connect(port);
  await subscriber.send("SUB foo 1\r\n");
  await subscriber.quiet();
  const resume = subscriber.pause();
  const publisher = await connect(port);
  await publisher.send(`PUB foo 5000\r\n${"x".repeat(5000)}\r\n`.repeat(1000));
  await publisher.quiet();
  midge.kill("SIGINT");
  resume();
  const got = await subscriber.closed();
  assert.equal(got.length, 1000 * "MSG foo 1 5000\r\n\r\n".length + 5_000_000);
  await publisher.closed();
  assert.equal(await midge.code(), 0);
});

Deno.test("midge goes into lame duck mode on SIGUSR2, ignores SIGTERM then, obeys SIGINT", async () => {
  await using midge = new Midge(["-a", "127.0.0.1", "-p", "-1"]);
  const port = await midge.port();
  const client = new RawClient(await dialTcp("127.0.0.1", port));
  await client.info();
  await client.send('CONNECT {"verbose":false,"protocol":1}\r\nPING\r\n');
  await client.through("PONG\r\n");
  await client.info();
  midge.kill("SIGUSR2");
  assert.equal((await client.info()).ldm, true);
  await assert.rejects(dialTcp("127.0.0.1", port));
  midge.kill("SIGTERM");
  await client.quiet();
  midge.kill("SIGINT");
  await client.expectClosed("");
  assert.equal(await midge.code(), 0);
});

Deno.test("midge listens again on its port right after it was killed", async () => {
  const port = freePort();
  for (let i = 0; i < 2; i++) {
    await using midge = new Midge(["-a", "127.0.0.1", "-p", String(port)]);
    await midge.line(/Server is ready\n/);
    const client = await connect(port);
    midge.kill("SIGKILL");
    await client.closed();
  }
});

Deno.test("midge says in one line that a port is taken, and exits with 1", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const { code, stderr } = await run(["-a", "127.0.0.1", "-p", String(port)]);
  assert.equal(code, 1);
  const last = stderr.trimEnd().split("\n").at(-1) ?? "";
  assert(
    last.includes(
      `[FTL] Error listening on port: 127.0.0.1:${port}, "listen tcp 127.0.0.1:${port}: bind: address already in use"`,
    ),
    stderr,
  );
});

Deno.test("midge says in one line that an address is not its own or none at all", async () => {
  for (const host of ["203.0.113.7", "no such host", "256.1.1.1"]) {
    const { code, stderr } = await run(["-a", host, "-p", "-1"]);
    assert.equal(code, 1);
    const lines = stderr.trimEnd().split("\n");
    assert(lines.at(-1)?.includes("[FTL] Error listening on port: "), stderr);
    assert(!stderr.includes("    at "), "no stack trace");
  }
});

Deno.test("midge says in one line what is wrong with a flag, and exits with 1", async () => {
  for (
    const [args, message] of [
      [["--prot", "1"], "flag provided but not defined: -prot"],
      [
        ["-p", "x"],
        'invalid value "x" for flag -p: parse error: not a whole number',
      ],
      [["serve"], 'unrecognized command: "serve"'],
    ] as const
  ) {
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.equal(stderr, `midge: ${message} (midge -h lists the flags)\n`);
  }
});

Deno.test("midge prints help and version on standard output", async () => {
  const help = await run(["-h"]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /^Usage: midge \[flags\]\n/);
  const version = await run(["-v"]);
  assert.equal(version.code, 0);
  assert.match(
    version.stdout,
    /^nats-server: v2\.12\.0 \(midge v\d+\.\d+\.\d+\)\n$/,
  );
});

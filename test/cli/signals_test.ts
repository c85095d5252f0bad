/** Signals to the executable: reload, reopen, quit, and `--signal`. */

import assert from "node:assert/strict";
import { dialTcp } from "../../src/transport/tcp.ts";
import { Folder } from "../support/folder.ts";
import { connect, FILES, Midge, run } from "../support/midge.ts";
import { RawClient } from "../support/raw_client.ts";

/** A midge that runs with `a.conf` of `folder`. */
function start(folder: Folder, ...args: string[]): Midge {
  return new Midge(["-c", folder.file("a.conf"), ...args], FILES);
}

const BASE = "host: 127.0.0.1\nport: -1\n";

async function info(port: number) {
  const client = new RawClient(await dialTcp("127.0.0.1", port));
  const first = await client.info();
  await client[Symbol.asyncDispose]();
  return first;
}

Deno.test("midge applies what changed in its file on SIGHUP, and keeps its clients", async () => {
  using folder = new Folder({ "a.conf": BASE });
  await using midge = start(folder);
  const port = await midge.port();
  const client = await connect(port);
  folder.write("a.conf", `${BASE}max_payload: 4\ndebug: true\ntrace: true\n`);
  midge.kill("SIGHUP");
  await midge.line(/\[INF\] Reloaded server configuration\n/);
  assert.match(midge.text, /\[INF\] Reloaded: max_payload = 4\n/);
  assert.match(midge.text, /\[INF\] Reloaded: debug = true\n/);
  assert.equal((await info(port)).max_payload, 4);
  await midge.line(/\[DBG\] .* Client connection closed: Client Closed\n/);
  await client.send("PUB foo 4\r\nfour\r\nPUB foo 5\r\n");
  await client.expectClosed("-ERR 'Maximum Payload Violation'\r\n");
  await midge.line(/\[TRC\] 127\.0\.0\.1:\d+ - cid:1 - <<- \[PUB foo 4\]\n/);
});

Deno.test("midge changes nothing on SIGHUP when anything is wrong with its file", async () => {
  using folder = new Folder({ "a.conf": BASE });
  await using midge = start(folder);
  const port = await midge.port();
  const client = await connect(port);
  const attempts: [string, RegExp][] = [
    [
      `${BASE}max_payload: 4\nprot: 1\n`,
      /\[ERR\] Failed to reload server configuration: \S+a\.conf:4:1: unknown field "prot".*\n/,
    ],
    [
      `${BASE}max_payload: 4\nmax_pending: 5000\n`,
      /\[ERR\] Failed to reload server configuration: config reload not supported for max_pending: old=67108864, new=5000\n/,
    ],
    [
      "host: 127.0.0.1\nport: 4999\nmax_payload: 4\n",
      /\[ERR\] Failed to reload server configuration: config reload not supported for port: old=-1, new=4999\n/,
    ],
    [
      `${BASE}max_payload: 4\nlog_file: ${folder.path}\n`,
      /\[ERR\] Failed to reload server configuration: error opening file: open \S+: is a directory .*\n/,
    ],
    [
      `${BASE}max_payload: 4\ntls { cert_file: nope.pem, key_file: nope.pem }\n`,
      /\[ERR\] Failed to reload server configuration: .*nope\.pem.*\n/,
    ],
  ];
  for (const [text, pattern] of attempts) {
    folder.write("a.conf", text);
    midge.kill("SIGHUP");
    await midge.line(pattern);
    assert.equal((await info(port)).max_payload, 1048576, text);
  }
  await client.send("PING\r\n");
  await client.through("PONG\r\n");
});

Deno.test("midge keeps what flags say when it reloads", async () => {
  using folder = new Folder({ "a.conf": BASE });
  await using midge = start(folder, "-D");
  const port = await midge.port();
  folder.write("a.conf", `${BASE}debug: false\nmax_payload: 4\n`);
  midge.kill("SIGHUP");
  await midge.line(/\[INF\] Reloaded server configuration\n/);
  assert.equal((await info(port)).max_payload, 4);
  await midge.line(/\[DBG\] .* Client connection closed: Client Closed\n/);
});

Deno.test("midge without a file says that it cannot reload, from its first line on", async () => {
  await using midge = new Midge(["-a", "127.0.0.1", "-p", "-1"]);
  await midge.line(/Starting nats-server/);
  midge.kill("SIGHUP");
  await midge.line(
    /\[ERR\] Failed to reload server configuration: can only reload config when a file is provided using -c or --config\n/,
  );
});

Deno.test("midge loses nothing while it reloads again and again", async () => {
  const count = 20_000;
  using folder = new Folder({ "a.conf": BASE });
  await using midge = start(folder);
  const port = await midge.port();
  const subscriber = await connect(port);
  await subscriber.send(`SUB foo 1\r\nUNSUB 1 ${count}\r\n`);
  await subscriber.quiet();
  const publisher = await connect(port);
  for (let sent = 0; sent < count; sent += 1000) {
    folder.write("a.conf", `${BASE}max_payload: ${2000 + sent}\n`);
    midge.kill("SIGHUP");
    await publisher.send("PUB foo 5\r\nhello\r\n".repeat(1000));
  }
  await publisher.quiet();
  await subscriber.send("PING\r\n");
  assert.equal(
    await subscriber.through("PONG\r\n"),
    "MSG foo 1 5\r\nhello\r\n".repeat(count) + "PONG\r\n",
  );
});

Deno.test("midge goes on in a new log file on SIGUSR1, and says so", async () => {
  using folder = new Folder();
  const log = folder.file("m.log");
  await using midge = new Midge(
    ["-a", "127.0.0.1", "-p", "-1", "-l", log, "-P", folder.file("m.pid")],
    FILES,
  );
  const until = async (name: string, pattern: RegExp) => {
    for (;;) {
      try {
        if (pattern.test(folder.read(name))) return;
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  await until("m.log", /Server is ready\n/);
  await Deno.rename(log, folder.file("m.log.1"));
  const { code, stderr } = await run(
    ["-sl", `reopen=${folder.file("m.pid")}`],
    [...FILES, "--allow-run"],
  );
  assert.deepEqual([code, stderr], [0, ""]);
  await until("m.log", /\[INF\] File log re-opened\n/);
  await until("m.log", /\[WRN\] SIGUSR1 makes "deno run" open its debugger /);
  assert.match(folder.read("m.log.1"), /Starting nats-server/);
  midge.kill("SIGINT");
  assert.equal(await midge.code(), 0);
  assert.match(folder.read("m.log"), /\[INF\] Server Exiting\.\.\n$/);
  // Deno listens to the signal as well once it has run for half a second.
  const debuggerLine = /^(Debugger|Visit|Failed to start inspector) .*\n/gm;
  assert.equal(midge.text.replace(debuggerLine, ""), "");
});

Deno.test("midge prints where it stands and ends on SIGQUIT", async () => {
  await using midge = new Midge(["-a", "127.0.0.1", "-p", "-1"]);
  const client = await connect(await midge.port());
  midge.kill("SIGQUIT");
  assert.equal(await midge.code(), 2);
  assert.match(
    midge.text,
    /SIGQUIT: quit\nconnections: 1, slow consumers: 0\n/,
  );
  await client.closed();
});

/** What an embedder can get wrong: which error that is, and what it says. */

import assert from "node:assert/strict";
import type { ServerOptions, Transport } from "../../src/mod.ts";
import {
  ClosedError,
  ConfigError,
  ListenError,
  loadConfig,
  Server,
} from "../../src/mod.ts";
import { Folder } from "../support/folder.ts";
import { freePort } from "../support/official_server.ts";
import { TestServer } from "../support/server.ts";
import { SERVER_TLS } from "../support/tls.ts";

/** Whether an error is exactly of this class and says exactly this. */
function is(type: new (...args: never[]) => Error, message: string) {
  return (error: unknown): true => {
    assert(error instanceof type && error.name === type.name, String(error));
    assert.equal(error.message, message);
    return true;
  };
}

/** Asserts that nobody listens on a port of the loopback interface. */
async function assertFree(port: number): Promise<void> {
  await assert.rejects(
    Deno.connect({ hostname: "127.0.0.1", port }),
    Deno.errors.ConnectionRefused,
  );
}

Deno.test("inProcessConn() says what to do when the server does not run", async () => {
  const server = new Server({ dontListen: true, tls: SERVER_TLS });
  const refused = (why: string) =>
    assert.throws(
      () => server.inProcessConn(),
      is(ClosedError, `Cannot accept a connection: ${why}`),
    );
  refused("call start() first");
  const starting = server.start();
  refused("server is still starting, await start() first");
  await starting;
  server.inProcessConn().close();
  const stopping = server.shutdown();
  refused("server was shut down, make a new one");
  await stopping;
  refused("server was shut down, make a new one");
});

Deno.test("inProcessConn() in lame duck mode says so", async () => {
  await using server = await Server.start({
    dontListen: true,
    lameDuckDurationMs: 20,
    lameDuckGracePeriodMs: 10,
  });
  const conn = server.inProcessConn();
  const leaving = server.lameDuck();
  assert.throws(
    () => server.inProcessConn(),
    is(
      ClosedError,
      "Cannot accept a connection: server is in lame duck mode and takes no more clients",
    ),
  );
  await leaving;
  conn.close();
});

Deno.test("accept() refuses what is no transport, and serves on", async () => {
  await using test = await TestServer.start();
  const halves: [unknown, string][] = [
    [undefined, 'method "read"'],
    [{ read() {}, write() {} }, 'method "closeWrite"'],
    [
      { read() {}, write() {}, closeWrite() {}, close() {} },
      "remoteAddress",
    ],
  ];
  for (const [half, missing] of halves) {
    assert.throws(
      () => test.server.accept(half as Transport),
      is(
        TypeError,
        `Cannot accept a connection: transport has no ${missing}`,
      ),
    );
  }
  await (await test.client()).quiet();
});

Deno.test("start() works once", async () => {
  const server = new Server({ dontListen: true });
  const again = (why: string) =>
    assert.rejects(
      server.start(),
      is(ClosedError, `Cannot start server: ${why}`),
    );
  const starting = server.start();
  await again("it is starting already");
  await starting;
  await again("it is running already");
  await server.shutdown();
  await again("it was shut down, make a new one");
});

Deno.test("start() on a port that is taken says so, and works once it is free", async () => {
  const first = await Server.start({ host: "127.0.0.1", port: -1 });
  const { port } = first;
  const address = `127.0.0.1:${port}`;
  const second = new Server({ host: "127.0.0.1", port });
  const refused = (error: unknown) => {
    is(
      ListenError,
      `Error listening on port: ${address}, "listen tcp ${address}: bind: address already in use": stop what listens there or take another port, -1 for a free one`,
    )(error);
    assert.equal((error as ListenError).address, address);
    assert((error as ListenError).cause instanceof Deno.errors.AddrInUse);
    return true;
  };
  await assert.rejects(second.start(), refused);
  const { signal } = new AbortController();
  await assert.rejects(
    Server.start({ host: "127.0.0.1", port, signal }),
    refused,
  );
  assert.throws(() => second.inProcessConn(), /call start\(\) first/);
  await first.shutdown();
  await second.start();
  assert.equal(second.port, port);
  await second.shutdown();
});

Deno.test("start() on an address of another machine says what to do", async () => {
  await assert.rejects(
    Server.start({ host: "203.0.113.7", port: -1 }),
    is(
      ListenError,
      'Error listening on port: 203.0.113.7:0, "listen tcp 203.0.113.7:0: bind: cannot assign requested address": take an address of this machine, 0.0.0.0 for all',
    ),
  );
});

Deno.test("Server.start() rejects with the reason it was aborted for", async (t) => {
  const reason = new Error("changed my mind");
  const port = freePort();
  const options = { host: "127.0.0.1", port, tls: SERVER_TLS };
  await t.step("before it starts", async () => {
    await assert.rejects(
      Server.start({ ...options, signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    );
    await assertFree(port);
  });
  await t.step("while it starts", async () => {
    const abort = new AbortController();
    const starting = Server.start({ ...options, signal: abort.signal });
    abort.abort(reason);
    await assert.rejects(starting, (error) => error === reason);
    await assertFree(port);
  });
  await t.step("and shuts down when it runs", async () => {
    const abort = new AbortController();
    const server = await Server.start({ ...options, signal: abort.signal });
    assert.equal(server.port, port);
    abort.abort(reason);
    await server.waitForShutdown();
    await assertFree(port);
  });
});

Deno.test("shutdown() before start() leaves nothing to start", async () => {
  const server = new Server({ host: "127.0.0.1", port: -1 });
  const waiting = server.readyForConnections(60_000);
  await server.shutdown();
  assert.equal(await waiting, false);
  await server.waitForShutdown();
  await assert.rejects(
    server.start(),
    is(ClosedError, "Cannot start server: it was shut down, make a new one"),
  );
  assert.equal(server.port, 0);
});

Deno.test("shutdown() during start() opens no port", async () => {
  const port = freePort();
  const server = new Server({ host: "127.0.0.1", port, tls: SERVER_TLS });
  const waiting = server.readyForConnections(60_000);
  const starting = assert.rejects(
    server.start(),
    is(ClosedError, "Cannot start server: it was shut down, make a new one"),
  );
  await server.shutdown();
  assert.equal(await waiting, false);
  await starting;
  await server.waitForShutdown();
  await assertFree(port);
});

Deno.test("readyForConnections() waits for a start that comes later", async () => {
  const server = new Server({ dontListen: true });
  const waiting = server.readyForConnections(Infinity);
  await server.start();
  assert.equal(await waiting, true);
  assert.equal(await server.readyForConnections(0), true);
  assert.throws(
    () => server.readyForConnections(NaN),
    is(RangeError, "Time to wait must not be negative: NaN"),
  );
  await server.shutdown();
});

Deno.test("Server names the option that is wrong and what it takes", async () => {
  const cases: [unknown, string][] = [
    [null, "Options must be an object"],
    [4222, "Options must be an object"],
    [{ port: "4222" }, 'Option "port" must be a number: got string'],
    [{ dontListen: 1 }, 'Option "dontListen" must be a boolean: got number'],
    [{ log: null }, 'Option "log" must be an object: got null'],
    [{ log: { error() {} } }, 'Option "log" must have a method "warn"'],
    [{ clock: {} }, 'Option "clock" must have a method "now"'],
    [
      { authenticator: {} },
      'Option "authenticator" must be a function: got object',
    ],
    [{ serverTags: "x" }, 'Option "serverTags" must be a list: got string'],
    [{ tls: true }, 'Option "tls" must be an object: got boolean'],
    [
      { tls: { verify: "yes" } },
      'Option "tls.verify" must be a boolean: got string',
    ],
    [
      { tls: { handshakeFirst: "auto" } },
      'Option "tls.handshakeFirst" must be a boolean or number: got string',
    ],
    [
      { tls: { pinnedCerts: "ab" } },
      'Option "tls.pinnedCerts" must be a list: got string',
    ],
    [
      { tls: { certfile: "x" } },
      'Unknown option "tls.certfile": did you mean "certFile"?',
    ],
    [
      { authorization: { user: 5 } },
      'Option "authorization.user" must be a string: got number',
    ],
    [
      { authorization: { users: [{ user: "a", pass: "b" }] } },
      'Unknown option "authorization.users[0].pass": did you mean "password"?',
    ],
    [
      { accounts: [{ name: "A", users: "ada" }] },
      'Option "accounts[0].users" must be a list: got string',
    ],
    [
      { max_payload: 1024 },
      'Unknown option "max_payload": did you mean "maxPayload"?',
    ],
    [
      { DontListen: true },
      'Unknown option "DontListen": did you mean "dontListen"?',
    ],
    [{ jetstream: true }, 'Unknown option "jetstream"'],
    [{ signal: 5 }, 'Option "signal" must be an AbortSignal'],
  ];
  for (const [options, message] of cases) {
    await assert.rejects(
      async () => await Server.start(options as ServerOptions),
      is(TypeError, message),
    );
  }
});

Deno.test("Server refuses permissions that would not be obeyed", () => {
  const cases: [unknown, string][] = [
    [{ publish: "foo" }, '.publish" must be an object: got string'],
    [
      { publish: { allow: "foo" } },
      '.publish.allow" must be a list: got string',
    ],
    [
      { publish: { deny: [5] } },
      '.publish.deny[0]" must be a string: got number',
    ],
  ];
  for (const [permissions, wrong] of cases) {
    const authorization = { users: [{ user: "a", permissions }] };
    assert.throws(
      () => new Server({ authorization } as ServerOptions),
      is(TypeError, `Option "authorization.users[0].permissions${wrong}`),
    );
  }
  const authorization = { users: [{ user: "a", permissions: { pub: {} } }] };
  assert.throws(
    () => new Server({ authorization } as ServerOptions),
    is(
      TypeError,
      'Unknown option "authorization.users[0].permissions.pub": did you mean "publish"?',
    ),
  );
});

Deno.test("reload() with options that are wrong changes nothing", async () => {
  await using server = await Server.start({ dontListen: true });
  await assert.rejects(
    server.reload({ dontListen: true, maxPayload: "1MB" } as never),
    is(TypeError, 'Option "maxPayload" must be a number: got string'),
  );
  await assert.rejects(
    server.reload({ dontListen: true, port: 5 }),
    ConfigError,
  );
  server.inProcessConn().close();
});

Deno.test("loadConfig() says what is wrong and where", async () => {
  using folder = new Folder({
    "bad.conf": 'port: "x"\nmax_paylod: 5\n',
    "cut.conf": "authorization {\n",
  });
  const cases: [string, string][] = [
    [
      "none.conf",
      `open ${folder.file("none.conf")}: no such file or directory`,
    ],
    [
      "bad.conf",
      [
        ':1:1: port: takes a port from -1 to 65535, got the text "x"',
        ':2:1: unknown field "max_paylod": did you mean "max_payload"?',
      ].map((line) => folder.file("bad.conf") + line).join("\n"),
    ],
    [
      "cut.conf",
      `${
        folder.file("cut.conf")
      }:1:15: Unexpected EOF processing map: this '{' is never closed`,
    ],
  ];
  for (const [name, message] of cases) {
    await assert.rejects(
      loadConfig(folder.file(name)),
      is(ConfigError, message),
    );
  }
  await assert.rejects(
    loadConfig(undefined as never),
    is(TypeError, "Cannot load config: path must be a string, got undefined"),
  );
});

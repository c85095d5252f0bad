import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import type { TlsOptions } from "../../src/mod.ts";
import { ConfigError, Server } from "../../src/mod.ts";
import { FakeClock } from "../support/clock.ts";
import { freePort } from "../support/official_server.ts";
import { QUIET } from "../support/raw_client.ts";
import {
  assertShutdownFlushes,
  eventually,
  TestServer,
} from "../support/server.ts";
import type { DialOptions } from "../support/tls.ts";
import {
  certFile,
  certText,
  connectTcp,
  dialTls,
  MUTUAL_TLS,
  readInfo,
  SERVER_TLS,
  serverCertificate,
} from "../support/tls.ts";

/** Connects over TLS, says CONNECT, and closes what is left in the end. */
async function introduced(port: number, options: DialOptions = {}) {
  const connected = await dialTls(port, options);
  const { client } = connected;
  if (options.first) await client.info();
  await client.send(QUIET);
  await client.quiet();
  return client;
}

/** The fields of INFO about TLS. */
function tlsFields(info: Record<string, unknown> | null) {
  return Object.fromEntries(
    Object.entries(info ?? {}).filter(([name]) => name.startsWith("tls_")),
  );
}

/** The SHA-256 a certificate is pinned by. */
async function pin(name: string): Promise<string> {
  const { publicKey } = new X509Certificate(certText(name));
  const der = publicKey.export({ type: "spki", format: "der" });
  return new Uint8Array(
    await crypto.subtle.digest("SHA-256", new Uint8Array(der)),
  ).toHex();
}

/** Why connections were closed. */
function reasons({ server }: TestServer): string[] {
  return server.closedConnections.map(({ reason }) => reason);
}

/** Asserts that a client like this is not let in, and what the log says. */
async function refused(
  tls: TlsOptions,
  options: DialOptions,
  why: RegExp,
): Promise<void> {
  await using server = await TestServer.listening({ tls });
  try {
    const { client } = await dialTls(server.server.port, options);
    await using closing = client;
    await closing.expectClosed("");
  } catch (error) {
    assert.match(String(error), /disconnected|closed|ECONNRESET|EOF|alert/);
  }
  assert.match(await server.log.until(/TLS handshake error/), why);
  await eventually(() => reasons(server).length === 1, "closed");
  assert.deepEqual(reasons(server), ["TLS Handshake Failure"]);
}

Deno.test("Server sends INFO in the clear and everything else inside TLS", async () => {
  await using server = await TestServer.listening({ tls: SERVER_TLS });
  const { port } = server.server;
  assert.equal(server.server.clientURL(), `tls://127.0.0.1:${port}`);
  const { client, info, localPort } = await dialTls(port);
  await using _ = client;
  assert.equal(info?.client_id, 1);
  assert.deepEqual(tlsFields(info), { tls_required: true });
  await client.send(`${QUIET}SUB foo 1\r\nPUB foo 3\r\nabc\r\n`);
  await client.expect("MSG foo 1 3\r\nabc\r\n");
  await client.quiet();
  const label = `127.0.0.1:${localPort} - cid:1`;
  assert.deepEqual(server.log.lines.slice(4), [
    `INF Listening for client connections on 127.0.0.1:${port}`,
    "INF TLS required for client connections",
    "INF Server is ready",
    `DBG ${label} - Client connection created`,
    `DBG ${label} - Starting TLS client connection handshake`,
    `DBG ${label} - TLS handshake complete`,
    `DBG ${label} - TLS version 1.3, cipher suite TLS_AES_256_GCM_SHA384`,
  ]);
});

Deno.test("Server repeats what INFO says of TLS in later INFO", async () => {
  await using server = await TestServer.listening({ tls: MUTUAL_TLS });
  const { client } = await dialTls(server.server.port, { as: "client" });
  await using _ = client;
  await client.send('CONNECT {"verbose":false,"protocol":1}\r\nPING\r\n');
  await client.expect("PONG\r\n");
  assert.deepEqual(tlsFields(await client.info()), {
    tls_required: true,
    tls_verify: true,
  });
});

Deno.test("Server closes a client without a word that does not use TLS", async (t) => {
  const garbage: Record<string, string> = {
    "talks plainly": `${QUIET}PING\r\n`,
    "sends a byte": "x",
    "sends a record that is none": "\x16\x03\x01\x00\x05hello",
    "sends an old hello": "\x80\x2e\x01\x03\x01",
    "sends an endless handshake": `\x16\x03\x01\x40\x00\x01\xff\xff\xff${
      "\0".repeat(20_000)
    }`,
  };
  for (const [name, bytes] of Object.entries(garbage)) {
    await t.step(name, async () => {
      await using server = await TestServer.listening({ tls: SERVER_TLS });
      const client = await server.dial();
      await client.info();
      await client.send(bytes);
      await client.expectClosed("");
      await eventually(() => server.server.clientCount === 0, "closed");
      assert.deepEqual(reasons(server), ["TLS Handshake Failure"]);
      await server.log.until(/^ERR .* - TLS handshake error: /);
      await using after = await introduced(server.server.port);
      await after.quiet();
    });
  }
});

Deno.test("Server gives a handshake its time, and not more", async (t) => {
  for (const begun of [false, true]) {
    await t.step(begun ? "it was begun" : "it was not", async () => {
      const clock = new FakeClock();
      await using server = await TestServer.listening({
        tls: { ...SERVER_TLS, timeoutMs: 3000 },
        pingIntervalMs: 200,
        clock,
      });
      const client = await server.dial();
      await client.info();
      if (begun) await client.send("\x16\x03\x01\x01\x00\x01\x00\x00");
      await server.log.until(/Starting TLS/);
      clock.advance(2999);
      assert.equal(server.server.clientCount, 1);
      clock.advance(1);
      await client.expectClosed("");
      assert.match(
        server.log.lines.at(-2) ?? "",
        /^ERR .* - cid:1 - TLS handshake error: i\/o timeout$/,
      );
      assert.deepEqual(reasons(server), ["TLS Handshake Failure"]);
    });
  }
});

Deno.test("Server survives clients that leave in the middle of a handshake", async () => {
  await using server = await TestServer.listening({ tls: SERVER_TLS });
  for (let i = 0; i < 5; i++) {
    const client = await server.dial();
    await client.info();
    await client.send("\x16\x03\x01\x01\x00\x01\x00\x00");
    if (i % 2 === 0) await client.finish();
    else client.close();
  }
  await eventually(() => server.server.clientCount === 0, "all gone");
  await eventually(() => reasons(server).length === 5, "all closed");
  assert.deepEqual([...new Set(reasons(server))], ["TLS Handshake Failure"]);
  await using client = await introduced(server.server.port);
  await client.quiet();
});

Deno.test("Server refuses too many in the clear, INFO first", async () => {
  await using server = await TestServer.listening({
    tls: SERVER_TLS,
    maxConnections: 1,
  });
  await using _ = await introduced(server.server.port);
  const second = await server.dial();
  await second.info();
  await second.expectClosed("-ERR 'maximum connections exceeded'\r\n");
});

Deno.test("Server with handshakeFirst says nothing before the handshake", async () => {
  await using server = await TestServer.listening({
    tls: { ...SERVER_TLS, handshakeFirst: true },
    allowNonTls: true,
  });
  const { client, info } = await dialTls(server.server.port, { first: true });
  await using _ = client;
  assert.equal(info, null);
  assert.deepEqual(tlsFields(await client.info()), { tls_required: true });
  await client.send(QUIET);
  await client.quiet();
  assert.match(server.server.clientURL(), /^tls:/);
  await server.log.until(
    /^WRN Clients that are not using "TLS Handshake First/,
  );
  const plain = await server.dial();
  await plain.send(QUIET);
  await plain.expectClosed("");
});

Deno.test("Server with a handshakeFirst time sends INFO to those who wait for it", async () => {
  const clock = new FakeClock();
  await using server = await TestServer.listening({
    tls: { ...SERVER_TLS, handshakeFirst: 50 },
    clock,
  });
  const { port } = server.server;
  const eager = await dialTls(port, { first: true });
  await using _ = eager.client;
  assert.deepEqual(tlsFields(await eager.client.info()), {
    tls_required: true,
  });

  const raw = await connectTcp(port);
  await eventually(() => server.server.clientCount === 2, "accepted");
  await eventually(() => clock.pending >= 2, "waiting for its first byte");
  clock.advance(50);
  assert.deepEqual(tlsFields(await readInfo(raw)), { tls_required: true });
  raw.destroy();
  await eventually(() => server.server.clientCount === 1, "gone");

  const waiting = dialTls(port);
  await eventually(() => server.server.clientCount === 2, "accepted");
  await eventually(() => clock.pending >= 2, "waiting for its first byte");
  clock.advance(50);
  const { client, info } = await waiting;
  await using _patient = client;
  assert.deepEqual(tlsFields(info), { tls_required: true });
  await client.send(QUIET);
  await client.quiet();
});

Deno.test("Server with allowNonTls serves both kinds", async () => {
  await using server = await TestServer.listening({
    tls: SERVER_TLS,
    allowNonTls: true,
  });
  const { port } = server.server;
  assert.match(server.server.clientURL(), /^nats:/);
  await server.log.until(/^INF TLS available for client connections/);
  const secure = await dialTls(port);
  await using _ = secure.client;
  assert.deepEqual(tlsFields(secure.info), { tls_available: true });
  await secure.client.send(`${QUIET}SUB foo 1\r\n`);
  await secure.client.quiet();
  const plain = await server.dial();
  assert.deepEqual(tlsFields(await plain.info()), { tls_available: true });
  await plain.send(QUIET.slice(0, 1));
  await plain.send(QUIET.slice(1) + `PUB foo 2000\r\n${"x".repeat(2000)}\r\n`);
  await plain.quiet();
  await secure.client.expect(`MSG foo 1 2000\r\n${"x".repeat(2000)}\r\n`);
});

Deno.test("Server with allowNonTls takes a client that keeps silent for plain", async () => {
  const clock = new FakeClock();
  await using server = await TestServer.listening({
    tls: SERVER_TLS,
    allowNonTls: true,
    clock,
  });
  const client = await server.dial();
  await client.info();
  await eventually(() => clock.pending >= 2, "waiting for its first byte");
  clock.advance(2000);
  assert.equal(server.server.clientCount, 1);
  await client.send(QUIET);
  await client.quiet();
  const leaving = await server.dial();
  await leaving.info();
  leaving.close();
  await eventually(() => reasons(server).length === 1, "gone");
  assert.deepEqual(reasons(server), ["Client Closed"]);
});

Deno.test("Server with TLS serves in-process clients without", async () => {
  await using server = await TestServer.start({ tls: MUTUAL_TLS });
  const client = server.connect();
  assert.deepEqual(tlsFields(await client.info()), {
    tls_verify: true,
    tls_available: true,
  });
  await client.send(QUIET);
  await client.quiet();
});

Deno.test("Server that verifies lets in clients of its authority", async (t) => {
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    for (const option of ["verify", "verifyAndMap"]) {
      await t.step(`${maxVersion} ${option}`, async () => {
        await using server = await TestServer.listening({
          tls: { ...MUTUAL_TLS, verify: false, [option]: true },
        });
        const { client, info } = await dialTls(server.server.port, {
          as: "client",
          maxVersion,
        });
        await using _ = client;
        assert.deepEqual(tlsFields(info), {
          tls_required: true,
          tls_verify: true,
        });
        await client.send(QUIET);
        await client.quiet();
      });
    }
  }
});

Deno.test("Server that verifies refuses everybody else", async (t) => {
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    await t.step(
      `${maxVersion}, no certificate`,
      () =>
        refused(
          MUTUAL_TLS,
          { maxVersion },
          /client didn't provide a certificate/,
        ),
    );
    await t.step(`${maxVersion}, another authority's`, () =>
      refused(
        MUTUAL_TLS,
        { as: "other-client", maxVersion },
        /certificate signed by unknown authority/,
      ));
    await t.step(
      `${maxVersion}, one for servers`,
      () =>
        refused(
          MUTUAL_TLS,
          { as: "server", maxVersion },
          /TLS handshake error/,
        ),
    );
  }
});

Deno.test("Server that verifies tells a client that it lacks a certificate", async (t) => {
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    await t.step(maxVersion, async () => {
      await using server = await TestServer.listening({ tls: MUTUAL_TLS });
      // In TLS 1.3 the client is done before the server has its certificate.
      const failure = await dialTls(server.server.port, { maxVersion }).then(
        async ({ client }) => {
          await using _ = client;
          await client.closed();
          return client.failure;
        },
        (error: Error) => error,
      );
      assert.equal(
        failure?.message,
        "received fatal alert: CertificateRequired",
      );
    });
  }
});

Deno.test("Server with a certificate authority but no verify asks for nothing", async () => {
  const { verify: _, ...tls } = MUTUAL_TLS;
  await using server = await TestServer.listening({ tls });
  await using client = await introduced(server.server.port);
  await client.quiet();
});

Deno.test("Server with pinned certificates lets in only those", async () => {
  const tls = {
    ...MUTUAL_TLS,
    pinnedCerts: [(await pin("client.pem")).toUpperCase()],
  };
  await using server = await TestServer.listening({ tls });
  await using client = await introduced(server.server.port, { as: "client" });
  await client.quiet();
  await refused(tls, { as: "second-client" }, /certificate not pinned/);
});

Deno.test("Server speaks no version below minVersion", async () => {
  const tls: TlsOptions = { ...SERVER_TLS, minVersion: "1.3" };
  await using server = await TestServer.listening({ tls });
  await using client = await introduced(server.server.port);
  await client.quiet();
  await refused(tls, { maxVersion: "TLSv1.2" }, /TLS handshake error: peer is/);
});

Deno.test("Server uses no TLS 1.2 cipher suite but those named", async () => {
  const good = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384";
  const other = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256";
  await using server = await TestServer.listening({
    tls: { ...SERVER_TLS, cipherSuites: [good] },
  });
  await using _ = await introduced(server.server.port, {
    maxVersion: "TLSv1.2",
  });
  await server.log.until(new RegExp(`TLS version 1.2, cipher suite ${good}`));
  const narrow = { ...SERVER_TLS, cipherSuites: [other] };
  await refused(
    narrow,
    { maxVersion: "TLSv1.2" },
    new RegExp(`cipher suite ${good} is not allowed`),
  );
  await using modern = await TestServer.listening({ tls: narrow });
  await using client = await introduced(modern.server.port);
  await client.quiet();
});

Deno.test("Server moves megabytes both ways over TLS", async () => {
  await using server = await TestServer.listening({ tls: SERVER_TLS });
  await using subscriber = await introduced(server.server.port);
  await subscriber.send("SUB foo 1\r\n");
  await subscriber.quiet();
  await using publisher = await introduced(server.server.port);
  const payload = Array.from(
    { length: 1024 * 1024 },
    (_, i) => String.fromCharCode((i * 7 + (i >> 10)) & 0xff),
  ).join("");
  for (let i = 0; i < 4; i++) {
    await publisher.send(`PUB foo ${payload.length}\r\n${payload}\r\n`);
  }
  await publisher.quiet();
  for (let i = 0; i < 4; i++) {
    await subscriber.expect(`MSG foo 1 ${payload.length}\r\n${payload}\r\n`);
  }
});

Deno.test("Server keeps every byte for a TLS client that reads late", async () => {
  await using server = await TestServer.listening({ tls: SERVER_TLS });
  await using subscriber = await introduced(server.server.port);
  await subscriber.send("SUB foo 1\r\n");
  await subscriber.quiet();
  const resume = subscriber.pause();
  await using publisher = await introduced(server.server.port);
  const text = "y".repeat(100_000);
  for (let i = 0; i < 100; i++) {
    await publisher.send(`PUB foo 100000\r\n${text}\r\n`);
  }
  await publisher.quiet();
  resume();
  for (let i = 0; i < 100; i++) {
    await subscriber.expect(`MSG foo 1 100000\r\n${text}\r\n`);
  }
  await subscriber.quiet();
});

Deno.test("Server closes a TLS client that never reads at the write deadline", async () => {
  const clock = new FakeClock();
  await using server = await TestServer.listening({ tls: SERVER_TLS, clock });
  await using subscriber = await introduced(server.server.port);
  await subscriber.send("SUB foo 1\r\n");
  await subscriber.quiet();
  subscriber.pause();
  const publisher = await server.client();
  const message = `PUB foo 1000000\r\n${"x".repeat(1_000_000)}\r\n`;
  const sending = (async () => {
    for (let i = 0; i < 20; i++) await publisher.send(message);
    await publisher.quiet();
  })();
  // Publishers are held for a moment now and then: time must pass for them.
  await eventually(() => {
    clock.advance(11);
    return server.server.traffic.inMsgs === 20;
  }, "all published");
  await sending;
  clock.advance(11_000);
  await eventually(() => reasons(server).length === 1, "closed");
  assert.deepEqual(reasons(server), ["Slow Consumer (Write Deadline)"]);
});

Deno.test("Server says why before it closes a TLS client", async () => {
  await using server = await TestServer.listening({ tls: SERVER_TLS });
  await using client = await introduced(server.server.port);
  await client.send("RUBBISH\r\nPING\r\n" + "x".repeat(100_000));
  await client.expectClosed("-ERR 'Unknown Protocol Operation'\r\n");
  assert.equal(client.failure, null);
});

Deno.test("Server notices a TLS client that ends, and one that vanishes", async () => {
  await using server = await TestServer.listening({ tls: SERVER_TLS });
  await using polite = await introduced(server.server.port);
  await polite.send("SUB foo 1\r\nPUB foo 1\r\nx\r\n");
  await polite.finish();
  await polite.expectClosed("MSG foo 1 1\r\nx\r\n");
  await using rude = await introduced(server.server.port);
  rude.close();
  await eventually(() => reasons(server).length === 2, "both closed");
  assert.equal(reasons(server)[0], "Client Closed");
  assert.match(reasons(server)[1], /Client Closed|Read Error/);
});

Deno.test("Server.shutdown() sends a TLS client what is queued", async () => {
  await using server = await TestServer.listening({ tls: SERVER_TLS });
  await using subscriber = await introduced(server.server.port);
  await assertShutdownFlushes(server, await server.client(), subscriber);
  assert.equal(subscriber.failure, null);
});

Deno.test("Server.shutdown() does not wait for handshakes", async (t) => {
  const kinds: Record<string, Partial<TlsOptions>> = {
    "after INFO": {},
    "before INFO": { handshakeFirst: true },
    "waiting for the first byte": { handshakeFirst: 10_000 },
  };
  for (const [name, tls] of Object.entries(kinds)) {
    await t.step(name, async () => {
      await using server = await TestServer.listening({
        tls: { ...SERVER_TLS, ...tls },
      });
      const client = await server.dial();
      await eventually(() => server.server.clientCount === 1, "accepted");
      if (name === "after INFO") await client.info();
      await server.server.shutdown();
      await client.expectClosed("");
      assert.deepEqual(reasons(server), ["Server Shutdown"]);
      assert(!server.log.lines.some((line) => line.startsWith("ERR")));
    });
  }
});

Deno.test("Server.reload() changes certificates under way", async () => {
  await using server = await TestServer.listening({ tls: SERVER_TLS });
  const { port } = server.server;
  const before = await serverCertificate(port);
  await using client = await introduced(port);
  const reload = (tls: TlsOptions) =>
    server.server.reload({ host: "127.0.0.1", port: -1, tls });
  const other = {
    certFile: certFile("server-ecdsa.pem"),
    keyFile: certFile("server-ecdsa-key.pem"),
  };
  await assert.rejects(
    reload({ ...other, keyFile: certFile("unrelated-key.pem") }),
    ConfigError,
  );
  assert.equal(await serverCertificate(port), before);
  await reload(other);
  assert.notEqual(await serverCertificate(port), before);
  await client.quiet();
  await reload(MUTUAL_TLS);
  await client.quiet();
  await using verified = await introduced(port, { as: "client" });
  await verified.quiet();
});

Deno.test("Server.start() opens no port when the certificates are of no use", async () => {
  const port = freePort();
  const server = new Server({
    host: "127.0.0.1",
    port,
    tls: { ...SERVER_TLS, keyFile: certFile("unrelated-key.pem") },
  });
  await assert.rejects(server.start(), {
    name: "ConfigError",
    message:
      `error parsing X509 certificate/key pair: tls: private key does not match public key: ${
        certFile("unrelated-key.pem")
      } is not the key of ${certFile("server.pem")}`,
  });
  await assert.rejects(
    Deno.connect({ hostname: "127.0.0.1", port }),
    Deno.errors.ConnectionRefused,
  );
  await server.shutdown();
});

Deno.test("Server.shutdown() while certificates load keeps the port closed", async () => {
  const server = new Server({ host: "127.0.0.1", port: -1, tls: SERVER_TLS });
  const starting = server.start();
  await Promise.all([
    server.shutdown(),
    assert.rejects(starting, { name: "ClosedError" }),
  ]);
  assert.equal(server.port, 0);
});

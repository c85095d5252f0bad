import assert from "node:assert/strict";
import { dialServer, parseServer } from "../../src/dial/dial_server.ts";
import { ServerError, TlsError } from "../../src/errors.ts";
import { resolveOptions } from "../../src/options.ts";
import { memoryPair } from "../../src/transport/memory.ts";
import { acceptTls } from "../../src/transport/tls.ts";
import { loadTls } from "../../src/transport/tls_context.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { fromLatin1 } from "../../src/wire/ascii.ts";
import { Message } from "../../src/wire/delivery.ts";
import { certText, SERVER_TLS } from "../support/tls.ts";

const CLEAR = 'INFO {"max_payload":10}\r\nPING\r\n';
const SECURE = 'INFO {"max_payload":10,"tls_required":true}\r\nPING\r\n';
const TLS = { ca: certText("ca.pem"), serverName: "localhost" };
const MESSAGE = new Message(() => {});

/** The far end says `greeting` and then, if that comes, does a handshake. */
async function greetingPair(greeting: string): Promise<Transport> {
  const [near, far] = memoryPair();
  const { tls } = resolveOptions({ tls: SERVER_TLS });
  assert(tls);
  const context = await loadTls(tls);
  far.write(fromLatin1(greeting)).then(async () => {
    await acceptTls(far, context);
  }).catch(() => far.close());
  return near;
}

function dial(transport: Transport, tls?: typeof TLS) {
  return dialServer({ transport, tls }, new AbortController().signal);
}

Deno.test("dialServer() keeps what comes behind INFO", async () => {
  const dialled = await dial(await greetingPair(CLEAR));
  assert.equal(dialled.info.max_payload, 10);
  assert.equal(dialled.reader.next(MESSAGE), "line");
  assert.equal(dialled.reader.line, "PING");
  dialled.transport.close();
});

Deno.test("dialServer() forgets what came in the clear before TLS", async () => {
  const dialled = await dial(await greetingPair(SECURE), TLS);
  assert.equal(
    dialled.transport.tls?.peer?.subject.split(",")[0],
    "CN=localhost",
  );
  assert.equal(dialled.reader.next(MESSAGE), null);
  dialled.transport.close();
});

Deno.test("dialServer() refuses what it cannot go on with", async () => {
  const full = "-ERR 'maximum connections exceeded'\r\n";
  await assert.rejects(dial(await greetingPair(full)), (error: unknown) => {
    assert(error instanceof ServerError);
    return error.text === "maximum connections exceeded";
  });
  await assert.rejects(dial(await greetingPair("INFO {\r\n")), SyntaxError);
  await assert.rejects(dial(await greetingPair("HELLO\r\n")), SyntaxError);
  await assert.rejects(dial(await greetingPair(CLEAR), TLS), TlsError);
  await assert.rejects(dial(await greetingPair(SECURE)), TlsError);
});

Deno.test("dialServer() gives up with the reason of the signal", async () => {
  const [near] = memoryPair();
  const late = new AbortController();
  const failure = new Error("too late");
  const given = assert.rejects(
    dialServer({ transport: near }, late.signal),
    failure,
  );
  late.abort(failure);
  await given;
  await assert.rejects(near.write(new Uint8Array(1)));
});

Deno.test("parseServer() takes URLs of NATS and no others", () => {
  assert.equal(parseServer().host, "127.0.0.1:4222");
  assert.equal(parseServer("tls://[::1]:1").hostname, "[::1]");
  for (const server of ["http://x", "x:1", "127.0.0.1"]) {
    assert.throws(() => parseServer(server), TypeError);
  }
});

import assert from "node:assert/strict";
import type { Message } from "../../src/client/client.ts";
import { Client, ServerError, TimeoutError } from "../../src/client/client.ts";
import { TlsError } from "../../src/errors.ts";
import { memoryPair } from "../../src/transport/memory.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { decodeUtf8 } from "../../src/wire/ascii.ts";
import { RawClient } from "../support/raw_client.ts";
import { StuckTransport } from "../support/stuck_transport.ts";

const INFO = 'INFO {"max_payload":100,"headers":true} \r\n';

/** The client's end of a pair, read a byte at a time. */
function bytewise(transport: Transport): Transport {
  return {
    remoteAddress: transport.remoteAddress,
    read: (target) => transport.read(target.subarray(0, 1)),
    write: (source) => transport.write(source.subarray(0, 3)),
    closeWrite: () => transport.closeWrite(),
    close: () => transport.close(),
  };
}

/** A client, and its server played by the test. */
async function staged(): Promise<[Client, RawClient]> {
  const [ours, theirs] = memoryPair();
  const server = new RawClient(theirs);
  const connecting = Client.connect({
    transport: bytewise(ours),
    user: "ann",
    pass: "secret",
    name: "n",
  });
  await server.send(INFO);
  const line = await server.line();
  const { user, pass, name, verbose, headers, no_responders, protocol } = JSON
    .parse(line.slice("CONNECT ".length));
  assert.deepEqual(
    [user, pass, name, verbose, headers, no_responders, protocol],
    ["ann", "secret", "n", false, true, true, 1],
  );
  await server.expect("PING\r\n");
  await server.send("PONG\r\n");
  return [await connecting, server];
}

Deno.test("Client reads what comes a byte at a time", async () => {
  const [client, server] = await staged();
  await using _client = client;
  await using _server = server;
  const seen: string[] = [];
  client.subscribe("a.*", { callback: (m) => seen.push(shown(m)) });
  await server.expect("SUB a.*  1\r\n");
  await server.send(
    "+OK\r\nMSG a.b 1 2\r\n\r\n\r\nHMSG a.c 1 r 12 13\r\nNATS/1.0\r\n\r\nx\r\n" +
      "MSG gone 9 1\r\n?\r\nPING\r\n",
  );
  await server.expect("PONG\r\n");
  assert.deepEqual(seen, ["a.b  \r\n", "a.c r x"]);
});

Deno.test("Client obeys an INFO that comes later", async () => {
  const [client, server] = await staged();
  await using _client = client;
  await using _server = server;
  client.publish("x", new Uint8Array(100));
  await server.through("\r\n\0");
  await server.send(
    'INFO {"max_payload":5,"connect_urls":["a:1"]}\r\nPING\r\n',
  );
  await server.through("PONG\r\n");
  assert.deepEqual(client.info.connect_urls, ["a:1"]);
  assert.throws(() => client.publish("x", "123456"), RangeError);
});

Deno.test("Client closes with the error the server closes with", async () => {
  const [client, server] = await staged();
  await using _server = server;
  await server.send("-ERR 'Stale Connection'\r\n");
  const error = await client.closed;
  assert(error instanceof ServerError);
  assert.equal(error.text, "Stale Connection");
});

Deno.test("Client closes when what comes is not the protocol", async () => {
  const [client, server] = await staged();
  await using _server = server;
  await server.send("HTTP");
  const rest = server.send("/1.1 400 Bad Request\r\n").catch(() => {});
  assert(await client.closed instanceof SyntaxError);
  await rest; // As much of it as was read.
});

Deno.test("Client.connect() gives up after timeoutMs", async () => {
  const transport = new StuckTransport();
  await assert.rejects(
    Client.connect({ transport, timeoutMs: 10 }),
    TimeoutError,
  );
  assert(transport.closed);
});

Deno.test("Client.connect() refuses to log in without the TLS asked for", async () => {
  const [ours, theirs] = memoryPair();
  await using server = new RawClient(theirs);
  const connecting = assert.rejects(
    Client.connect({ transport: ours, pass: "secret" }),
    TlsError,
  );
  await server.send('INFO {"tls_required":true}\r\n');
  await connecting;
  await server.expectClosed("");
});

function shown(message: Message): string {
  return `${message.subject} ${message.reply} ${decodeUtf8(message.data)}`;
}

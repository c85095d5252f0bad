import assert from "node:assert/strict";
import { ConfigError, TlsError } from "../../src/errors.ts";
import { resolveOptions } from "../../src/options.ts";
import { memoryPair } from "../../src/transport/memory.ts";
import { dialTcp } from "../../src/transport/tcp.ts";
import { acceptTls } from "../../src/transport/tls.ts";
import { loadTls } from "../../src/transport/tls_context.ts";
import type { ClientTls } from "../../src/transport/tls_dial.ts";
import { dialTls } from "../../src/transport/tls_dial.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { fromLatin1, latin1 } from "../../src/wire/ascii.ts";
import { certText, MUTUAL_TLS } from "../support/tls.ts";

const TLS: ClientTls = {
  ca: certText("ca.pem"),
  cert: certText("client.pem"),
  key: certText("client-key.pem"),
  serverName: "localhost",
};

/** Both ends of an encrypted pair; what fails on either side is thrown. */
async function connect(tls: ClientTls): Promise<[Transport, Transport]> {
  const [near, far] = memoryPair();
  const { tls: resolved } = resolveOptions({ tls: MUTUAL_TLS });
  assert(resolved);
  const accepting = acceptTls(far, await loadTls(resolved));
  accepting.catch(() => {});
  const dialled = await dialTls(near, tls);
  return [dialled, await accepting];
}

Deno.test("dialTls() tells who the server is, and the server who dialled", async () => {
  const [client, server] = await connect(TLS);
  const { peer, version } = client.tls ?? {};
  assert.equal(version, "1.3");
  assert.equal(peer?.subject, "CN=localhost,O=midge tests");
  assert.deepEqual(peer?.dnsNames, ["localhost"]);
  assert.deepEqual(server.tls?.peer?.emails, ["derek@example.com"]);
  for (const [from, to] of [[client, server], [server, client]]) {
    const target = new Uint8Array(10);
    const reading = to.read(target);
    await from.write(fromLatin1("hello"));
    assert.equal(await reading, 5);
    assert.equal(latin1(target.subarray(0, 5)), "hello");
  }
  client.close();
  server.close();
});

Deno.test("dialTls() closes what it cannot believe", async () => {
  for (
    const wrong of [
      { ca: certText("other-ca.pem") },
      { ca: undefined },
      { serverName: "example.org" },
      { serverName: "127.0.0.9" },
    ]
  ) {
    const [near, far] = memoryPair();
    const { tls: resolved } = resolveOptions({ tls: MUTUAL_TLS });
    assert(resolved);
    const refused = assert.rejects(
      acceptTls(far, await loadTls(resolved)),
    );
    await assert.rejects(dialTls(near, { ...TLS, ...wrong }), TlsError);
    await refused;
    await assert.rejects(near.write(new Uint8Array(1)));
  }
});

for (const minVersion of ["1.2", "1.3"]) {
  Deno.test(`dialTls() tells a server from TLS ${minVersion} on why it does not believe it`, async () => {
    const platform = await import("node:tls");
    const version = `TLSv${minVersion}` as "TLSv1.2" | "TLSv1.3";
    const server = platform.createServer({
      cert: certText("server.pem"),
      key: certText("server-key.pem"),
      minVersion: version,
      maxVersion: version,
    });
    const heard = new Promise<Error>((resolve) =>
      server.on("tlsClientError", resolve)
    );
    await new Promise<void>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve())
    );
    const { port } = server.address() as { port: number };
    await assert.rejects(
      dialTls(await dialTcp("127.0.0.1", port), {
        serverName: "localhost",
        ca: certText("other-ca.pem"),
      }),
      TlsError,
    );
    assert.match((await heard).message, /alert.*ca/i);
    await new Promise((resolve) => server.close(resolve));
  });
}

Deno.test("dialTls() says what is wrong with the texts it is given", async () => {
  const cases: [ClientTls, string][] = [
    [{ key: "no key" }, 'TLS option "key" has no usable PEM private key'],
    [
      { key: certText("unrelated-key.pem") },
      'TLS option "key" is not the key of the certificate',
    ],
    [{ key: undefined }, 'TLS option "key" has no usable PEM private key'],
    [{ cert: "" }, 'TLS option "cert" has no PEM certificate'],
    [{ ca: "no authority" }, 'TLS option "ca" has no PEM certificate'],
  ];
  for (const [wrong, message] of cases) {
    const [near] = memoryPair();
    await assert.rejects(
      dialTls(near, { ...TLS, ...wrong }),
      new ConfigError(message),
    );
    await assert.rejects(near.write(new Uint8Array(1)));
  }
});

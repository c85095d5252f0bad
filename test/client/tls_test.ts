import assert from "node:assert/strict";
import type { ClientTls } from "../../src/client/client.ts";
import { Client } from "../../src/client/client.ts";
import { TlsError } from "../../src/errors.ts";
import { OfficialServer, officialServers } from "../support/official_server.ts";
import { TestServer } from "../support/server.ts";
import { certFile, certText, MUTUAL_TLS, SERVER_TLS } from "../support/tls.ts";

const ca = certText("ca.pem");
const SHOWN: ClientTls = {
  ca,
  cert: certText("client.pem"),
  key: certText("client-key.pem"),
};

/** Says something to itself and hears it, and more than one record of it. */
async function assertWorks(client: Client): Promise<void> {
  const payload = "x".repeat(200_000);
  client.subscribe("x", { callback: (m) => m.respond(m.data) });
  const { data } = await client.request("x", payload);
  assert.equal(new TextDecoder().decode(data), payload);
}

async function assertRefused(
  server: string,
  tls: ClientTls | boolean | undefined,
  message: RegExp,
): Promise<void> {
  await assert.rejects(Client.connect({ server, tls }), (error: unknown) => {
    assert(error instanceof TlsError, `${error}`);
    assert.match(error.message, message);
    return true;
  });
}

/** What must hold on a server that wants TLS after INFO. */
async function suite(t: Deno.TestContext, port: number): Promise<void> {
  const server = `tls://localhost:${port}`;
  await t.step("a name and an address the certificate has", async () => {
    for (const host of ["localhost", "127.0.0.1"]) {
      for (const scheme of ["tls", "nats"]) {
        await using client = await Client.connect({
          server: `${scheme}://${host}:${port}`,
          tls: { ca },
        });
        await assertWorks(client);
      }
    }
  });
  await t.step("insecure believes whatever there is", async () => {
    const tls = { insecure: true, serverName: "example.org" };
    await using client = await Client.connect({ server, tls });
    await assertWorks(client);
  });
  // After that on purpose: no session may be resumed that nobody verified.
  await t.step("another authority is refused", async () => {
    const other = certText("other-ca.pem");
    await assertRefused(server, { ca: other }, /unknown authority/);
    await assertRefused(server, true, /unknown authority/);
    await assertRefused(server, undefined, /unknown authority/);
    await assertRefused(`nats://127.0.0.1:${port}`, {}, /unknown authority/);
  });
  await t.step("another name or address is refused", async () => {
    for (const serverName of ["example.org", "127.0.0.9", "sub.localhost"]) {
      await assertRefused(server, { ca, serverName }, /altnames|IP: /);
    }
  });
}

/** What must hold where clients have to show a certificate. */
async function mutualSuite(t: Deno.TestContext, port: number): Promise<void> {
  const server = `tls://localhost:${port}`;
  await t.step("a certificate of the right authority", async () => {
    await using client = await Client.connect({ server, tls: SHOWN });
    await assertWorks(client);
  });
  await t.step("none, or another, is refused", async () => {
    const other = {
      ca,
      cert: certText("other-client.pem"),
      key: certText("other-client-key.pem"),
    };
    for (const tls of [{ ca }, other]) {
      await assert.rejects(Client.connect({ server, tls }));
    }
  });
}

Deno.test("Client speaks TLS after INFO", async (t) => {
  await using test = await TestServer.listening({ tls: SERVER_TLS });
  await suite(t, test.server.port);
});

Deno.test("Client shows a certificate", async (t) => {
  await using test = await TestServer.listening({ tls: MUTUAL_TLS });
  await mutualSuite(t, test.server.port);
});

Deno.test("Client can begin with the handshake", async () => {
  await using test = await TestServer.listening({
    tls: { ...SERVER_TLS, handshakeFirst: true },
  });
  const server = `tls://localhost:${test.server.port}`;
  const tls = { ca, handshakeFirst: true };
  await using client = await Client.connect({ server, tls });
  await assertWorks(client);
  await assertRefused(server, { ...tls, ca: certText("other-ca.pem") }, /x509/);
});

Deno.test("Client that insists on TLS does not go on without", async () => {
  await using test = await TestServer.listening();
  const { port } = test.server;
  await assertRefused(`tls://127.0.0.1:${port}`, undefined, /has no TLS/);
  await assertRefused(`nats://127.0.0.1:${port}`, true, /has no TLS/);
  assert.equal(test.server.traffic.inMsgs, 0);
});

for (const binary of officialServers()) {
  const flags = [
    "--tls",
    `--tlscert=${certFile("server.pem")}`,
    `--tlskey=${certFile("server-key.pem")}`,
  ];
  Deno.test(`Client speaks TLS with nats-server ${binary.version}`, async (t) => {
    await using official = await OfficialServer.start(binary, flags);
    await suite(t, official.port);
  });

  Deno.test(`Client shows a certificate to nats-server ${binary.version}`, async (t) => {
    await using official = await OfficialServer.start(binary, [
      ...flags,
      "--tlsverify",
      `--tlscacert=${certFile("ca.pem")}`,
    ]);
    await mutualSuite(t, official.port);
  });
}

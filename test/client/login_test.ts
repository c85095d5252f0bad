import assert from "node:assert/strict";
import { Client, ServerError, TimeoutError } from "../../src/client/client.ts";
import type { Info } from "../../src/client/client.ts";
import type { ServerOptions } from "../../src/mod.ts";
import { Folder } from "../support/folder.ts";
import { newNkeyUser } from "../support/nkeys.ts";
import type { NkeyUser } from "../support/nkeys.ts";
import { OfficialServer, officialServers } from "../support/official_server.ts";
import { eventually, TestServer } from "../support/server.ts";

/** Logs in as `user`, with the signature of `signer`. */
function connectAs(
  user: NkeyUser,
  signer: NkeyUser,
  port: number,
): Promise<Client> {
  return Client.connect({
    server: `nats://127.0.0.1:${port}`,
    authenticate: async ({ nonce = "" }: Info) => ({
      nkey: user.nkey,
      sig: await signer.sign(nonce),
    }),
  });
}

async function assertNkeysWork(user: NkeyUser, port: number): Promise<void> {
  await using client = await connectAs(user, user, port);
  await client.flush();
  const other = await newNkeyUser();
  for (const [claimed, signer] of [[user, other], [other, other]]) {
    await assert.rejects(connectAs(claimed, signer, port), ServerError);
  }
}

Deno.test("Client signs the nonce through authenticate", async () => {
  const user = await newNkeyUser();
  await using test = await TestServer.listening({
    authorization: { users: [{ nkey: user.nkey }] },
  } as ServerOptions);
  await assertNkeysWork(user, test.server.port);
});

for (const binary of officialServers()) {
  Deno.test(`Client signs the nonce of nats-server ${binary.version}`, async () => {
    const user = await newNkeyUser();
    using folder = new Folder({
      "nkey.conf": `authorization { users = [ { nkey: ${user.nkey} } ] }\n`,
    });
    await using official = await OfficialServer.start(binary, [
      "-c",
      folder.file("nkey.conf"),
    ]);
    await assertNkeysWork(user, official.port);
  });
}

Deno.test("Client takes credentials from the URL", async () => {
  await using test = await TestServer.listening({
    authorization: { user: "ann", password: "a b@c:d%20" },
  } as ServerOptions);
  const { port } = test.server;
  const pass = encodeURIComponent("a b@c:d%20");
  const server = `nats://ann:${pass}@127.0.0.1:${port}`;
  await using client = await Client.connect({ server });
  await client.flush();
  await assert.rejects(
    Client.connect({ server, user: "ann", pass: "other" }),
    ServerError,
  );
  await assert.rejects(
    Client.connect({ server: `nats://ann@127.0.0.1:${port}` }),
    ServerError,
  );
});

Deno.test("Client takes a token from the URL", async () => {
  await using test = await TestServer.listening({
    authorization: { token: "s3cret-token" },
  } as ServerOptions);
  const { port } = test.server;
  await using client = await Client.connect({
    server: `nats://s3cret-token@127.0.0.1:${port}`,
  });
  await client.flush();
  await assert.rejects(
    Client.connect({ server: `nats://other@127.0.0.1:${port}` }),
    ServerError,
  );
});

Deno.test("Client.connect() rejects with what authenticate throws", async () => {
  await using test = await TestServer.start();
  const failure = new Error("no key here");
  await assert.rejects(
    Client.connect({
      transport: test.server.inProcessConn(),
      authenticate: () => Promise.reject(failure),
    }),
    failure,
  );
});

Deno.test("Client.connect() does not wait for authenticate for ever", async () => {
  await using test = await TestServer.start();
  await assert.rejects(
    Client.connect({
      transport: test.server.inProcessConn(),
      authenticate: () => new Promise(() => {}),
      timeoutMs: 10,
    }),
    TimeoutError,
  );
  await eventually(
    () => test.server.clientCount === 0,
    "the connection is closed",
  );
});

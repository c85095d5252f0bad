/** The official client logging in, in every way that it can. */

import assert from "node:assert/strict";
import type { ConnectionOptions } from "@nats-io/transport-node";
import { connect, nkeyAuthenticator } from "@nats-io/transport-node";
import { hashPassword } from "../../src/auth/bcrypt.ts";
import type { ServerOptions } from "../../src/mod.ts";
import { newNkeyUser } from "../support/nkeys.ts";
import { TestServer } from "../support/server.ts";

const nkeyUser = await newNkeyUser();
const stranger = await newNkeyUser();
const HASH = await hashPassword("§12§", 4);

const seed = (text: string) => new TextEncoder().encode(text);

/** A server, and who gets into it and who does not. */
interface Case {
  readonly server: ServerOptions;
  readonly admitted: ConnectionOptions;
  readonly refused: ConnectionOptions;
}

const CASES: Readonly<Record<string, Case>> = {
  "user and password": {
    server: { authorization: { user: "derek", password: "§12§" } },
    admitted: { user: "derek", pass: "§12§" },
    refused: { user: "derek", pass: "12" },
  },
  "user and hashed password": {
    server: { authorization: { users: [{ user: "derek", password: HASH }] } },
    admitted: { user: "derek", pass: "§12§" },
    refused: { user: "derek", pass: HASH },
  },
  "token": {
    server: { authorization: { token: "t" } },
    admitted: { token: "t" },
    refused: { token: "u" },
  },
  "nkey": {
    server: { authorization: { users: [{ nkey: nkeyUser.nkey }] } },
    admitted: { authenticator: nkeyAuthenticator(seed(nkeyUser.seed)) },
    refused: { authenticator: nkeyAuthenticator(seed(stranger.seed)) },
  },
  "nothing, standing for a user": {
    server: {
      authorization: { users: [{ user: "a", password: "b" }] },
      noAuthUser: "a",
    },
    admitted: {},
    refused: { user: "x" },
  },
  "an authenticator": {
    server: {
      authenticator: async ({ user, password }) => {
        await Promise.resolve();
        return user === password ? { user } : null;
      },
    },
    admitted: { user: "a", pass: "a" },
    refused: { user: "a", pass: "b" },
  },
};

for (
  const [name, { server: options, admitted, refused }] of Object.entries(CASES)
) {
  Deno.test(`The official client logs in with ${name}`, async () => {
    await using server = await TestServer.listening(options);
    const { port } = server.server;
    const client = await connect({ port, ...admitted });
    const subscription = client.subscribe("foo", { max: 1 });
    client.publish("foo", "hello");
    for await (const message of subscription) {
      assert.equal(message.string(), "hello");
    }
    await client.close();
    await assert.rejects(
      connect({ port, ...refused, reconnect: false }),
      /Authorization Violation/i,
    );
  });
}

Deno.test("The official client is told that it took too long", async () => {
  await using server = await TestServer.listening({
    authorization: { user: "a", password: "b", timeoutMs: 1 },
  });
  await assert.rejects(
    connect({
      port: server.server.port,
      reconnect: false,
      authenticator: () => {
        // Blocks the client, and with it the server, for longer than allowed.
        const until = performance.now() + 20;
        while (performance.now() < until);
        return { user: "a", pass: "b" };
      },
    }),
    /Authentication Timeout|Authorization Violation/i,
  );
});

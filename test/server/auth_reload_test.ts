/** What becomes of clients when other users are configured, or asked for. */

import assert from "node:assert/strict";
import type { ServerOptions } from "../../src/mod.ts";
import { eventually, TestServer } from "../support/server.ts";

/** A CONNECT of a quiet client. */
function connect(credentials: object): string {
  const fields = { verbose: false, pedantic: false, ...credentials };
  return `CONNECT ${JSON.stringify(fields)}\r\n`;
}

const A = { user: "a", password: "x" };
const B = { user: "b", password: "y" };
const AS_A = connect({ user: "a", pass: "x" });
const AS_B = connect({ user: "b", pass: "y" });

/** Reloads with the options of a server without a port. */
async function reload(server: TestServer, options: ServerOptions) {
  await server.server.reload({ dontListen: true, ...options });
}

Deno.test("Server.reload() closes clients of a user that is gone without a word", async () => {
  await using server = await TestServer.start({
    authorization: { users: [A, B] },
  });
  const a = await server.client(AS_A);
  const b = await server.client(AS_B);
  await reload(server, { authorization: { users: [A] } });
  await b.expectClosed("");
  await a.quiet();
  assert.equal(server.server.closedConnections[0].reason, "Client Closed");
});

Deno.test("Server.reload() refuses clients whose password is not right any more", async () => {
  await using server = await TestServer.start({
    authorization: { users: [A, B] },
  });
  const a = await server.client(AS_A);
  const b = await server.client(AS_B);
  await reload(server, {
    authorization: { users: [A, { ...B, password: "new" }] },
  });
  await b.expectClosed("-ERR 'Authorization Violation'\r\n");
  await a.quiet();
  const { user, reason } = server.server.closedConnections[0];
  assert.deepEqual([user, reason], ["b", "Authentication Failure"]);
});

Deno.test("Server.reload() closes clients whose user moved to another account", async () => {
  const accounts = (of: string) =>
    ["A", "B"].map((name) => ({ name, users: name === of ? [A] : [B] }));
  await using server = await TestServer.start({ accounts: accounts("A") });
  const a = await server.client(AS_A);
  await reload(server, { accounts: accounts("B") });
  await a.expectClosed("");
  await (await server.client(AS_A)).quiet();
});

Deno.test("Server.reload() drops as many clients as an account has too many", async () => {
  const accounts = (maxConnections: number) => [
    { name: "A", users: [A], limits: { maxConnections } },
    { name: "B", users: [B] },
  ];
  await using server = await TestServer.start({ accounts: accounts(3) });
  const inA = [
    await server.client(AS_A),
    await server.client(AS_A),
    await server.client(AS_A),
  ];
  const inB = await server.client(AS_B);
  await reload(server, { accounts: accounts(1) });
  await eventually(() => server.server.clientCount === 2, "one is left in A");
  const gone = server.server.closedConnections;
  assert.deepEqual(gone.map(({ reason }) => reason), [
    "Maximum Account Connections Exceeded",
    "Maximum Account Connections Exceeded",
  ]);
  for (const { id } of gone) {
    await inA[id - 1].expectClosed(
      "-ERR 'maximum account active connections exceeded'\r\n",
    );
  }
  const said = server.log.lines.filter((line) => line.includes("maximum"));
  assert.deepEqual(
    said.sort(),
    gone.map(({ id }) =>
      `ERR pipe:0 - cid:${id} - maximum account active connections exceeded`
    ).sort(),
  );
  await inB.quiet();
  await reload(server, { accounts: accounts(2) });
  await (await server.client(AS_A)).quiet();
});

Deno.test("Server.reload() gives who stays the new permissions", async () => {
  await using server = await TestServer.start({
    authorization: { users: [A] },
  });
  const a = await server.client(AS_A);
  await a.send("SUB foo 1\r\nSUB bar 2\r\n");
  await a.quiet();
  const permissions = { subscribe: { allow: ["bar"] } };
  await reload(server, { authorization: { users: [{ ...A, permissions }] } });
  await a.expect(
    `-ERR 'Permissions Violation for Subscription to "foo" (sid "1")'\r\n`,
  );
  await a.send("PUB foo 1\r\nx\r\nPUB bar 1\r\nx\r\n");
  await a.expect("MSG bar 2 1\r\nx\r\n");
});

Deno.test("Server.reload() asks for names where nobody was asked before", async () => {
  await using server = await TestServer.start();
  const nobody = await server.client();
  const named = await server.client(AS_A);
  const silent = server.connect();
  await silent.info();
  await reload(server, { authorization: { users: [A] } });
  await nobody.expectClosed("-ERR 'Authorization Violation'\r\n");
  await silent.expectClosed("-ERR 'Authorization Violation'\r\n");
  await named.quiet();
});

Deno.test("Server.reload() lets those in who wait, once nobody is asked any more", async () => {
  await using server = await TestServer.start({
    authorization: { users: [A] },
  });
  const waiting = server.connect();
  await waiting.info();
  await reload(server, {});
  await waiting.quiet();
});

Deno.test("Server.reload() without other users asks nobody again", async () => {
  let asked = 0;
  const authenticator = () => {
    asked++;
    return { user: "u" };
  };
  await using server = await TestServer.start({ authenticator });
  const client = await server.client();
  await reload(server, { authenticator, maxPayload: 100 });
  assert.equal(asked, 1);
  await reload(server, { authenticator: () => null });
  await client.expectClosed("-ERR 'Authorization Violation'\r\n");
});

Deno.test("Server.reload() in the middle of a login lets the new options decide", async () => {
  const { promise, resolve } = Promise.withResolvers<{ user: string }>();
  const asked = Promise.withResolvers<void>();
  await using server = await TestServer.start({
    authenticator: () => {
      asked.resolve();
      return promise;
    },
  });
  const client = server.connect();
  await client.info();
  await client.send(AS_A);
  await asked.promise;
  await reload(server, { authenticator: () => null });
  resolve({ user: "late" });
  await client.expectClosed("-ERR 'Authorization Violation'\r\n");
});

Deno.test("Server refuses what an authenticator grants and cannot be had", async () => {
  await using server = await TestServer.start({
    authenticator: ({ user }) =>
      user === "a"
        ? { user, account: "NONE" }
        : { user, permissions: { publish: { allow: ["a..b"] } } },
  });
  for (const user of ["a", "b"]) {
    const client = server.connect();
    await client.info();
    await client.send(connect({ user }));
    await client.expectClosed("-ERR 'Authorization Violation'\r\n");
  }
  await server.log.until(/Cannot let in user "a": account "NONE" is unknown/);
  await server.log.until(/Cannot let in user "b": .*a\.\.b/);
});

Deno.test("Server.shutdown() does not wait for logins under way", async () => {
  const server = await TestServer.start({
    authenticator: () => new Promise(() => {}),
    authorization: { timeoutMs: 50 },
  });
  const client = server.connect();
  await client.info();
  await client.send(AS_A);
  await server.server.shutdown();
  await client.closed();
  await server[Symbol.asyncDispose]();
});

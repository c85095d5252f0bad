import assert from "node:assert/strict";
import type { PermissionOptions } from "../../src/auth_options.ts";
import { FakeClock } from "../support/clock.ts";
import { PermittedClients } from "../support/permitted_clients.ts";
import { TestServer } from "../support/server.ts";

const noPublish = (subject: string) =>
  `-ERR 'Permissions Violation for Publish to "${subject}"'\r\n`;
const noSubscription = (subject: string, more = "") =>
  `-ERR 'Permissions Violation for Subscription to "${subject}"${more}'\r\n`;
const message = (subject: string, sid: string, payload = "x") =>
  `MSG ${subject} ${sid} ${payload.length}\r\n${payload}\r\n`;
const pub = (subject: string, payload = "x") =>
  `PUB ${subject} ${payload.length}\r\n${payload}\r\n`;

Deno.test("Client is refused what it may not publish, every time, and stays", async () => {
  await using clients = new PermittedClients();
  const { raw: listener } = await clients.client();
  await listener.send("SUB > 1\r\n");
  await listener.quiet();
  const { raw } = await clients.client({
    publish: { allow: ["a.>"], deny: ["a.x"] },
  });
  const all = pub("a.x").repeat(3) + pub("a.b").repeat(3) + pub("b") +
    pub("a.x") + pub('q"\\') + pub("a.\x01\xff") + pub("a..b");
  await raw.send(all);
  await raw.expect(
    noPublish("a.x").repeat(3) + noPublish("b") + noPublish("a.x") +
      noPublish('q\\"\\\\') + noPublish("a..b"),
  );
  await raw.quiet();
  await listener.expect(
    message("a.b", "1").repeat(3) + message("a.\x01\xff", "1"),
  );
  await listener.quiet();
});

Deno.test("Client that may publish nothing but answers may not publish", async () => {
  await using clients = new PermittedClients();
  const { raw } = await clients.client({ allowResponses: {} });
  await raw.send(pub("a"));
  await raw.expect(noPublish("a"));
});

Deno.test("Verbose client gets -ERR instead of +OK where it is refused", async () => {
  await using clients = new PermittedClients();
  const { raw } = await clients.client(
    { publish: { allow: ["a"] }, subscribe: { allow: ["a", "b q"] } },
    'CONNECT {"pedantic":true}\r\n',
  );
  await raw.send(
    `${pub("a")}${pub("b")}${pub("b.*")}SUB a 1\r\nSUB c 2\r\nSUB b 3\r\n` +
      `SUB b q 4\r\nSUB b p 5\r\nSUB a _sys_ 6\r\n`,
  );
  await raw.expect(
    "+OK\r\n+OK\r\n" + noPublish("b") + "-ERR 'Invalid Publish Subject'\r\n" +
      noPublish("b.*") + "+OK\r\n" + noSubscription("c") +
      noSubscription("b") + "+OK\r\n" +
      noSubscription("b", ' using queue "p"') +
      noSubscription("a", ' using queue "_sys_"'),
  );
});

Deno.test("Client is refused a subscription before its tokens and number are looked at", async () => {
  await using clients = new PermittedClients({
    maxSubTokens: 2,
    maxSubscriptions: 1,
  });
  const { raw } = await clients.client({ subscribe: { deny: ["no.>"] } });
  await raw.send("SUB no.a.b 1\r\nSUB a.b.c 2\r\nSUB a 3\r\nSUB no.a 4\r\n");
  await raw.expect(
    noSubscription("no.a.b") + noSubscription("a.b.c").replace(
      "\"'",
      "\", too many tokens'",
    ) + noSubscription("no.a"),
  );
  await raw.quiet();
});

Deno.test("Subscription wider than a deny does not get what is denied", async () => {
  await using clients = new PermittedClients();
  const { raw } = await clients.client({
    subscribe: { deny: ["secret.>", "*.hidden"] },
  });
  await raw.send(
    "SUB > 1\r\nSUB secret.* 2\r\nSUB *.a 3\r\nSUB open.* 4\r\nUNSUB 3 1\r\n",
  );
  await raw.expect(noSubscription("secret.*"));
  await raw.send(
    pub("secret.a") + pub("open.hidden") + pub("open.a") + pub("open.b"),
  );
  await raw.expect(
    message("open.a", "1") + message("open.a", "3") + message("open.a", "4") +
      message("open.b", "1") + message("open.b", "4"),
  );
  await raw.quiet();
});

Deno.test("What is not delivered does not count: not as sent, not for max", async () => {
  await using clients = new PermittedClients();
  const { raw, client } = await clients.client({
    subscribe: { deny: ["no"] },
  });
  await raw.send(`SUB * 1\r\nUNSUB 1 2\r\n${pub("no").repeat(5)}`);
  await raw.quiet();
  assert.equal(client.connection.outMsgs, 0);
  await raw.send(pub("yes") + pub("no") + pub("yes") + pub("yes"));
  await raw.expect(message("yes", "1").repeat(2));
  await raw.quiet();
  assert.equal(client.subscriptions.size, 0);
});

Deno.test("Requester is told of no responders where all are denied the request", async () => {
  await using clients = new PermittedClients();
  const { raw } = await clients.client({ subscribe: { deny: ["no"] } });
  await raw.send("SUB * 1\r\n");
  await raw.quiet();
  const { raw: requester } = await clients.client(
    null,
    'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n',
  );
  await requester.send("SUB re 1\r\nPUB no re 1\r\nx\r\n");
  await requester.through("NATS/1.0 503");
});

Deno.test("Queue group skips members that are denied the message", async () => {
  await using clients = new PermittedClients();
  const denied = [];
  for (let i = 0; i < 3; i++) {
    const { raw } = await clients.client({ subscribe: { deny: ["a.no"] } });
    await raw.send("SUB a.* q 1\r\n");
    await raw.quiet();
    denied.push(raw);
  }
  const { raw } = await clients.client();
  await raw.send(`SUB a.* q 1\r\n${pub("a.no").repeat(50)}`);
  await raw.expect(message("a.no", "1").repeat(50));
  for (const other of denied) await other.quiet();
});

Deno.test("Deny for a queue filters what its members get, and only them", async () => {
  await using clients = new PermittedClients();
  const { raw } = await clients.client({ subscribe: { deny: ["a.no v.*"] } });
  await raw.send("SUB a.* 1\r\nSUB a.* v.1 2\r\nSUB a.* w 3\r\nSUB a.no v.1 4");
  await raw.send("\r\n");
  await raw.expect(noSubscription("a.no", ' using queue "v.1"'));
  await raw.send(pub("a.no"));
  const got = await raw.bytes(message("a.no", "1").length * 2);
  assert.deepEqual(got.match(/MSG a\.no \d/g)?.sort(), [
    "MSG a.no 1",
    "MSG a.no 3",
  ]);
  await raw.quiet();
});

/** A responder with these permissions, and somebody who asks it. */
async function asked(
  clients: PermittedClients,
  permissions: PermissionOptions,
) {
  const { raw: responder } = await clients.client(permissions);
  await responder.send("SUB ask.* 1\r\n");
  await responder.quiet();
  const { raw: asker } = await clients.client();
  const ask = async (reply: string) => {
    await asker.send(`PUB ask.it ${reply} 1\r\n?\r\n`);
    await responder.expect(`MSG ask.it 1 ${reply} 1\r\n?\r\n`);
  };
  return { responder, ask };
}

Deno.test("Client may answer max times, and once unless said otherwise", async () => {
  for (const [max, count] of [[undefined, 1], [0, 1], [2, 2]] as const) {
    await using clients = new PermittedClients();
    const { responder, ask } = await asked(clients, {
      allowResponses: max === undefined ? {} : { max },
    });
    await ask("re.1");
    await ask("re.2");
    await responder.send(pub("re.1").repeat(count + 2) + pub("re.3"));
    await responder.expect(noPublish("re.1").repeat(2) + noPublish("re.3"));
    await responder.send(pub("re.2"));
    await responder.quiet();
    await ask("re.1");
    await responder.send(pub("re.1"));
    await responder.quiet();
  }
});

Deno.test("Client may answer until ttl is over, two minutes unless said otherwise", async () => {
  for (const [ttlMs, limit] of [[undefined, 120_000], [500, 500]] as const) {
    const clock = new FakeClock();
    await using clients = new PermittedClients({ clock });
    const { responder, ask } = await asked(clients, {
      allowResponses: ttlMs === undefined ? { max: 9 } : { max: 9, ttlMs },
    });
    await ask("re");
    clock.advance(limit);
    await responder.send(pub("re"));
    await responder.quiet();
    clock.advance(1);
    await responder.send(pub("re"));
    await responder.expect(noPublish("re"));
    await ask("re");
    await responder.send(pub("re"));
    await responder.quiet();
  }
});

Deno.test("Client may answer as often and as long as it likes where there is no limit", async () => {
  const clock = new FakeClock();
  await using clients = new PermittedClients({ clock });
  const { responder, ask } = await asked(clients, {
    allowResponses: { max: -1, ttlMs: -1 },
  });
  await ask("re");
  clock.advance(1e9);
  await responder.send(pub("re").repeat(100));
  await responder.quiet();
});

Deno.test("Client may publish its allow list besides answers, and no denied reply", async () => {
  await using clients = new PermittedClients();
  const { responder, ask } = await asked(clients, {
    publish: { allow: ["a"], deny: ["re.no"] },
    allowResponses: {},
  });
  await ask("a");
  await ask("re.no");
  await responder.send(
    pub("a").repeat(2) + pub("b") + pub("re.no").repeat(2),
  );
  // As nats-server: being asked opens a reply although it is denied.
  await responder.expect(noPublish("b") + noPublish("re.no"));
  await responder.quiet();
});

Deno.test("Client that was not delivered a request may not answer it", async () => {
  await using clients = new PermittedClients();
  const { raw } = await clients.client({
    subscribe: { deny: ["ask.no"] },
    allowResponses: {},
  });
  await raw.send("SUB ask.* 1\r\n");
  await raw.quiet();
  const { raw: asker } = await clients.client();
  await asker.send("PUB ask.no re 1\r\n?\r\n");
  await asker.quiet();
  await raw.send(pub("re"));
  await raw.expect(noPublish("re"));
});

Deno.test("Client.permit() ends what is not allowed any more and says so", async () => {
  await using clients = new PermittedClients();
  const { raw, client } = await clients.client();
  await raw.send(
    "SUB a 1\r\nSUB b 2\r\nSUB b q 3\r\nSUB > 4\r\nSUB b.* 5\r\nSUB a six\r\n",
  );
  await raw.quiet();
  client.permit({
    subscribe: { allow: [">"], deny: ["b", "a.x", "> q"] },
    publish: { deny: ["no"] },
  });
  clients.flush();
  await raw.expect(
    noSubscription("b", ' (sid "2")') +
      noSubscription("b", ' using queue "q" (sid "3")'),
  );
  assert.equal(client.subscriptions.size, 4);
  await raw.send(pub("b") + pub("a.x") + pub("b.x") + pub("no"));
  await raw.expect(
    message("b.x", "4") + message("b.x", "5") + noPublish("no"),
  );
  client.permit(null);
  await raw.send(pub("a.x") + pub("no"));
  await raw.expect(message("a.x", "4") + message("no", "4"));
  await raw.quiet();
  assert(
    clients.log.lines.includes(
      `INF pipe:0 - cid:1 - Removed: Permissions Violation for Subscription to "b" using queue "q" (sid "3")`,
    ),
  );
});

Deno.test("Client.permit() changes nothing where permissions are the same", async () => {
  const permissions: PermissionOptions = { allowResponses: {} };
  await using clients = new PermittedClients();
  const { raw, client } = await clients.client(permissions);
  await raw.send("SUB ask 1\r\n");
  await raw.quiet();
  const { raw: asker } = await clients.client();
  await asker.send("PUB ask re 1\r\n?\r\n");
  await raw.expect("MSG ask 1 re 1\r\n?\r\n");
  client.permit(permissions);
  await raw.send(pub("re").repeat(2));
  await raw.expect(noPublish("re"));
});

Deno.test("Refusals are logged with what was asked for, ten times", async () => {
  await using clients = new PermittedClients();
  const { raw } = await clients.client({
    publish: { allow: [] },
    subscribe: { deny: [">"] },
  });
  await raw.send(
    `${pub("p")}SUB s 1\r\nSUB s q x2\r\nPUB p _R_.x 0\r\n\r\n${
      pub("p").repeat(30)
    }PING\r\n`,
  );
  await raw.through("PONG\r\n");
  const lines = clients.log.lines.filter((line) => line.startsWith("ERR"))
    .map((line) => line.replace("ERR pipe:0 - cid:1 - ", ""));
  assert.deepEqual(lines.slice(0, 3), [
    'Publish Violation - Subject "p"',
    'Subscription Violation - Subject "s", SID 1',
    'Subscription Violation - Subject "s", Queue: "q", SID x2',
  ]);
  assert.equal(lines.length, 10);
  assert.match(lines[9], /further refusals are not logged/);
});

Deno.test("Users have permissions of their own or the default ones, and new ones after a reload", async () => {
  const users = (...denied: string[]) => ({
    users: [
      {
        user: "own",
        password: "p",
        permissions: { publish: { deny: denied } },
      },
      { user: "other", password: "p" },
    ],
    defaultPermissions: { subscribe: { deny: denied } },
  });
  const login = (user: string) =>
    `CONNECT {"verbose":false,"user":"${user}","pass":"p"}\r\n`;
  await using server = await TestServer.start({ authorization: users("a") });
  const own = await server.client(login("own"));
  const other = await server.client(login("other"));
  await own.send(`SUB a 1\r\n${pub("a")}${pub("b")}`);
  await own.expect(noPublish("a"));
  await other.send(`SUB a 1\r\nSUB b 2\r\n${pub("a")}`);
  await other.expect(noSubscription("a"));
  await own.expect(message("a", "1"));
  await server.server.reload({
    dontListen: true,
    authorization: users("b"),
  });
  await other.expect(noSubscription("b", ' (sid "2")'));
  await other.send(`SUB a 3\r\nSUB b 4\r\n`);
  await other.expect(noSubscription("b"));
  await other.quiet();
  await own.send(pub("a") + pub("b"));
  await own.expect(message("a", "1") + noPublish("b"));
  await other.expect(message("a", "3"));
});

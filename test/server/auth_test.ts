/** Who gets in and who does not, byte for byte, as with the official server. */

import assert from "node:assert/strict";
import { hashPassword } from "../../src/auth/bcrypt.ts";
import type { AuthorizationOptions, ServerOptions } from "../../src/mod.ts";
import { ConfigError, Server } from "../../src/mod.ts";
import { dialTcp } from "../../src/transport/tcp.ts";
import { FakeClock } from "../support/clock.ts";
import { newNkeyUser } from "../support/nkeys.ts";
import { OfficialServer, officialServers } from "../support/official_server.ts";
import { RawClient } from "../support/raw_client.ts";
import { eventually, TestServer } from "../support/server.ts";
import { dialTls, MUTUAL_TLS } from "../support/tls.ts";

const REFUSED = "-ERR 'Authorization Violation'\r\n";

/** A CONNECT of a quiet client. */
function connect(credentials: object): string {
  const fields = { verbose: false, pedantic: false, ...credentials };
  return `CONNECT ${JSON.stringify(fields)}\r\n`;
}

/** A configuration of both servers, and what clients say and hear. */
interface Scenario {
  readonly midge: ServerOptions;
  /** The same for the official server. */
  readonly config: string;
  /** What clients send, and whether that lets them in. */
  readonly logins: readonly [string, boolean][];
  /** What INFO says of `auth_required`. */
  readonly announced?: boolean;
}

const HASH = await hashPassword("pwd", 4);
const USERS: ServerOptions = {
  authorization: {
    users: [
      { user: "a", password: "pwd" },
      { user: "b", password: HASH },
      { user: "none" },
      { user: "ws", password: "x", allowedConnectionTypes: ["websocket"] },
      { user: "std", password: "x", allowedConnectionTypes: ["standard"] },
    ],
  },
};
const USERS_CONFIG = `authorization { users = [
  { user: a, password: pwd }
  { user: b, password: "${HASH}" }
  { user: none }
  { user: ws, password: x, allowed_connection_types: ["websocket"] }
  { user: std, password: x, allowed_connection_types: ["standard"] }
] }`;

const BY_NAME: readonly [string, boolean][] = [
  [connect({ user: "a", pass: "pwd" }), true],
  [connect({ user: "a", pass: "pwd2" }), false],
  [connect({ user: "a", pass: "" }), false],
  [connect({ user: "x", pass: "pwd" }), false],
  [connect({ user: "b", pass: "pwd" }), true],
  [connect({ user: "b", pass: "wrong" }), false],
  [connect({ user: "b", pass: HASH }), false],
  [connect({ user: "none" }), true],
  [connect({ user: "none", pass: "x" }), false],
  [connect({ user: "ws", pass: "x" }), false],
  [connect({ user: "std", pass: "x" }), true],
  [connect({ pass: "pwd" }), false],
  [connect({ auth_token: "pwd" }), false],
  [connect({ user: "a", pass: "pwd", account: "A" }), false],
];

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "one user": {
    midge: { authorization: { user: "derek", password: "§12§" } },
    config: `authorization { user: derek, password: "§12§" }`,
    logins: [
      [connect({ user: "derek", pass: "§12§" }), true],
      [connect({ user: "derek", pass: "§12" }), false],
      [connect({ user: "Derek", pass: "§12§" }), false],
      [connect({ auth_token: "§12§" }), false],
      [connect({}), false],
      ["PING\r\n", false],
      ["SUB foo 1\r\n", false],
      ["PUB foo 1\r\nx\r\n", false],
    ],
  },
  "a token": {
    midge: { authorization: { token: "s3cr3t" } },
    config: "authorization { token: s3cr3t }",
    logins: [
      [connect({ auth_token: "s3cr3t" }), true],
      [connect({ auth_token: "s3cr3T" }), false],
      [connect({ user: "s3cr3t" }), false],
      [connect({ user: "x", pass: "s3cr3t" }), false],
      [connect({}), false],
    ],
  },
  "a hashed token": {
    midge: { authorization: { token: HASH } },
    config: `authorization { token: "${HASH}" }`,
    logins: [
      [connect({ auth_token: "pwd" }), true],
      [connect({ auth_token: HASH }), false],
      [connect({ auth_token: "x" }), false],
    ],
  },
  "users": {
    midge: USERS,
    config: USERS_CONFIG,
    logins: [...BY_NAME, [connect({}), false], ["PING\r\n", false]],
  },
  "users and one for those who say nothing": {
    midge: { ...USERS, noAuthUser: "a" },
    config: `${USERS_CONFIG}\nno_auth_user: a`,
    logins: [
      ...BY_NAME,
      [connect({}), true],
      ["PING\r\n", true],
      ["SUB foo 1\r\n", true],
    ],
    announced: false,
  },
  "users of accounts": {
    midge: {
      accounts: [
        { name: "A", users: [{ user: "a", password: "x" }] },
        { name: "B", users: [{ user: "b", password: "y" }] },
      ],
    },
    config: `accounts {
      A { users: [{ user: a, password: x }] }
      B { users: [{ user: b, password: y }] }
    }`,
    logins: [
      [connect({ user: "a", pass: "x" }), true],
      [connect({ user: "b", pass: "y" }), true],
      [connect({ user: "a", pass: "y" }), false],
      [connect({}), false],
    ],
  },
  "users of the system account only": {
    midge: {
      accounts: [{ name: "$SYS", users: [{ user: "s", password: "x" }] }],
    },
    config: 'accounts { "$SYS" { users: [{ user: s, password: x }] } }',
    logins: [
      [connect({}), true],
      ["PING\r\n", true],
      [connect({ user: "s", pass: "x" }), true],
      [connect({ user: "s", pass: "y" }), false],
    ],
  },
};

/** Logs in as said and asserts on all that comes back. */
async function tryLogin(
  client: RawClient,
  said: string,
  admitted: boolean,
): Promise<void> {
  await client.send(new TextEncoder().encode(said));
  if (!admitted) return await client.expectClosed(REFUSED);
  await client.send("PING\r\n");
  await client.through("PONG\r\n");
}

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  const announced = scenario.announced ?? true;
  Deno.test(`Server lets in who it should: ${name}`, async () => {
    const { authorization = null } = scenario.midge;
    await using server = await TestServer.listening({
      ...scenario.midge,
      authorization: authorization && { ...authorization, maxFailures: 0 },
    });
    for (const [said, admitted] of scenario.logins) {
      const client = await server.dial();
      const info = await client.info();
      assert.equal(info.auth_required, announced || undefined);
      assert.equal(info.nonce, undefined);
      await tryLogin(client, said, admitted).catch((error) => {
        throw new Error(said, { cause: error });
      });
    }
  });

  for (const binary of officialServers()) {
    Deno.test(`nats-server ${binary.version} lets in the same: ${name}`, async () => {
      const file = await Deno.makeTempFile({ suffix: ".conf" });
      await Deno.writeTextFile(file, scenario.config);
      try {
        await using server = await OfficialServer.start(binary, ["-c", file]);
        for (const [said, admitted] of scenario.logins) {
          await using client = new RawClient(
            await dialTcp("127.0.0.1", server.port),
          );
          const info = await client.info();
          assert.equal(info.auth_required, announced || undefined);
          await tryLogin(client, said, admitted).catch((error) => {
            throw new Error(said, { cause: error });
          });
        }
      } finally {
        await Deno.remove(file);
      }
    });
  }
}

Deno.test("Server gives nkey users something to sign, each connection its own", async () => {
  const user = await newNkeyUser();
  const { nkey } = user;
  await using server = await TestServer.start({
    authorization: { users: [{ nkey }], maxFailures: 0 },
  });
  const client = server.connect();
  const { nonce } = await client.info();
  assert.match(String(nonce), /^[\w-]{15}$/);
  const sig = await user.sign(String(nonce));
  await client.send(connect({ nkey, sig, protocol: 1 }));
  await client.send("PING\r\n");
  await client.expect("PONG\r\n");
  const later = await client.info();
  assert.equal(later.nonce, undefined);
  assert.equal(later.remote_account, "$G");

  const other = server.connect();
  assert.notEqual((await other.info()).nonce, nonce);
  await tryLogin(other, connect({ nkey, sig }), false);
  const unsigned = server.connect();
  await unsigned.info();
  await tryLogin(unsigned, connect({ nkey }), false);
  const stranger = await newNkeyUser();
  const third = server.connect();
  const signature = await stranger.sign(String((await third.info()).nonce));
  await tryLogin(
    third,
    connect({ nkey: stranger.nkey, sig: signature }),
    false,
  );
  assert.match(
    server.log.lines.find((line) => line.startsWith("ERR")) ?? "",
    new RegExp(`cid:2 - authentication error - Nkey "${nkey}"$`),
  );
});

Deno.test("Server takes users from client certificates", async () => {
  await using server = await TestServer.listening({
    tls: { ...MUTUAL_TLS, verifyAndMap: true },
    accounts: [{ name: "A", users: [{ user: "derek@example.com" }] }],
    authorization: { users: [{ user: "CN=nobody" }] },
  });
  const { port } = server.server;
  {
    await using client = (await dialTls(port, { as: "client" })).client;
    await client.send(
      connect({ user: "x", pass: "y", protocol: 1 }) + "PING\r\n",
    );
    await client.expect("PONG\r\n");
    assert.equal((await client.info()).remote_account, "A");
  }
  await using client = (await dialTls(port, { as: "second-client" })).client;
  await client.send(connect({ user: "derek@example.com" }));
  await client.expectClosed(REFUSED);
});

Deno.test("Server handles in order what comes along with a slow CONNECT", async () => {
  const users = [{ user: "b", password: await hashPassword("pwd", 9) }];
  await using server = await TestServer.start({ authorization: { users } });
  const client = server.connect();
  await client.info();
  const login = `CONNECT ${JSON.stringify({ user: "b", pass: "pwd" })}\r\n`;
  await client.send(`${login}SUB foo 1\r\nPUB foo 2\r\nhi\r\nPING\r\n`);
  await client.expect("+OK\r\n+OK\r\n+OK\r\nMSG foo 1 2\r\nhi\r\nPONG\r\n");
  const alone = server.connect();
  await alone.info();
  await alone.send(login);
  await alone.expect("+OK\r\n");
  const wrong = server.connect();
  await wrong.info();
  await wrong.send(
    `${connect({ user: "b", pass: "x" })}SUB foo 1\r\nPING\r\n`,
  );
  await wrong.expectClosed(REFUSED);
});

Deno.test("Server gives a login its time, and not more", async () => {
  const clock = new FakeClock();
  const user = { user: "a", password: "b" };
  await using server = await TestServer.start({
    clock,
    authorization: { ...user, timeoutMs: 700 },
  });
  const client = server.connect();
  await client.info();
  await client.send("CONN");
  const inTime = await server.client(connect({ user: "a", pass: "b" }));
  clock.advance(699);
  assert.equal(server.server.clientCount, 2);
  clock.advance(1);
  await client.expectClosed("-ERR 'Authentication Timeout'\r\n");
  assert.equal(
    server.server.closedConnections[0].reason,
    "Authentication Timeout",
  );
  await inTime.quiet();
});

Deno.test("Server logs a refusal and remembers who was refused", async () => {
  await using server = await TestServer.start(USERS);
  for (const user of ["a", 'x"\n', ""]) {
    const client = server.connect();
    await client.info();
    await tryLogin(client, connect({ user, pass: "secret" }), false);
  }
  const errors = server.log.lines.filter((line) => line.startsWith("ERR"));
  assert.deepEqual(errors, [
    'ERR pipe:0 - cid:1 - authentication error - User "a"',
    'ERR pipe:0 - cid:2 - authentication error - User "x\\"\\n"',
    'ERR pipe:0 - cid:3 - authentication error - User "N/A"',
  ]);
  assert.deepEqual(
    server.server.closedConnections.map(({ user, reason }) => [user, reason]),
    [
      ["a", "Authentication Failure"],
      ['x"\n', "Authentication Failure"],
      ["", "Authentication Failure"],
    ],
  );
  assert(!server.log.lines.some((line) => line.includes("secret")));
});

Deno.test("Server bounds a flood of wrong passwords, and lets right ones in", async () => {
  const clock = new FakeClock();
  await using server = await TestServer.start({
    clock,
    authorization: { user: "a", password: "b", maxFailures: 3 },
  });
  const clients: RawClient[] = [];
  for (let i = 0; i < 20; i++) {
    const client = server.connect();
    await client.info();
    await client.send(connect({ user: "a", pass: `x${i}` }));
    clients.push(client);
  }
  for (const client of clients.slice(0, 3)) await client.expectClosed(REFUSED);
  await using right = await server.client(connect({ user: "a", pass: "b" }));
  await right.quiet();
  assert.equal(server.server.clientCount, 18);
  await eventually(() => clock.pending >= 17, "all wait");
  clock.advance(2000);
  for (const client of clients.slice(3)) await client.expectClosed(REFUSED);
  const about = server.log.lines.filter((line) => /^(ERR|WRN) pipe/.test(line));
  assert.equal(about.length, 4, about.join("\n"));
  assert.match(about[3], /3 logins failed within a minute/);
});

Deno.test("Server counts connections of accounts, and keeps to their limit", async () => {
  await using server = await TestServer.start({
    accounts: [{
      name: "A",
      users: [{ user: "a", password: "x" }],
      limits: { maxConnections: 1 },
    }],
  });
  const login = connect({ user: "a", pass: "x" });
  const first = await server.client(login);
  const second = server.connect();
  await second.info();
  await second.send(login);
  await second.expectClosed(
    "-ERR 'maximum account active connections exceeded'\r\n",
  );
  first.close();
  await eventually(() => server.server.clientCount === 0, "gone");
  assert.equal(
    server.server.closedConnections[0].reason,
    "Maximum Account Connections Exceeded",
  );
  await (await server.client(login)).quiet();
});

Deno.test("Accounts do not hear each other, and a CONNECT may change the account", async () => {
  await using server = await TestServer.start({
    accounts: ["A", "B"].map((name) => ({
      name,
      users: [{ user: name, password: "x" }],
    })),
  });
  const as = (user: string) => connect({ user, pass: "x" });
  const a = await server.client(as("A"));
  const b = await server.client(as("B"));
  await a.send("SUB foo 1\r\nPING\r\n");
  await a.expect("PONG\r\n");
  await b.send("PUB foo 1\r\nb\r\nPING\r\n");
  await b.expect("PONG\r\n");
  await a.quiet();
  await a.send(`${as("B")}PUB foo 1\r\na\r\nSUB foo 2\r\nPING\r\n`);
  await a.expect("PONG\r\n");
  await b.send("PUB foo 1\r\nb\r\nPING\r\n");
  await b.expect("PONG\r\n");
  await a.expect("MSG foo 2 1\r\nb\r\n");
});

Deno.test("Server refuses options that contradict themselves", async () => {
  const options = { authorization: { user: "a", token: "b" } };
  assert.throws(() => new Server(options), ConfigError);
  await assert.rejects(Server.check(options), ConfigError);
});

Deno.test("Server warns of secrets that may not be meant so", async () => {
  const hash = `$2a$04$${"a".repeat(53)}`;
  for (
    const [authorization, ...warnings] of [
      [
        { user: "a", password: "b" },
        "Plaintext passwords detected, use nkeys or bcrypt",
      ],
      [
        { password: hash },
        "A password without a user lets everybody in: name a user",
      ],
      [
        { users: [{ user: "u", password: hash.slice(0, -1) }] },
        'Nobody gets in as user "u": not a bcrypt hash, though it begins like one (59 characters of 60)',
      ],
      [
        { token: `${hash}x` },
        "Nobody gets in as the token: not a bcrypt hash, though it begins like one (61 characters of 60)",
      ],
      [{ token: hash }],
      [{ users: [{ user: "u", password: hash }] }],
    ] as [AuthorizationOptions, ...string[]][]
  ) {
    await using server = await TestServer.start({ authorization });
    assert.deepEqual(
      server.log.lines.filter((line) => line.startsWith("WRN")),
      warnings.map((warning) => `WRN ${warning}`),
    );
  }
});

/** Who `midge pub`, `sub` and `req` say they are: passwords, nkeys, creds, TLS. */

import assert from "node:assert/strict";
import type { ServerOptions } from "../../src/mod.ts";
import { Folder } from "../support/folder.ts";
import { newJwtUser } from "../support/jwts.ts";
import { newNkeyUser } from "../support/nkeys.ts";
import { OfficialServer, officialServers } from "../support/official_server.ts";
import { TestServer } from "../support/server.ts";
import { certFile, MUTUAL_TLS, SERVER_TLS } from "../support/tls.ts";
import type { ToolOptions } from "../support/tool.ts";
import { runTool } from "../support/tool.ts";

const PUBLISHED = 'Published 1 bytes to "foo"\n';
const READ = ["--allow-read"];

/** `midge pub` with flags, and what it must say: an error if that has `midge:`. */
type Attempt = readonly [
  flags: readonly string[],
  said: RegExp | string,
  options?: ToolOptions,
];

async function attempt(
  t: Deno.TestContext,
  server: string,
  attempts: readonly Attempt[],
): Promise<void> {
  for (const [flags, said, options = {}] of attempts) {
    await t.step(
      `${flags.join(" ")} ${JSON.stringify(options.env ?? "")}`,
      async () => {
        const args = ["pub", "-s", server, "foo", "x", ...flags];
        const { code, stderr } = await runTool(args, {
          permissions: READ,
          ...options,
        });
        if (typeof said === "string") assert.equal(stderr, said);
        else assert.match(stderr, said);
        assert.match(stderr, /^[^\n]+\n$/);
        assert.equal(code, stderr.startsWith("midge: ") ? 1 : 0);
        assert.doesNotMatch(stderr, /s3cret|SU[A-Z2-7]{10}/);
      },
    );
  }
}

/** A server and its address as a host that its certificate has. */
async function serverWith(options: ServerOptions) {
  const server = await TestServer.listening(options);
  return { server, address: `localhost:${server.server.port}` };
}

Deno.test("midge pub logs in with user and password", async (t) => {
  const { server, address } = await serverWith({
    authorization: {
      users: [{ user: "u", password: "s3cret" }],
      maxFailures: 0,
    },
  });
  await using _ = server;
  const env = { NATS_PASSWORD: "s3cret" };
  const refused = `midge: refused by ${address}: Authorization Violation`;
  await attempt(t, address, [
    [["--user", "u", "--password", "s3cret"], PUBLISHED],
    [["-s", `nats://u:s3cret@${address}`], PUBLISHED],
    [["--user", "u"], PUBLISHED, {
      env,
      permissions: ["--allow-env=NATS_PASSWORD"],
    }],
    [["--user", "u"], `${refused}\n`, {
      env: { NATS_PASSWORD: "s3cretly" },
      permissions: ["--allow-env=NATS_PASSWORD"],
    }],
    // Not permitted, so not looked at, and nobody is asked.
    [
      ["--user", "u"],
      `${refused}; the password comes from -password or NATS_PASSWORD (and --allow-env)\n`,
      { env },
    ],
    [["--user", "u", "--password", "s3cre"], `${refused}\n`],
    [["-s", `nats://u:s3cretly@${address}`], `${refused}\n`],
    [["--token", "s3cret"], `${refused}\n`],
    [[], `${refused}; log in with -user, -token, -nkey or -creds\n`],
  ]);
});

Deno.test("midge pub logs in with a token", async (t) => {
  const { server, address } = await serverWith({
    authorization: { token: "s3cret", maxFailures: 0 },
  });
  await using _ = server;
  await attempt(t, address, [
    [["--token", "s3cret"], PUBLISHED],
    [["-s", `nats://s3cret@${address}`], PUBLISHED],
    [["--token", "s3cre"], /refused by .*: Authorization Violation\n$/],
  ]);
});

Deno.test("midge pub says what permissions refuse", async () => {
  await using server = await TestServer.listening({
    authorization: {
      users: [{
        user: "u",
        password: "p",
        permissions: {
          publish: { allow: ["ok"] },
          subscribe: { deny: ["no"] },
        },
      }],
    },
  });
  const flags = ["-s", `nats://u:p@127.0.0.1:${server.server.port}`];
  for (
    const [args, line] of [
      [["pub", "no", "x"], 'Permissions Violation for Publish to "no"'],
      [["sub", "no"], 'Permissions Violation for Subscription to "no"'],
      [
        ["req", "--raw", "no", "x"],
        'Permissions Violation for Publish to "no"',
      ],
    ] as const
  ) {
    assert.deepEqual(await runTool([...args, ...flags]), {
      code: 1,
      stdout: "",
      stderr: `midge: ${line}\n`,
    });
  }
});

Deno.test("midge pub logs in with the seed of an nkey", async (t) => {
  const user = await newNkeyUser();
  const other = await newNkeyUser();
  const damaged = user.seed.slice(0, -1) +
    (user.seed.endsWith("A") ? "B" : "A");
  using folder = new Folder({
    "u.nk": `${user.seed}\n`,
    "commented.nk": `# edge-7\n  ${user.seed}\n`,
    "other.nk": other.seed,
    "damaged.nk": damaged.slice(0, 20) + "AAAA" + damaged.slice(24),
    "public.nk": user.nkey,
  });
  const { server, address } = await serverWith({
    authorization: { users: [{ nkey: user.nkey }], maxFailures: 0 },
  });
  await using _ = server;
  await attempt(t, address, [
    [["--nkey", folder.file("u.nk")], PUBLISHED],
    [["--nkey", folder.file("commented.nk")], PUBLISHED],
    [["--nkey", folder.file("other.nk")], /Authorization Violation\n$/],
    [
      ["--nkey", folder.file("damaged.nk")],
      /^midge: flag -nkey: the seed is damaged in ".*"\n$/,
    ],
    [
      ["--nkey", folder.file("public.nk")],
      /^midge: flag -nkey: no seed of a user in ".*"\n$/,
    ],
    [
      ["--nkey", folder.file("u.nk")],
      /^midge: flag -nkey: cannot read ".*u\.nk": not permitted: run with --allow-read=.*u\.nk\n$/,
      { permissions: [] },
    ],
  ]);
  await using open = await TestServer.listening();
  await attempt(t, `127.0.0.1:${open.server.port}`, [
    [
      ["--nkey", folder.file("u.nk")],
      "midge: flag -nkey: server does not take nkeys\n",
    ],
  ]);
});

Deno.test("midge pub logs in to official servers with nkey and creds", async (t) => {
  const user = await newJwtUser();
  const nkeyUser = await newNkeyUser();
  using folder = new Folder({
    "operator.conf": user.config,
    "nkey.conf": `authorization: { users: [{ nkey: ${nkeyUser.nkey} }] }`,
    "u.creds": user.creds,
    "other.creds": (await newJwtUser()).creds,
    "u.nk": nkeyUser.seed,
  });
  for (const binary of officialServers()) {
    {
      await using server = await OfficialServer.start(binary, [
        "-c",
        folder.file("operator.conf"),
      ]);
      await attempt(t, `127.0.0.1:${server.port}`, [
        [["--creds", folder.file("u.creds")], PUBLISHED],
        [["--creds", folder.file("other.creds")], /Authorization Violation\n$/],
        [[], /; log in with -user, -token, -nkey or -creds\n$/],
      ]);
    }
    await using server = await OfficialServer.start(binary, [
      "-c",
      folder.file("nkey.conf"),
    ]);
    await attempt(t, `127.0.0.1:${server.port}`, [
      [["--nkey", folder.file("u.nk")], PUBLISHED],
    ]);
  }
});

Deno.test("midge pub speaks TLS, and says what is wrong with a certificate", async (t) => {
  const { server, address } = await serverWith({ tls: SERVER_TLS });
  await using _ = server;
  const ca = ["--tlsca", certFile("ca.pem")];
  await attempt(t, address, [
    [ca, PUBLISHED],
    [[...ca, "--tls"], PUBLISHED],
    [["-s", `tls://${address}`, ...ca], PUBLISHED],
    [["--insecure"], PUBLISHED],
    [[], /^midge: no TLS with localhost:\d+: .*(authority|issuer|certificate)/],
    [
      ["--tlsca", certFile("other-ca.pem")],
      /^midge: no TLS with localhost:\d+: .*(authority|issuer|certificate)/,
    ],
    [[...ca, "--tlsname", "127.0.0.1"], PUBLISHED],
    [[...ca, "--tlsname", "elsewhere"], /no TLS with .*elsewhere/],
  ]);
});

Deno.test("midge pub shows a client certificate", async (t) => {
  const { server, address } = await serverWith({ tls: MUTUAL_TLS });
  await using _ = server;
  const ca = ["--tlsca", certFile("ca.pem")];
  const as = (name: string) => [
    ...["--tlscert", certFile(`${name}.pem`)],
    ...["--tlskey", certFile(`${name}-key.pem`)],
  ];
  await attempt(t, address, [
    [[...ca, ...as("client")], PUBLISHED],
    [
      [...ca, ...as("other-client")],
      /^midge: cannot connect to .*: closed by the server, which may not like the -tlscert\n$/,
    ],
    [
      ca,
      /^midge: cannot connect to .*: refused by the server, which does not like that there is no -tlscert\n$/,
    ],
    [
      [
        ...ca,
        ...["--tlscert", certFile("client.pem")],
        ...["--tlskey", certFile("unrelated-key.pem")],
      ],
      /^midge: flag -tlskey: ".*unrelated-key\.pem" is not the key of the certificate\n$/,
    ],
  ]);
});

Deno.test("midge pub begins with TLS where a server wants that", async (t) => {
  const { server, address } = await serverWith({
    tls: { ...SERVER_TLS, handshakeFirst: true },
  });
  await using _ = server;
  const ca = ["--tlsca", certFile("ca.pem")];
  await attempt(t, address, [
    [[...ca, "--tlsfirst"], PUBLISHED],
    [
      [...ca, "--timeout", "500ms"],
      /^midge: cannot connect to .*: (closed|no answer within 500ms)/,
    ],
  ]);
  await using plain = await TestServer.listening();
  await attempt(t, `127.0.0.1:${plain.server.port}`, [
    [["--tls"], /^midge: no TLS with .*: server has no TLS\n$/],
    [["--tlsfirst"], /^midge: no TLS with /],
  ]);
});

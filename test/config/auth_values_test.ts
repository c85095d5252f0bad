import assert from "node:assert/strict";
import { readText } from "../support/configuration.ts";

Deno.test("users and permissions are read in every form", () => {
  const { settings: { server }, problems } = readText(`
    authorization {
      timeout: 0.5
      default_permissions { sub: "a.>", pub: { allow: [b, c], deny: d } }
      users [
        { username: a, pass: b, permission: { subscribe: ["q.>", "qq v1"] } }
        {
          nkey: UABC
          permissions { publish: x, allow_responses: true }
          connection_types: [standard, "WEBSOCKET"]
        }
        { user: c, permissions: { allow_responses: { max: 2, ttl: 1m30s } } }
        { user: d, authorization: { allow_responses: false, publish: [] } }
      ]
    }
    no_auth_user: a
  `);
  assert.deepEqual(problems, []);
  assert.deepEqual(server, {
    authorization: {
      timeoutMs: 500,
      defaultPermissions: {
        subscribe: { allow: ["a.>"] },
        publish: { allow: ["b", "c"], deny: ["d"] },
      },
      users: [
        {
          user: "a",
          password: "b",
          permissions: { subscribe: { allow: ["q.>", "qq v1"] } },
        },
        {
          nkey: "UABC",
          permissions: { publish: { allow: ["x"] }, allowResponses: {} },
          allowedConnectionTypes: ["standard", "WEBSOCKET"],
        },
        {
          user: "c",
          permissions: { allowResponses: { max: 2, ttlMs: 90_000 } },
        },
        { user: "d", permissions: { publish: {} } },
      ],
    },
    noAuthUser: "a",
  });
});

Deno.test("accounts are read with users, limits, exports and imports", () => {
  const { settings: { server }, problems } = readText(`
    system_account: SYS
    accounts {
      SYS { users: [{ user: sys, password: s }] }
      A {
        users = [{ user: a, password: a }]
        limits { max_conn: 5, max_subs: 6, max_pay: 1KB }
        exports = [
          { stream: "ev.>" }
          { service: "svc.*", accounts: [B], response_type: Stream, threshold: "2s" }
        ]
      }
      B {
        default_permissions { publish: ">" }
        imports: [
          { stream: { account: A, subject: "ev.>" }, prefix: fromA }
          { service: { account: A, subject: "svc.*" }, to: "asvc.*", share: true }
        ]
      }
    }
  `);
  assert.deepEqual(problems, []);
  assert.deepEqual(server, {
    systemAccount: "SYS",
    accounts: [
      { name: "SYS", users: [{ user: "sys", password: "s" }] },
      {
        name: "A",
        users: [{ user: "a", password: "a" }],
        limits: { maxConnections: 5, maxSubscriptions: 6, maxPayload: 1024 },
        exports: [
          { stream: "ev.>" },
          {
            service: "svc.*",
            accounts: ["B"],
            responseType: "stream",
            responseThresholdMs: 2000,
          },
        ],
      },
      {
        name: "B",
        defaultPermissions: { publish: { allow: [">"] } },
        imports: [
          { stream: { account: "A", subject: "ev.>" }, prefix: "fromA" },
          {
            service: { account: "A", subject: "svc.*" },
            to: "asvc.*",
            share: true,
          },
        ],
      },
    ],
  });
  assert.deepEqual(readText("accounts: [A, B]").settings.server, {
    accounts: [{ name: "A" }, { name: "B" }],
  });
});

Deno.test("permissions of a cluster are read in every form", () => {
  const permissions = (text: string) => {
    const { settings: { server }, problems } = readText(
      `cluster { port: 6222, permissions { ${text} } }`,
    );
    assert.deepEqual(problems, []);
    return server.cluster?.permissions;
  };
  assert.deepEqual(permissions('import: foo, export: [bar, "baz.>"]'), {
    import: { allow: ["foo"] },
    export: { allow: ["bar", "baz.>"] },
  });
  assert.deepEqual(permissions("import { allow: a, deny: [b, c] }"), {
    import: { allow: ["a"], deny: ["b", "c"] },
  });
  assert.deepEqual(permissions("publish: a, subscribe: b"), {
    import: { allow: ["a"] },
    export: { allow: ["b"] },
  });
  // As in nats-server, an empty list is none at all.
  assert.deepEqual(permissions("import: []"), { import: {} });
});

Deno.test("mistakes in users and accounts are found where they stand", () => {
  const cases: [string, string][] = [
    [
      "authorization {\n  users: [\n    { usr: a }\n  ]\n}",
      '3:7: unknown field "usr" in a user: it takes user, pass, nkey, permissions, allowed_connection_types',
    ],
    [
      "authorization { users: a }",
      "1:17: users: takes a list in brackets, each a user",
    ],
    [
      "authorization { users: [{ user: 5 }] }",
      "1:27: user: takes a text, got 5",
    ],
    [
      "authorization { users: [{ user: a, permissions: { publish: [1] } }] }",
      "1:61: takes a text or a list of texts",
    ],
    [
      "authorization { users: [{ user: a, permissions: x }] }",
      "1:49: permissions takes a map in braces",
    ],
    [
      "authorization { users: [{ user: a, proxy_required: true }] }",
      '1:36: "proxy_required" in a user is not supported by midge',
    ],
    [
      "accounts { A { jetstream: enabled } }",
      '1:16: "jetstream" in an account is not supported by midge',
    ],
    [
      "accounts { A { exports: [{ service: a, response_type: many }] } }",
      '1:55: response_type takes singleton, stream or chunked, got "many"',
    ],
    ["accounts { A: 1 }", "1:15: an account takes a map in braces"],
    [
      "cluster { authorization { users: [] } }",
      "1:27: cluster.authorization.users is not supported by midge 0.1.0",
    ],
    [
      "cluster { permissions { imports: a } }",
      '1:25: unknown field "imports" in permissions of a cluster: it takes import, export',
    ],
    [
      "cluster { permissions { export: [1 ] } }",
      "1:34: takes a text or a list of texts",
    ],
  ];
  for (const [text, problem] of cases) {
    assert.deepEqual(readText(text).problems, [problem], text);
  }
});

import assert from "node:assert/strict";
import { parseNatsConf } from "../../src/config/nats_conf.ts";
import { readTree } from "../../src/config/read_tree.ts";
import { settingsOf } from "../../src/config/settings.ts";
import { parseToml } from "../../src/config/toml.ts";
import type { ConfigNode } from "../../src/config/tree.ts";
import { toPlain } from "../../src/config/tree.ts";
import { ConfigError } from "../../src/errors.ts";

/** The configuration of a cluster's seed from the README of 2016. */
const SEED_CONF = `
listen: localhost:4242 # host/port to listen for client connections

http: localhost:8222 # HTTP monitoring port

# Authorization for client connections
authorization {
  user:     derek
  # ./util/mkpassword -p T0pS3cr3t
  password: $2a$11$W2zko751KUvVy59mUTWmpOdWjpEm5qhcCZRd05GjI/sSOT.xtiHyG
  timeout:  1
}

# Cluster definition
cluster {
  listen: localhost:4244 # host/port for inbound route connections

  # Authorization for route connections
  authorization {
    user: route_user
    # ./util/mkpassword -p T0pS3cr3tT00!
    password: $2a$11$xH8dkGrty1cBNtZjhPeWJewu/YPbSU.rXJWmS6SFilOBXzmZoMk9m
    timeout: 0.5
  }

  # Routes are actively solicited and connected to from this server.
  routes = [
    nats-route://user1:pass1@127.0.0.1:4245
    nats-route://user2:pass2@127.0.0.1:4246
  ]
}

# logging options
debug:   false
trace:   true
logtime: false
log_file: "/tmp/nats-server.log"

# pid file
pid_file: "/tmp/nats-server.pid"

# Some system overides
max_connections: 100
max_control_line: 512
max_payload: 65536
max_pending_size: 10000000
`;

const SEED_TOML = `
listen = "localhost:4242"
http   = "localhost:8222"

debug    = false
trace    = true
logtime  = false
log_file = "/tmp/nats-server.log"
pid_file = "/tmp/nats-server.pid"

max_connections  = 100
max_control_line = 512
max_payload      = 65536
max_pending_size = 10000000        # 0.8 name; modern: max_pending

[authorization]
user     = "derek"
password = "$2a$11$W2zko751KUvVy59mUTWmpOdWjpEm5qhcCZRd05GjI/sSOT.xtiHyG"
timeout  = 1

[cluster]
listen = "localhost:4244"
routes = [
  "nats-route://user1:pass1@127.0.0.1:4245",
  "nats-route://user2:pass2@127.0.0.1:4246",
]

[cluster.authorization]
user     = "route_user"
password = "$2a$11$xH8dkGrty1cBNtZjhPeWJewu/YPbSU.rXJWmS6SFilOBXzmZoMk9m"
timeout  = 0.5
`;

async function errorOf(text: string): Promise<string> {
  try {
    await parseToml(text, "t.toml");
  } catch (error) {
    assert(error instanceof ConfigError, String(error));
    return error.message.replace(/^t\.toml:/, "");
  }
  assert.fail(`no error for ${JSON.stringify(text)}`);
}

/** `key line:column value-line:value-column` of everything, in order. */
function places(node: ConfigNode): string[] {
  if (node.kind === "array") {
    return node.items.flatMap((item) => [
      `- ${item.at.line}:${item.at.column}`,
      ...places(item),
    ]);
  }
  if (node.kind !== "map") return [];
  return [...node.entries.values()].flatMap(({ key, keyAt, value }) => [
    `${key} ${keyAt.line}:${keyAt.column} ${value.at.line}:${value.at.column}`,
    ...places(value),
  ]);
}

Deno.test("parseToml() reads the seed of the README as parseNatsConf() does", async () => {
  const toml = await parseToml(SEED_TOML, "seed.toml");
  const unused = (): never => assert.fail("nothing to look up");
  const env = { variable: unused, include: unused };
  const conf = parseNatsConf(SEED_CONF, "seed.conf", env);
  const seed = toPlain(toml);
  assert.deepEqual(seed, toPlain(conf));
  const settings = settingsOf(readTree(toml).values);
  assert.deepEqual(settings, settingsOf(readTree(conf).values));
  assert.deepEqual(settings.server.monitor, { host: "localhost", port: 8222 });
  assert.equal(settings.server.maxPendingBytes, 10_000_000);
  assert.equal(settings.server.authorization?.timeoutMs, 1000);
  assert.equal(settings.server.cluster?.authorization?.timeoutMs, 500);
  assert.equal(settings.server.cluster?.routes?.length, 2);
  assert.deepEqual(Object.keys(seed as object).sort(), [
    "authorization",
    "cluster",
    "debug",
    "http",
    "listen",
    "log_file",
    "logtime",
    "max_connections",
    "max_control_line",
    "max_payload",
    "max_pending_size",
    "pid_file",
    "trace",
  ]);
});

Deno.test("parseToml() reads tables, their arrays and dotted keys", async (t) => {
  const cases: [string, object][] = [
    ["", {}],
    ["# nothing", {}],
    ["\ufeffa = 1", { a: 1 }],
    ["a.b = 1\r\na.'c d' = 2", { a: { b: 1, "c d": 2 } }],
    ["[a.b]\nc = 1\n[a]\nd = 2", { a: { b: { c: 1 }, d: 2 } }],
    ["[[a]]\n[[a]]\nb = 1\n[a.c]\nd = 2\n[[a.e]]\n[[a.e]]\nf.g = 3", {
      a: [{}, { b: 1, c: { d: 2 }, e: [{}, { f: { g: 3 } }] }],
    }],
    ["a = {b.c = 1, d = [{}, [1, 'x',\n]]}", {
      a: { b: { c: 1 }, d: [{}, [1, "x"]] },
    }],
    ["__proto__.a = 1", JSON.parse('{"__proto__": {"a": 1}}')],
    ['"a.*" = "$G"', { "a.*": "$G" }],
    ["a = [-0, 0x10, 0o7, 0b1, 1_000, 1e3, -1.5]", {
      a: [0, 16, 7, 1, 1000, 1000, -1.5],
    }],
    ["a = 9223372036854775807", { a: 2 ** 63 }],
    ["a = 2016-05-04 20:53:41.5+02:00", {
      a: new Date("2016-05-04T18:53:41.500Z"),
    }],
    [
      '[[authorization.users]]\nuser = "a"\n[authorization.users.permissions]\npublish = ["a.>"]',
      {
        authorization: {
          users: [{ user: "a", permissions: { publish: ["a.>"] } }],
        },
      },
    ],
  ];
  for (const [text, wanted] of cases) {
    await t.step(JSON.stringify(text), async () => {
      assert.deepEqual(toPlain(await parseToml(text, "t.toml")), wanted);
    });
  }
});

Deno.test("parseToml() tells integers from floats", async () => {
  const { entries } = await parseToml("a = 1\nb = 1.0", "t.toml");
  assert.equal(entries.get("a")?.value.kind, "integer");
  assert.equal(entries.get("b")?.value.kind, "float");
});

Deno.test("parseToml() gives every key and value its position", async () => {
  const text = 'é."x y" = "😀"\r\n[[t]]\n  a = [1,\n {b = 2}]\n[t.u]\n';
  const root = await parseToml(text, "t.toml").catch(() => null);
  assert.equal(root, null, "bare keys are ASCII");
  assert.deepEqual(
    places(await parseToml(text.replace("é", "'é'"), "t.toml")),
    [
      "é 1:1 1:1",
      "x y 1:5 1:13",
      "t 2:3 2:3",
      "- 2:3",
      "a 3:3 3:7",
      "- 3:8",
      "- 4:2",
      "b 4:3 4:7",
      "u 5:4 5:4",
    ],
  );
});

Deno.test("parseToml() says where a mistake is and what it is", async (t) => {
  const cases: [string, string][] = [
    ["a = yes", "1:5: Unexpected character: expected a value behind '='"],
    ["\n a =\nb = 1", "2:5: Unexpected character: expected a value behind '='"],
    ["a =", "1:4: Unspecified values are invalid: expected a value behind '='"],
    [
      "a = 1\nport: 1",
      "2:5: Unexpected character: TOML has '=' here; files in NATS syntax are called .conf",
    ],
    ["a = 1\r\nb = 'x", "2:7: Unterminated string constant"],
    ["a = 1\n\n[b]\n[b]", "4:2: Defining a key multiple times is invalid"],
    ["a = 1 b = 2", "1:7: Must be a newline"],
    ["a = [1 2]", "1:8: Expected comma (,) token"],
    ['a = "\\x"', "1:7: Invalid character in escape sequence"],
    ["a = 2016-05-04", "1:5: '2016-05-04' is no moment: add a time zone"],
    ["a = [07:30:00]", "1:6: '07:30:00' is no moment: add a time zone"],
    ["a = 2016-05-04T07:30:00", "1:5: '2016-05-04T07:30:00' is no moment"],
    ["a = 9223372036854775808", "1:5: integer '9223372036854775808' is out of"],
    ["a = 1e400", "1:5: float '1e400' is out of the range"],
    ["a = -inf", "1:5: float '-inf' is out of the range"],
  ];
  for (const [text, wanted] of cases) {
    await t.step(JSON.stringify(text), async () => {
      const shown = await errorOf(text);
      assert.equal(shown.slice(0, wanted.length), wanted, shown);
    });
  }
});

Deno.test("parseToml() bounds nesting", async () => {
  const nested = (levels: number) =>
    `a = ${"[".repeat(levels)}${"]".repeat(levels)}`;
  await parseToml(nested(100), "t.toml");
  assert.equal(
    await errorOf(nested(101)),
    "1:105: Nested deeper than 100 levels",
  );
  assert.match(await errorOf(nested(20_000)), /Nested deeper than 100 levels$/);
  assert.equal(
    await errorOf(`a${".a".repeat(5000)} = 1`),
    "1:201: Nested deeper than 100 levels",
  );
  assert.match(
    await errorOf(`[a${".a".repeat(5000)}]`),
    /Nested deeper than 100 levels$/,
  );
});

Deno.test("parseToml() alone loads the library: starting midge does not", async () => {
  const path = new URL("../../src/config/toml.ts", import.meta.url).href;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", path],
    stderr: "null",
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout));
  const imports = modules.flatMap(
    ({ dependencies }: { dependencies?: object[] }) => dependencies ?? [],
  ) as { specifier: string; code?: object }[];
  assert(imports.length > 0);
  // Types are not loaded; code that Deno sees here is, at every first start.
  for (const { specifier, code } of imports) {
    assert(code === undefined || !specifier.startsWith("npm:"), specifier);
  }
});

import assert from "node:assert/strict";
import type {
  AccountOptions,
  ExportOptions,
  ImportOptions,
} from "../../src/auth_options.ts";
import { ConfigError } from "../../src/errors.ts";
import { Accounts } from "../../src/server/accounts.ts";
import { FakeClock } from "../support/clock.ts";

function make(
  accounts: readonly AccountOptions[],
  systemAccount = "$SYS",
): Accounts {
  return new Accounts({ accounts, systemAccount, clock: new FakeClock() }, 1);
}

Deno.test("Accounts has the global and the system account without being told", () => {
  const accounts = make([]);
  assert.deepEqual([...accounts.all()].map(({ name }) => name), ["$G", "$SYS"]);
  assert.equal(accounts.get("$G"), accounts.global);
  assert.equal(accounts.get("$SYS"), accounts.system);
  assert.equal(accounts.get("A"), undefined);
  accounts.tidy();
});

Deno.test("Accounts takes the system account from those configured", () => {
  const named = make([{ name: "A" }, { name: "S" }], "S");
  assert.equal(named.system, named.get("S"));
  assert.equal(named.get("$SYS"), undefined);
  const usual = make([{ name: "$SYS" }]);
  assert.equal(usual.system, usual.get("$SYS"));
});

Deno.test("Accounts sets limits, none where nothing is said", () => {
  const accounts = make([
    { name: "A" },
    {
      name: "B",
      limits: { maxConnections: 1, maxSubscriptions: 0, maxPayload: 100 },
    },
  ]);
  const [a, b] = [accounts.get("A"), accounts.get("B")];
  assert.equal(a?.full, false);
  assert.equal(a?.payloadLimit(1000), 1000);
  assert.equal(b?.full, true);
  assert.equal(b?.payloadLimit(1000), 100);
  assert.equal(b?.payloadLimit(10), 10);
  assert.equal(b?.enter(), true);
  assert.equal(b?.enter(), false);
});

/** Account B importing from account A, who exports; C looks on. */
function exchange(
  exported: ExportOptions | null,
  imported: ImportOptions,
): AccountOptions[] {
  return [
    { name: "A", exports: exported === null ? [] : [exported] },
    { name: "B", imports: [imported] },
    { name: "C" },
  ];
}

const from = (subject: string) => ({ account: "A", subject });

Deno.test("Accounts accepts exports and imports that fit", async (t) => {
  const cases: [string, AccountOptions[]][] = [
    ["public", exchange({ stream: "ev.>" }, { stream: from("ev.*") })],
    [
      "private",
      exchange({ service: "s", accounts: ["B"] }, { service: from("s") }),
    ],
    ["prefix", exchange({ stream: ">" }, { stream: from(">"), prefix: "p." })],
    [
      "to",
      exchange({ service: "a.*.*" }, { service: from("a.*.*"), to: "b.$2.$1" }),
    ],
    ["itself", [{
      name: "A",
      exports: [{ service: "a.>" }],
      imports: [{ service: from("a.>"), to: "z.>" }],
    }]],
    ["streams both ways", [
      {
        name: "A",
        exports: [{ stream: "a.>" }],
        imports: [{ stream: { account: "B", subject: "b.>" }, to: "a.>" }],
      },
      {
        name: "B",
        exports: [{ stream: "b.>" }],
        imports: [{ stream: { account: "A", subject: "a.>" }, to: "b.>" }],
      },
    ]],
  ];
  for (const [name, accounts] of cases) {
    await t.step(name, () => {
      make(accounts);
    });
  }
});

Deno.test("Accounts refuses what cannot be, naming account and subject", async (t) => {
  const cases: [string, AccountOptions[], string][] = [
    ["reserved name", [{ name: "$G" }], '"$G" is a Reserved Account'],
    ["no name", [{ name: "" }], "An account must have a name"],
    [
      "same name twice",
      [{ name: "A" }, { name: "A" }],
      'Account "A" is defined twice',
    ],
    [
      "limit",
      [{ name: "A", limits: { maxPayload: -2 } }],
      'Account "A": limit "maxPayload" must be a whole number from -1: got -2',
    ],
    [
      "export of nothing",
      [{ name: "A", exports: [{}] }],
      'Account "A": an export must have one of stream and service',
    ],
    [
      "export of an invalid subject",
      [{ name: "A", exports: [{ service: "a..b" }] }],
      'Account "A" cannot export service "a..b": invalid subject',
    ],
    [
      "response type of a stream",
      [{ name: "A", exports: [{ stream: "a", responseType: "stream" }] }],
      'Account "A" cannot export stream "a": only services have responses',
    ],
    [
      "response threshold",
      [{ name: "A", exports: [{ service: "a", responseThresholdMs: 0 }] }],
      'Account "A" cannot export service "a": response threshold must be above 0',
    ],
    [
      "export to nobody",
      [{ name: "A", exports: [{ service: "a", accounts: ["Q"] }] }],
      'Account "A" cannot export service "a": account "Q" is not defined',
    ],
    [
      "import of nothing",
      [{ name: "A", imports: [{}] }],
      'Account "A": an import must have one of stream and service',
    ],
    [
      "import from nobody",
      [{
        name: "B",
        imports: [{ stream: { account: "X", subject: "a" } }],
      }],
      'Account "B" cannot import stream "a" from "X": account "X" is not defined',
    ],
    [
      "import of what is not exported",
      exchange(null, { service: from("a") }),
      'Account "B" cannot import service "a" from "A": not exported to it',
    ],
    [
      "import of the other kind",
      exchange({ stream: "a" }, { service: from("a") }),
      'Account "B" cannot import service "a" from "A": not exported to it',
    ],
    [
      "import of more than is exported",
      exchange({ stream: "a.*" }, { stream: from("a.>") }),
      'Account "B" cannot import stream "a.>" from "A": not exported to it',
    ],
    [
      "import of what is exported to others",
      exchange({ stream: "a", accounts: ["C"] }, { stream: from("a") }),
      'Account "B" cannot import stream "a" from "A": not exported to it',
    ],
    [
      "import of an invalid subject",
      exchange({ stream: ">" }, { stream: from("a.") }),
      'Account "B" cannot import stream "a." from "A": invalid subject',
    ],
    [
      "prefix and to",
      exchange({ stream: "a" }, { stream: from("a"), prefix: "p", to: "b" }),
      'Account "B" cannot import stream "a" from "A": "prefix" and "to" exclude each other',
    ],
    [
      "prefix of a service",
      exchange({ service: "a" }, { service: from("a"), prefix: "p" }),
      'Account "B" cannot import service "a" from "A": only streams have a prefix',
    ],
    [
      "prefix with a wildcard",
      exchange({ stream: "a" }, { stream: from("a"), prefix: "p.*" }),
      'Account "B" cannot import stream "a" from "A": prefix "p.*" must be a subject without wildcards',
    ],
    [
      "wildcards that do not fit",
      exchange({ service: "a.*.*" }, { service: from("a.*.*"), to: "b.*" }),
      'Account "B" cannot import service "a.*.*" from "A": cannot map to "b.*": not all wildcards are used',
    ],
    [
      "two services under one subject",
      [
        { name: "A", exports: [{ service: "a.*" }] },
        {
          name: "B",
          imports: [
            { service: from("a.1"), to: "s" },
            { service: from("a.2"), to: "s" },
          ],
        },
      ],
      'Account "B" cannot import service "a.2" from "A": "s" is imported already',
    ],
    [
      "a stream twice",
      [
        { name: "A", exports: [{ stream: "a" }] },
        { name: "B", imports: [{ stream: from("a") }, { stream: from("a") }] },
      ],
      'Account "B" cannot import stream "a" from "A": "a" is imported already',
    ],
    [
      "services in a circle",
      [
        {
          name: "A",
          exports: [{ service: "a.>" }],
          imports: [{ service: { account: "B", subject: "b.>" }, to: "a.>" }],
        },
        {
          name: "B",
          exports: [{ service: "b.>" }],
          imports: [{ service: from("a.>"), to: "b.>" }],
        },
      ],
      'Account "A" cannot import service "b.>" from "B": requests would go in a circle',
    ],
  ];
  for (const [name, accounts, message] of cases) {
    await t.step(name, () => {
      assert.throws(() => make(accounts), new ConfigError(message));
    });
  }
});

Deno.test("Accounts refuses a system account that is not there or is the global one", () => {
  assert.throws(
    () => make([{ name: "A" }], "NOPE"),
    new ConfigError('System account "NOPE" is not defined'),
  );
  assert.throws(
    () => make([], "$G"),
    new ConfigError('System account cannot be "$G"'),
  );
});

Deno.test("Accounts.update() adds accounts and sets limits anew", () => {
  const accounts = make([{ name: "A", limits: { maxConnections: 1 } }]);
  const a = accounts.get("A");
  accounts.update([{ name: "A" }, {
    name: "B",
    limits: { maxSubscriptions: 3 },
  }]);
  assert.equal(accounts.get("A"), a);
  assert.equal(a?.maxConnections, -1);
  assert.equal(accounts.get("B")?.maxSubscriptions, 3);
});

Deno.test("Accounts.update() refuses other exports and imports, and then does nothing", () => {
  const before = exchange({ stream: "a" }, { stream: from("a") });
  const accounts = make(before);
  accounts.update(exchange({ stream: "a" }, { stream: from("a") }));
  assert.throws(
    () => accounts.update([{ name: "D" }, ...before.slice(0, 1)]),
    new ConfigError(
      "Exports and imports of accounts cannot change while the server runs",
    ),
  );
  assert.throws(() => accounts.update([{ name: "$G" }]), ConfigError);
  assert.equal(accounts.get("D"), undefined);
});

import assert from "node:assert/strict";
import { accountz, accstatz } from "../../src/monitor/accounts.ts";
import { accountSnapshot, args, FakeSnapshots } from "../support/snapshots.ts";

const SNAPSHOTS = new FakeSnapshots({
  accounts: [
    accountSnapshot(),
    accountSnapshot({
      name: "A",
      connections: 2,
      inMsgs: 1,
      inBytes: 2,
      outMsgs: 3,
      outBytes: 4,
      slowConsumers: 5,
      imports: [
        {
          account: "B",
          subject: "svc",
          localSubject: "local",
          type: "service",
          share: true,
        },
        {
          account: "B",
          subject: "s.>",
          localSubject: "x.s.>",
          type: "stream",
          share: false,
        },
      ],
      exports: [
        { subject: "t.>", type: "stream", accounts: null, responseType: "" },
        {
          subject: "v",
          type: "service",
          accounts: ["B"],
          responseType: "Streamed",
        },
      ],
    }),
    accountSnapshot({ name: "SYS", system: true }),
  ],
});

// deno-lint-ignore no-explicit-any -- As whoever reads the JSON sees it.
function plain(answer: object): any {
  return JSON.parse(JSON.stringify(answer));
}

Deno.test("accountz() lists names, and shows an account in detail", () => {
  const all = plain(accountz(args(""), SNAPSHOTS));
  assert.deepEqual(all.accounts, ["$G", "A", "SYS"]);
  assert.equal(all.system_account, "$SYS");
  const { account_detail } = plain(accountz(args("acc=A"), SNAPSHOTS));
  assert.equal(account_detail.account_name, "A");
  assert.equal(account_detail.client_connections, 2);
  assert(!("is_system" in account_detail));
  assert.deepEqual(account_detail.imports, [
    {
      subject: "s.>",
      account: "B",
      local_subject: "x.s.>",
      type: "stream",
      invalid: false,
      share: false,
      tracking: false,
    },
    {
      subject: "svc",
      account: "B",
      to: "local",
      local_subject: "local",
      type: "service",
      invalid: false,
      share: true,
      tracking: false,
    },
  ]);
  assert.deepEqual(account_detail.exports, [
    {
      subject: "v",
      type: "service",
      response_type: "Streamed",
      approved_accounts: ["B"],
    },
    { subject: "t.>", type: "stream" },
  ]);
  const system = plain(accountz(args("acc=SYS"), SNAPSHOTS));
  assert.equal(system.account_detail.is_system, true);
});

Deno.test("accountz() refuses an account there is not", () => {
  assert.throws(
    () => accountz(args("acc=NOPE"), SNAPSHOTS),
    /^ArgumentError: Account NOPE does not exist$/,
  );
});

Deno.test("accstatz() leaves out unused accounts unless they are asked for", () => {
  const { account_statz } = plain(accstatz(args(""), SNAPSHOTS));
  assert.equal(account_statz.length, 1);
  const [one] = account_statz;
  assert.equal(one.acc, "A");
  assert.equal(one.name, "A");
  assert.equal(one.conns, 2);
  assert.equal(one.total_conns, 2);
  assert.equal(one.slow_consumers, 5);
  assert.deepEqual([one.received.msgs, one.received.bytes], [1, 2]);
  assert.deepEqual([one.sent.msgs, one.sent.bytes], [3, 4]);
  const all = plain(accstatz(args("unused=1"), SNAPSHOTS));
  assert.equal(all.account_statz.length, 3);
});

import assert from "node:assert/strict";
import { jsonPieces } from "../../src/monitor/json.ts";
import { subsz } from "../../src/monitor/subsz.ts";
import {
  accountSnapshot,
  args,
  FakeSnapshots,
  subscriptionSnapshot,
} from "../support/snapshots.ts";

function snapshots(): FakeSnapshots {
  return new FakeSnapshots({
    accounts: [
      accountSnapshot({
        sublist: {
          subscriptions: 3,
          cached: 2,
          inserts: 5,
          removes: 2,
          matches: 8,
          hits: 6,
          maxFanout: 3,
          totalFanout: 4,
        },
      }),
      accountSnapshot({
        name: "A",
        sublist: {
          subscriptions: 1,
          cached: 2,
          inserts: 1,
          removes: 0,
          matches: 2,
          hits: 0,
          maxFanout: 1,
          totalFanout: 1,
        },
      }),
    ],
    subscriptions: ["a", "b", "c"].map((subject, i) =>
      subscriptionSnapshot({ subject, sid: `${i}`, queue: i === 1 ? "q" : "" })
    ),
  });
}

// deno-lint-ignore no-explicit-any -- As whoever reads the JSON sees it.
function ask(query: string, from = snapshots()): any {
  return JSON.parse([...jsonPieces(subsz(args(query), from))].join(""));
}

Deno.test("subsz() sums up all accounts, or takes the one asked for", () => {
  assert.deepEqual(ask(""), {
    server_id: "NSERVER",
    now: "2026-11-21T12:00:00Z",
    num_subscriptions: 4,
    num_cache: 4,
    num_inserts: 6,
    num_removes: 2,
    num_matches: 10,
    cache_hit_rate: 0.6,
    max_fanout: 3,
    avg_fanout: 1.25,
    total: 0,
    offset: 0,
    limit: 1024,
  });
  const one = ask("acc=A");
  assert.equal(one.num_subscriptions, 1);
  assert.equal(one.avg_fanout, 0.5);
  const none = ask("acc=NOPE");
  assert.equal(none.num_subscriptions, 0);
  assert.equal(none.cache_hit_rate, 0);
  assert.equal(none.max_fanout, 0);
});

Deno.test("subsz() lists a page of the subscriptions", () => {
  const answer = ask("subs=1&offset=1&limit=1");
  assert.deepEqual([answer.total, answer.offset, answer.limit], [3, 1, 1]);
  assert.deepEqual(answer.subscriptions_list, [{
    account: "$G",
    account_tag: "$G",
    subject: "b",
    qgroup: "q",
    sid: "1",
    msgs: 0,
    cid: 1,
  }]);
  const beyond = ask("subs=1&offset=3");
  assert.equal(beyond.total, 3);
  assert(!("subscriptions_list" in beyond));
});

Deno.test("subsz() asks for the account and the subject that are given", () => {
  const from = snapshots();
  ask("subs=1&acc=A&test=foo.bar", from);
  assert.deepEqual(from.asked, { account: "A", subject: "foo.bar" });
});

Deno.test("subsz() takes only subjects one can publish to", () => {
  for (const subject of ["foo.*", ">", "a..b", ".a", "a b"]) {
    assert.throws(
      () => ask(`subs=1&test=${encodeURIComponent(subject)}`),
      new RegExp("^ArgumentError: invalid test subject, must be valid publish"),
      subject,
    );
  }
});

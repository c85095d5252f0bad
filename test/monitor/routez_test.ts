import assert from "node:assert/strict";
import { jsonPieces } from "../../src/monitor/json.ts";
import { routez } from "../../src/monitor/routez.ts";
import {
  args,
  FakeSnapshots,
  routeSnapshot,
  subscriptionSnapshot,
} from "../support/snapshots.ts";

// deno-lint-ignore no-explicit-any -- As whoever reads the JSON sees it.
function ask(query: string, snapshots: FakeSnapshots): any {
  const answer = routez(args(query), snapshots, () => {});
  return JSON.parse([...jsonPieces(answer)].join(""));
}

Deno.test("routez() shows an empty list without a cluster", () => {
  assert.deepEqual(ask("subs=1", new FakeSnapshots()), {
    server_id: "NSERVER",
    server_name: "one",
    now: "2026-11-21T12:00:00Z",
    num_routes: 0,
    routes: [],
  });
});

Deno.test("routez() shows everything of a route", () => {
  const snapshots = new FakeSnapshots({
    server: {
      routePermissions: {
        import: { allow: ["a.>"], deny: null },
        export: null,
      },
    },
    routes: [
      routeSnapshot({
        pendingBytes: 5,
        inMsgs: 4,
        inBytes: 2567,
        outMsgs: 3,
        outBytes: 2050,
        subscriptions: 1,
        export: { allow: ["b"], deny: ["c"] },
        account: "A",
        subscriptionList: () => [
          subscriptionSnapshot({
            subject: "jobs",
            queue: "qa",
            sid: "A jobs qa",
            delivered: 2,
            connectionId: 7,
          }),
        ],
      }),
      routeSnapshot({ id: 9, solicited: false, configured: false }),
    ],
  });
  const answer = ask("subs=detail", snapshots);
  assert.equal(answer.num_routes, 2);
  assert.deepEqual(answer.import, { allow: ["a.>"] });
  assert(!("export" in answer));
  assert.deepEqual(answer.routes[0], {
    rid: 7,
    remote_id: "NOTHER",
    remote_name: "other",
    did_solicit: true,
    is_configured: true,
    ip: "10.0.0.2",
    port: 6222,
    start: "2026-11-21T11:59:00Z",
    last_activity: "2026-11-21T11:59:59Z",
    rtt: "159µs",
    uptime: "1m0s",
    idle: "1s",
    export: { allow: ["b"], deny: ["c"] },
    pending_size: 5,
    in_msgs: 4,
    out_msgs: 3,
    in_bytes: 2567,
    out_bytes: 2050,
    subscriptions: 1,
    account: "A",
    subscriptions_list_detail: [
      { subject: "jobs", qgroup: "qa", sid: "A jobs qa", msgs: 2, cid: 7 },
    ],
  });
  assert.deepEqual(ask("subs=1", snapshots).routes[0].subscriptions_list, [
    "jobs",
  ]);
  assert.equal(answer.routes[1].did_solicit, false);
  assert(!("account" in answer.routes[1]));
});

Deno.test("routez() counts only requests whose arguments are good", () => {
  let counts = 0;
  const snapshots = new FakeSnapshots();
  assert.throws(
    () => routez(args("subs=7"), snapshots, () => counts++),
    /^ArgumentError: Error decoding boolean for 'subs'/,
  );
  routez(args("subs=0"), snapshots, () => counts++);
  assert.equal(counts, 1);
});

import assert from "node:assert/strict";
import { ArgumentError } from "../../src/monitor/arguments.ts";
import { connz } from "../../src/monitor/connz.ts";
import type { ConnectionSnapshot } from "../../src/monitor/snapshots.ts";
import {
  args,
  connectionSnapshot,
  FakeSnapshots,
  NOW,
  subscriptionSnapshot,
} from "../support/snapshots.ts";

// deno-lint-ignore no-explicit-any -- As whoever reads the JSON sees it.
type Answer = any;

function ask(query: string, snapshots = SERVER): Answer {
  return JSON.parse([...connz(args(query), snapshots, () => {})].join(""));
}

function cids(query: string, snapshots = SERVER): number[] {
  return ask(query, snapshots).connections.map((one: Answer) => one.cid);
}

/** Each the first by some order, by one figure of it. */
const OPEN: readonly ConnectionSnapshot[] = [
  connectionSnapshot({
    id: 2,
    startedAt: NOW - 9000,
    lastActivityAt: NOW - 50,
  }),
  connectionSnapshot({ id: 3, subscriptions: 7, user: "derek", account: "A" }),
  connectionSnapshot({ id: 5, pendingBytes: 1, inMsgs: 4, outBytes: 9 }),
  connectionSnapshot({ id: 8, outMsgs: 1, inBytes: 6, roundTripMs: 200 }),
];

const CLOSED: readonly ConnectionSnapshot[] = [
  connectionSnapshot({
    id: 6,
    stoppedAt: NOW - 100,
    reason: "Stale Connection",
    subscriptions: 2,
  }),
  connectionSnapshot({
    id: 1,
    stoppedAt: NOW - 50,
    reason: "Client Closed",
    user: "derek",
  }),
];

const SERVER = new FakeSnapshots({ open: OPEN, closed: CLOSED });

Deno.test("connz() sorts by every order there is", () => {
  const cases: [string, number[]][] = [
    ["", [2, 3, 5, 8]],
    ["sort=cid", [2, 3, 5, 8]],
    ["sort=start", [3, 5, 8, 2]],
    ["sort=uptime", [2, 3, 5, 8]],
    ["sort=subs", [3, 2, 5, 8]],
    ["sort=pending", [5, 2, 3, 8]],
    ["sort=msgs_to", [8, 2, 3, 5]],
    ["sort=msgs_from", [5, 2, 3, 8]],
    ["sort=bytes_to", [5, 2, 3, 8]],
    ["sort=bytes_from", [8, 2, 3, 5]],
    ["sort=last", [2, 3, 5, 8]],
    ["sort=idle", [3, 5, 8, 2]],
    ["sort=rtt", [8, 2, 3, 5]],
    ["sort=stop&state=closed", [1, 6]],
    ["sort=reason&state=closed", [1, 6]],
    ["state=closed", [6, 1]],
    ["state=any", [1, 2, 3, 5, 6, 8]],
    ["state=ALL&sort=subs", [3, 6, 1, 2, 5, 8]],
  ];
  for (const [query, wanted] of cases) {
    assert.deepEqual(cids(query), wanted, query);
  }
});

Deno.test("connz() shows a page of what was asked for, and how many there are", () => {
  const cases: [string, number[], number, number, number][] = [
    ["limit=2", [2, 3], 4, 0, 2],
    ["limit=2&offset=3", [8], 4, 3, 2],
    ["offset=99", [], 4, 99, 1024],
    ["offset=-3&limit=-1", [2, 3, 5, 8], 4, 0, 1024],
    ["limit=9223372036854775807", [2, 3, 5, 8], 4, 0, 2 ** 53 - 1],
    ["limit=1&sort=subs", [3], 4, 0, 1],
    ["cid=5", [5], 4, 0, 1],
    ["cid=6", [], 4, 0, 1],
    ["cid=6&state=closed", [6], 2, 0, 1],
    ["cid=8&state=any&limit=7", [8], 6, 0, 1],
    ["user=derek", [3], 4, 0, 1024],
    ["user=derek&state=any", [1, 3], 6, 0, 1024],
    ["acc=A", [3], 1, 0, 1024],
    ["acc=NOPE", [], 0, 0, 1024],
    ["mqtt_client=x", [], 4, 0, 1024],
  ];
  for (const [query, wanted, total, offset, limit] of cases) {
    const answer = ask(query);
    assert.deepEqual(cids(query), wanted, query);
    const { num_connections, ...rest } = answer;
    assert.equal(num_connections, wanted.length, query);
    assert.deepEqual(
      [rest.total, rest.offset, rest.limit],
      [total, offset, limit],
      query,
    );
  }
});

Deno.test("connz() refuses arguments in the official words", () => {
  const cases: [string, string, boolean][] = [
    ["sort=foo", "invalid sorting option: foo", true],
    ["sort=toString", "invalid sorting option: toString", true],
    ["sort=stop", "sort by stop only valid on closed connections", true],
    [
      "sort=reason&state=any",
      "sort by reason only valid on closed connections",
      true,
    ],
    ["state=foo", "Error decoding state for foo", false],
    [
      "auth=2",
      `Error decoding boolean for 'auth': strconv.ParseBool: parsing "2": invalid syntax`,
      false,
    ],
  ];
  for (const [query, message, counted] of cases) {
    let counts = 0;
    assert.throws(
      () => connz(args(query), SERVER, () => counts++),
      new ArgumentError(message),
    );
    assert.equal(counts, counted ? 1 : 0, query);
  }
});

Deno.test("connz() shows everything of a connection, in the official order", () => {
  const snapshots = new FakeSnapshots({
    open: [connectionSnapshot({
      id: 6,
      lastActivityAt: NOW - 1000,
      pendingBytes: 3,
      inMsgs: 1,
      outMsgs: 5,
      inBytes: 5,
      outBytes: 30,
      subscriptions: 2,
      name: "cli1",
      lang: "python3",
      version: "2.1.0",
      user: "derek",
      account: "APP",
      tls: {
        version: "1.3",
        cipherSuite: "TLS_AES_128_GCM_SHA256",
        peer: {
          subject: "CN=derek",
          emails: [],
          dnsNames: [],
          uris: [],
          sha256: "cc",
          publicKeySha256: "pp",
        },
      },
      subscriptionList: () => [
        subscriptionSnapshot({ subject: "foo.*", queue: "q", max: 4 }),
        subscriptionSnapshot({ subject: "bar", sid: "2", delivered: 3 }),
      ],
    })],
  });
  const plain = {
    cid: 6,
    kind: "Client",
    type: "nats",
    ip: "127.0.0.1",
    port: 50000,
    start: "2026-11-21T11:59:00Z",
    last_activity: "2026-11-21T11:59:59Z",
    rtt: "100µs",
    uptime: "1m0s",
    idle: "1s",
    pending_bytes: 3,
    in_msgs: 1,
    out_msgs: 5,
    in_bytes: 5,
    out_bytes: 30,
    subscriptions: 2,
    name: "cli1",
    lang: "python3",
    version: "2.1.0",
    tls_version: "1.3",
    tls_cipher_suite: "TLS_AES_128_GCM_SHA256",
  };
  const identity = {
    tls_peer_certs: [
      { subject: "CN=derek", subject_pk_sha256: "pp", cert_sha256: "cc" },
    ],
    authorized_user: "derek",
    account: "APP",
    name_tag: "APP",
  };
  const detail = [
    { subject: "foo.*", qgroup: "q", sid: "1", msgs: 0, max: 4, cid: 1 },
    { subject: "bar", sid: "2", msgs: 3, cid: 1 },
  ];
  const shown = (query: string) => ask(query, snapshots).connections[0];
  assert.deepEqual(shown(""), plain);
  assert.deepEqual(Object.keys(shown("")), Object.keys(plain));
  assert.deepEqual(shown("auth=1"), { ...plain, ...identity });
  assert.deepEqual(shown("subs=1"), {
    ...plain,
    subscriptions_list: ["foo.*", "bar"],
  });
  assert.deepEqual(shown("auth=true&subs=detail"), {
    ...plain,
    ...identity,
    subscriptions_list_detail: detail,
  });
});

Deno.test("connz() tells when and why a connection ended, and how long it was", () => {
  const snapshots = new FakeSnapshots({
    closed: [connectionSnapshot({
      stoppedAt: NOW - 50_000,
      lastActivityAt: NOW - 53_000,
      reason: "Read Error",
      subscriptions: 3,
    })],
  });
  const [one] = ask("state=closed&subs=1", snapshots).connections;
  assert.equal(one.stop, "2026-11-21T11:59:10Z");
  assert.equal(one.reason, "Read Error");
  assert.equal(one.uptime, "10s");
  assert.equal(one.idle, "3s");
  assert.equal(one.subscriptions, 3);
  assert(!("subscriptions_list" in one));
});

Deno.test("connz() has round trips measured that never were, of those it shows", () => {
  const snapshots = new FakeSnapshots({
    open: [1, 2, 3].map((id) =>
      connectionSnapshot({ id, roundTripMs: id === 2 ? 1 : -1 })
    ),
  });
  assert.equal(ask("limit=2", snapshots).connections[0].rtt, "0s");
  assert.deepEqual(snapshots.measured, [1]);
});

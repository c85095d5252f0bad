import assert from "node:assert/strict";
import type { Reading } from "../../src/cli/top_samples.ts";
import { readingOf, readSample } from "../../src/cli/top_samples.ts";
import type { ViewOptions } from "../../src/cli/top_view.ts";
import {
  delimitedText,
  jsonOf,
  plainText,
  tableLines,
} from "../../src/cli/top_view.ts";
import { connection, connz, varz } from "../support/top.ts";

const VIEW: ViewOptions = {
  sort: "cid",
  subs: false,
  rawBytes: false,
  rates: false,
  nameOf: () => undefined,
};

/** Two looks one second apart, the second with these connections. */
function reading(...connections: readonly unknown[]): Reading {
  const before = readSample(
    varz({ in_msgs: 0, out_bytes: 0 }),
    connz(connection(1, { in_msgs: 0 })),
    0,
  );
  return readingOf(before, readSample(varz(), connz(...connections), 1000));
}

Deno.test("plainText() is laid out as nats-top's screen", () => {
  const text = plainText(
    reading(
      connection(1, {
        name: "client-1",
        lang: "go",
        version: "1.31.0",
        in_msgs: 2500,
      }),
      connection(2),
    ),
    VIEW,
  );
  assert.equal(
    text,
    `NATS server version 2.12.0 (uptime: 1h0m0s)
Server: alpha
  ID:   NSERVER
  Load: CPU:  1.5%  Memory: 14.0M  Slow Consumers: 0
  In:   Msgs: 1.0K  Bytes: 10.0K  Msgs/Sec: 1000.0  Bytes/Sec: 0
  Out:  Msgs: 3.0K  Bytes: 30.0K  Msgs/Sec: 0.0  Bytes/Sec: 30.0K

Connections Polled: 2 of 2, by cid
  HOST             CID     NAME      SUBS    PENDING   MSGS_TO     MSGS_FROM   BYTES_TO    BYTES_FROM  LANG     VERSION  UPTIME   LAST_ACTIVITY
  127.0.0.1:40001  1       client-1  2       0         20          2.5K        200         100         go       1.31.0   3s       2026-11-21T01:53:12.516Z
  127.0.0.1:40002  2                 2       0         20          10          200         100                           3s       2026-11-21T01:53:12.516Z
`,
  );
});

Deno.test("tableLines() has a NAME column only if some connection has one", () => {
  assert(!tableLines(reading(connection(1)), VIEW)[0].includes("NAME"));
  const named = reading(connection(1), connection(2, { name: "x" }));
  assert(tableLines(named, VIEW)[0].includes("NAME"));
});

Deno.test("tableLines() shows traffic per second, and a dash where none is known", () => {
  const lines = tableLines(
    reading(connection(1, { in_msgs: 2500 }), connection(2)),
    { ...VIEW, rates: true },
  );
  assert.match(lines[1], /^ {2}\S+ +1 +2 +0 +0 +2\.5K +0 +0 /);
  assert.match(lines[2], /^ {2}\S+ +2 +2 +0 +- +- +- +- /);
});

Deno.test("tableLines() shows what it is sorted by where nats-top has no column", () => {
  for (
    const [sort, title, value] of [
      ["rtt", "RTT", "161µs"],
      ["idle", "IDLE", "1s"],
      ["start", "START", "2026-11-21T01:53:09.807Z"],
    ]
  ) {
    const [heading, row] = tableLines(reading(connection(1)), {
      ...VIEW,
      sort,
    });
    assert(heading.endsWith(title));
    assert(row.endsWith(value));
  }
});

Deno.test("tableLines() shows subjects, sorted, and host names when known", () => {
  const [heading, row, other] = tableLines(
    reading(
      connection(1, { subscriptions_list: ["foo.*", "bar"] }),
      connection(2, { ip: "::1" }),
    ),
    {
      ...VIEW,
      subs: true,
      nameOf: (ip) => ip === "127.0.0.1" ? "localhost" : undefined,
    },
  );
  assert(heading.endsWith("SUBSCRIPTIONS"));
  assert(row.startsWith("  localhost "));
  assert(row.endsWith("  bar, foo.*"));
  assert(other.startsWith("  [::1]:40002 "));
});

Deno.test("a terminal is steered by no name, subject, version or host", () => {
  const evil = "\x1b]0;owned\x07\x1b[2J\r\n\u202e\x9b31m";
  const shows = reading(
    connection(1, {
      ip: evil,
      name: evil,
      lang: evil,
      version: evil,
      uptime: evil,
      last_activity: evil,
      subscriptions_list: [evil],
    }),
  );
  const { server } = shows.sample;
  Object.assign(server, {
    serverName: evil,
    serverId: `${evil}2`,
    version: evil,
    uptime: evil,
  });
  const view = { ...VIEW, subs: true, nameOf: () => evil };
  for (
    const text of [plainText(shows, view), delimitedText(shows, view, ",")]
  ) {
    assert.doesNotMatch(text.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
    assert(
      text.includes("\\x1b]0;owned\\x07\\x1b[2J\\x0d\\x0a\\u{202e}\\x9b31m"),
    );
  }
  assert.equal(plainText(shows, view).split("\n").length, 11);
});

Deno.test("delimitedText() keeps cells apart that hold the delimiter", () => {
  const text = delimitedText(
    reading(
      connection(1, {
        name: 'a,"b"',
        lang: "go",
        version: "1",
        subscriptions_list: ["x", "a,b"],
      }),
    ),
    { ...VIEW, subs: true },
    ",",
  );
  assert.equal(
    text,
    `NATS server version,2.12.0,(uptime: 1h0m0s)
Server:,alpha
Load:,CPU:,1.5%,Memory:,14.0M,Slow Consumers:,0
In:,Msgs:,1.0K,Bytes:,10.0K,Msgs/Sec:,1000.0,Bytes/Sec:,0
Out:,Msgs:,3.0K,Bytes:,30.0K,Msgs/Sec:,0.0,Bytes/Sec:,30.0K

Connections Polled:,1
HOST,CID,NAME,SUBS,PENDING,MSGS_TO,MSGS_FROM,BYTES_TO,BYTES_FROM,LANG,VERSION,UPTIME,LAST_ACTIVITY,SUBSCRIPTIONS
127.0.0.1:40001,1,"a,""b""",2,0,20,10,200,100,go,1,3s,2026-11-21T01:53:12.516Z,"a,b  x"
`,
  );
});

Deno.test("jsonOf() has exact figures, and rates where they are known", () => {
  const json = jsonOf(
    reading(connection(1, { in_msgs: 2500 }), connection(2)),
    VIEW,
  ) as {
    interval_seconds: number;
    server: { in_msgs: number; rates: Record<string, number> };
    connections: Record<string, unknown>[];
  };
  assert.equal(json.interval_seconds, 1);
  assert.equal(json.server.in_msgs, 1000);
  assert.equal(json.server.rates.in_msgs, 1000);
  const [first, second] = json.connections;
  assert.equal(first.in_msgs, 2500);
  assert.deepEqual(first.rates, {
    in_msgs: 2500,
    out_msgs: 0,
    in_bytes: 0,
    out_bytes: 0,
  });
  assert.equal(second.rates, null);
  assert(!("subscriptions_list" in first), "only when asked for");
});

/** The tables one can look at: which endpoint, which columns. */

import {
  bytes,
  microseconds,
  percent,
  roundTrip,
  seconds,
  short,
  span,
  whole,
} from "./format.js";

/** A column of words. */
function words(key, title, more) {
  return {
    key,
    title,
    left: true,
    text: (row) => row[key] || "–",
    value: (row) => row[key] ?? "",
    ...more,
  };
}

/** A column of numbers. */
function figures(key, title, format, more) {
  return {
    key,
    title,
    text: (row) => format(row[key]),
    value: (row) => row[key] ?? -1,
    ...more,
  };
}

/** Traffic now and in all, with how /connz sorts by it. */
function traffic(rates) {
  const down = true;
  const now = [
    figures("inMsgsRate", "in", short, {
      group: "messages / s",
      hint: "Messages per second from this peer",
    }),
    figures("outMsgsRate", "out", short, {
      group: "messages / s",
      hint: "Messages per second to this peer",
    }),
    figures("inBytesRate", "in", bytes, {
      group: "bytes / s",
      hint: "Bytes per second from this peer",
    }),
    figures("outBytesRate", "out", bytes, {
      group: "bytes / s",
      hint: "Bytes per second to this peer",
    }),
  ];
  return [
    ...(rates ? now : []),
    figures("in_msgs", "in", short, {
      group: "messages",
      server: { sort: "msgs_from", down },
    }),
    figures("out_msgs", "out", short, {
      group: "messages",
      server: { sort: "msgs_to", down },
    }),
    figures("in_bytes", "in", bytes, {
      group: "bytes",
      server: { sort: "bytes_from", down },
    }),
    figures("out_bytes", "out", bytes, {
      group: "bytes",
      server: { sort: "bytes_to", down },
    }),
  ];
}

const ADDRESS = words("ip", "address", {
  text: ({ ip, port }) =>
    ip ? `${ip.includes(":") ? `[${ip}]` : ip}:${port}` : "–",
});
const CLIENT = words("lang", "client", {
  text: ({ lang, version }) => [lang, version].filter(Boolean).join(" ") || "–",
});
const USER = words("authorized_user", "user", {
  text: ({ authorized_user: user, account }) =>
    [user, account].filter(Boolean).join(" · ") || "–",
});
const ROUND_TRIP = figures("rtt", "rtt", roundTrip, {
  value: ({ rtt }) => microseconds(rtt),
});
const UPTIME = figures("uptime", "uptime", span, {
  value: ({ uptime }) => seconds(uptime),
  server: { sort: "uptime", down: false },
});
const IDLE = figures("idle", "idle", span, {
  value: ({ idle }) => seconds(idle),
});
const SUBSCRIPTIONS = figures("subscriptions", "subs", whole, {
  hint: "Subscriptions",
  server: { sort: "subs", down: true },
});

function connectionId(more) {
  return figures("cid", "cid", String, {
    server: { sort: "cid", down: false },
    href: ({ cid }) => `connz?${more}cid=${cid}&subs=1`,
  });
}

/**
 * Each: where its rows come from, and its columns. `base` is the order in which
 * the server is asked for rows that are then sorted here.
 */
export const VIEWS = [
  {
    id: "connections",
    title: "Connections",
    path: "connz?auth=1",
    base: { sort: "last", text: "most recently active" },
    rows: (answer) => answer.connections,
    total: (answer) => answer.total,
    key: "cid",
    start: "inMsgsRate",
    empty: "Nobody is connected.",
    columns: [
      connectionId(""),
      words("name", "name", { keep: true }),
      ADDRESS,
      USER,
      ...traffic(true),
      figures("pending_bytes", "pending", bytes, {
        hint: "Bytes that wait to be sent to this peer",
        server: { sort: "pending", down: true },
      }),
      SUBSCRIPTIONS,
      ROUND_TRIP,
      IDLE,
      UPTIME,
      CLIENT,
    ],
  },
  {
    id: "closed",
    title: "Closed",
    path: "connz?auth=1&state=closed",
    base: { sort: "stop", text: "latest" },
    rows: (answer) => answer.connections,
    total: (answer) => answer.total,
    key: "cid",
    start: "stop",
    empty: "No connection has closed.",
    columns: [
      figures(
        "stop",
        "closed",
        (time) => time ? new Date(time).toLocaleTimeString() : "–",
        {
          value: ({ stop }) => Date.parse(stop),
          server: { sort: "stop", down: true },
        },
      ),
      words("reason", "reason", { server: { sort: "reason", down: false } }),
      connectionId("state=closed&"),
      words("name", "name", { keep: true }),
      ADDRESS,
      USER,
      ...traffic(false),
      SUBSCRIPTIONS,
      UPTIME,
      CLIENT,
    ],
  },
  {
    id: "routes",
    title: "Routes",
    path: "routez",
    rows: (answer) => answer.routes,
    key: "rid",
    start: "rid",
    empty: "No routes to other servers.",
    columns: [
      figures("rid", "rid", String),
      words("remote_name", "server", {
        keep: true,
        text: (row) => row.remote_name || row.remote_id,
      }),
      ADDRESS,
      words("did_solicit", "dialled by", {
        text: ({ did_solicit: dialled }) =>
          dialled ? "this server" : "the other",
        value: ({ did_solicit: dialled }) => String(dialled),
      }),
      ...traffic(true),
      figures("pending_size", "pending", bytes),
      SUBSCRIPTIONS,
      ROUND_TRIP,
      IDLE,
      UPTIME,
    ],
  },
  {
    id: "subscriptions",
    title: "Subscriptions",
    path: "subsz?subs=1",
    base: { text: "first" },
    rows: (answer) => answer.subscriptions_list ?? [],
    total: (answer) => answer.total,
    key: "subject",
    start: "msgs",
    empty: "Nobody is subscribed.",
    figures: [
      ["Subscriptions", (answer) => whole(answer.num_subscriptions)],
      [
        "Made, ended",
        (answer) =>
          `${short(answer.num_inserts)}, ${short(answer.num_removes)}`,
      ],
      ["Subjects looked up", (answer) => short(answer.num_matches)],
      ["Found in the cache", (answer) => percent(answer.cache_hit_rate * 100)],
      ["Subjects in the cache", (answer) => whole(answer.num_cache)],
      [
        "Subscribers a subject",
        (answer) =>
          `${short(answer.avg_fanout)}, at most ${short(answer.max_fanout)}`,
      ],
    ],
    columns: [
      words("subject", "subject", { keep: true }),
      words("qgroup", "queue group"),
      words("account", "account"),
      figures("cid", "cid", String, {
        href: ({ cid }) => `connz?cid=${cid}&subs=1`,
      }),
      figures("sid", "sid", String, { value: ({ sid }) => Number(sid) }),
      figures("msgs", "delivered", whole),
      figures("max", "ends after", (max) => max ? whole(max) : "–"),
    ],
  },
  {
    id: "accounts",
    title: "Accounts",
    path: "accstatz?unused=1",
    rows: ({ account_statz: accounts }) =>
      (accounts ?? []).map((account) => ({
        ...account,
        in_msgs: account.received.msgs,
        in_bytes: account.received.bytes,
        out_msgs: account.sent.msgs,
        out_bytes: account.sent.bytes,
      })),
    key: "acc",
    start: "acc",
    empty: "There are no accounts.",
    columns: [
      words("acc", "account", {
        keep: true,
        href: ({ acc }) => `accountz?acc=${encodeURIComponent(acc)}`,
      }),
      figures("conns", "connections", whole),
      figures("num_subscriptions", "subs", whole),
      ...traffic(true),
      figures("slow_consumers", "slow consumers", whole),
    ],
  },
];

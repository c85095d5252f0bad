/** `/connz`: connections, open and closed (config-and-monitoring §7.3). */

import { GLOBAL_ACCOUNT } from "../auth_options.ts";
import type { Arguments } from "./arguments.ts";
import { ArgumentError } from "./arguments.ts";
import { jsonPieces, Listing, optional } from "./json.ts";
import { sorted } from "./slices.ts";
import type { ConnectionSnapshot, Snapshots } from "./snapshots.ts";
import { withSubscriptions } from "./subscription_fields.ts";
import { roundTripText, timeText, uptimeText } from "./text_forms.ts";

type State = "open" | "closed" | "any";

type Key = (one: ConnectionSnapshot, end: number) => number | string;

/** What to sort by, as a number or text that goes up; `end` is the stop or now. */
const KEYS: Readonly<Record<string, Key>> = {
  cid: (one) => one.id,
  start: (one) => one.startedAt,
  subs: (one) => -one.subscriptions,
  pending: (one) => -one.pendingBytes,
  msgs_to: (one) => -one.outMsgs,
  msgs_from: (one) => -one.inMsgs,
  bytes_to: (one) => -one.outBytes,
  bytes_from: (one) => -one.inBytes,
  last: (one) => -one.lastActivityAt,
  idle: (one, end) => one.lastActivityAt - end,
  uptime: (one, end) => end - one.startedAt,
  stop: (_, end) => -end,
  reason: (one) => one.reason,
  rtt: (one) => -one.roundTripMs,
};

/** Orders that need a connection to be closed. */
const CLOSED_ONLY: readonly string[] = ["stop", "reason"];

/** What is asked for. */
interface Query {
  readonly sort: string;
  readonly auth: boolean;
  readonly subs: boolean | "detail";
  readonly offset: number;
  readonly limit: number;
  readonly cid: number;
  readonly state: State;
  readonly user: string;
  readonly account: string;
  readonly mqttClient: string;
}

/**
 * The answer in pieces. Throws `ArgumentError` before the first; `counted` is
 * called once the arguments make sense, apart from how they go together.
 */
export function connz(
  args: Arguments,
  snapshots: Snapshots,
  counted: () => void,
): Iterable<string> {
  const query = readQuery(args);
  counted();
  checkOrder(query);
  return pieces(query, snapshots);
}

function readQuery(args: Arguments): Query {
  const sort = args.text("sort") || "cid";
  const auth = args.boolean("auth");
  const subs = args.detail("subs");
  const { offset, limit } = args.page();
  const cid = args.unsigned("cid");
  return {
    sort,
    auth,
    subs,
    offset,
    limit: cid > 0 ? 1 : limit,
    cid,
    state: readState(args.text("state")),
    user: args.text("user"),
    account: args.text("acc"),
    mqttClient: args.text("mqtt_client"),
  };
}

function readState(text: string): State {
  switch (text.toLowerCase()) {
    case "":
    case "open":
      return "open";
    case "closed":
      return "closed";
    case "any":
    case "all":
      return "any";
  }
  throw new ArgumentError(`Error decoding state for ${text}`);
}

function checkOrder({ sort, state }: Query): void {
  if (!Object.hasOwn(KEYS, sort)) {
    throw new ArgumentError(`invalid sorting option: ${sort}`);
  }
  if (CLOSED_ONLY.includes(sort) && state !== "closed") {
    throw new ArgumentError(
      `sort by ${sort} only valid on closed connections`,
    );
  }
}

function* pieces(query: Query, snapshots: Snapshots): Generator<string> {
  const { id, now } = snapshots.server();
  const { offset, limit, state, sort } = query;
  const found: ConnectionSnapshot[] = [];
  for (const one of candidates(query, snapshots)) {
    if (matches(one, query)) found.push(one);
    yield "";
  }
  const ordered = sort === "cid" && state !== "any"
    ? found
    : yield* sorted(found, orderBy(KEYS[sort], now));
  const page = ordered.slice(offset, offset + limit);
  const body = {
    server_id: id,
    now: timeText(now),
    num_connections: page.length,
    total: totalOf(query, snapshots, found.length),
    offset,
    limit,
  };
  yield* jsonPieces(
    new Listing(body, "connections", rendered(page, query, snapshots, now)),
  );
}

/** Whom to look at: all of a state, or the one that is asked for. */
function* candidates(
  { cid, state }: Query,
  snapshots: Snapshots,
): Generator<ConnectionSnapshot> {
  if (state !== "open") {
    for (const one of snapshots.closedConnections()) {
      if (cid === 0 || one.id === cid) yield one;
    }
  }
  if (state === "closed") return;
  if (cid === 0) {
    yield* snapshots.connections();
    return;
  }
  const one = snapshots.connection(cid);
  if (one !== null) yield one;
}

/** All in this state, whoever they are; in an account, if that is asked for. */
function totalOf(
  { account, state }: Query,
  snapshots: Snapshots,
  found: number,
): number {
  if (account !== "") return found;
  const open = state === "closed" ? 0 : snapshots.connectionCount();
  const closed = state === "open" ? 0 : snapshots.closedCount();
  return open + closed;
}

function matches(one: ConnectionSnapshot, query: Query): boolean {
  const { account, mqttClient, user } = query;
  return mqttClient === "" && (user === "" || one.user === user) &&
    (account === "" || one.account === account);
}

function* rendered(
  page: readonly ConnectionSnapshot[],
  query: Query,
  snapshots: Snapshots,
  now: number,
): Generator<object> {
  for (const one of page) {
    if (one.roundTripMs < 0 && one.stoppedAt === null) {
      snapshots.measureRoundTrip(one.id);
    }
    yield connection(one, query, now);
  }
}

function connection(
  one: ConnectionSnapshot,
  { auth, subs }: Query,
  now: number,
): object {
  const { stoppedAt, tls } = one;
  const end = stoppedAt ?? now;
  const fields = {
    cid: one.id,
    kind: "Client",
    type: "nats",
    ip: one.hostname,
    port: one.port,
    start: timeText(one.startedAt),
    last_activity: timeText(one.lastActivityAt),
    stop: stoppedAt === null ? undefined : timeText(stoppedAt),
    reason: optional(one.reason),
    rtt: roundTripText(one.roundTripMs),
    uptime: uptimeText(end - one.startedAt),
    idle: uptimeText(end - one.lastActivityAt),
    pending_bytes: one.pendingBytes,
    in_msgs: one.inMsgs,
    out_msgs: one.outMsgs,
    in_bytes: one.inBytes,
    out_bytes: one.outBytes,
    subscriptions: one.subscriptions,
    name: optional(one.name),
    lang: optional(one.lang),
    version: optional(one.version),
    tls_version: tls?.version,
    tls_cipher_suite: tls?.cipherSuite,
    ...(auth ? identity(one) : {}),
  };
  // Of closed ones only the count is remembered.
  return withSubscriptions(fields, one, stoppedAt === null && subs);
}

/** Names, and never what proves them. */
function identity({ account, tls, user }: ConnectionSnapshot): object {
  const peer = tls?.peer;
  const own = account === GLOBAL_ACCOUNT ? undefined : optional(account);
  return {
    tls_peer_certs: peer
      ? [{
        subject: peer.subject,
        subject_pk_sha256: peer.publicKeySha256,
        cert_sha256: peer.sha256,
      }]
      : undefined,
    authorized_user: optional(user),
    account: own,
    name_tag: own,
  };
}

function orderBy(
  key: Key,
  now: number,
): (a: ConnectionSnapshot, b: ConnectionSnapshot) => number {
  return (a, b) => {
    const x = key(a, a.stoppedAt ?? now);
    const y = key(b, b.stoppedAt ?? now);
    return x < y ? -1 : x > y ? 1 : 0;
  };
}

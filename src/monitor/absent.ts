/**
 * Endpoints for what this server does not have: leaf nodes, gateways,
 * JetStream. Well-formed and empty, with arguments checked all the same, so
 * that tools which ask everybody for everything go on (config-and-monitoring
 * §7.7, §7.8).
 */

import type { Arguments } from "./arguments.ts";
import type { Snapshots } from "./snapshots.ts";
import { timeText } from "./text_forms.ts";

/** No leaf node is connected. */
export function leafz(args: Arguments, snapshots: Snapshots): object {
  args.boolean("subs");
  return { ...head(snapshots), leafnodes: 0, leafs: [] };
}

/** There are no gateways. */
export function gatewayz(args: Arguments, snapshots: Snapshots): object {
  args.boolean("accs");
  return { ...head(snapshots), outbound_gateways: {}, inbound_gateways: {} };
}

/** JetStream is off. */
export function jsz(args: Arguments, snapshots: Snapshots): object {
  for (const name of JSZ_BOOLEANS) args.boolean(name);
  args.integer("offset");
  args.integer("limit");
  return {
    memory: 0,
    storage: 0,
    reserved_memory: 0,
    reserved_storage: 0,
    accounts: 0,
    ha_assets: 0,
    api: { level: 0, total: 0, errors: 0 },
    ...head(snapshots),
    disabled: true,
    config: { max_memory: 0, max_storage: 0 },
    streams: 0,
    consumers: 0,
    messages: 0,
    bytes: 0,
    total: 0,
  };
}

const JSZ_BOOLEANS = [
  "accounts",
  "streams",
  "consumers",
  "direct-consumers",
  "config",
  "leader-only",
  "stream-leader-only",
  "raft",
];

function head(snapshots: Snapshots): object {
  const { id, now } = snapshots.server();
  return { server_id: id, now: timeText(now) };
}

/**
 * What servers tell each other about third ones: the first INFO of a newcomer,
 * passed on with an address to dial (cluster-protocol §1.6). Pure.
 */

import type { Address } from "../transport/transport.ts";
import type { RouteInfo } from "../wire/route_info.ts";
import type { RouteUrl } from "./route_url.ts";
import { gossipedUrl, parseRouteUrl, routeUrl } from "./route_url.ts";

/** A peer asks not to be told about to others. */
const GOSSIP_DISABLED = 1;

/**
 * INFO of a midge: others ignore the field, and do not pass it on. 1: of two
 * midges the one with the smaller id decides which of duplicate routes stays.
 */
export interface MidgeInfo extends RouteInfo {
  /** See above. */
  readonly midge?: number;
}

/** Whether, of duplicate routes to this peer, it is for us to say which stays. */
export function leads(ownId: string, peer: MidgeInfo): boolean {
  return peer.midge !== undefined && ownId < peer.server_id;
}

/** Where a peer can be dialled: what it says itself, else where it is seen. */
export function dialableUrl(
  info: RouteInfo,
  { hostname }: Address,
): RouteUrl | null {
  const told = info.ip ? parseRouteUrl(info.ip) : null;
  return told ?? routeUrl(hostname, info);
}

/**
 * What to tell others about a peer: its first INFO with all it said, but for
 * what concerned this connection. `null` if it cannot be dialled or does not
 * want to be.
 */
export function gossipAbout(
  info: RouteInfo,
  remote: Address,
): RouteInfo | null {
  if (info.gossip_mode === GOSSIP_DISABLED) return null;
  const url = dialableUrl(info, remote);
  if (url === null) return null;
  const { nonce: _nonce, gossip_mode: _mode, midge: _midge, ...rest } = info as
    & MidgeInfo
    & { nonce?: unknown };
  return { ...rest, ip: info.ip || gossipedUrl(url) };
}

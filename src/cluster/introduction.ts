/** How this server introduces itself to others: its INFO and CONNECT. */

import type { ProtocolError } from "../errors.ts";
import {
  authorizationViolation,
  badArguments,
  notRoutePort,
} from "../errors.ts";
import type { RouteConnect, RouteInfo } from "../wire/route_info.ts";
import type { ClusterName } from "./cluster_name.ts";
import type { MidgeInfo } from "./gossip.ts";
import type { Link } from "./link.ts";
import type { MeshHost } from "./mesh_host.ts";
import type { RouteUrl } from "./route_url.ts";

/** What INFO says besides. */
export interface InfoFacts {
  /** As agreed so far. */
  readonly name: ClusterName;
  /** This server is about to leave. */
  readonly lameDuck: boolean;
  /** What gossip about the peer said, for the peer to know. */
  readonly gossipMode: number | undefined;
}

/** INFO of this server as of now. */
export function ownInfo(
  host: MeshHost,
  { name, lameDuck, gossipMode }: InfoFacts,
): RouteInfo {
  const { connect_urls: urls, ...base } = host.info();
  const shown = urls !== undefined && !host.options.cluster.noAdvertise;
  const info: MidgeInfo = {
    ...base,
    cluster: name.text,
    ...(name.dynamic ? { cluster_dynamic: true } : {}),
    ...(shown ? { connect_urls: urls } : {}),
    ...(lameDuck ? { ldm: true } : {}),
    ...(gossipMode ? { gossip_mode: gossipMode } : {}),
    midge: 1,
  };
  return info;
}

/** CONNECT of this server to the one at `url`. */
export function ownConnect(
  { id, options }: MeshHost,
  { name, url, headers }: {
    readonly name: ClusterName;
    readonly url: RouteUrl;
    readonly headers: boolean;
  },
): RouteConnect {
  return {
    name: id,
    cluster: name.text,
    cluster_dynamic: name.dynamic,
    user: url.user,
    pass: url.pass,
    echo: true,
    headers,
    tls_required: options.cluster.tls !== null,
    lang: "",
    gateway: "",
  };
}

/** What is wrong with the first INFO of a peer; `null` if nothing is. */
export function wrongIntroduction(
  { dialer, connect }: Link,
  { server_id: id, client_id: cid }: RouteInfo,
): ProtocolError | null {
  if (dialer === null && connect === null) {
    return authorizationViolation("INFO before CONNECT");
  }
  if (dialer !== null && cid !== undefined) {
    return notRoutePort(dialer.target.url.text);
  }
  return id === "" ? badArguments("INFO without a server_id") : null;
}

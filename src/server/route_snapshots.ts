/** What monitoring reads of the routes to other servers. */

import type { RouteTarget } from "../cluster/route_url.ts";
import type {
  RoutePermissions,
  RouteSnapshot,
  SubjectPermissionSnapshot,
  SubscriptionSnapshot,
} from "../monitor/snapshots.ts";
import type { ResolvedCluster } from "../options.ts";
import type { Route } from "../peer/route.ts";
import { decodeUtf8, fromLatin1 } from "../wire/ascii.ts";
import type { RouteSubjects } from "../wire/route_info.ts";
import { connectionFacts } from "./connection_facts.ts";

/** A registered route as of now; `null` for one that is not there yet. */
export function routeSnapshot(
  route: Route<RouteTarget>,
): RouteSnapshot | null {
  const { connection, peer, target } = route;
  if (peer === null) return null;
  return {
    ...connectionFacts(connection),
    remoteId: peer.server_id,
    remoteName: peer.server_name,
    solicited: target !== null,
    configured: target?.explicit === true,
    subscriptions: route.subscriptions,
    import: permission(peer.import),
    export: permission(peer.export),
    account: "",
    subscriptionList: () => subscriptionsOf(route),
  };
}

/** What all routes may carry; `null` for everything. */
export function routePermissions(
  cluster: ResolvedCluster | null,
): RoutePermissions | null {
  const permissions = cluster?.permissions ?? null;
  if (permissions === null) return null;
  return {
    import: permission(permissions.import),
    export: permission(permissions.export),
  };
}

function permission(
  subjects: RouteSubjects | undefined,
): SubjectPermissionSnapshot | null {
  if (subjects === undefined) return null;
  return { allow: subjects.allow ?? null, deny: subjects.deny ?? null };
}

function* subscriptionsOf(
  { connection, remoteInterest }: Route<RouteTarget>,
): Generator<SubscriptionSnapshot> {
  for (const interest of remoteInterest) {
    const account = text(interest.name);
    for (const { subject, queue, delivered } of interest.values()) {
      const shown = decodeUtf8(subject);
      const group = queue === null ? "" : text(queue);
      yield {
        account,
        subject: shown,
        queue: group,
        // As nats-server keeps them: by what the peer said.
        sid: `${account} ${shown}${group === "" ? "" : ` ${group}`}`,
        delivered,
        max: 0,
        connectionId: connection.id,
      };
    }
  }
}

/** Of one character per byte. */
function text(bytes: string): string {
  return decodeUtf8(fromLatin1(bytes));
}

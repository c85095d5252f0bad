/** `/routez`: routes of a cluster (config-and-monitoring §7.4). */

import type { Arguments } from "./arguments.ts";
import { Listing, optional } from "./json.ts";
import type {
  RouteSnapshot,
  Snapshots,
  SubjectPermissionSnapshot,
} from "./snapshots.ts";
import { withSubscriptions } from "./subscription_fields.ts";
import { roundTripText, timeText, uptimeText } from "./text_forms.ts";

/** The answer. `counted` is called once the arguments make sense. */
export function routez(
  args: Arguments,
  snapshots: Snapshots,
  counted: () => void,
): Listing {
  const subs = args.detail("subs");
  counted();
  const { id, name, now, routePermissions } = snapshots.server();
  const routes = snapshots.routes();
  return new Listing(
    {
      server_id: id,
      server_name: name,
      now: timeText(now),
      import: permission(routePermissions?.import ?? null),
      export: permission(routePermissions?.export ?? null),
      num_routes: routes.length,
    },
    "routes",
    rendered(routes, subs, now),
  );
}

function* rendered(
  routes: readonly RouteSnapshot[],
  subs: boolean | "detail",
  now: number,
): Generator<object> {
  for (const one of routes) yield withSubscriptions(route(one, now), one, subs);
}

function route(one: RouteSnapshot, now: number): object {
  return {
    rid: one.id,
    remote_id: one.remoteId,
    remote_name: one.remoteName,
    did_solicit: one.solicited,
    is_configured: one.configured,
    ip: one.hostname,
    port: one.port,
    start: timeText(one.startedAt),
    last_activity: timeText(one.lastActivityAt),
    rtt: roundTripText(one.roundTripMs),
    uptime: uptimeText(now - one.startedAt),
    idle: uptimeText(now - one.lastActivityAt),
    import: permission(one.import),
    export: permission(one.export),
    pending_size: one.pendingBytes,
    in_msgs: one.inMsgs,
    out_msgs: one.outMsgs,
    in_bytes: one.inBytes,
    out_bytes: one.outBytes,
    subscriptions: one.subscriptions,
    account: optional(one.account),
  };
}

function permission(
  subjects: SubjectPermissionSnapshot | null,
): object | undefined {
  if (subjects === null) return undefined;
  return {
    allow: subjects.allow ?? undefined,
    deny: subjects.deny ?? undefined,
  };
}

/** Figures of a server for the system account: `statsz` of its messages. */

import type {
  KindCounts,
  Snapshots,
  TrafficSnapshot,
} from "../monitor/snapshots.ts";
import { timeText } from "../monitor/text_forms.ts";

/** As the official server has it, in its order. */
export function statsz(snapshots: Snapshots): object {
  const server = snapshots.server();
  const { process, traffic, clientTraffic } = server;
  const accounts = snapshots.accounts();
  const routes = snapshots.routes();
  return {
    start: timeText(server.startedAt),
    mem: process.memoryBytes,
    cores: process.cores,
    cpu: process.cpuPercent,
    connections: server.connections,
    total_connections: server.totalConnections,
    active_accounts: accounts.filter(({ connections }) => connections > 0)
      .length,
    subscriptions: server.subscriptions,
    sent: sent(traffic),
    sent_to_clients: sent(clientTraffic),
    received: received(traffic),
    received_from_clients: received(clientTraffic),
    slow_consumers: total(server.slowConsumers),
    slow_consumer_stats: byKind(server.slowConsumers),
    stale_connections: total(server.staleConnections) || undefined,
    stale_connection_stats: byKind(server.staleConnections),
    stalled_clients: server.stalledClients || undefined,
    routes: routes.length === 0 ? undefined : routes.map((route) => ({
      rid: route.id,
      name: route.remoteName,
      sent: sent(route),
      received: received(route),
      pending: route.pendingBytes,
    })),
    active_servers: 1 + server.remotes,
    gomaxprocs: process.cores,
  };
}

function sent({ outMsgs, outBytes }: TrafficSnapshot): object {
  return { msgs: outMsgs, bytes: outBytes };
}

function received({ inMsgs, inBytes }: TrafficSnapshot): object {
  return { msgs: inMsgs, bytes: inBytes };
}

function total({ clients, routes, leafs }: KindCounts): number {
  return clients + routes + leafs;
}

/** Left out as long as there were none. */
function byKind(counts: KindCounts): object | undefined {
  if (total(counts) === 0) return undefined;
  const { clients, routes, leafs } = counts;
  return { clients, routes, gateways: 0, leafs };
}

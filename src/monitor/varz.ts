/** `/varz`: the server in general (config-and-monitoring §7.2). */

import type { ResolvedOptions } from "../options.ts";
import { optional } from "./json.ts";
import type { KindCounts, ServerSnapshot } from "./snapshots.ts";
import { timeText, uptimeText } from "./text_forms.ts";

/** Requests so far by path. */
export type RequestCounts = Readonly<Record<string, number>>;

/**
 * The answer: what the official server says today, and the fields its first
 * README documents.
 */
export function varz(server: ServerSnapshot, requests: RequestCounts): object {
  const { options } = server;
  return {
    server_id: server.id,
    server_name: server.name,
    version: server.version,
    proto: 1,
    go: server.runtime,
    host: server.host,
    port: server.port,
    auth_required: server.authRequired,
    ssl_required: server.tlsRequired,
    tls_required: server.tlsRequired,
    tls_verify: server.tlsVerify,
    connect_urls: optional(
      server.connectUrls,
      server.connectUrls.length > 0,
    ),
    ...limits(server),
    cluster: cluster(server),
    cluster_port: server.clusterPort,
    gateway: {},
    leaf: {},
    mqtt: {},
    websocket: {},
    jetstream: {},
    tls_cert_not_after: certificateEnd(server),
    tls_timeout: (options.tls?.timeoutMs ?? 2000) / 1000,
    write_deadline: nanoseconds(options.writeDeadlineMs),
    start: timeText(server.startedAt),
    now: timeText(server.now),
    uptime: uptimeText(server.now - server.startedAt),
    mem: server.process.memoryBytes,
    cores: server.process.cores,
    gomaxprocs: server.process.cores,
    cpu: server.process.cpuPercent,
    ...counters(server),
    http_req_stats: requests,
    config_load_time: timeText(server.configuredAt),
    tags: optional(options.serverTags, options.serverTags.length > 0),
    system_account: options.systemAccount,
    slow_consumer_stats: byKind(server.slowConsumers),
    stale_connection_stats: byKind(server.staleConnections),
    disk_io_wait_stats: {
      waiters: 0,
      waits: 0,
      wait_time: 0,
      max_wait_time: 0,
    },
  };
}

function limits({ options, authTimeoutMs }: ServerSnapshot): object {
  return {
    max_connections: options.maxConnections,
    max_subscriptions: optional(options.maxSubscriptions),
    ping_interval: nanoseconds(options.pingIntervalMs),
    ping_max: options.pingMax,
    http_host: options.monitor?.host || options.host,
    http_port: options.monitor?.port ?? 0,
    http_base_path: options.monitor?.basePath ?? "",
    https_port: options.monitor?.httpsPort ?? 0,
    auth_timeout: authTimeoutMs / 1000,
    max_control_line: options.maxControlLine,
    max_payload: options.maxPayload,
    max_pending: options.maxPendingBytes,
    max_pending_size: options.maxPendingBytes,
  };
}

function counters(server: ServerSnapshot): object {
  const { traffic, clientTraffic, slowConsumers, staleConnections } = server;
  return {
    connections: server.connections,
    total_connections: server.totalConnections,
    routes: server.routes,
    remotes: server.remotes,
    leafnodes: server.leafnodes,
    in_msgs: traffic.inMsgs,
    in_bytes: traffic.inBytes,
    in_client_msgs: clientTraffic.inMsgs,
    in_client_bytes: clientTraffic.inBytes,
    out_msgs: traffic.outMsgs,
    out_bytes: traffic.outBytes,
    out_client_msgs: clientTraffic.outMsgs,
    out_client_bytes: clientTraffic.outBytes,
    slow_consumers: total(slowConsumers),
    stale_connections: total(staleConnections),
    stalled_clients: server.stalledClients,
    subscriptions: server.subscriptions,
  };
}

/** `{}` without a cluster, as all blocks that are off. */
function cluster({ options, clusterPort }: ServerSnapshot): object {
  const settings = options.cluster;
  if (settings === null) return {};
  const { authorization, routes = [], tls } = settings;
  return {
    name: optional(settings.name),
    addr: settings.host || "0.0.0.0",
    cluster_port: clusterPort,
    auth_timeout: (authorization?.timeoutMs ?? 2000) / 1000,
    urls: optional(routes.map(hostPortOf), routes.length > 0),
    tls_timeout: (tls?.timeoutMs ?? 2000) / 1000,
    tls_required: optional(Boolean(tls)),
    tls_verify: optional(Boolean(tls)),
  };
}

/** Of a route URL, without the credentials in it. */
function hostPortOf(url: string): string {
  return url.replace(/^[a-z]+:\/\//i, "").replace(/^.*@/, "").split("/")[0];
}

function certificateEnd(
  { tlsCertificateNotAfter: end }: ServerSnapshot,
): string | undefined {
  return end === null ? undefined : timeText(end);
}

function byKind({ clients, routes, leafs }: KindCounts): object {
  return { clients, routes, gateways: 0, leafs };
}

function total({ clients, routes, leafs }: KindCounts): number {
  return clients + routes + leafs;
}

function nanoseconds(ms: ResolvedOptions["pingIntervalMs"]): number {
  return Math.round(ms * 1e6);
}

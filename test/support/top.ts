/** Answers of a made-up server, for tests of `midge top`. */

/** What `/varz` may say. */
export function varz(fields: Record<string, unknown> = {}): unknown {
  return {
    server_id: "NSERVER",
    server_name: "alpha",
    version: "2.12.0",
    start: "2026-11-21T01:00:00Z",
    uptime: "1h0m0s",
    cpu: 1.5,
    mem: 14 * 1024 * 1024,
    connections: 2,
    subscriptions: 5,
    slow_consumers: 0,
    in_msgs: 1000,
    out_msgs: 3000,
    in_bytes: 10240,
    out_bytes: 30720,
    ...fields,
  };
}

/** What `/connz` may say of one connection. */
export function connection(
  cid: number,
  fields: Record<string, unknown> = {},
): unknown {
  return {
    cid,
    ip: "127.0.0.1",
    port: 40000 + cid,
    start: "2026-11-21T01:53:09.807504829Z",
    last_activity: "2026-11-21T01:53:12.51667019Z",
    rtt: "161µs",
    uptime: "3s",
    idle: "1s",
    pending_bytes: 0,
    in_msgs: 10,
    out_msgs: 20,
    in_bytes: 100,
    out_bytes: 200,
    subscriptions: 2,
    ...fields,
  };
}

/** What `/connz` may say. */
export function connz(...connections: readonly unknown[]): unknown {
  return {
    num_connections: connections.length,
    total: connections.length,
    connections,
  };
}

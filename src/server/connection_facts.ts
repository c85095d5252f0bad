/** What monitoring tells of every connection, whatever its kind. */

import type { Connection } from "../core/connection.ts";
import type { ConnectionSnapshot } from "../monitor/snapshots.ts";

/** Where a connection leads, how it is and what it carried, as of now. */
export type ConnectionFacts = Pick<
  ConnectionSnapshot,
  | "id"
  | "hostname"
  | "port"
  | "startedAt"
  | "lastActivityAt"
  | "roundTripMs"
  | "pendingBytes"
  | "inMsgs"
  | "inBytes"
  | "outMsgs"
  | "outBytes"
>;

/** See `ConnectionFacts`. */
export function connectionFacts(connection: Connection): ConnectionFacts {
  const { hostname, port } = connection.transport.remoteAddress;
  return {
    id: connection.id,
    hostname,
    port,
    startedAt: connection.startedAt,
    lastActivityAt: connection.lastActivityAt(),
    roundTripMs: connection.heartbeat.roundTripMs,
    pendingBytes: connection.outbound.pending,
    inMsgs: connection.inMsgs,
    inBytes: connection.inBytes,
    outMsgs: connection.outMsgs,
    outBytes: connection.outBytes,
  };
}

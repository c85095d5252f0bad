/**
 * What the mesh needs of the server and of each route. It sees neither bytes
 * nor sockets, so that whole meshes run in one process on a clock of their own.
 */

import type { CloseReason, ProtocolError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Clock, ClusterOptions } from "../options.ts";
import type { Address, Transport } from "../transport/transport.ts";
import type { RouteConnect, RouteInfo } from "../wire/route_info.ts";
import type { RouteTarget, RouteUrl } from "./route_url.ts";

/** A connection to another server. */
export interface MeshRoute {
  /** Unique in the server. */
  readonly rid: number;
  /** What was dialled; `null` for accepted ones. */
  readonly target: RouteTarget | null;
  /** Where the other server is. */
  readonly remoteAddress: Address;
  /** Takes part in nothing any more. */
  readonly closed: boolean;
  /** How the log names it: `127.0.0.1:4248 - rid:1`. */
  readonly label: string;
  /** Says who this server is. */
  sendConnect(connect: RouteConnect): void;
  /** Tells about this server, or about another one. */
  sendInfo(info: RouteInfo): void;
  /**
   * It is the route to `peer` now: interest flows both ways. What the peer
   * announced earlier counts from here on.
   */
  register(peer: RouteInfo): void;
  /** Sends the `-ERR`, if there is one, and closes. */
  fail(error: ProtocolError): void;
  /** Closes once what was sent has left. */
  close(reason: CloseReason): void;
}

/** Options of a cluster as far as the mesh cares. */
export type MeshOptions = Readonly<
  Required<
    Pick<
      ClusterOptions,
      | "name"
      | "noAdvertise"
      | "routes"
      | "connectRetries"
      | "authorization"
      | "tls"
    >
  >
>;

/** What the mesh asks of its server. */
export interface MeshHost {
  /** The server's id. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** As they are now; the mesh reads them each time. */
  readonly options: {
    readonly clock: Clock;
    readonly log: Log;
    readonly cluster: MeshOptions;
  };
  /** Opens a byte stream, ready for the protocol: TLS is done. May be aborted. */
  dial(url: RouteUrl, signal: AbortSignal): Promise<Transport>;
  /** Makes a route of it and starts reading, but calls nobody before it returns. */
  open(transport: Transport, target: RouteTarget | null): MeshRoute;
  /**
   * INFO of this server: all of it but `cluster`, `cluster_dynamic`, `ldm` and
   * `gossip_mode`, which the mesh fills in. `connect_urls` are those of the
   * server's own clients; the mesh takes them out again with `noAdvertise`.
   */
  info(): RouteInfo;
  /** A number from 0 up to 1. */
  random(): number;
  /** Routes, the clients' addresses of peers or the name changed. */
  peersChanged(): void;
}

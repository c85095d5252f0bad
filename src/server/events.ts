/**
 * What a server tells the program it is part of: who comes and goes. Off the
 * way of messages: nothing here happens more often than connections do.
 */

import type { RequesterFacts } from "../core/request_info.ts";
import type { Client } from "../peer/client.ts";
import type { ClosedConnection } from "./connections.ts";

/** A client that was let in. */
export interface ConnectedClient {
  /** Number of the connection, `cid` in the log. */
  readonly id: number;
  /** Address it connects from; `pipe` in-process. */
  readonly hostname: string;
  /** Port it connects from. */
  readonly port: number;
  /** What it calls itself. */
  readonly name: string;
  /** User it is; empty if it did not have to say. */
  readonly user: string;
  /** Account it is in. */
  readonly account: string;
}

/** Events by name, with what each says. */
export interface ServerEventMap {
  /** A client was let in. */
  connect: ConnectedClient;
  /** A connection is closed, whoever it was. */
  disconnect: ClosedConnection;
  /** One was closed for not keeping up; `disconnect` comes as well. */
  slowConsumer: ClosedConnection;
  /** One was closed for what it said, or did not say, of who it is; likewise. */
  authFailure: ClosedConnection;
}

/**
 * An `EventTarget` whose events carry their facts in `detail`.
 *
 * @example Say who comes
 * ```ts
 * import { Server } from "@midge/server";
 *
 * await using server = await Server.start({ dontListen: true });
 * server.events.on("connect", ({ name, user }) => console.log(name, user));
 * ```
 */
export class ServerEvents extends EventTarget {
  /** Calls `listener` for each event of this name until `signal` is aborted. */
  on<Name extends keyof ServerEventMap>(
    name: Name,
    listener: (facts: ServerEventMap[Name]) => void,
    { signal }: { signal?: AbortSignal } = {},
  ): void {
    this.addEventListener(
      name,
      (event) => listener((event as CustomEvent<ServerEventMap[Name]>).detail),
      signal === undefined ? {} : { signal },
    );
  }

  /** A connection is closed. */
  closed(closed: ClosedConnection): void {
    const { reason } = closed;
    this.emit("disconnect", closed);
    if (reason.startsWith("Slow Consumer")) {
      this.emit("slowConsumer", closed);
    } else if (reason.startsWith("Authentication")) {
      this.emit("authFailure", closed);
    }
  }

  /** Tells everybody who listens; the server does so. */
  emit<Name extends keyof ServerEventMap>(
    name: Name,
    detail: ServerEventMap[Name],
  ): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** What an event says of a client that was let in. */
export function factsOf(client: Client): ConnectedClient {
  const { account, connection, login, options } = client;
  const { hostname, port } = connection.transport.remoteAddress;
  return {
    id: connection.id,
    hostname,
    port,
    name: options.name,
    user: login.identity?.user ?? "",
    account: account.name,
  };
}

/** Who a client is, for services that are told; nothing of one that is gone. */
export function requesterFacts(
  client: Client | undefined,
  server: string,
): RequesterFacts {
  if (client === undefined) return {};
  const { name, lang, version } = client.options;
  const user = client.login.identity?.user ?? "";
  return { user, name, lang, ver: version, server };
}

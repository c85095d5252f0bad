/**
 * The clients of a server: those connected now, those on their way out, and
 * what is remembered of those that have gone.
 */

import type { CloseReason } from "../errors.ts";
import type { Connection } from "../core/connection.ts";
import type { Traffic } from "../core/connection_context.ts";
import type { RouteTarget } from "../cluster/route_url.ts";
import type { Client } from "../peer/client.ts";
import type { Route } from "../peer/route.ts";
import type { TlsFacts } from "../tls_facts.ts";
import { connectionFacts } from "./connection_facts.ts";

/** What is remembered of a closed connection. */
export interface ClosedConnection extends Traffic {
  /** Number of the connection, `cid` in the log. */
  readonly id: number;
  /** Address of the peer. */
  readonly hostname: string;
  /** Port of the peer. */
  readonly port: number;
  /** What the client called itself. */
  readonly name: string;
  /** Language of its library. */
  readonly lang: string;
  /** Version of its library. */
  readonly version: string;
  /** Who it was, or said it was. */
  readonly user: string;
  /** Its public nkey, if it gave one. */
  readonly nkey: string;
  /** Account it was in. */
  readonly account: string;
  /** Subscriptions it had when it closed. */
  readonly subscriptions: number;
  /** Bytes that were still queued for it. */
  readonly pendingBytes: number;
  /** Last measured round trip in milliseconds, -1 if never measured. */
  readonly roundTripMs: number;
  /** How it was encrypted; `null` if it was not. */
  readonly tls: TlsFacts | null;
  /** When it was accepted, wall-clock milliseconds. */
  readonly startedAt: number;
  /** When it last did or was sent anything, wall-clock milliseconds. */
  readonly lastActivityAt: number;
  /** When it was closed, wall-clock milliseconds. */
  readonly stoppedAt: number;
  /** Why it was closed. */
  readonly reason: CloseReason;
}

/** What is left of an account's connections that are gone. */
export interface AccountPast extends Traffic {
  /** How many were closed for not keeping up. */
  slowConsumers: number;
}

/** All client connections of one server. */
export class Connections {
  /** Connections to other servers by `rid`; the cluster keeps them. */
  readonly routes: Map<number, Route<RouteTarget>> = new Map();
  /** Connected clients by `cid`. */
  readonly live: Map<number, Client> = new Map();
  /** Clients accepted since the start. */
  total = 0;
  /** Connections closed for not keeping up. */
  slowConsumers = 0;
  /** Connections closed for not answering PINGs. */
  staleConnections = 0;

  /** Routes closed for not keeping up. */
  slowRoutes = 0;
  /** Routes closed for not answering PINGs. */
  staleRoutes = 0;

  #lastId = 0;
  readonly #maxClosed: number;
  readonly #closed: ClosedConnection[] = [];
  /** Where the next closed connection goes once the ring is full. */
  #oldest = 0;
  readonly #departed: Traffic = zeroTraffic();
  readonly #departedRoutes: Traffic = zeroTraffic();
  /** By account. */
  readonly #pasts = new Map<string, AccountPast>();
  /** Transports that are still being closed. */
  readonly #ending = new Set<Promise<void>>();

  /** Remembers up to `maxClosed` closed connections. */
  constructor(maxClosed: number) {
    this.#maxClosed = maxClosed;
  }

  /** A number for the next connection of any kind: `cid`, `rid`. */
  nextId(): number {
    return ++this.#lastId;
  }

  /** Adds a client. */
  add(client: Client): void {
    this.total++;
    this.live.set(client.connection.id, client);
  }

  /**
   * Takes a client away that has just been closed, at `epochMs`, and returns
   * what is remembered of it.
   */
  remove(
    client: Client,
    reason: CloseReason,
    epochMs: number,
  ): ClosedConnection {
    const { connection } = client;
    this.live.delete(connection.id);
    if (connection.ended !== null) this.#awaitEnd(connection.ended);
    const account = this.#past(client.account.name);
    if (reason.startsWith("Slow Consumer")) {
      this.slowConsumers++;
      account.slowConsumers++;
    } else if (reason === "Stale Connection") this.staleConnections++;
    addTraffic(this.#departed, connection);
    addTraffic(account, connection);
    const closed = recordOf(client, reason, epochMs);
    this.#remember(closed);
    return closed;
  }

  /** How many closed connections are still remembered. */
  get closedCount(): number {
    return this.#closed.length;
  }

  /** Closed connections still remembered, the oldest first. */
  get closed(): readonly ClosedConnection[] {
    return [
      ...this.#closed.slice(this.#oldest),
      ...this.#closed.slice(0, this.#oldest),
    ];
  }

  /** Messages and bytes of all clients there have been. */
  clientTraffic(): Traffic {
    const sum = { ...this.#departed };
    for (const { connection } of this.live.values()) {
      addTraffic(sum, connection);
    }
    return sum;
  }

  /** Messages and bytes of all connections there have been, routes and all. */
  traffic(): Traffic {
    const sum = this.clientTraffic();
    addTraffic(sum, this.#departedRoutes);
    for (const { connection } of this.routes.values()) {
      addTraffic(sum, connection);
    }
    return sum;
  }

  /** A route has just been closed. */
  routeClosed(connection: Connection, reason: CloseReason): void {
    addTraffic(this.#departedRoutes, connection);
    if (reason.startsWith("Slow Consumer")) this.slowRoutes++;
    if (reason === "Stale Connection") this.staleRoutes++;
    if (connection.ended !== null) this.#awaitEnd(connection.ended);
  }

  /** What has become of an account's connections that are gone. */
  pastOf(account: string): Readonly<AccountPast> {
    return this.#pasts.get(account) ?? newPast();
  }

  /** Resolves when every closed connection has given up its transport. */
  async ended(): Promise<void> {
    while (this.#ending.size > 0) await Promise.all(this.#ending);
  }

  #past(account: string): AccountPast {
    let past = this.#pasts.get(account);
    if (past === undefined) this.#pasts.set(account, past = newPast());
    return past;
  }

  #awaitEnd(ended: Promise<void>): void {
    this.#ending.add(ended);
    ended.then(() => this.#ending.delete(ended));
  }

  #remember(closed: ClosedConnection): void {
    if (this.#maxClosed === 0) return;
    if (this.#closed.length < this.#maxClosed) {
      this.#closed.push(closed);
      return;
    }
    this.#closed[this.#oldest] = closed;
    this.#oldest = (this.#oldest + 1) % this.#maxClosed;
  }
}

/** What is worth remembering of a client that was closed at `epochMs`. */
function recordOf(
  client: Client,
  reason: CloseReason,
  epochMs: number,
): ClosedConnection {
  const { connection, login, options } = client;
  return {
    ...connectionFacts(connection),
    name: options.name,
    lang: options.lang,
    version: options.version,
    user: login.identity?.user ?? options.user,
    nkey: login.identity?.nkey ?? options.nkey,
    account: client.account.name,
    subscriptions: client.subscriptions.size,
    tls: connection.transport.tls ?? null,
    stoppedAt: epochMs,
    reason,
  };
}

/** Nothing yet. */
export function zeroTraffic(): Traffic {
  return { inMsgs: 0, inBytes: 0, outMsgs: 0, outBytes: 0 };
}

function newPast(): AccountPast {
  return { ...zeroTraffic(), slowConsumers: 0 };
}

/** Adds what `more` has carried to `sum`. */
export function addTraffic(sum: Traffic, more: Traffic): void {
  sum.inMsgs += more.inMsgs;
  sum.inBytes += more.inBytes;
  sum.outMsgs += more.outMsgs;
  sum.outBytes += more.outBytes;
}

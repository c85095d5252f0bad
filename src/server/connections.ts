/**
 * The clients of a server: those connected now, those on their way out, and
 * what is remembered of those that have gone.
 */

import type { CloseReason } from "../errors.ts";
import type { Traffic } from "../core/connection.ts";
import type { Client } from "../peer/client.ts";

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
  /** Last measured round trip in milliseconds, -1 if never measured. */
  readonly roundTripMs: number;
  /** When it was accepted, wall-clock milliseconds. */
  readonly startedAt: number;
  /** When it was closed, wall-clock milliseconds. */
  readonly stoppedAt: number;
  /** Why it was closed. */
  readonly reason: CloseReason;
}

/** All client connections of one server. */
export class Connections {
  /** Connected clients by `cid`. */
  readonly live: Map<number, Client> = new Map();
  /** Connections accepted since the start. */
  total = 0;
  /** Connections closed for not keeping up. */
  slowConsumers = 0;

  readonly #maxClosed: number;
  readonly #closed: ClosedConnection[] = [];
  /** Where the next closed connection goes once the ring is full. */
  #oldest = 0;
  readonly #departed: Traffic = zeroTraffic();
  /** Transports that are still being closed. */
  readonly #ending = new Set<Promise<void>>();

  /** Remembers up to `maxClosed` closed connections. */
  constructor(maxClosed: number) {
    this.#maxClosed = maxClosed;
  }

  /** The next `cid`. */
  nextId(): number {
    return ++this.total;
  }

  /** Adds a client. */
  add(client: Client): void {
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
    const { connection, login, options } = client;
    this.live.delete(connection.id);
    if (connection.ended !== null) this.#awaitEnd(connection.ended);
    if (reason.startsWith("Slow Consumer")) this.slowConsumers++;
    addTraffic(this.#departed, connection);
    const { hostname, port } = connection.transport.remoteAddress;
    const closed: ClosedConnection = {
      id: connection.id,
      hostname,
      port,
      name: options.name,
      lang: options.lang,
      version: options.version,
      user: login.identity?.user ?? options.user,
      nkey: login.identity?.nkey ?? options.nkey,
      account: client.account.name,
      subscriptions: client.subscriptions.size,
      roundTripMs: connection.heartbeat.roundTripMs,
      startedAt: connection.startedAt,
      stoppedAt: epochMs,
      reason,
      inMsgs: connection.inMsgs,
      inBytes: connection.inBytes,
      outMsgs: connection.outMsgs,
      outBytes: connection.outBytes,
    };
    this.#remember(closed);
    return closed;
  }

  /** Closed connections still remembered, the oldest first. */
  get closed(): readonly ClosedConnection[] {
    return [
      ...this.#closed.slice(this.#oldest),
      ...this.#closed.slice(0, this.#oldest),
    ];
  }

  /** Messages and bytes of all connections there have been. */
  traffic(): Traffic {
    const sum = { ...this.#departed };
    for (const { connection } of this.live.values()) {
      addTraffic(sum, connection);
    }
    return sum;
  }

  /** Resolves when every closed connection has given up its transport. */
  async ended(): Promise<void> {
    while (this.#ending.size > 0) await Promise.all(this.#ending);
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

function zeroTraffic(): Traffic {
  return { inMsgs: 0, inBytes: 0, outMsgs: 0, outBytes: 0 };
}

function addTraffic(sum: Traffic, more: Traffic): void {
  sum.inMsgs += more.inMsgs;
  sum.inBytes += more.inBytes;
  sum.outMsgs += more.outMsgs;
  sum.outBytes += more.outBytes;
}

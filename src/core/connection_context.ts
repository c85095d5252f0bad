/** What connections share, and what is counted on each. */

import type { ResolvedOptions } from "../options.ts";
import type { BufferPool } from "../wire/buffer.ts";
import type { BusyWait } from "./busy_wait.ts";
import type { FlushList } from "./outbound.ts";
import type { Turn } from "./turn.ts";

/** What all connections of a server share. */
export interface ConnectionContext {
  /** The server's options. */
  readonly options: ResolvedOptions;
  /** Memory to read into and write from. */
  readonly pool: BufferPool;
  /** Where connections with something to send line up. */
  readonly flushes: FlushList;
  /** The event loop's time, shared fairly. */
  readonly turn: Turn;
  /** Stays awake for the next bytes while that pays off, where it can. */
  readonly busyWait: BusyWait | null;
}

/** What tells connections of clients from those of other servers. */
export interface ConnectionKind {
  /** How the log names one, by number. */
  readonly prefix: "cid" | "rid";
  /** What the log calls them. */
  readonly noun: "Client" | "Router";
  /** Longest pause between PINGs, whatever the options say. */
  readonly maxPingIntervalMs: number;
  /** A PING is due whatever else comes in. */
  readonly pingsAlways: boolean;
  /** How many times `maxPendingBytes` may wait to be sent. */
  readonly pendingFactor: number;
}

/** Connections of clients. */
export const CLIENT_KIND: ConnectionKind = {
  prefix: "cid",
  noun: "Client",
  maxPingIntervalMs: Infinity,
  pingsAlways: false,
  pendingFactor: 1,
};

/**
 * Connections of other servers. Losing one costs many clients messages, so it
 * may fall further behind; a silent cut is noticed within three PINGs.
 */
export const ROUTE_KIND: ConnectionKind = {
  prefix: "rid",
  noun: "Router",
  maxPingIntervalMs: 30_000,
  pingsAlways: true,
  pendingFactor: 4,
};

/** Messages and payload bytes, each way; header blocks count as payload. */
export interface Traffic {
  /** Messages received. */
  inMsgs: number;
  /** Payload bytes received. */
  inBytes: number;
  /** Messages delivered. */
  outMsgs: number;
  /** Payload bytes delivered. */
  outBytes: number;
}

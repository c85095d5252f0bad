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

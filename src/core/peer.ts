/** What a connection needs of the one it runs for, and no more. */

import type { CloseReason } from "../errors.ts";
import type { Transport } from "../transport/transport.ts";
import type { ByteParser } from "../wire/op_handler.ts";

/** The one a connection runs for: a client, a route. */
export interface Peer {
  /** Turns bytes read into operations. */
  readonly parser: ByteParser;
  /** Operations seen that count as life: a PING is not due after any. */
  readonly activity: number;
  /** How many of them were PINGs, which monitoring does not count as activity. */
  readonly pings: number;
  /** The connection is over and its `ended` set; called once. */
  connectionClosed(reason: CloseReason): void;
}

/**
 * Makes another transport of the one a connection was accepted on. Resolves
 * with `null` once it has closed the connection instead; never rejects.
 */
export type Upgrade = () => Promise<Transport | null>;

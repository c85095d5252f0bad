/**
 * The operations of the route protocol as calls: what a route's parser makes of
 * bytes (cluster-protocol §2.1).
 */

import type { ProtocolError } from "../errors.ts";
import type { Message } from "./message.ts";

/**
 * What each operation between two servers means. As in `OpHandler`, methods
 * that return a boolean say whether to go on with what is left of the buffer,
 * and bytes are valid only during the call. Accounts and queues come with one
 * character per byte.
 */
export interface RouteOpHandler {
  /** `CONNECT <json>` */
  connect(json: Uint8Array): boolean;
  /** `INFO <json>` */
  info(json: Uint8Array): boolean;
  /** `PING` */
  ping(): boolean;
  /** `PONG` */
  pong(): boolean;
  /** `RS+ <account> <subject> [queue weight]`; the weight of a plain one is 1. */
  interest(
    account: string,
    subject: Uint8Array,
    queue: string | null,
    weight: number,
  ): boolean;
  /** `RS- <account> <subject> [queue]` */
  noInterest(
    account: string,
    subject: Uint8Array,
    queue: string | null,
  ): boolean;
  /**
   * `RMSG` or `HMSG`, payload complete. `account` is the same string as long as
   * the peer names the same one; `queues` are the groups that are to have it,
   * `null` for none. `message` is refilled afterwards.
   */
  message(
    message: Message,
    account: string,
    queues: readonly string[] | null,
  ): boolean;
  /** The peer broke the protocol, or said `-ERR`; parsing has stopped for good. */
  violation(error: ProtocolError): void;
  /** Told of every operation as `NAME arguments` while tracing. */
  trace(operation: string): void;
}

/**
 * The operations of the route protocol as calls: what a route's parser makes of
 * bytes (cluster-protocol §2.1).
 */

import type { InboundMessage } from "./inbound_message.ts";
import type { CommonOpHandler } from "./op_handler.ts";

/**
 * What each operation between two servers means. Accounts and queues come with
 * one character per byte.
 */
export interface RouteOpHandler extends CommonOpHandler {
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
    message: InboundMessage,
    account: string,
    queues: readonly string[] | null,
  ): boolean;
}

/**
 * The operations of the protocol as calls: what a parser makes of bytes, and
 * what each kind of peer gives a meaning.
 */

import type { ProtocolError } from "../errors.ts";
import type { ByteBuffer } from "./buffer.ts";
import type { InboundMessage } from "./inbound_message.ts";

/**
 * What the operations mean that every kind of connection has.
 *
 * Every method that returns a boolean says whether to go on with what is left
 * of the buffer: `false` when the connection is closing, or when its owner
 * wants to do something else first. Arguments lie in the read buffer and are
 * valid only during the call: copy to keep.
 */
export interface CommonOpHandler {
  /** `CONNECT <json>` */
  connect(json: Uint8Array): boolean;
  /** `INFO <json>` */
  info(json: Uint8Array): boolean;
  /** `PING` */
  ping(): boolean;
  /** `PONG` */
  pong(): boolean;
  /** The peer broke the protocol, or said `-ERR`; parsing has stopped for good. */
  violation(error: ProtocolError): void;
  /** Told of every operation as `NAME arguments` while tracing. */
  trace(operation: string): void;
}

/** What each operation of a client means. */
export interface OpHandler extends CommonOpHandler {
  /** `SUB <subject> [queue] <sid>` */
  subscribe(
    subject: Uint8Array,
    queue: Uint8Array | null,
    sid: Uint8Array,
  ): boolean;
  /** `UNSUB <sid> [max]`; `max` is -1 when absent or not a number. */
  unsubscribe(sid: Uint8Array, max: number): boolean;
  /** `PUB` or `HPUB`, payload complete. `message` is refilled afterwards. */
  publish(message: InboundMessage): boolean;
}

/** Turns bytes into operations, of whatever kind of peer. */
export interface ByteParser {
  /**
   * After `parse`: the rest of the buffer is the start of an operation, and
   * more bytes are needed to go on.
   */
  readonly waiting: boolean;
  /** While `waiting`: bytes the operation has in all, 0 if not known yet. */
  readonly need: number;
  /** Handles what is complete from `start` to `end`; returns where it stopped. */
  parse(buffer: ByteBuffer, start: number, end: number): number;
}

/**
 * What the parsers of all kinds of connection have in common: finding where an
 * operation ends, the operations everybody has, and messages in any spacing.
 * Which other operations there are, and how most messages are spelled, is for
 * `Parser` and `RouteParser` to say.
 *
 * Walks the read buffer in place and keeps no bytes of its own: an operation
 * that is cut short stays in the caller's buffer and is looked at again when
 * more has arrived. Does no I/O and knows no server. Lexical rules:
 * client-protocol §3.1; as nats-server `parser.go parse`.
 */

import type { ProtocolError } from "../errors.ts";
import {
  authorizationViolation,
  badArguments,
  controlLineExceeded,
  payloadExceeded,
  peerError,
  unknownOperation,
} from "../errors.ts";
import { CR, decodeUtf8, isBlank, LF, parseSize, quote } from "./ascii.ts";
import type { ByteBuffer } from "./buffer.ts";
import type { InboundMessage } from "./inbound_message.ts";
import type { ParserLimits } from "./message_scanner.ts";
import { MessageScanner } from "./message_scanner.ts";
import type { CommonOpHandler } from "./op_handler.ts";

/**
 * How an operation ended: it is done, go on behind it; it is not complete yet;
 * the handler asked to stop, or the peer broke the protocol.
 */
export type Step = "next" | "wait" | "stop";

/** An operation as it is recognised. */
export interface Operation {
  /** In upper case. */
  readonly name: string;
  /**
   * What must stand between the name and the arguments: at least one blank;
   * blanks or nothing; no arguments, everything up to the line end is ignored.
   */
  readonly gap: "blank" | "optional" | "ignored";
}

/** What makes the parser of one kind of connection. */
export interface Dialect {
  /** Its operations, the common ones included, those most often sent first. */
  readonly operations: readonly Operation[];
  /** What the log calls the peer. */
  readonly peer: string;
}

/** Operations of every kind of connection. */
export const COMMON_OPERATIONS: readonly Operation[] = [
  { name: "PING", gap: "ignored" },
  { name: "PONG", gap: "ignored" },
  { name: "CONNECT", gap: "optional" },
  { name: "INFO", gap: "optional" },
  { name: "+OK", gap: "ignored" },
  { name: "-ERR", gap: "blank" },
];

/** Bytes of a broken operation shown in the log. */
const SNIPPET = 32;

/** A resumable parser for one connection. */
export abstract class OperationParser {
  /** Limits and switches, and the fast path that obeys them. */
  readonly scanner: MessageScanner;
  /** Nothing but CONNECT is allowed: the peer has yet to say who it is. */
  awaitingConnect = false;
  /** Call `trace` of the handler for every operation. */
  tracing = false;

  /**
   * After `parse`: the rest of the buffer is the start of an operation, and
   * more bytes are needed to go on.
   */
  waiting = false;
  /** While `waiting`: bytes the operation has in all, 0 if not known yet. */
  need = 0;

  readonly #dialect: Dialect;
  readonly #handler: CommonOpHandler;
  readonly #message: InboundMessage;
  /** An operation without arguments whose line end has not come yet. */
  #skipping: string | null = null;
  /** Where to go on behind the last operation, or to look again at it. */
  #position = 0;
  /** The operation in hand: its name, where it and its arguments lie. */
  #name = "";
  #start = 0;
  #argsStart = 0;
  #argsEnd = 0;
  /** How far the bytes in hand go. */
  #end = 0;

  /**
   * `message` is refilled for each message; parsers of one server share it.
   * `seed` starts every subject's hash.
   */
  constructor(
    dialect: Dialect,
    handler: CommonOpHandler,
    message: InboundMessage,
    limits: ParserLimits,
    seed: number,
  ) {
    this.#dialect = dialect;
    this.#handler = handler;
    this.#message = message;
    this.scanner = new MessageScanner(message, limits, seed);
  }

  /**
   * Handles every complete operation from `start` to `end` and returns where
   * it stopped: behind the last one handled. With `waiting` set, call again
   * from there when there are more bytes; without, the handler asked to stop.
   */
  parse(buffer: ByteBuffer, start: number, end: number): number {
    const { scanner } = this;
    this.#message.buffer = buffer;
    this.waiting = true;
    this.need = 0;
    let p = start;

    if (this.#skipping !== null && p < end) {
      const step = this.#skipLine(buffer.bytes, p, end, this.#skipping);
      p = this.#position;
      if (step !== "next") {
        this.waiting = step === "wait";
        return p;
      }
    }
    while (p < end) {
      if (!this.tracing && !this.awaitingConnect) {
        p = this.messages(buffer, p, end);
        if (p >= end || !this.waiting) return p;
        if (scanner.need !== 0) {
          this.need = scanner.need;
          return p;
        }
      }
      const step = this.#operation(buffer.bytes, p, end);
      p = this.#position;
      if (step === "next") continue;
      this.waiting = step === "wait";
      return p;
    }
    return p;
  }

  /**
   * Hands on complete messages in the usual spelling, as long as there are any,
   * and returns where they end; clears `waiting` when the handler asks to stop.
   */
  protected abstract messages(
    buffer: ByteBuffer,
    p: number,
    end: number,
  ): number;

  /** One operation of the dialect, its arguments from `start` to `end`. */
  protected abstract perform(
    name: string,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Step;

  /** Whether to go on, as handlers say it. */
  protected proceed(goOn: boolean): Step {
    return goOn ? "next" : "stop";
  }

  /** Tells the handler of the operation in hand, if it wants to know. */
  protected trace(): void {
    if (!this.tracing) return;
    this.#handler.trace(`${this.#name} ${decodeUtf8(this.#arguments())}`);
  }

  /** The peer broke the protocol. */
  protected fail(error: ProtocolError): Step {
    this.#handler.violation(error);
    return "stop";
  }

  /** The arguments of the operation in hand are wrong. */
  protected failArguments(what: string): Step {
    return this.fail(badArguments(`${what}: ${quote(this.#arguments())}`));
  }

  /**
   * The operation in hand is a message: waits for its payload and fills in the
   * message record. `parts` is where the arguments that count begin and end:
   * subject, reply if any, header size `withHeaders`, size. `what` begins what
   * the log is told of errors.
   */
  protected takeMessage(
    what: string,
    parts: number[],
    withHeaders: boolean,
  ): Step {
    const { buffer } = this.#message;
    const { bytes } = buffer;
    const payloadStart = this.#position;
    const last = parts.length;
    const size = parseSize(bytes, parts[last - 2], parts[last - 1]);
    let headerSize = withHeaders
      ? parseSize(bytes, parts[last - 4], parts[last - 3])
      : -1;
    if (size < 0) return this.failArguments(`${what} Bad or Missing Size`);
    if (withHeaders && (headerSize < 0 || headerSize > size)) {
      return this.failArguments(`${what} Bad Header Size`);
    }
    const { maxPayload } = this.scanner;
    if (size > maxPayload) return this.fail(payloadExceeded(size, maxPayload));
    const messageEnd = payloadStart + size + 2;
    if (messageEnd > this.#end) {
      this.need = messageEnd - this.#start;
      this.#position = this.#start;
      return "wait";
    }
    if (bytes[messageEnd - 2] !== CR || bytes[messageEnd - 1] !== LF) {
      return this.#failUnknown(bytes, payloadStart + size, this.#end);
    }
    this.trace();
    if (headerSize === 0) {
      // An empty header block is no header block.
      headerSize = -1;
      parts.splice(last - 4, 2);
    }
    this.scanner.rewrite(
      buffer,
      parts,
      headerSize,
      payloadStart,
      messageEnd,
    );
    this.#position = messageEnd;
    return "next";
  }

  /** Any operation in any form; leaves `#position` where to go on. */
  #operation(bytes: Uint8Array, p: number, end: number): Step {
    this.#position = p;
    if (this.awaitingConnect && (bytes[p] | 0x20) !== 0x63) {
      return this.fail(authorizationViolation());
    }
    const operation = matchOperation(this.#dialect.operations, bytes, p, end);
    if (operation === "incomplete") return "wait";
    if (operation === null) return this.#failUnknown(bytes, p, end);

    const { name, gap } = operation;
    let i = p + name.length;
    if (gap === "ignored") return this.#skipLine(bytes, i, end, name);
    if (i >= end) return "wait";
    if (gap === "blank" && !isBlank(bytes[i])) {
      return this.#failUnknown(bytes, p, end);
    }
    while (i < end && isBlank(bytes[i])) i++;
    const argsStart = i;
    while (i < end && bytes[i] !== LF) i++;
    const argsEnd = i > argsStart && bytes[i - 1] === CR ? i - 1 : i;
    // Endless blanks in front of the arguments are bounded like arguments.
    const { maxControlLine } = this.scanner;
    if (
      argsEnd - argsStart > maxControlLine || argsStart - p > maxControlLine
    ) return this.fail(controlLineExceeded());
    if (i >= end) return "wait";

    this.#name = name;
    this.#start = p;
    this.#argsStart = argsStart;
    this.#argsEnd = argsEnd;
    this.#end = end;
    this.#position = i + 1;
    return this.#dispatch(name, bytes, argsStart, argsEnd);
  }

  #dispatch(name: string, bytes: Uint8Array, start: number, end: number): Step {
    switch (name) {
      case "CONNECT":
        this.trace();
        return this.proceed(this.#handler.connect(bytes.subarray(start, end)));
      case "INFO":
        return this.proceed(this.#handler.info(bytes.subarray(start, end)));
      case "-ERR": {
        const text = decodeUtf8(bytes.subarray(start, end));
        return this.fail(peerError(text, this.#dialect.peer));
      }
      default:
        return this.perform(name, bytes, start, end);
    }
  }

  /** An operation without arguments: whatever follows does not matter. */
  #skipLine(bytes: Uint8Array, from: number, end: number, name: string): Step {
    let i = from;
    while (i < end && bytes[i] !== LF) i++;
    if (i >= end) {
      this.#skipping = name;
      this.#position = end;
      return "wait";
    }
    this.#skipping = null;
    this.#position = i + 1;
    const handler = this.#handler;
    switch (name) {
      case "PING":
        if (this.tracing) handler.trace(name);
        return this.proceed(handler.ping());
      case "PONG":
        if (this.tracing) handler.trace(name);
        return this.proceed(handler.pong());
      default:
        return "next";
    }
  }

  /** The arguments of the operation in hand, in place. */
  #arguments(): Uint8Array {
    const { bytes } = this.#message.buffer;
    return bytes.subarray(this.#argsStart, this.#argsEnd);
  }

  /** What stands at `from` is no operation. */
  #failUnknown(bytes: Uint8Array, from: number, end: number): Step {
    const snippet = quote(bytes.subarray(from, Math.min(end, from + SNIPPET)));
    const { peer } = this.#dialect;
    return this.fail(
      unknownOperation(`${peer} parser ERROR: proto='${snippet}...'`),
    );
  }
}

/** The operation whose name stands at `p`, as far as the bytes go. */
function matchOperation(
  operations: readonly Operation[],
  bytes: Uint8Array,
  p: number,
  end: number,
): Operation | "incomplete" | null {
  let incomplete = false;
  for (const operation of operations) {
    const { name } = operation;
    let k = 0;
    while (k < name.length && p + k < end) {
      const byte = bytes[p + k];
      const upper = byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte;
      if (upper !== name.charCodeAt(k)) break;
      k++;
    }
    if (k === name.length) return operation;
    if (p + k >= end) incomplete = true;
  }
  return incomplete ? "incomplete" : null;
}

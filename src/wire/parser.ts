/**
 * Bytes of a client connection in, calls of an `OpHandler` out.
 *
 * Walks the read buffer in place and keeps no bytes of its own: an operation
 * that is cut short stays in the caller's buffer and is looked at again when
 * more has arrived. Does no I/O and knows no server. Grammar and lexical rules:
 * client-protocol §3.1–3.3; as nats-server `parser.go parse`.
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
import {
  CR,
  decodeUtf8,
  isBlank,
  LF,
  parseSize,
  quote,
  SPACE,
  split,
} from "./ascii.ts";
import type { ByteBuffer } from "./buffer.ts";
import type { Message } from "./message.ts";
import type { ParserLimits } from "./message_scanner.ts";
import { MessageScanner } from "./message_scanner.ts";
import type { OpHandler } from "./op_handler.ts";

/** How one step of the slow path ended. */
const enum Step {
  /** The operation is done; go on behind it. */
  Next,
  /** The operation is not complete yet. */
  Wait,
  /** The handler asked to stop, or the peer broke the protocol. */
  Stop,
}

const enum Op {
  None,
  Pub,
  Hpub,
  Sub,
  Unsub,
  Connect,
  Ping,
  Pong,
  Info,
  Ok,
  Err,
}

/** What must stand between the name of an operation and its arguments. */
const enum Gap {
  /** At least one blank. */
  Blank,
  /** Blanks, or nothing. */
  Optional,
  /** No arguments: everything up to the line end is ignored. */
  Ignored,
}

/** Names by their upper-case letters, those most often sent first. */
const OPERATIONS: readonly { name: string; op: Op; gap: Gap }[] = [
  { name: "PUB", op: Op.Pub, gap: Gap.Blank },
  { name: "SUB", op: Op.Sub, gap: Gap.Blank },
  { name: "PING", op: Op.Ping, gap: Gap.Ignored },
  { name: "PONG", op: Op.Pong, gap: Gap.Ignored },
  { name: "UNSUB", op: Op.Unsub, gap: Gap.Blank },
  { name: "HPUB", op: Op.Hpub, gap: Gap.Blank },
  { name: "CONNECT", op: Op.Connect, gap: Gap.Optional },
  { name: "INFO", op: Op.Info, gap: Gap.Optional },
  { name: "+OK", op: Op.Ok, gap: Gap.Ignored },
  { name: "-ERR", op: Op.Err, gap: Gap.Blank },
];

/** Bytes of a broken operation shown in the log. */
const SNIPPET = 32;

/** A resumable parser for one connection. */
export class Parser {
  /** Limits and switches, and the fast path that obeys them. */
  readonly scanner: MessageScanner;
  /** Nothing but CONNECT is allowed: the peer has yet to say who it is. */
  awaitingConnect = false;
  /** Call `OpHandler.trace` for every operation. */
  tracing = false;

  /**
   * After `parse`: the rest of the buffer is the start of an operation, and
   * more bytes are needed to go on.
   */
  waiting = false;
  /** While `waiting`: bytes the operation has in all, 0 if not known yet. */
  need = 0;

  readonly #handler: OpHandler;
  readonly #message: Message;
  /** An operation without arguments whose line end has not come yet. */
  #skipping: Op = Op.None;
  /** Where the slow path stands. */
  #position = 0;

  /**
   * `message` is refilled for each PUB and HPUB; parsers of one server share
   * it. `seed` starts every subject's hash.
   */
  constructor(
    handler: OpHandler,
    message: Message,
    limits: ParserLimits,
    seed: number,
  ) {
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
    const message = this.#message;
    const handler = this.#handler;
    const scanner = this.scanner;
    message.buffer = buffer;
    this.waiting = true;
    this.need = 0;
    let p = start;

    if (this.#skipping !== Op.None && p < end) {
      const step = this.#skipLine(buffer, p, end, this.#skipping);
      p = this.#position;
      if (step !== Step.Next) {
        this.waiting = step === Step.Wait;
        return p;
      }
    }
    while (p < end) {
      if (!this.tracing && !this.awaitingConnect) {
        const next = scanner.scan(buffer, p, end);
        if (next !== 0) {
          p = next;
          if (handler.publish(message)) continue;
          this.waiting = false;
          return p;
        }
        if (scanner.need !== 0) {
          this.need = scanner.need;
          return p;
        }
      }
      const step = this.#operation(buffer, p, end);
      p = this.#position;
      if (step === Step.Next) continue;
      this.waiting = step === Step.Wait;
      return p;
    }
    return p;
  }

  /** Any operation in any form; leaves `#position` where to go on. */
  #operation(buffer: ByteBuffer, p: number, end: number): Step {
    this.#position = p;
    const { bytes } = buffer;
    if (this.awaitingConnect && (bytes[p] | 0x20) !== 0x63) {
      return this.#fail(authorizationViolation());
    }
    const operation = matchOperation(bytes, p, end);
    if (operation === "incomplete") return Step.Wait;
    if (operation === null) return this.#fail(unknown(bytes, p, end));

    let i = p + operation.name.length;
    if (operation.gap === Gap.Ignored) {
      return this.#skipLine(buffer, i, end, operation.op);
    }
    if (i >= end) return Step.Wait;
    if (operation.gap === Gap.Blank && !isBlank(bytes[i])) {
      return this.#fail(unknown(bytes, p, end));
    }
    while (i < end && isBlank(bytes[i])) i++;
    const argsStart = i;
    while (i < end && bytes[i] !== LF) i++;
    const argsEnd = i > argsStart && bytes[i - 1] === CR ? i - 1 : i;
    // Endless blanks in front of the arguments are bounded like arguments.
    const { maxControlLine } = this.scanner;
    if (
      argsEnd - argsStart > maxControlLine || argsStart - p > maxControlLine
    ) {
      return this.#fail(controlLineExceeded());
    }
    if (i >= end) return Step.Wait;

    this.#position = i + 1;
    switch (operation.op) {
      case Op.Pub:
      case Op.Hpub:
        return this.#publish(buffer, p, argsStart, argsEnd, end, operation.op);
      case Op.Sub:
        return this.#subscribe(bytes, argsStart, argsEnd);
      case Op.Unsub:
        return this.#unsubscribe(bytes, argsStart, argsEnd);
    }
    const args = bytes.subarray(argsStart, argsEnd);
    switch (operation.op) {
      case Op.Connect:
        this.#trace("CONNECT", args);
        return proceed(this.#handler.connect(args));
      case Op.Info:
        return proceed(this.#handler.info(args));
      default:
        return this.#fail(peerError(decodeUtf8(args)));
    }
  }

  #subscribe(bytes: Uint8Array, start: number, end: number): Step {
    this.#trace("SUB", bytes.subarray(start, end));
    const args = split(bytes, start, end, true);
    if (args.length < 4 || args.length > 6) {
      return this.#fail(badArgs("processSub Parse Error", bytes, start, end));
    }
    const last = args.length - 2;
    return proceed(this.#handler.subscribe(
      bytes.subarray(args[0], args[1]),
      last === 4 ? bytes.subarray(args[2], args[3]) : null,
      bytes.subarray(args[last], args[last + 1]),
    ));
  }

  #unsubscribe(bytes: Uint8Array, start: number, end: number): Step {
    this.#trace("UNSUB", bytes.subarray(start, end));
    const args = split(bytes, start, end, true);
    if (args.length < 2 || args.length > 4) {
      return this.#fail(badArgs("processUnsub Parse Error", bytes, start, end));
    }
    const max = args.length === 4 ? parseSize(bytes, args[2], args[3]) : -1;
    return proceed(
      this.#handler.unsubscribe(bytes.subarray(args[0], args[1]), max),
    );
  }

  /** PUB and HPUB in any spacing; `p` is where the operation starts. */
  #publish(
    buffer: ByteBuffer,
    p: number,
    start: number,
    end: number,
    available: number,
    op: Op.Pub | Op.Hpub,
  ): Step {
    const { bytes } = buffer;
    const payloadStart = this.#position;
    const name = op === Op.Pub ? "processPub" : "processHeaderPub";
    if (op === Op.Hpub && !this.scanner.headers) {
      return this.#fail(badArguments("message headers not supported"));
    }
    const args = split(bytes, start, end, false);
    const sizes = op === Op.Pub ? 1 : 2;
    const count = args.length / 2;
    if (count !== 1 + sizes && count !== 2 + sizes) {
      return this.#fail(badArgs(`${name} Parse Error`, bytes, start, end));
    }
    const size = parseSize(bytes, args[2 * count - 2], args[2 * count - 1]);
    let headerSize = op === Op.Pub
      ? -1
      : parseSize(bytes, args[2 * count - 4], args[2 * count - 3]);
    if (size < 0) {
      return this.#fail(
        badArgs(`${name} Bad or Missing Size`, bytes, start, end),
      );
    }
    if (op === Op.Hpub && (headerSize < 0 || headerSize > size)) {
      return this.#fail(badArgs(`${name} Bad Header Size`, bytes, start, end));
    }
    const { maxPayload } = this.scanner;
    if (size > maxPayload) return this.#fail(payloadExceeded(size, maxPayload));
    const messageEnd = payloadStart + size + 2;
    if (messageEnd > available) {
      this.need = messageEnd - p;
      this.#position = p;
      return Step.Wait;
    }
    if (bytes[messageEnd - 2] !== CR || bytes[messageEnd - 1] !== LF) {
      return this.#fail(unknown(bytes, payloadStart + size, available));
    }
    this.#trace(op === Op.Pub ? "PUB" : "HPUB", bytes.subarray(start, end));

    // Rewrite the arguments in place, right-aligned against the payload, in
    // the canonical form `Message` promises. There is always room: the name
    // and its blank are longer than a missing `\r`.
    if (headerSize === 0) {
      // An empty header block is no header block.
      headerSize = -1;
      args.splice(2 * count - 4, 2);
    }
    const message = this.#message;
    const line = bytes.slice(start, end);
    let to = payloadStart;
    bytes[--to] = LF;
    bytes[--to] = CR;
    let subjectEnd = 0;
    let replyEnd = 0;
    for (let k = args.length - 2; k >= 0; k -= 2) {
      const token = line.subarray(args[k] - start, args[k + 1] - start);
      to -= token.length;
      bytes.set(token, to);
      if (k === 2) replyEnd = to + token.length;
      if (k > 0) bytes[--to] = SPACE;
      else subjectEnd = to + token.length;
    }
    const hasReply = args.length / 2 > (headerSize < 0 ? 2 : 3);
    this.scanner.setSubject(buffer, to, subjectEnd);
    message.replyEnd = hasReply ? replyEnd : subjectEnd + 1;
    message.headerSize = headerSize;
    message.payloadStart = payloadStart;
    message.end = messageEnd;
    this.#position = messageEnd;
    return proceed(this.#handler.publish(message));
  }

  /** PING, PONG and +OK: whatever follows on the line does not matter. */
  #skipLine(buffer: ByteBuffer, from: number, end: number, op: Op): Step {
    let i = from;
    while (i < end && buffer.bytes[i] !== LF) i++;
    if (i >= end) {
      this.#skipping = op;
      this.#position = end;
      return Step.Wait;
    }
    this.#skipping = Op.None;
    this.#position = i + 1;
    if (op === Op.Ok) return Step.Next;
    const ping = op === Op.Ping;
    if (this.tracing) this.#handler.trace(ping ? "PING" : "PONG");
    return proceed(ping ? this.#handler.ping() : this.#handler.pong());
  }

  #trace(name: string, args: Uint8Array): void {
    if (this.tracing) this.#handler.trace(`${name} ${decodeUtf8(args)}`);
  }

  #fail(error: ProtocolError): Step {
    this.#handler.violation(error);
    return Step.Stop;
  }
}

function proceed(goOn: boolean): Step {
  return goOn ? Step.Next : Step.Stop;
}

/** The operation whose name stands at `p`, as far as the bytes go. */
function matchOperation(
  bytes: Uint8Array,
  p: number,
  end: number,
): typeof OPERATIONS[number] | "incomplete" | null {
  let incomplete = false;
  for (const operation of OPERATIONS) {
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

function unknown(bytes: Uint8Array, from: number, end: number): ProtocolError {
  const snippet = bytes.subarray(from, Math.min(end, from + SNIPPET));
  return unknownOperation(`Client parser ERROR: proto='${quote(snippet)}...'`);
}

function badArgs(
  what: string,
  bytes: Uint8Array,
  start: number,
  end: number,
): ProtocolError {
  return badArguments(`${what}: ${quote(bytes.subarray(start, end))}`);
}

/**
 * Frames the server sends, written straight into a connection's outbound
 * memory, and the few fixed lines. Formats: client-protocol §3.3 and §3.9.
 *
 * Frame writers need `SLACK` bytes behind the frame in the target.
 */

import { encodeUtf8, fromLatin1 } from "./ascii.ts";
import { ByteBuffer } from "./buffer.ts";
import type { InboundMessage } from "./inbound_message.ts";
import type { Memory } from "./words.ts";
import { copy, copyShort } from "./words.ts";

/** `PING\r\n` */
export const PING: Uint8Array<ArrayBuffer> = encodeUtf8("PING\r\n");
/** `PONG\r\n` */
export const PONG: Uint8Array<ArrayBuffer> = encodeUtf8("PONG\r\n");
/** `+OK\r\n` */
export const OK: Uint8Array<ArrayBuffer> = encodeUtf8("+OK\r\n");

/** `-ERR '<text>'\r\n` */
export function errorLine(text: string): Uint8Array<ArrayBuffer> {
  return encodeUtf8(`-ERR '${text}'\r\n`);
}

/** `MSG ` as a little-endian word. */
const MSG_SPACE = 0x2047534d;
/** `HMSG` as a little-endian word. */
const HMSG = 0x47534d48;
const SPACE = 0x20;

/** Longest sid, blanks included, that fits into two words. */
const SHORT_SID = 8;

/**
 * A subscription's ` sid `, blanks included, ready to be written: short ones
 * as two words, any other as bytes with slack.
 */
export class SidFrame {
  /** Bytes of the sid and its two blanks. */
  readonly length: number;
  /** The first four bytes of a short one, little-endian. */
  readonly low: number;
  /** The next four. */
  readonly high: number;
  /** All of a long one. */
  readonly long: ByteBuffer | null;

  /** `sid` has one character per byte. */
  constructor(sid: string) {
    const text = ` ${sid} `;
    this.length = text.length;
    this.low = wordAt(text, 0);
    this.high = wordAt(text, 4);
    this.long = null;
    if (text.length > SHORT_SID) {
      this.long = new ByteBuffer(text.length);
      this.long.bytes.set(fromLatin1(text));
    }
  }
}

/** Four characters as a little-endian word, zeros behind the end. */
function wordAt(text: string, at: number): number {
  let word = 0;
  for (let k = 0; k < 4 && at + k < text.length; k++) {
    word |= text.charCodeAt(at + k) << (k << 3);
  }
  return word;
}

/** Bytes of the front of a frame, up to and with the blank behind the sid. */
export function headLength(message: InboundMessage, sid: SidFrame): number {
  return (message.headerSize < 0 ? 4 : 5) + message.subjectEnd -
    message.subjectStart + sid.length;
}

/** Bytes `writeFrame` will write. */
export function frameLength(message: InboundMessage, sid: SidFrame): number {
  return headLength(message, sid) + message.end - message.subjectEnd - 1;
}

/**
 * Writes the front of a frame, up to and with the blank behind the sid, at
 * `at` and returns where it ends. What follows in a frame is the message from
 * `tailStart` to `end` as it is.
 */
export function writeHead(
  target: Memory,
  at: number,
  message: InboundMessage,
  sid: SidFrame,
): number {
  if (message.headerSize < 0) {
    target.view.setInt32(at, MSG_SPACE, true);
    return writeAddress(target, at + 4, message, sid);
  }
  target.view.setInt32(at, HMSG, true);
  target.bytes[at + 4] = SPACE;
  return writeAddress(target, at + 5, message, sid);
}

/**
 * Writes `MSG <subject> <sid> [reply] <size>\r\n<payload>\r\n` or, for a
 * message with a header block, `HMSG <subject> <sid> [reply] <header size>
 * <size>\r\n<header block><payload>\r\n` at `at` and returns where it ends.
 */
export function writeFrame(
  target: Memory,
  at: number,
  message: InboundMessage,
  sid: SidFrame,
): number {
  const to = writeHead(target, at, message, sid);
  const tail = message.subjectEnd + 1;
  const length = message.end - tail;
  copy(target, to, message.buffer, tail, length);
  return to + length;
}

/**
 * The front of a MSG frame for a message whose header block is left out, up to
 * and with the line end: `MSG <subject> <sid> [reply] <size>\r\n`. What follows
 * is the message from behind the header block to `end`.
 */
export function headWithoutHeaders(
  message: InboundMessage,
  sid: SidFrame,
): Uint8Array<ArrayBuffer> {
  const reply = message.reply();
  const size = message.size - message.headerSize;
  const suffix = encodeUtf8(`${reply.length > 0 ? " " : ""}${size}\r\n`);
  const buffer = new ByteBuffer(
    4 + message.subjectEnd - message.subjectStart + sid.length + reply.length +
      suffix.length,
  );
  buffer.view.setInt32(0, MSG_SPACE, true);
  const at = writeAddress(buffer, 4, message, sid);
  buffer.bytes.set(reply, at);
  buffer.bytes.set(suffix, at + reply.length);
  return buffer.room;
}

/**
 * What a requester gets when nobody is there to answer:
 * `HMSG <reply> <sid> <n> <n>\r\nNATS/1.0 503\r\nNats-Subject: <subject>\r\n\r\n\r\n`.
 */
export function noResponders(
  reply: Uint8Array,
  sid: SidFrame,
  subject: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const block = encodeUtf8("NATS/1.0 503\r\nNats-Subject: ");
  const size = block.length + subject.length + 4;
  const sizes = encodeUtf8(`${size} ${size}\r\n`);
  const buffer = new ByteBuffer(
    5 + reply.length + sid.length + sizes.length + size + 2,
  );
  const { bytes, view } = buffer;
  view.setInt32(0, HMSG, true);
  bytes[4] = SPACE;
  bytes.set(reply, 5);
  let at = writeSid(buffer, 5 + reply.length, sid);
  for (const part of [sizes, block, subject, encodeUtf8("\r\n\r\n\r\n")]) {
    bytes.set(part, at);
    at += part.length;
  }
  return buffer.room;
}

/** `<subject> <sid> `, behind the name of the operation and its blank. */
function writeAddress(
  target: Memory,
  at: number,
  message: InboundMessage,
  sid: SidFrame,
): number {
  const length = message.subjectEnd - message.subjectStart;
  copyShort(
    target.view,
    at,
    message.buffer.view,
    message.subjectStart,
    length,
  );
  return writeSid(target, at + length, sid);
}

/** Writes a sid and its two blanks; returns where they end. */
export function writeSid(target: Memory, at: number, sid: SidFrame): number {
  if (sid.long === null) {
    target.view.setInt32(at, sid.low, true);
    target.view.setInt32(at + 4, sid.high, true);
  } else {
    copyShort(target.view, at, sid.long.view, 0, sid.length);
  }
  return at + sid.length;
}

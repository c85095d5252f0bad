/**
 * What a server sends to another over a route: interest, and messages written
 * straight into the connection's outbound memory. Formats: cluster-protocol
 * §2.1. Accounts and queues come with one character per byte.
 *
 * `writeRouted` needs `SLACK` bytes behind the frame in the target.
 */

import { fromLatin1 } from "./ascii.ts";
import { ByteBuffer } from "./buffer.ts";
import type { SidFrame } from "./encoder.ts";
import { writeSid } from "./encoder.ts";
import type { InboundMessage } from "./inbound_message.ts";
import type { Memory } from "./words.ts";
import { copy, copyShort } from "./words.ts";

const SPACE = 0x20;
/** `+` */
const PLUS = 0x2b;
/** `|` */
const BAR = 0x7c;

/** `RS+ <account> <subject> [queue weight]\r\n` */
export function interestLine(
  account: string,
  subject: Uint8Array,
  queue: string | null,
  weight: number,
): Uint8Array<ArrayBuffer> {
  const suffix = queue === null ? "\r\n" : ` ${queue} ${weight}\r\n`;
  return line(`RS+ ${account} `, subject, suffix);
}

/** `RS- <account> <subject> [queue]\r\n` */
export function noInterestLine(
  account: string,
  subject: Uint8Array,
  queue: string | null,
): Uint8Array<ArrayBuffer> {
  const suffix = queue === null ? "\r\n" : ` ${queue}\r\n`;
  return line(`RS- ${account} `, subject, suffix);
}

/** How messages of one account begin on every route, ready to be written. */
export class RouteFrame {
  /** Bytes of either beginning. */
  readonly length: number;
  /** `RMSG <account> `, with slack. */
  readonly plain: ByteBuffer;
  /** `HMSG <account> `, with slack. */
  readonly headers: ByteBuffer;

  /** `account` has one character per byte. */
  constructor(account: string) {
    this.length = account.length + 6;
    this.plain = new ByteBuffer(this.length);
    this.plain.bytes.set(fromLatin1(`RMSG ${account} `));
    this.headers = new ByteBuffer(this.length);
    this.headers.bytes.set(fromLatin1(`HMSG ${account} `));
  }
}

/** Bytes `writeRouted` will write. */
export function routedLength(
  message: InboundMessage,
  frame: RouteFrame,
): number {
  return frame.length + message.end - message.subjectStart;
}

/**
 * Writes `RMSG <account> <subject> [reply] <size>\r\n<payload>\r\n` or, for a
 * message with a header block, `HMSG <account> <subject> [reply] <header size>
 * <size>\r\n<header block><payload>\r\n` at `at` and returns where it ends.
 */
export function writeRouted(
  target: Memory,
  at: number,
  message: InboundMessage,
  frame: RouteFrame,
): number {
  const front = message.headerSize < 0 ? frame.plain : frame.headers;
  copyShort(target.view, at, front.view, 0, frame.length);
  const to = at + frame.length;
  const length = message.end - message.subjectStart;
  copy(target, to, message.buffer, message.subjectStart, length);
  return to + length;
}

/** Somebody in a queue group, whose name is ready as ` <queue> `. */
export interface QueueMember {
  /** The name and its two blanks. */
  readonly frame: SidFrame;
}

/** Bytes `writeRoutedTo` will write. */
export function routedToLength(
  message: InboundMessage,
  frame: RouteFrame,
  members: readonly QueueMember[],
): number {
  // ` +` or ` |`, and for each name the blank behind it.
  let length = routedLength(message, frame) + 2;
  for (let i = 0; i < members.length; i++) {
    length += members[i].frame.length - 1;
  }
  return length;
}

/**
 * As `writeRouted`, for members of queue groups: `RMSG <account> <subject> +
 * <reply> <queue>… <size>` or `RMSG <account> <subject> | <queue>… <size>`, and
 * HMSG likewise; one member of each group, and at least one.
 */
export function writeRoutedTo(
  target: Memory,
  at: number,
  message: InboundMessage,
  frame: RouteFrame,
  members: readonly QueueMember[],
): number {
  const { buffer, subjectStart, subjectEnd, replyEnd } = message;
  const front = message.headerSize < 0 ? frame.plain : frame.headers;
  copyShort(target.view, at, front.view, 0, frame.length);
  let to = at + frame.length;
  const subject = subjectEnd - subjectStart;
  copyShort(target.view, to, buffer.view, subjectStart, subject);
  to += subject;
  target.bytes[to] = SPACE;
  const hasReply = replyEnd > subjectEnd + 1;
  target.bytes[to + 1] = hasReply ? PLUS : BAR;
  to += 2;
  if (hasReply) {
    // The blank in front of it comes along.
    copyShort(target.view, to, buffer.view, subjectEnd, replyEnd - subjectEnd);
    to += replyEnd - subjectEnd;
  }
  // Each name begins with the blank that the one before ended with.
  to++;
  for (let i = 0; i < members.length; i++) {
    to = writeSid(target, to - 1, members[i].frame);
  }
  const sizes = hasReply ? replyEnd + 1 : replyEnd;
  const length = message.end - sizes;
  copy(target, to, buffer, sizes, length);
  return to + length;
}

/**
 * The line of a message for a peer that is to hand it to members of `queues`
 * (`null` or none: of no queue), or that does not understand headers: up to and
 * with the line end, `<account> <subject> + <reply> <queue>… <size>` or
 * `<account> <subject> | <queue>… <size>` behind the name.
 *
 * What follows is the message from `payloadStart` to `end`; without headers it
 * is from behind the header block.
 */
export function routedHead(
  message: InboundMessage,
  frame: RouteFrame,
  queues: readonly string[] | null,
  withHeaders: boolean,
): Uint8Array<ArrayBuffer> {
  const { headerSize, size } = message;
  const hasBlock = headerSize >= 0;
  const front = hasBlock && withHeaders ? frame.headers : frame.plain;
  const sizes = !hasBlock
    ? `${size}`
    : withHeaders
    ? `${headerSize} ${size}`
    : `${size - headerSize}`;
  const groups = queues === null || queues.length === 0 ? null : queues;
  const mark = groups === null ? "" : message.hasReply ? " +" : " |";
  const names = groups === null ? "" : `${groups.join(" ")} `;
  const reply = message.reply();

  const subject = message.subject();
  const middle = fromLatin1(`${mark} `);
  const suffix = fromLatin1(
    `${reply.length > 0 ? " " : ""}${names}${sizes}\r\n`,
  );
  return concat([front.room, subject, middle, reply, suffix]);
}

function line(
  front: string,
  subject: Uint8Array,
  suffix: string,
): Uint8Array<ArrayBuffer> {
  return concat([fromLatin1(front), subject, fromLatin1(suffix)]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

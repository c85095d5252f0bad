/**
 * What a server says, one thing after the other, in the memory it was read into
 * and cut anywhere. Knows neither subscriptions nor transports.
 *
 * ```text
 *   MSG <subject> <sid> [reply] <size>\r\n<payload>\r\n
 *   HMSG <subject> <sid> [reply] <header size> <size>\r\n<headers><payload>\r\n
 *   | address ---------|
 * ```
 */

import { FrameError } from "../errors.ts";
import { CR, decodeUtf8, LF, parseSize, SPACE } from "./ascii.ts";
import { ByteBuffer } from "./buffer.ts";
import type { Message } from "./delivery.ts";
import { endOfToken } from "./message_scanner.ts";

const FIRST_BUFFER = 1024;
const LARGEST_BUFFER = 1024 * 1024;
/** Longest line, in bytes. */
const MAX_LINE = 1024 * 1024;
const UPPER_H = 0x48;
const UPPER_M = 0x4d;

/** See the module: `next` until it is `null`, then read into `window`. */
export class FrameReader {
  /** After `next` was `"line"`: that, without its end. */
  line = "";
  /** After `next` was `"message"`: the subscription it is for. */
  sid = 0;

  #buffer = new ByteBuffer(FIRST_BUFFER);
  /** Bytes not used up. */
  #start = 0;
  #end = 0;
  /** Bytes the frame at the front has in all, if it is known. */
  #need = 0;
  /** Where the arguments behind an address start and end. */
  readonly #marks = new Int32Array(6);
  /** How many marks there are. */
  #count = 0;
  /** Where the address of the last message is, and its parts; length 0: none. */
  #addressStart = 0;
  #addressLength = 0;
  #subjectOffset = 0;
  #subjectLength = 0;

  /** Where to read into next. */
  window(): Uint8Array<ArrayBuffer> {
    const rest = this.#end - this.#start;
    const old = this.#buffer;
    // A buffer the last read filled is too small.
    const wanted = this.#end === old.capacity
      ? Math.min(4 * old.capacity, LARGEST_BUFFER)
      : 0;
    const size = Math.max(this.#need, 2 * rest, wanted, old.capacity);
    if (size > old.capacity) {
      this.#buffer = new ByteBuffer(size);
      this.#buffer.bytes.set(old.bytes.subarray(this.#start, this.#end));
    } else if (this.#start > 0) {
      old.bytes.copyWithin(0, this.#start, this.#end);
    }
    this.#start = 0;
    this.#end = rest;
    this.#addressLength = 0; // It is overwritten.
    const { room } = this.#buffer;
    return rest === 0 ? room : room.subarray(rest);
  }

  /** `count` bytes were read into the window. */
  filled(count: number): void {
    this.#end += count;
  }

  /**
   * What comes next: a message, described in `message` until the next `window`,
   * a line of any other kind, or `null` when more bytes are needed. Throws
   * `FrameError` for what is not the protocol.
   */
  next(message: Message): "message" | "line" | null {
    const start = this.#start;
    const length = this.#end - start;
    if (length === 0 || length < this.#need) return null;
    this.#need = 0;
    const first = this.#buffer.bytes[start];
    if (first === UPPER_M || first === UPPER_H) {
      if (this.#message(message, first === UPPER_H)) return "message";
    } else if (this.#line()) {
      return "line";
    }
    if (this.#need === 0 && length > MAX_LINE) {
      throw new FrameError("Line too long");
    }
    return null;
  }

  #line(): boolean {
    const { bytes } = this.#buffer;
    const at = bytes.subarray(0, this.#end).indexOf(LF, this.#start);
    if (at < 0) return false;
    this.line = decodeUtf8(bytes.subarray(this.#start, at)).trim();
    this.#start = at + 1;
    return true;
  }

  #message(message: Message, hasHeaders: boolean): boolean {
    const start = this.#start;
    if (!this.#sameAddress(start) && !this.#address(start)) return false;
    const head = this.#arguments(start + this.#addressLength);
    if (head === 0) return false;
    const { bytes } = this.#buffer;
    const marks = this.#marks;
    const count = this.#count;
    const least = hasHeaders ? 4 : 2;
    const size = parseSize(bytes, marks[count - 2], marks[count - 1]);
    const headerSize = hasHeaders
      ? parseSize(bytes, marks[count - 4], marks[count - 3])
      : 0;
    const hasReply = count === least + 2;
    if (count !== least && !hasReply) refuse("bad arguments");
    if (headerSize < 0 || size < headerSize) refuse("bad arguments");
    const end = head + size;
    if (end + 2 > this.#end) {
      this.#need = end + 2 - start;
      return false;
    }
    if (bytes[end] !== CR || bytes[end + 1] !== LF) refuse("no line end");
    this.#start = end + 2;
    const subject = start + this.#subjectOffset;
    message.locate(
      bytes,
      subject,
      subject + this.#subjectLength,
      hasReply ? marks[0] : head,
      hasReply ? marks[1] : head,
      head,
      head + headerSize,
      end,
    );
    return true;
  }

  /** Much of what comes goes to one subscription on one subject. */
  #sameAddress(start: number): boolean {
    const last = this.#addressStart;
    const length = this.#addressLength;
    if (length === 0 || start + length > this.#end) return false;
    const { view } = this.#buffer;
    for (let k = 0; k + 4 <= length; k += 4) {
      if (view.getInt32(start + k) !== view.getInt32(last + k)) return false;
    }
    return view.getInt32(start + length - 4) ===
      view.getInt32(last + length - 4);
  }

  /** Finds subject and sid; `false` if they are not all there yet. */
  #address(start: number): boolean {
    const { bytes, view } = this.#buffer;
    const limit = this.#end;
    const subject = skipBlanks(bytes, endOfToken(view, start, limit));
    const subjectEnd = endOfToken(view, subject, limit);
    const sid = skipBlanks(bytes, subjectEnd);
    const sidEnd = endOfToken(view, sid, limit);
    const end = skipBlanks(bytes, sidEnd);
    if (end >= limit) return false;
    this.sid = parseSize(bytes, sid, sidEnd);
    if (this.sid < 0 || end === sidEnd) refuse("bad arguments");
    this.#addressStart = start;
    this.#addressLength = end - start;
    this.#subjectOffset = subject - start;
    this.#subjectLength = subjectEnd - subject;
    return true;
  }

  /** Marks them; returns where the next line starts, 0 if that is not there. */
  #arguments(start: number): number {
    const { bytes, view } = this.#buffer;
    const marks = this.#marks;
    let count = 0;
    let at = start;
    do {
      const end = endOfToken(view, at, this.#end);
      marks[count++] = at; // Beyond the last mark this does nothing.
      marks[count++] = end;
      at = skipBlanks(bytes, end);
    } while (bytes[at] > SPACE && at < this.#end);
    if (bytes[at] === CR) at++;
    if (at >= this.#end) return 0;
    if (bytes[at] !== LF) refuse("bad line end");
    this.#count = count;
    return at + 1;
  }
}

function skipBlanks(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] === SPACE) at++;
  return at;
}

function refuse(what: string): never {
  throw new FrameError(`Cannot parse message: ${what}`);
}

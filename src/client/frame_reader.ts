/**
 * Turns what a server sends into calls, in the memory it was read into and cut
 * anywhere. Knows neither subscriptions nor transports.
 */

import { CR, decodeUtf8, LF, parseSize, SPACE } from "../wire/ascii.ts";
import type { Publisher } from "./message.ts";
import { Message } from "./message.ts";

const FIRST_BUFFER = 16 * 1024;
const LARGEST_BUFFER = 1024 * 1024;
/** Longest line other than a message's, in bytes. */
const MAX_LINE = 1024 * 1024;
const UPPER_H = 0x48;
const UPPER_M = 0x4d;

/** What came is not the protocol. */
export class FrameError extends SyntaxError {
  /** The class name. */
  override readonly name = "FrameError";
}

/** What a server can say. */
export interface FrameHandler extends Publisher {
  /** Whether nothing more is wanted. */
  ended(): boolean;
  /** MSG or HMSG; `message` is valid during the call. */
  onMessage(sid: number, message: Message): void;
  /** Any other line, without its end. */
  onLine(line: string): void;
}

/** See the module: `window`, read into it, `filled`, `parse`. */
export class FrameReader {
  readonly #handler: FrameHandler;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BUFFER);
  /** Bytes not used up. */
  #start = 0;
  #end = 0;
  /** Bytes the frame at the front has in all, if it is known. */
  #need = 0;
  /** Where the tokens of the line at the front start and end. */
  readonly #marks = new Int32Array(12);
  /** How many marks there are. */
  #count = 0;

  /** Calls go to `handler`. */
  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** Where to read into next. */
  window(): Uint8Array<ArrayBuffer> {
    const rest = this.#end - this.#start;
    const old = this.#bytes;
    // A buffer the last read filled is too small.
    const wanted = this.#end === old.length ? 4 * old.length : old.length;
    const size = Math.max(
      this.#need + 1,
      2 * rest,
      Math.min(wanted, Math.max(old.length, LARGEST_BUFFER)),
    );
    if (size > old.length) {
      this.#bytes = new Uint8Array(size);
      this.#bytes.set(old.subarray(this.#start, this.#end));
    } else if (this.#start > 0) {
      old.copyWithin(0, this.#start, this.#end);
    }
    this.#start = 0;
    this.#end = rest;
    return this.#bytes.subarray(rest);
  }

  /** `count` bytes were read into the window. */
  filled(count: number): void {
    this.#end += count;
  }

  /**
   * Handles every frame that is complete. What the handler throws passes
   * through; calling again goes on behind that frame. Throws `FrameError` for
   * what is not the protocol.
   */
  parse(): void {
    const handler = this.#handler;
    while (!handler.ended() && this.#end - this.#start > this.#need) {
      this.#need = 0;
      const first = this.#bytes[this.#start];
      const done = first === UPPER_M || first === UPPER_H
        ? this.#message(first === UPPER_H)
        : this.#line();
      if (!done) return;
    }
  }

  #line(): boolean {
    const start = this.#start;
    const at = this.#bytes.subarray(0, this.#end).indexOf(LF, start);
    if (at < 0) {
      if (this.#end - start > MAX_LINE) throw new FrameError("Line too long");
      return false;
    }
    this.#start = at + 1;
    this.#handler.onLine(decodeUtf8(this.#bytes.subarray(start, at)).trim());
    return true;
  }

  /** `MSG <subject> <sid> [reply] <size>`, `HMSG … <header size> <size>`. */
  #message(hasHeaders: boolean): boolean {
    const start = this.#start;
    const bytes = this.#bytes;
    const marks = this.#marks;
    const head = this.#scan();
    if (head < 0) return false;
    const count = this.#count;
    const least = hasHeaders ? 10 : 8;
    const sid = parseSize(bytes, marks[4], marks[5]);
    const size = parseSize(bytes, marks[count - 2], marks[count - 1]);
    const headerSize = hasHeaders
      ? parseSize(bytes, marks[count - 4], marks[count - 3])
      : 0;
    if (
      (count !== least && count !== least + 2) || sid < 0 ||
      headerSize < 0 || size < headerSize
    ) {
      throw new FrameError("Cannot parse message: bad arguments");
    }
    const end = head + size;
    if (end + 2 > this.#end) {
      // One less: `parse` goes on when there is more than this.
      this.#need = end + 1 - start;
      return false;
    }
    if (bytes[end] !== CR || bytes[end + 1] !== LF) {
      throw new FrameError("Cannot parse message: no line end behind it");
    }
    this.#start = end + 2;
    const hasReply = count > least;
    const message = new Message(
      this.#handler,
      bytes,
      marks[2],
      marks[3],
      hasReply ? marks[6] : head,
      hasReply ? marks[7] : head,
      head,
      head + headerSize,
      end,
    );
    this.#handler.onMessage(sid, message);
    return true;
  }

  /** Marks the tokens of a line; returns where the next starts, or -1. */
  #scan(): number {
    const bytes = this.#bytes;
    const marks = this.#marks;
    const end = this.#end;
    let count = 0;
    let inToken = false;
    for (let at = this.#start; at < end; at++) {
      const byte = bytes[at];
      if ((byte > SPACE) !== inToken) {
        inToken = !inToken;
        marks[count++] = at; // Beyond the last mark this does nothing.
      }
      if (byte === LF) {
        this.#count = count;
        return at + 1;
      }
    }
    if (end - this.#start > MAX_LINE) throw new FrameError("Line too long");
    return -1;
  }
}

/**
 * The fast path of a route's parser: recognises RMSG and HMSG the way servers
 * write them (single spaces, CRLF), with queues or without. Most frames name
 * the account and the queues of the one before, so these are compared first.
 */

import { CR, latin1, LF, parseSize, SPACE } from "./ascii.ts";
import type { ByteBuffer } from "./buffer.ts";
import type { MessageScanner } from "./message_scanner.ts";
import { endOfToken } from "./message_scanner.ts";
import { RecentToken } from "./recent_token.ts";

/** Clears bit 5 of four letters. */
const FOUR_LETTERS = 0xdfdfdfdf | 0;
/** `RMSG` as a little-endian word. */
const RMSG = 0x47534d52;
/** `HMSG` as a little-endian word. */
const HMSG = 0x47534d48;
/** `+`: a reply and queues follow. */
export const PLUS = 0x2b;
/** `|`: queues follow. */
export const BAR = 0x7c;

/** Recognises the messages of one route. */
export class RouteScanner {
  /** The account of the last message, one character per byte. */
  account = "";
  /** After `scan`: the queues of the message, `null` for none. */
  queues: readonly string[] | null = null;

  readonly #scanner: MessageScanner;
  readonly #lastAccount = new RecentToken();
  /** The last queues with the spaces between them, and their names. */
  readonly #lastQueues = new RecentToken();
  #queueNames: readonly string[] = [];

  /** Leaves to `scanner` what stands behind the account. */
  constructor(scanner: MessageScanner) {
    this.#scanner = scanner;
  }

  /** As `MessageScanner.scan`, for RMSG and HMSG. */
  scan(buffer: ByteBuffer, p: number, end: number): number {
    const { bytes, view } = buffer;
    const scanner = this.#scanner;
    scanner.need = 0;
    const verb = view.getInt32(p, true) & FOUR_LETTERS;
    if ((verb !== RMSG && verb !== HMSG) || bytes[p + 4] !== SPACE) return 0;
    const start = p + 5;
    const accountEnd = this.#lastAccount.matches(view, start, end)
      ? start + this.#lastAccount.length
      : this.#scanAccount(buffer, start, end);
    if (accountEnd === 0) return 0;
    const withHeaders = verb === HMSG;
    const subject = accountEnd + 1;
    const next = scanner.scanArguments(buffer, p, subject, end, withHeaders);
    if (next === 0 && scanner.need === 0) {
      return this.#scanQueues(buffer, p, subject, end, withHeaders);
    }
    this.queues = null;
    return next;
  }

  /** Makes the account from `start` to `end` the last one. */
  setAccount(buffer: ByteBuffer, start: number, end: number): void {
    const { bytes, view } = buffer;
    const last = this.#lastAccount;
    if (last.length === end - start && last.matches(view, start, end + 1)) {
      return;
    }
    this.account = latin1(bytes.subarray(start, end));
    if (bytes[end] === SPACE) last.keep(view, start, end);
    else last.forget();
  }

  /** The end of an account that is not the last one; 0 if there is none. */
  #scanAccount(buffer: ByteBuffer, start: number, end: number): number {
    const accountEnd = endOfToken(buffer.view, start, end);
    if (
      accountEnd >= end || accountEnd === start ||
      buffer.bytes[accountEnd] !== SPACE
    ) return 0;
    this.setAccount(buffer, start, accountEnd);
    return accountEnd;
  }

  /**
   * A message for queues, its subject at `subjectStart`. What must not come
   * between subject and size is squeezed out in place, but only once the
   * message is known to be complete and without fault.
   */
  #scanQueues(
    buffer: ByteBuffer,
    p: number,
    subjectStart: number,
    end: number,
    withHeaders: boolean,
  ): number {
    const { bytes, view } = buffer;
    const subjectEnd = endOfToken(view, subjectStart, end);
    const mark = bytes[subjectEnd + 1];
    const replyStart = subjectEnd + 3;
    if (
      replyStart >= end || bytes[subjectEnd] !== SPACE ||
      (mark !== PLUS && mark !== BAR) || bytes[replyStart - 1] !== SPACE
    ) return 0;
    let queuesStart = replyStart;
    if (mark === PLUS) {
      const replyEnd = endOfToken(view, replyStart, end);
      if (replyEnd === replyStart || bytes[replyEnd] !== SPACE) return 0;
      queuesStart = replyEnd + 1;
    }
    const queuesEnd = this.#lastQueues.matches(view, queuesStart, end)
      ? queuesStart + this.#lastQueues.length
      : this.#scanNames(buffer, queuesStart, end, withHeaders);
    if (queuesEnd === 0) return 0;
    const sizes = queuesEnd + 1;
    if (!this.#complete(buffer, p, sizes, end, withHeaders)) return 0;

    let to = sizes;
    for (let i = queuesStart; i > replyStart;) bytes[--to] = bytes[--i];
    for (let i = subjectEnd + 1; i > subjectStart;) bytes[--to] = bytes[--i];
    this.queues = this.#queueNames;
    return this.#scanner.scanArguments(buffer, p, to, end, withHeaders);
  }

  /**
   * Reads the queues at `start`, which are not the last ones, and returns their
   * end; 0 if there are none before the sizes.
   */
  #scanNames(
    buffer: ByteBuffer,
    start: number,
    end: number,
    withHeaders: boolean,
  ): number {
    const { bytes, view } = buffer;
    const ends: number[] = [];
    for (let i = start; i < end; i++) {
      const tokenEnd = endOfToken(view, i, end);
      if (tokenEnd >= end || tokenEnd === i) return 0;
      ends.push(tokenEnd);
      i = tokenEnd;
      if (bytes[i] === CR) break;
      if (bytes[i] !== SPACE) return 0;
    }
    const count = ends.length - (withHeaders ? 2 : 1);
    if (count < 1) return 0;
    const namesEnd = ends[count - 1];
    this.#queueNames = latin1(bytes.subarray(start, namesEnd)).split(" ");
    this.#lastQueues.keep(view, start, namesEnd);
    return namesEnd;
  }

  /**
   * Whether at `start` stand the sizes, the line end and behind that a whole
   * message; sets `need` if all that is missing is bytes of the payload.
   */
  #complete(
    buffer: ByteBuffer,
    p: number,
    start: number,
    end: number,
    withHeaders: boolean,
  ): boolean {
    const { bytes, view } = buffer;
    const { maxPayload, maxControlLine } = this.#scanner;
    let sizeStart = start;
    let sizeEnd = endOfToken(view, sizeStart, end);
    let headerSize = -1;
    if (withHeaders) {
      headerSize = parseSize(bytes, sizeStart, sizeEnd);
      if (headerSize <= 0 || bytes[sizeEnd] !== SPACE) return false;
      sizeStart = sizeEnd + 1;
      sizeEnd = endOfToken(view, sizeStart, end);
    }
    const size = parseSize(bytes, sizeStart, sizeEnd);
    if (
      sizeEnd + 2 > end || bytes[sizeEnd] !== CR || bytes[sizeEnd + 1] !== LF ||
      size < 0 || size < headerSize || size > maxPayload ||
      sizeEnd - p > maxControlLine
    ) return false;
    const messageEnd = sizeEnd + size + 4;
    if (messageEnd > end) {
      this.#scanner.need = messageEnd - p;
      return false;
    }
    return bytes[messageEnd - 2] === CR && bytes[messageEnd - 1] === LF;
  }
}

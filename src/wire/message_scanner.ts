/**
 * The fast path of the parser: recognises a message written the way every
 * client writes it, and nothing else. Whatever it does not take, the parser
 * reads with care. Pure: looks at bytes, fills in the message record.
 */

import { CR, LF, parseSize, SPACE } from "./ascii.ts";
import type { ByteBuffer } from "./buffer.ts";
import type { InboundMessage } from "./inbound_message.ts";
import { RecentToken } from "./recent_token.ts";
import { hashWord, hashWords, markBlanks } from "./words.ts";

/** Limits that may change while a connection lives. */
export interface ParserLimits {
  /** Longest argument part, in bytes. */
  maxControlLine: number;
  /** Largest header block and payload together, in bytes. */
  maxPayload: number;
}

/** Clears bit 5 of three letters, and leaves the fourth byte alone. */
const THREE_LETTERS = 0xffdfdfdf | 0;
/** Clears bit 5 of four letters. */
const FOUR_LETTERS = 0xdfdfdfdf | 0;
/** `PUB ` as a little-endian word. */
const PUB_SPACE = 0x20425550;
/** `HPUB` as a little-endian word. */
const HPUB = 0x42555048;

/** Recognises the messages of one connection. */
export class MessageScanner implements ParserLimits {
  /** `HPUB` is allowed: server and client both agreed to headers. */
  headers = false;
  /** See `ParserLimits`. */
  maxControlLine: number;
  /** See `ParserLimits`. */
  maxPayload: number;
  /** After `scan`: bytes a message has in all that is not complete, else 0. */
  need = 0;

  readonly #message: InboundMessage;
  readonly #seed: number;
  readonly #lastSubject = new RecentToken();
  #subjectHash = 0;
  #subjectSerial = 0;
  /** For `scanArguments`: where the subject starts, 0 for `scan`. */
  #subjectAt = 0;
  #withHeaders = false;

  /** Fills in `message`; `seed` starts the hash of every subject. */
  constructor(message: InboundMessage, limits: ParserLimits, seed: number) {
    this.#message = message;
    this.#seed = seed;
    this.maxControlLine = limits.maxControlLine;
    this.maxPayload = limits.maxPayload;
  }

  /**
   * Recognises a complete PUB or HPUB written the way every client writes it
   * (single spaces, CRLF), describes it in the message record and returns its
   * end. Returns 0 for anything else; `need` is set if all that is missing is
   * bytes of the payload.
   *
   * Words may be read past `end`. What lies there is stale, so every offset
   * found is checked against `end` before it is believed.
   */
  scan(buffer: ByteBuffer, p: number, end: number): number {
    const { bytes, view } = buffer;
    this.need = 0;
    let subjectStart = this.#subjectAt;
    let withHeaders = false;
    if (subjectStart === 0) {
      const verb = view.getInt32(p, true);
      if ((verb & THREE_LETTERS) === PUB_SPACE) {
        subjectStart = p + 4;
      } else if (
        (verb & FOUR_LETTERS) === HPUB && bytes[p + 4] === SPACE && this.headers
      ) {
        subjectStart = p + 5;
        withHeaders = true;
      } else {
        return 0;
      }
    } else {
      withHeaders = this.#withHeaders;
    }
    const subjectEnd = this.#scanSubject(bytes, view, subjectStart, end);
    if (subjectEnd === 0) return 0;

    // [reply] [header size] size
    let tokenStart = subjectEnd + 1;
    let tokenEnd = endOfToken(view, tokenStart, end);
    let replyEnd = tokenStart;
    let headerSize = -1;
    if (withHeaders) {
      let headerStart = tokenStart;
      let headerEnd = tokenEnd;
      if (bytes[tokenEnd] !== SPACE) return 0;
      tokenStart = tokenEnd + 1;
      tokenEnd = endOfToken(view, tokenStart, end);
      if (bytes[tokenEnd] === SPACE) {
        replyEnd = headerEnd;
        headerStart = tokenStart;
        headerEnd = tokenEnd;
        tokenStart = tokenEnd + 1;
        tokenEnd = endOfToken(view, tokenStart, end);
        if (replyEnd === subjectEnd + 1) return 0;
      }
      headerSize = parseSize(bytes, headerStart, headerEnd);
      if (headerSize <= 0) return 0;
    } else if (bytes[tokenEnd] === SPACE) {
      if (tokenEnd === tokenStart) return 0;
      replyEnd = tokenEnd;
      tokenStart = tokenEnd + 1;
      tokenEnd = endOfToken(view, tokenStart, end);
    }
    const size = parseSize(bytes, tokenStart, tokenEnd);
    const payloadStart = tokenEnd + 2;
    if (
      payloadStart > end || bytes[tokenEnd] !== CR ||
      bytes[tokenEnd + 1] !== LF || size < 0 || size < headerSize ||
      size > this.maxPayload || tokenEnd - subjectStart > this.maxControlLine
    ) return 0;
    const messageEnd = payloadStart + size + 2;
    if (messageEnd > end) {
      this.need = messageEnd - p;
      return 0;
    }
    if (bytes[messageEnd - 2] !== CR || bytes[messageEnd - 1] !== LF) return 0;

    const message = this.#message;
    message.subjectStart = subjectStart;
    message.subjectEnd = subjectEnd;
    message.subjectHash = this.#subjectHash;
    message.subjectSerial = this.#subjectSerial;
    message.replyEnd = replyEnd;
    message.headerSize = headerSize;
    message.payloadStart = payloadStart;
    message.end = messageEnd;
    return messageEnd;
  }

  /**
   * As `scan`, for a message that starts at `p` and whose subject must start at
   * `subjectStart`: `<subject> [reply] [header size] <size>\r\n<payload>\r\n`,
   * the header size only and always `withHeaders`.
   *
   * Told by fields: as a function of its own that both call, what follows the
   * verb took clients 17.8 ns a message against 15.3.
   */
  scanArguments(
    buffer: ByteBuffer,
    p: number,
    subjectStart: number,
    end: number,
    withHeaders: boolean,
  ): number {
    this.#subjectAt = subjectStart;
    this.#withHeaders = withHeaders;
    const next = this.scan(buffer, p, end);
    this.#subjectAt = 0;
    // What stands before the subject counts as well.
    const length = this.#message.payloadStart - 2 - p;
    return length > this.maxControlLine ? 0 : next;
  }

  /**
   * Finds the end of the subject at `start` and its hash. Returns 0 unless it
   * is a subject followed by a single space.
   *
   * Many publishers use a subject many times in a row. Once one has come twice
   * it is compared first: cheaper than the hash, and whoever gets the message
   * is known from the last time as well (31 ns a message against 21).
   */
  #scanSubject(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
  ): number {
    const last = this.#lastSubject;
    if (last.matches(view, start, end)) return start + last.length;
    return this.#hashSubject(bytes, view, start, end);
  }

  /** As `#scanSubject`, for a subject that is not the last one. */
  #hashSubject(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
  ): number {
    let hash = this.#seed;
    let word = 0;
    let marks = 0;
    let i = start;
    for (; i < end; i += 4) {
      word = view.getInt32(i, true);
      marks = markBlanks(word);
      if (marks !== 0) break;
      hash = hashWord(hash, word);
    }
    // Branches instead of arithmetic on the mark: a predicted branch lets the
    // processor go on to what follows, a computed offset makes it wait. 13 ns
    // a message against 10.
    if ((marks & 0x80) === 0) {
      if ((marks & 0x8000) !== 0) {
        hash = hashWord(hash, word & 0xff);
        i += 1;
      } else if ((marks & 0x800000) !== 0) {
        hash = hashWord(hash, word & 0xffff);
        i += 2;
      } else if (marks !== 0) {
        hash = hashWord(hash, word & 0xffffff);
        i += 3;
      } else {
        return 0;
      }
    }
    if (i >= end || bytes[i] !== SPACE || i === start) return 0;
    // The second time in a row it is worth keeping.
    if (hash === this.#subjectHash) this.#lastSubject.keep(view, start, i);
    else this.#lastSubject.forget();
    this.#subjectHash = hash;
    this.#subjectSerial++;
    return i;
  }

  /**
   * Describes a complete message that `scan` did not take, up to `end`, with
   * its payload at `payloadStart`. `parts` is where its arguments begin and end:
   * subject, reply if any, header size if there is one, size.
   *
   * They are rewritten in place, right-aligned against the payload, in the
   * canonical form `InboundMessage` promises. There is always room: the name of
   * the operation and its blank are longer than a missing `\r`.
   */
  rewrite(
    buffer: ByteBuffer,
    parts: readonly number[],
    headerSize: number,
    payloadStart: number,
    end: number,
  ): void {
    const { bytes } = buffer;
    const start = parts[0];
    const line = bytes.slice(start, parts[parts.length - 1]);
    let to = payloadStart;
    bytes[--to] = LF;
    bytes[--to] = CR;
    let subjectEnd = 0;
    let replyEnd = 0;
    for (let k = parts.length - 2; k >= 0; k -= 2) {
      const token = line.subarray(parts[k] - start, parts[k + 1] - start);
      to -= token.length;
      bytes.set(token, to);
      if (k === 2) replyEnd = to + token.length;
      if (k > 0) bytes[--to] = SPACE;
      else subjectEnd = to + token.length;
    }
    const hasReply = parts.length / 2 > (headerSize < 0 ? 2 : 3);
    const message = this.#message;
    message.subjectStart = to;
    message.subjectEnd = subjectEnd;
    message.subjectHash = hashWords(buffer.view, to, subjectEnd, this.#seed);
    message.subjectSerial = ++this.#subjectSerial;
    message.replyEnd = hasReply ? replyEnd : subjectEnd + 1;
    message.headerSize = headerSize;
    message.payloadStart = payloadStart;
    message.end = end;
    this.#lastSubject.forget();
  }
}

/** Behind the token at `i`: its first blank or control byte, at most `end`. */
export function endOfToken(view: DataView, i: number, end: number): number {
  for (let at = i; at < end; at += 4) {
    const marks = markBlanks(view.getInt32(at, true));
    if (marks === 0) continue;
    if ((marks & 0x80) !== 0) return at;
    if ((marks & 0x8000) !== 0) return at + 1;
    return (marks & 0x800000) !== 0 ? at + 2 : at + 3;
  }
  return end;
}

/**
 * The fast path of the parser: recognises a message written the way every
 * client writes it, and nothing else. Whatever it does not take, the parser
 * reads with care. Pure: looks at bytes, fills in the message record.
 */

import { CR, LF, parseSize, SPACE } from "./ascii.ts";
import type { ByteBuffer } from "./buffer.ts";
import type { Message } from "./message.ts";
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

/** Words of the last subject that are kept: 63 bytes and a space. */
const LAST_SUBJECT_WORDS = 16;
/** Stands for memory that a connection which never publishes does not need. */
const NO_WORDS = new Int32Array(0);

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

  readonly #message: Message;
  readonly #seed: number;
  /** The last subject and the space behind it, in words; see `#remember`. */
  #lastSubject = NO_WORDS;
  /** Its whole words; -1 while none is kept. */
  #lastWholeWords = -1;
  /** Which bytes of the word behind these count. */
  #lastMask = 0;
  #lastLength = 0;
  #subjectHash = 0;
  #subjectSerial = 0;

  /** Fills in `message`; `seed` starts the hash of every subject. */
  constructor(message: Message, limits: ParserLimits, seed: number) {
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
    const verb = view.getInt32(p, true);
    let i: number;
    let withHeaders = false;
    if ((verb & THREE_LETTERS) === PUB_SPACE) {
      i = p + 4;
    } else if (
      (verb & FOUR_LETTERS) === HPUB && bytes[p + 4] === SPACE && this.headers
    ) {
      i = p + 5;
      withHeaders = true;
    } else {
      return 0;
    }

    const subjectStart = i;
    const subjectEnd = this.#scanSubject(bytes, view, i, end);
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
    const wholeWords = this.#lastWholeWords;
    if (wholeWords >= 0) {
      const last = this.#lastSubject;
      let k = 0;
      let at = start;
      for (; k < wholeWords; k++, at += 4) {
        if (view.getInt32(at, true) !== last[k]) break;
      }
      if (
        k === wholeWords &&
        (view.getInt32(at, true) & this.#lastMask) === last[k]
      ) return start + this.#lastLength;
    }
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
    if (hash === this.#subjectHash) this.#remember(view, start, i);
    else this.#lastWholeWords = -1;
    this.#subjectHash = hash;
    this.#subjectSerial++;
    return i;
  }

  /** Keeps the subject and the space behind it, to be compared with the next. */
  #remember(view: DataView, start: number, end: number): void {
    this.#lastLength = end - start;
    const wholeWords = (end + 1 - start) >> 2;
    if (wholeWords >= LAST_SUBJECT_WORDS) {
      this.#lastWholeWords = -1;
      return;
    }
    if (this.#lastSubject === NO_WORDS) {
      this.#lastSubject = new Int32Array(LAST_SUBJECT_WORDS);
    }
    const last = this.#lastSubject;
    for (let k = 0; k < wholeWords; k++) {
      last[k] = view.getInt32(start + (k << 2), true);
    }
    // The bytes left over, 0 to 3, as a masked word: an empty mask matches.
    const left = (end + 1 - start) & 3;
    this.#lastMask = left === 0 ? 0 : -1 >>> (32 - (left << 3));
    last[wholeWords] = view.getInt32(start + (wholeWords << 2), true) &
      this.#lastMask;
    this.#lastWholeWords = wholeWords;
  }

  /** Notes in the message a subject that was not found by `scan`. */
  setSubject(buffer: ByteBuffer, start: number, end: number): void {
    const message = this.#message;
    message.subjectStart = start;
    message.subjectEnd = end;
    message.subjectHash = hashWords(buffer.view, start, end, this.#seed);
    message.subjectSerial = ++this.#subjectSerial;
    this.#lastWholeWords = -1;
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

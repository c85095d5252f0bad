/**
 * What a client publishes, as bytes; the other direction of the parser.
 *
 * ```text
 *   PUB <subject> [reply] <size>\r\n<payload>\r\n
 *   HPUB <subject> [reply] <header size> <size>\r\n<headers><payload>\r\n
 *   | front ------|
 * ```
 */

import { CR, encodeUtf8, LF, SPACE } from "./ascii.ts";
import { ByteBuffer, SLACK } from "./buffer.ts";
import type { Memory } from "./words.ts";
import { copyShort } from "./words.ts";

/** Room for the name of an operation, blanks, sizes and line ends. */
const EXTRA = 40;
/** Most UTF-8 bytes a UTF-16 unit takes. */
const UTF8 = 3;

/** Writes one message after the other; many have the subject of the last. */
export class PublishWriter {
  #subject = "";
  #verb = "";
  #front = new ByteBuffer(0);
  #frontLength = 0;

  /**
   * Bytes that `write` wants to have at its disposal for `size` bytes of
   * headers and payload.
   */
  room(subject: string, reply: string, size: number): number {
    return EXTRA + UTF8 * (subject.length + reply.length) + size + SLACK;
  }

  /**
   * Writes a message at `start` and returns where it ends; without a reply or
   * headers, those are empty. Throws `TypeError` when a subject has blanks.
   */
  write(
    target: Memory,
    start: number,
    subject: string,
    reply: string,
    headers: Uint8Array,
    payload: Uint8Array,
  ): number {
    const { bytes } = target;
    const verb = headers.length > 0 ? "HPUB" : "PUB";
    if (subject !== this.#subject || verb !== this.#verb) {
      this.#setFront(verb, subject);
    }
    copyShort(target.view, start, this.#front.view, 0, this.#frontLength);
    let at = start + this.#frontLength;
    if (reply !== "") at = writeToken(bytes, at, reply);
    if (headers.length > 0) {
      at = writeNumber(bytes, at, headers.length);
      bytes[at++] = SPACE;
    }
    at = writeNumber(bytes, at, headers.length + payload.length);
    at = writeLineEnd(bytes, at);
    if (headers.length > 0) bytes.set(headers, at);
    at += headers.length;
    bytes.set(payload, at);
    return writeLineEnd(bytes, at + payload.length);
  }

  #setFront(verb: string, subject: string): void {
    this.#subject = ""; // In case that it is refused.
    const room = verb.length + UTF8 * subject.length + 2;
    if (this.#front.capacity < room) this.#front = new ByteBuffer(2 * room);
    const { bytes } = this.#front;
    const at = writeToken(bytes, writeToken(bytes, 0, verb), subject);
    this.#frontLength = at;
    this.#verb = verb;
    this.#subject = subject;
  }
}

/** Throws `TypeError` for what would not be one token on the wire. */
export function checkToken(text: string): void {
  if (text !== "" && !/[\0- \x7f]/.test(text)) return;
  throw new TypeError(
    `Cannot use ${JSON.stringify(text)} as a subject or queue`,
  );
}

/** A token and a blank. */
function writeToken(bytes: Uint8Array, start: number, text: string): number {
  let at = start;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7e || code <= SPACE) return writeRare(bytes, start, text);
    bytes[at++] = code;
  }
  if (at === start) checkToken(text);
  bytes[at] = SPACE;
  return at + 1;
}

/** As `writeToken`, whatever the text. */
function writeRare(bytes: Uint8Array, start: number, text: string): number {
  checkToken(text);
  const token = encodeUtf8(text);
  bytes.set(token, start);
  bytes[start + token.length] = SPACE;
  return start + token.length + 1;
}

function writeNumber(bytes: Uint8Array, start: number, value: number): number {
  let digits = 1;
  for (let power = 10; value >= power; power *= 10) digits++;
  let rest = value;
  for (let i = start + digits - 1; i >= start; i--) {
    const next = (rest / 10) | 0;
    bytes[i] = 0x30 + rest - next * 10;
    rest = next;
  }
  return start + digits;
}

function writeLineEnd(bytes: Uint8Array, start: number): number {
  bytes[start] = CR;
  bytes[start + 1] = LF;
  return start + 2;
}

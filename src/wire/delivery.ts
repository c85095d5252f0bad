/**
 * A message as a client gets it: offsets into the bytes it was read into. A
 * frame reader fills in the same record for one message after the other.
 */

import { decodeUtf8, parseSize } from "./ascii.ts";
import type { HeaderPairs } from "./headers.ts";
import { parseHeaders } from "./headers.ts";

/** What goes along with a payload. */
export interface PublishOptions {
  /** Where an answer is expected. */
  readonly reply?: string | undefined;
  /** Names keep their case; an empty iterable still makes a header block. */
  readonly headers?: HeaderPairs | undefined;
}

/** Publishes; see `Client.publish`. */
export type Publish = (
  subject: string,
  payload?: Uint8Array | string,
  options?: PublishOptions,
) => void;

/** Status of what a server answers when nobody is subscribed. */
export const NO_RESPONDERS = 503;

/** Digits of a status stand here in a header block: behind `NATS/1.0 `. */
const STATUS_START = 9;
const STATUS_END = 12;
/** Copies up to this size share memory: one each takes longer to be had. */
const SMALL = 512;
/** Bytes of memory that copies share. */
const SLAB = 4096;
const NOTHING = new Uint8Array(0);
/** More bytes than this a decoder makes text of sooner. */
const MANY = 18;

/**
 * One message. In a callback it reads the connection's own memory, so it is
 * valid until the callback returns: `copy()` to keep it. Iterators and
 * `request` hand out copies.
 */
export class Message {
  readonly #publish: Publish;
  #bytes: Uint8Array = NOTHING;
  #subjectStart = 0;
  #subjectEnd = 0;
  #replyStart = 0;
  #replyEnd = 0;
  #headerStart = 0;
  #dataStart = 0;
  #end = 0;
  /** What is left of the memory that small copies share. */
  #slab = NOTHING;
  /** Has memory of its own. */
  #kept = false;

  /** Answers go through `publish`. */
  constructor(publish: Publish) {
    this.#publish = publish;
  }

  /** What it was published to. */
  get subject(): string {
    return text(this.#bytes, this.#subjectStart, this.#subjectEnd);
  }

  /** Where an answer is expected; empty if nowhere. */
  get reply(): string {
    return text(this.#bytes, this.#replyStart, this.#replyEnd);
  }

  /** The payload. A view: see the class for how long it is valid. */
  get data(): Uint8Array {
    return this.#bytes.subarray(this.#dataStart, this.#end);
  }

  /** Headers by name as spelled, each with its values in order. */
  get headers(): Map<string, string[]> | undefined {
    if (this.#headerStart === this.#dataStart) return undefined;
    return parseHeaders(
      this.#bytes.subarray(this.#headerStart, this.#dataStart),
    );
  }

  /** The code in `NATS/1.0 <code>`, such as 503; 0 without. */
  get status(): number {
    const start = this.#headerStart;
    if (start === this.#dataStart) return 0;
    return Math.max(
      0,
      parseSize(this.#bytes, start + STATUS_START, start + STATUS_END),
    );
  }

  /** For frame readers: becomes the message whose parts are there in `bytes`. */
  locate(
    bytes: Uint8Array,
    subjectStart: number,
    subjectEnd: number,
    replyStart: number,
    replyEnd: number,
    headerStart: number,
    dataStart: number,
    end: number,
  ): void {
    this.#bytes = bytes;
    this.#subjectStart = subjectStart;
    this.#subjectEnd = subjectEnd;
    this.#replyStart = replyStart;
    this.#replyEnd = replyEnd;
    this.#headerStart = headerStart;
    this.#dataStart = dataStart;
    this.#end = end;
  }

  /** For clients: the number after `length` bytes of the subject, or NaN. */
  numberAfter(length: number): number {
    let number = 0;
    for (let i = this.#subjectStart + length; i < this.#subjectEnd; i++) {
      const digit = this.#bytes[i] - 0x30;
      if (digit < 0 || digit > 9) return NaN;
      number = number * 10 + digit;
    }
    return number;
  }

  /** Publishes to the reply subject; `false` when there is none. */
  respond(payload?: Uint8Array | string, options?: PublishOptions): boolean {
    if (this.#replyStart === this.#replyEnd) return false;
    this.#publish(this.reply, payload, options);
    return true;
  }

  /** The same message, to keep. Small ones share 4 KB (`data.buffer`). */
  copy(): Message {
    if (this.#kept) return this;
    const from = this.#subjectStart;
    const copy = new Message(this.#publish);
    copy.#kept = true;
    copy.locate(
      this.#copyBytes(from, this.#end),
      0,
      this.#subjectEnd - from,
      this.#replyStart - from,
      this.#replyEnd - from,
      this.#headerStart - from,
      this.#dataStart - from,
      this.#end - from,
    );
    return copy;
  }

  #copyBytes(start: number, end: number): Uint8Array {
    const length = end - start;
    if (length > SMALL) return this.#bytes.slice(start, end);
    if (length > this.#slab.length) this.#slab = new Uint8Array(SLAB);
    const copy = this.#slab.subarray(0, length);
    this.#slab = this.#slab.subarray(length);
    copy.set(this.#bytes.subarray(start, end));
    return copy;
  }
}

/** Short and nearly always ASCII: a decoder takes longer than this, if short. */
function text(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > MANY) return decodeUtf8(bytes.subarray(start, end));
  let text = "";
  for (let i = start; i < end; i++) {
    if (bytes[i] > 0x7f) return decodeUtf8(bytes.subarray(start, end));
    text += String.fromCharCode(bytes[i]);
  }
  return text;
}

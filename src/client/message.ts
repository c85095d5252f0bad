/** A message as a client sees it, and the header block it may carry. */

import { decodeUtf8, encodeUtf8, parseSize } from "../wire/ascii.ts";

/** What a message can be given to headers as: a `Map`, `Headers`, or pairs. */
export type HeaderPairs = Iterable<
  readonly [string, string | readonly string[]]
>;

/** What goes along with a payload. */
export interface PublishOptions {
  /** Where an answer is expected. */
  readonly reply?: string | undefined;
  /** Names keep their case; an empty iterable still makes a header block. */
  readonly headers?: HeaderPairs | undefined;
}

/** Who sends the answer to a message. */
export interface Publisher {
  /** See `Client.publish`. */
  publish(
    subject: string,
    payload?: Uint8Array | string,
    options?: PublishOptions,
  ): void;
}

/**
 * One message. In a callback it reads the connection's own memory, so it is
 * valid until the callback returns: `copy()` to keep it. Iterators and
 * `request` hand out copies.
 */
export class Message {
  /** Offsets in the bytes: subject, reply (empty without), header block, data. */
  constructor(
    readonly publisher: Publisher,
    readonly bytes: Uint8Array,
    readonly subjectStart: number,
    readonly subjectEnd: number,
    readonly replyStart: number,
    readonly replyEnd: number,
    readonly headerStart: number,
    readonly dataStart: number,
    readonly end: number,
  ) {}

  /** What it was published to. */
  get subject(): string {
    return text(this.bytes, this.subjectStart, this.subjectEnd);
  }

  /** Where an answer is expected; empty if nowhere. */
  get reply(): string {
    return text(this.bytes, this.replyStart, this.replyEnd);
  }

  /** The payload. A view: see the class for how long it is valid. */
  get data(): Uint8Array {
    return this.bytes.subarray(this.dataStart, this.end);
  }

  /** Headers by name as spelled, each with its values in order. */
  get headers(): Map<string, string[]> | undefined {
    if (this.headerStart === this.dataStart) return undefined;
    const found = new Map<string, string[]>();
    for (const line of this.#headerText().split("\r\n").slice(1)) {
      const colon = line.indexOf(":");
      if (colon < 1) continue;
      const name = line.slice(0, colon);
      const value = line.slice(colon + 1).trim();
      const values = found.get(name);
      if (values === undefined) found.set(name, [value]);
      else values.push(value);
    }
    return found;
  }

  /** The code in `NATS/1.0 <code>`, such as 503; 0 without. */
  get status(): number {
    const { headerStart, dataStart, bytes } = this;
    if (headerStart === dataStart) return 0;
    return Math.max(0, parseSize(bytes, headerStart + 9, headerStart + 12));
  }

  /** Publishes to the reply subject; `false` when there is none. */
  respond(payload?: Uint8Array | string, options?: PublishOptions): boolean {
    if (this.replyStart === this.replyEnd) return false;
    this.publisher.publish(this.reply, payload, options);
    return true;
  }

  /** The same message in memory of its own. */
  copy(): Message {
    const from = this.subjectStart;
    return new Message(
      this.publisher,
      this.bytes.slice(from, this.end),
      0,
      this.subjectEnd - from,
      this.replyStart - from,
      this.replyEnd - from,
      this.headerStart - from,
      this.dataStart - from,
      this.end - from,
    );
  }

  #headerText(): string {
    return decodeUtf8(this.bytes.subarray(this.headerStart, this.dataStart));
  }
}

/** `NATS/1.0`, a line per value, an empty line. Throws `TypeError`. */
export function headerBlock(headers: HeaderPairs): Uint8Array {
  let block = "NATS/1.0\r\n";
  for (const [name, values] of headers) {
    if (!/^[!-9;-~]+$/.test(name)) {
      throw new TypeError(`Cannot use "${name}" as a header name`);
    }
    for (const value of typeof values === "string" ? [values] : values) {
      if (/[\r\n]/.test(value)) {
        throw new TypeError(`Cannot use a line end in header "${name}"`);
      }
      block += `${name}: ${value}\r\n`;
    }
  }
  return encodeUtf8(`${block}\r\n`);
}

/** Short and nearly always ASCII: a decoder takes longer than this. */
function text(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) {
    if (bytes[i] > 0x7f) return decodeUtf8(bytes.subarray(start, end));
    text += String.fromCharCode(bytes[i]);
  }
  return text;
}

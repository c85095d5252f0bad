/**
 * A message made by the server: one in hand under another subject, with
 * another reply or with a header more. Has memory of its own, used again.
 */

import type { SubjectTransform } from "../subject/transform.ts";
import { encodeUtf8, SPACE } from "../wire/ascii.ts";
import { ByteBuffer } from "../wire/buffer.ts";
import { InboundMessage } from "../wire/inbound_message.ts";
import { hashWords } from "../wire/words.ts";

/** Memory kept from one message to the next, in bytes. */
const KEPT_BYTES = 4096;

/** One message at a time: first its subject, then, if it is wanted, the rest. */
export class Draft {
  /** As parsing would leave it; complete after one of the `finish`es. */
  readonly message: InboundMessage = new InboundMessage();
  readonly #seed: number;

  /** `seed` starts the hash of every subject. */
  constructor(seed: number) {
    this.#seed = seed;
    this.message.buffer = new ByteBuffer(KEPT_BYTES);
    this.message.subjectSerial = -1;
  }

  /** Starts with what `transform` makes of the subject of `source`. */
  begin(source: InboundMessage, transform: SubjectTransform): void {
    const { subjectStart, subjectEnd } = source;
    const length = subjectEnd - subjectStart + transform.growth;
    const { bytes } = this.#fresh(length);
    this.#subject(
      transform.apply(source.buffer.bytes, subjectStart, subjectEnd, bytes, 0),
    );
  }

  /** Starts with this subject. */
  beginAs(subject: Uint8Array): void {
    this.#fresh(subject.length).bytes.set(subject);
    this.#subject(subject.length);
  }

  /** Reply, headers and payload as they are in `source`. */
  finish(source: InboundMessage): void {
    const { message } = this;
    const from = source.tailStart;
    const shift = message.tailStart - from;
    const { bytes } = this.#grown(source.end + shift);
    bytes.set(source.buffer.bytes.subarray(from, source.end), from + shift);
    message.replyEnd = source.replyEnd + shift;
    message.headerSize = source.headerSize;
    message.payloadStart = source.payloadStart + shift;
    message.end = source.end + shift;
  }

  /**
   * The payload of `source` with another reply, empty for none, and with
   * another header block, empty for that of `source`.
   */
  finishWith(
    source: InboundMessage,
    reply: Uint8Array,
    block: Uint8Array,
  ): void {
    const { message } = this;
    const oldHeader = Math.max(source.headerSize, 0);
    const header = block.length > 0 ? block : source.payload().subarray(
      0,
      oldHeader,
    );
    const payload = source.payload().subarray(oldHeader);
    const size = header.length + payload.length;
    const hasHeader = block.length > 0 || source.headerSize >= 0;
    const sizes = encodeUtf8(
      `${reply.length > 0 ? " " : ""}${
        hasHeader ? `${header.length} ` : ""
      }${size}\r\n`,
    );
    const start = message.tailStart;
    message.replyEnd = start + reply.length;
    message.headerSize = hasHeader ? header.length : -1;
    message.payloadStart = message.replyEnd + sizes.length;
    message.end = message.payloadStart + size + 2;
    const { bytes } = this.#grown(message.end);
    bytes.set(reply, start);
    bytes.set(sizes, message.replyEnd);
    bytes.set(header, message.payloadStart);
    bytes.set(payload, message.payloadStart + header.length);
    bytes.set(LINE_END, message.end - 2);
  }

  /** This payload, without reply and headers. */
  finishAs(payload: Uint8Array): void {
    const { message } = this;
    const size = encodeUtf8(`${payload.length}\r\n`);
    const start = message.tailStart;
    message.replyEnd = start;
    message.headerSize = -1;
    message.payloadStart = start + size.length;
    message.end = message.payloadStart + payload.length + 2;
    const { bytes } = this.#grown(message.end);
    bytes.set(size, start);
    bytes.set(payload, message.payloadStart);
    bytes.set(LINE_END, message.end - 2);
  }

  /** The message has been delivered: lets go of what is not worth keeping. */
  done(): void {
    const { message } = this;
    if (message.buffer.capacity <= KEPT_BYTES) return;
    message.buffer = new ByteBuffer(KEPT_BYTES);
  }

  #subject(end: number): void {
    const { message } = this;
    const { bytes, view } = message.buffer;
    bytes[end] = SPACE;
    message.subjectStart = 0;
    message.subjectEnd = end;
    message.subjectHash = hashWords(view, 0, end, this.#seed);
  }

  /** Room for a subject of `length` bytes and the space behind it. */
  #fresh(length: number): ByteBuffer {
    const { message } = this;
    if (message.buffer.capacity <= length) {
      message.buffer = new ByteBuffer(length + 1);
    }
    return message.buffer;
  }

  /** Room for `length` bytes, the subject still there. */
  #grown(length: number): ByteBuffer {
    const { message } = this;
    if (message.buffer.capacity < length) {
      const grown = new ByteBuffer(length);
      grown.bytes.set(message.buffer.bytes.subarray(0, message.tailStart));
      message.buffer = grown;
    }
    return message.buffer;
  }
}

const LINE_END = encodeUtf8("\r\n");

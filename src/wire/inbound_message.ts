/**
 * The message in hand: offsets into the read buffer of whoever published it.
 *
 * There is one record per server, refilled for every message, so that routing
 * a message allocates nothing. Written by the parser, read by everyone after.
 */

import type { ByteBuffer } from "./buffer.ts";
import { NO_BUFFER } from "./buffer.ts";

/**
 * A published message, in the one canonical form that parsing leaves behind:
 *
 * ```text
 *   … foo.bar INBOX.1 5\r\nhello\r\n
 *     ^      ^^      ^    ^      ^
 *     |      ||      |    |      end
 *     |      ||      |    payloadStart
 *     |      ||      replyEnd (= tailStart when there is no reply)
 *     |      |tailStart
 *     |      subjectEnd
 *     subjectStart
 * ```
 *
 * Everything from `tailStart` to `end` is, byte for byte, also the end of the
 * MSG or HMSG frame, so a delivery copies it in one piece; on the way to other
 * servers it is everything from `subjectStart`. All offsets point
 * into `buffer` and are valid only during the call they were handed to.
 */
export class InboundMessage {
  /** Where the message lies. */
  buffer: ByteBuffer = NO_BUFFER;
  /** First byte of the subject. */
  subjectStart = 0;
  /** Behind the last byte of the subject; a single space follows. */
  subjectEnd = 0;
  /** `hashWords` of the subject. */
  subjectHash = 0;
  /**
   * Changes with the subject: two messages of one parser with the same serial
   * have the same subject. The reverse need not hold.
   */
  subjectSerial = 0;
  /** Behind the last byte of the reply; equals `tailStart` without one. */
  replyEnd = 0;
  /** Bytes of the header block at the start of the payload; -1 without one. */
  headerSize = -1;
  /** First byte of header block or payload. */
  payloadStart = 0;
  /** Behind the final `\r\n`. */
  end = 0;

  /** First byte behind the space that follows the subject. */
  get tailStart(): number {
    return this.subjectEnd + 1;
  }

  /** Bytes of header block and payload together. */
  get size(): number {
    return this.end - 2 - this.payloadStart;
  }

  /** Whether the publisher wants an answer. */
  get hasReply(): boolean {
    return this.replyEnd > this.subjectEnd + 1;
  }

  /** The subject's bytes, in place: copy to keep. */
  subject(): Uint8Array {
    return this.buffer.bytes.subarray(this.subjectStart, this.subjectEnd);
  }

  /** The reply subject's bytes, in place, empty without one: copy to keep. */
  reply(): Uint8Array {
    return this.buffer.bytes.subarray(this.tailStart, this.replyEnd);
  }

  /** Header block and payload, in place: copy to keep. */
  payload(): Uint8Array {
    return this.buffer.bytes.subarray(this.payloadStart, this.end - 2);
  }
}

/** Messages in memory, for those who write frames of them. */

import fc from "fast-check";
import { fromLatin1, latin1 } from "../../src/wire/ascii.ts";
import { ByteBuffer } from "../../src/wire/buffer.ts";
import { InboundMessage } from "../../src/wire/inbound_message.ts";

/** What a message is made of, one character per byte; empty for what it lacks. */
export interface MessageParts {
  readonly subject: string;
  readonly reply: string;
  readonly block: string;
  readonly payload: string;
}

/** A message as the parser leaves it, somewhere in a buffer. */
export function message(
  { subject, reply, block, payload }: MessageParts,
): InboundMessage {
  const size = block.length + payload.length;
  const sizes = block === "" ? `${size}` : `${block.length} ${size}`;
  const front = `xx${subject} ${reply === "" ? "" : `${reply} `}${sizes}\r\n`;
  const buffer = new ByteBuffer(front.length + size + 2);
  buffer.bytes.set(fromLatin1(`${front}${block}${payload}\r\n`));
  const message = new InboundMessage();
  message.buffer = buffer;
  message.subjectStart = 2;
  message.subjectEnd = 2 + subject.length;
  message.replyEnd = message.tailStart + reply.length;
  message.headerSize = block === "" ? -1 : block.length;
  message.payloadStart = front.length;
  message.end = front.length + size + 2;
  return message;
}

/** Any bytes, as text. */
export function text(
  minLength: number,
  maxLength: number,
): fc.Arbitrary<string> {
  return fc.uint8Array({ minLength, maxLength }).map(latin1);
}

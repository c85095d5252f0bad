/** Buffers of operations for the benches of parsers. */

import { fromLatin1 } from "../src/wire/ascii.ts";
import { ByteBuffer } from "../src/wire/buffer.ts";

/** A buffer, as full as whole operations make it. */
export interface Filled {
  readonly buffer: ByteBuffer;
  /** Where the operations end. */
  readonly end: number;
  /** How many there are. */
  readonly count: number;
}

/** Fills `size` bytes with `operations`, by turns. */
export function filled(size: number, operations: readonly string[]): Filled {
  const buffer = new ByteBuffer(size);
  let end = 0;
  for (let count = 0;; count++) {
    const text = operations[count % operations.length];
    if (end + text.length > size) return { buffer, end, count };
    buffer.bytes.set(fromLatin1(text), end);
    end += text.length;
  }
}

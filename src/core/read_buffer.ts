/**
 * The memory a connection reads into: small while it is quiet, larger while
 * reads fill it, exactly as large as a message that is larger still.
 *
 * ```text
 *   | used up | operation cut short | free          |
 *   0         start                 end             capacity
 * ```
 */

import type { BufferPool, ByteBuffer } from "../wire/buffer.ts";
import { MAX_BUFFER, NO_BUFFER } from "../wire/buffer.ts";

/** What a quiet connection reads into, in bytes. */
export const MIN_WINDOW = 1024;

/** Reads in a row that used little before the buffer is made smaller. */
const QUIET_READS = 8;
/** After a pause this long the connection counts as quiet at once. */
const QUIET_MS = 1000;
/** How much the buffer grows by when a read fills it. */
const GROWTH = 4;

/** See the module. Owned by one read loop. */
export class ReadBuffer {
  /** Where the bytes are. */
  buffer: ByteBuffer;
  /** First byte not used up. */
  start = 0;
  /** Behind the last byte read. */
  end = 0;

  /** The last read took all there was: the next one has to wait. */
  drained = true;

  readonly #pool: BufferPool;
  /** Bytes the operation at the front has in all, if it is known. */
  #need = 0;
  /** What the last read could have brought, and brought. */
  #offered = 0;
  #quietReads = 0;
  /** The capacity that recent reads ask for. */
  #wanted = MIN_WINDOW;
  /** Reads have been small for a while: a smaller buffer will do. */
  #quiet = false;

  /** Takes its first, smallest buffer from `pool`. */
  constructor(pool: BufferPool) {
    this.#pool = pool;
    this.buffer = pool.take(MIN_WINDOW);
  }

  /**
   * Where to read into next. A message larger than any normal read is read to
   * its end and no further, so that the next one need not be moved.
   */
  window(): Uint8Array<ArrayBuffer> {
    const { buffer, end } = this;
    const limit = Math.min(
      buffer.capacity,
      Math.max(this.#need, MAX_BUFFER, 2 * end),
    );
    this.#offered = limit - end;
    return end === 0 && limit === buffer.capacity
      ? buffer.room
      : buffer.bytes.subarray(end, limit);
  }

  /**
   * `count` bytes were read into the window, `pausedMs` after the last. Throws
   * `RangeError` when the transport claims what cannot be.
   */
  filled(count: number, pausedMs: number): void {
    if (!(count > 0 && count <= this.#offered)) {
      throw new RangeError(
        `Cannot have read ${count} bytes into ${this.#offered}`,
      );
    }
    this.end += count;
    this.drained = count < this.#offered;
    const { capacity } = this.buffer;
    if (count * GROWTH < capacity) {
      this.#quietReads++;
      if (this.#quietReads < QUIET_READS && pausedMs < QUIET_MS) return;
      this.#quiet = true;
      this.#wanted = Math.max(2 * count, MIN_WINDOW);
    } else if (!this.drained) {
      this.#wanted = Math.max(
        capacity,
        Math.min(capacity * GROWTH, this.#pool.sizeLimit),
      );
    }
    this.#quietReads = 0;
  }

  /**
   * Moves the operation cut short to the front of a buffer that has room for
   * the rest of it. `need` is how many bytes it has in all, 0 if not known.
   */
  compact(need: number): void {
    const rest = this.end - this.start;
    this.#need = need;
    // Without a known length there must be room for at least as much again.
    const least = Math.max(need, 2 * rest, this.#wanted);
    const { buffer } = this;
    if (buffer.capacity < least || (this.#quiet && buffer.capacity > least)) {
      this.buffer = this.#pool.take(least);
      this.buffer.bytes.set(buffer.bytes.subarray(this.start, this.end));
      this.#pool.give(buffer);
      this.#wanted = this.buffer.capacity;
      this.#quiet = false;
    } else if (rest > 0 && this.start > 0) {
      buffer.bytes.copyWithin(0, this.start, this.end);
    }
    this.start = 0;
    this.end = rest;
  }

  /** Forgets all bytes. */
  discard(): void {
    this.start = 0;
    this.end = 0;
    this.#need = 0;
  }

  /** Gives the buffer back; nothing may be read into it any more. */
  release(): void {
    this.#pool.give(this.buffer);
    this.buffer = NO_BUFFER;
  }
}

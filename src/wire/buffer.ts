/**
 * The memory bytes are read into and written from, and the pool it is reused
 * through. A connection borrows buffers only while it has bytes in hand, so an
 * idle one costs its smallest read buffer and nothing else.
 */

/**
 * Bytes behind `capacity` that may be read or overwritten with garbage. Words
 * are scanned and copied 4, 8 or 16 bytes at a time without a tail loop; this
 * is the room in which that may overshoot.
 */
export const SLACK = 16;

/** `capacity` usable bytes and `SLACK` more, with a view on the same memory. */
export class ByteBuffer {
  /** All of the memory, slack included. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** For reading and writing words at any offset. */
  readonly view: DataView<ArrayBuffer>;
  /** Without the slack. */
  readonly room: Uint8Array<ArrayBuffer>;
  /** Usable bytes. */
  readonly capacity: number;

  /** Allocates; use a `BufferPool` where buffers come and go. */
  constructor(capacity: number) {
    const memory = new ArrayBuffer(capacity + SLACK);
    this.bytes = new Uint8Array(memory);
    this.view = new DataView(memory);
    this.room = new Uint8Array(memory, 0, capacity);
    this.capacity = capacity;
  }
}

/** Holds nothing: stands for "no buffer" where the type must not change. */
export const NO_BUFFER = new ByteBuffer(0);

/** Buffer sizes the pool hands out, in bytes. */
const SIZES = [256, 1024, 4096, 16384, 65536, 262144, 1048576] as const;

/** The smallest pooled buffer, in bytes. */
export const MIN_BUFFER: number = SIZES[0];
/** The largest pooled buffer, in bytes. */
export const MAX_BUFFER: number = SIZES[SIZES.length - 1];
/** What every busy connection may have. */
const FAIR_BUFFER = 65536;

/** Free bytes a pool keeps per size; what comes back beyond is dropped. */
const KEPT_BYTES_PER_SIZE = 32 * 1024 * 1024;

/** Bytes lent in buffers above `FAIR_BUFFER` at which no more are offered. */
const LARGE_BYTES = 32 * 1024 * 1024;

/**
 * Free buffers of a few sizes, one pool per server. Contents of a buffer taken
 * are whatever its last user left.
 */
export class BufferPool {
  readonly #free: ByteBuffer[][] = SIZES.map(() => []);
  #largeLent = 0;

  /**
   * The largest buffer a connection should ask for now, in bytes. Large ones
   * gain a third on bulk transfers; if every connection had one, they would
   * cost more than they bring.
   */
  get sizeLimit(): number {
    return this.#largeLent < LARGE_BYTES ? MAX_BUFFER : FAIR_BUFFER;
  }

  /**
   * A buffer of the smallest size that holds `bytes`. Above the largest size
   * it is made to measure.
   */
  take(bytes: number): ByteBuffer {
    for (let i = 0; i < SIZES.length; i++) {
      const size = SIZES[i];
      if (bytes > size) continue;
      if (size > FAIR_BUFFER) this.#largeLent += size;
      return this.#free[i].pop() ?? new ByteBuffer(size);
    }
    return new ByteBuffer(bytes);
  }

  /** Takes a buffer back; the caller must not touch it any more. */
  give(buffer: ByteBuffer): void {
    const size = buffer.capacity;
    for (let i = 0; i < SIZES.length; i++) {
      if (size !== SIZES[i]) continue;
      if (size > FAIR_BUFFER) this.#largeLent -= size;
      const free = this.#free[i];
      if (free.length < KEPT_BYTES_PER_SIZE / size) free.push(buffer);
      return;
    }
  }

  /**
   * Lets go of half of what is free: called now and then, it takes back what a
   * burst left behind.
   */
  trim(): void {
    for (const free of this.#free) free.length >>= 1;
  }
}

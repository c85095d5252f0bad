/**
 * What a connection has yet to be sent, and sending it.
 *
 * Frames are appended to a segment of memory; once the bytes read from a peer
 * are used up, every connection that was given something is flushed once. One
 * write is in flight at a time; meanwhile the next segments fill.
 *
 * ```text
 *   written … | in flight | sealed | sealed | current: used … capacity
 *              <-------------- pending ---------------->
 * ```
 */

import type { Clock } from "../options.ts";
import type { Transport } from "../transport/transport.ts";
import type { BufferPool, ByteBuffer } from "../wire/buffer.ts";
import { MIN_BUFFER, NO_BUFFER } from "../wire/buffer.ts";

/** Largest segment, in bytes; a frame that does not fit is cut in pieces. */
const MAX_SEGMENT = 256 * 1024;

/**
 * Unsent bytes from which whoever publishes more is held back for a moment: on
 * one connection, and on all those together that the same publisher feeds.
 */
const HOLD_BYTES = 1024 * 1024;
/** See `HOLD_BYTES`. */
const HOLD_BYTES_TOGETHER = 32 * 1024 * 1024;

/** Longest a publisher is held for one batch, in milliseconds. */
const HOLD_MS = 10;

/** What a connection does when its outbound side fails. */
export interface OutboundOwner {
  /** More than `maxPendingBytes` wait: the peer does not keep up. */
  pendingExceeded(): void;
  /** The transport refused a write. */
  writeFailed(error: unknown): void;
}

/** The sending half of one connection. */
export class Outbound {
  /** Where the next frame goes; `NO_BUFFER` while there is nothing to send. */
  segment: ByteBuffer = NO_BUFFER;
  /** Bytes of `segment` in use. */
  used = 0;
  /** Stands in the flush list. */
  marked = false;
  /** Takes nothing any more; what is appended is dropped. */
  closed = false;
  /** Bytes handed to the transport so far: tells whether a write progresses. */
  written = 0;
  /** A write is in flight. */
  writing = false;
  /** Unsent bytes at which the peer does not keep up. */
  readonly maxPendingBytes: number;
  /** A publisher was held for this connection in vain: nothing went out. */
  stalled = false;

  #transport: Transport;
  readonly #owner: OutboundOwner;
  readonly #pool: BufferPool;
  readonly #flushes: FlushList;
  /** Full segments in front of `segment`, and the bytes used in each. */
  #sealed: Sealed[] = [];
  #sealedBytes = 0;
  #inFlight: ByteBuffer = NO_BUFFER;
  #inFlightStart = 0;
  #inFlightEnd = 0;
  /** What the last flush took: how large to make the next first segment. */
  #lastBatch = 0;
  #batch = 0;
  #waiters: Waiter[] = [];
  /** Told when the write in flight, the last before a hold, is done. */
  #held: (() => void) | null = null;

  /** `flushes` is where this puts itself when it is given something. */
  constructor(
    transport: Transport,
    owner: OutboundOwner,
    pool: BufferPool,
    flushes: FlushList,
    maxPendingBytes: number,
  ) {
    this.#transport = transport;
    this.#owner = owner;
    this.#pool = pool;
    this.#flushes = flushes;
    this.maxPendingBytes = maxPendingBytes;
  }

  /** Bytes not yet taken by the transport. */
  get pending(): number {
    return this.#inFlightEnd - this.#inFlightStart + this.#sealedBytes +
      this.used;
  }

  /**
   * Makes `segment` have room for `bytes` more. `false` if no segment is that
   * large (use `append`) or the connection is closed.
   */
  reserve(bytes: number): boolean {
    if (this.closed || bytes > MAX_SEGMENT) return false;
    if (this.used + bytes <= this.segment.capacity) return true;
    this.#nextSegment(bytes, bytes);
    return !this.closed;
  }

  /** Appends a copy of the bytes from `start` to `end`, in as many segments as it takes. */
  append(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    let from = start;
    while (from < end && !this.closed) {
      if (this.used === this.segment.capacity) {
        this.#nextSegment(MIN_BUFFER, end - from);
        continue;
      }
      const room = this.segment.capacity - this.used;
      const to = Math.min(end, from + room);
      this.segment.bytes.set(bytes.subarray(from, to), this.used);
      this.used += to - from;
      from = to;
    }
    this.mark();
  }

  /** Asks for a flush once the bytes at hand are used up. */
  mark(): void {
    if (this.marked || this.closed) return;
    this.marked = true;
    this.#flushes.add(this);
  }

  /** Starts writing unless a write is in flight, which then goes on by itself. */
  flush(): void {
    this.marked = false;
    if (this.closed) return;
    if (!this.writing) {
      this.#batch = 0;
      this.#writeNext();
    } else if (this.pending > this.maxPendingBytes) {
      this.#owner.pendingExceeded();
    }
  }

  /**
   * Whether a publisher that just added to this should be held: more than
   * `bytes` are waiting, and holding may help.
   */
  shouldHold(bytes: number): boolean {
    if (!this.writing) return false;
    const { pending } = this;
    if (pending <= Math.min(bytes, this.maxPendingBytes / 2)) return false;
    return !this.stalled || pending > this.maxPendingBytes * 0.75;
  }

  /** Calls back once at most `bytes` are pending, or when closed. */
  whenBelow(bytes: number, callback: () => void): void {
    if (this.closed || this.pending <= bytes) callback();
    else this.#waiters.push({ bytes, callback });
  }

  /**
   * Lets the write in flight end and starts no other before `resume`: what is
   * appended waits. Resolves when nothing is in flight, or when closed.
   */
  hold(): Promise<void> {
    return new Promise((resolve) => {
      if (this.writing && !this.closed) {
        this.#held = resolve;
        return;
      }
      // As good as a hold: nobody starts a write while there is one.
      this.writing = true;
      resolve();
    });
  }

  /** Ends a hold: everything from here on goes over `transport`. */
  resume(transport: Transport): void {
    this.#transport = transport;
    this.writing = false;
    if (!this.closed) this.#writeNext();
  }

  /** Drops what is pending and takes nothing more. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#held?.();
    this.#held = null;
    for (const { buffer } of this.#sealed) this.#pool.give(buffer);
    this.#sealed = [];
    this.#sealedBytes = 0;
    this.#pool.give(this.segment);
    this.segment = NO_BUFFER;
    this.used = 0;
    this.#wake();
  }

  /** Seals the current segment and takes one of at least `least` bytes. */
  #nextSegment(least: number, wanted: number): void {
    const { capacity } = this.segment;
    if (this.used > 0) {
      this.#sealed.push({ buffer: this.segment, used: this.used });
      this.#sealedBytes += this.used;
    } else {
      this.#pool.give(this.segment);
    }
    // As much as the last time; more once that turned out not to be enough.
    const usual = this.#sealed.length > 0 ? 4 * capacity : this.#lastBatch;
    const limit = Math.min(MAX_SEGMENT, this.#pool.sizeLimit);
    this.segment = this.#pool.take(
      Math.max(least, Math.min(Math.max(wanted, usual), limit)),
    );
    this.used = 0;
    if (this.writing && this.pending > this.maxPendingBytes) {
      this.#owner.pendingExceeded();
    }
  }

  #writeNext(): void {
    if (this.#held !== null) {
      this.#held();
      this.#held = null;
      return;
    }
    const sealed = this.#sealed.shift();
    if (sealed !== undefined) {
      this.#sealedBytes -= sealed.used;
      this.#inFlight = sealed.buffer;
      this.#inFlightEnd = sealed.used;
    } else if (this.used > 0) {
      this.#inFlight = this.segment;
      this.#inFlightEnd = this.used;
      this.segment = NO_BUFFER;
      this.used = 0;
    } else {
      this.writing = false;
      this.#lastBatch = this.#batch;
      this.#wake();
      return;
    }
    this.#inFlightStart = 0;
    this.writing = true;
    this.#write();
  }

  #write(): void {
    const bytes = this.#inFlight.bytes.subarray(
      this.#inFlightStart,
      this.#inFlightEnd,
    );
    try {
      this.#transport.write(bytes).then(this.#onWritten, this.#onFailed);
    } catch (error) {
      // Whoever is flushing has nothing to do with this connection's transport.
      queueMicrotask(() => this.#onFailed(error));
    }
  }

  readonly #onWritten = (count: number): void => {
    const asked = this.#inFlightEnd - this.#inFlightStart;
    if (!(count > 0 && count <= asked)) {
      this.#onFailed(
        new RangeError(`Cannot have written ${count} bytes of ${asked}`),
      );
      return;
    }
    this.written += count;
    this.#batch += count;
    this.stalled = false;
    this.#inFlightStart += count;
    if (this.#inFlightStart < this.#inFlightEnd && !this.closed) {
      if (this.#waiters.length > 0) this.#wake();
      this.#write();
      return;
    }
    this.#pool.give(this.#inFlight);
    this.#landed();
    if (this.closed) this.writing = false;
    else this.#writeNext();
    if (this.#waiters.length > 0) this.#wake();
  };

  readonly #onFailed = (error: unknown): void => {
    this.#landed();
    this.writing = false;
    if (!this.closed) this.#owner.writeFailed(error);
  };

  #landed(): void {
    this.#inFlight = NO_BUFFER;
    this.#inFlightStart = 0;
    this.#inFlightEnd = 0;
  }

  #wake(): void {
    const { pending } = this;
    const waiters = this.#waiters;
    this.#waiters = waiters.filter(({ bytes }) =>
      !this.closed && pending > bytes
    );
    for (const { bytes, callback } of waiters) {
      if (this.closed || pending <= bytes) callback();
    }
  }
}

interface Sealed {
  readonly buffer: ByteBuffer;
  readonly used: number;
}

interface Waiter {
  readonly bytes: number;
  readonly callback: () => void;
}

/** The connections of one server that were given something since last flushed. */
export class FlushList {
  /** Publishers held so far. */
  holds = 0;

  readonly #marked: Outbound[] = [];
  readonly #clock: Clock;

  /** `clock` bounds how long publishers are held. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds a connection; use `Outbound.mark`, which adds it only once. */
  add(outbound: Outbound): void {
    this.#marked.push(outbound);
  }

  /**
   * Starts a write on each. Returns `null`, or what a publisher should await
   * before it goes on because somebody is far behind; at most 10 ms.
   */
  flush(): Promise<void> | null {
    const marked = this.#marked;
    if (marked.length === 0) return null;
    const bytes = Math.min(HOLD_BYTES, HOLD_BYTES_TOGETHER / marked.length);
    let behind: Outbound[] | null = null;
    for (let i = 0; i < marked.length; i++) {
      const outbound = marked[i];
      outbound.flush();
      if (outbound.shouldHold(bytes)) (behind ??= []).push(outbound);
    }
    marked.length = 0;
    return behind === null ? null : this.#hold(behind, bytes / 2);
  }

  /** Resolves when all are down to `bytes`, or the time is over. */
  #hold(behind: readonly Outbound[], bytes: number): Promise<void> {
    this.holds++;
    return new Promise((resolve) => {
      let waiting = behind.length;
      const cancel = this.#clock.after(HOLD_MS, () => {
        for (const { outbound, written } of before) {
          if (outbound.written === written) outbound.stalled = true;
        }
        resolve();
      });
      const before = behind.map((outbound) => ({
        outbound,
        written: outbound.written,
      }));
      for (const outbound of behind) {
        outbound.whenBelow(bytes, () => {
          if (--waiting > 0) return;
          cancel();
          resolve();
        });
      }
    });
  }
}

/**
 * A linked pair of transports in one process: what in-process connections run
 * over. Holds no bytes of its own: a write waits until the other end reads, so
 * back-pressure works as over a socket.
 */

import { ClosedError } from "../errors.ts";
import type { Address, Transport } from "./transport.ts";

const IN_PROCESS: Address = Object.freeze({ hostname: "pipe", port: 0 });

/** Someone waiting for the other side. */
interface Waiter<T> {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly resolve: (result: T) => void;
  readonly reject: (error: Error) => void;
}

/** One direction: whoever comes first waits for the other. */
class Pipe {
  #reader: Waiter<number | null> | null = null;
  #writer: Waiter<number> | null = null;
  /** No more bytes will be written; what waits may still be read. */
  #ended = false;
  /** Neither end may go on. */
  #broken = false;

  read(target: Uint8Array<ArrayBuffer>): Promise<number | null> {
    const writer = this.#writer;
    if (writer !== null) {
      this.#writer = null;
      const count = transfer(writer.bytes, target);
      writer.resolve(count);
      return Promise.resolve(count);
    }
    if (this.#ended) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#reader = { bytes: target, resolve, reject };
    });
  }

  write(source: Uint8Array<ArrayBuffer>): Promise<number> {
    if (this.#ended || this.#broken) {
      return Promise.reject(new ClosedError("Cannot write: closed"));
    }
    const reader = this.#reader;
    if (reader !== null) {
      this.#reader = null;
      const count = transfer(source, reader.bytes);
      reader.resolve(count);
      return Promise.resolve(count);
    }
    return new Promise((resolve, reject) => {
      this.#writer = { bytes: source, resolve, reject };
    });
  }

  /** The writing end is done: the reader gets what waits, then the end. */
  end(): void {
    this.#ended = true;
    this.#reader?.resolve(null);
    this.#reader = null;
  }

  /** The writing end is gone: what it had not got rid of is lost. */
  abandon(): void {
    this.#writer?.reject(new ClosedError("Cannot write: closed"));
    this.#writer = null;
    this.end();
  }

  /** The reading end is gone: nothing will be read any more. */
  break(): void {
    this.#broken = true;
    this.#writer?.reject(new ClosedError("Cannot write: closed"));
    this.#writer = null;
    this.#reader?.reject(new ClosedError("Cannot read: closed"));
    this.#reader = null;
  }
}

/** One end of a pair. */
class MemoryTransport implements Transport {
  readonly remoteAddress = IN_PROCESS;
  readonly #in: Pipe;
  readonly #out: Pipe;
  #closed = false;

  constructor(incoming: Pipe, outgoing: Pipe) {
    this.#in = incoming;
    this.#out = outgoing;
  }

  read(target: Uint8Array<ArrayBuffer>): Promise<number | null> {
    if (this.#closed) {
      return Promise.reject(new ClosedError("Cannot read: closed"));
    }
    return this.#in.read(target);
  }

  write(source: Uint8Array<ArrayBuffer>): Promise<number> {
    return this.#out.write(source);
  }

  closeWrite(): Promise<void> {
    this.#out.end();
    return Promise.resolve();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#in.break();
    this.#out.abandon();
  }
}

/** Two transports: what is written to one is read from the other. */
export function memoryPair(): [Transport, Transport] {
  const there = new Pipe();
  const back = new Pipe();
  return [new MemoryTransport(back, there), new MemoryTransport(there, back)];
}

/** Copies as much as fits and returns how much that was. */
function transfer(source: Uint8Array, target: Uint8Array): number {
  const count = Math.min(source.length, target.length);
  target.set(source.length > count ? source.subarray(0, count) : source);
  return count;
}

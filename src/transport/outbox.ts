/**
 * Bytes on their way into a transport: appended synchronously, written once per
 * turn, one write in flight. Knows nothing of what they mean.
 */

import type { Transport } from "./transport.ts";

const FIRST_BUFFER = 1024;
/** Pending bytes from which on writers had better wait. */
const HIGH_WATER = 512 * 1024;

/** Memory to write into. */
class Pending {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }
}

/** See the module: `reserve`, write at `length`, `commit`. */
export class Outbox {
  /** Bytes pending. */
  length = 0;
  readonly #transport: Transport;
  readonly #failed: (error: Error) => void;
  #pending = new Pending(FIRST_BUFFER);
  #spare = new Pending(FIRST_BUFFER);
  #writing: Promise<void> | null = null;
  #room: PromiseWithResolvers<void> | null = null;

  /** `failed` is told when the stream broke. */
  constructor(transport: Transport, failed: (error: Error) => void) {
    this.#transport = transport;
    this.#failed = failed;
  }

  /** Memory with room for `count` bytes at `length`, until `commit`. */
  reserve(count: number): Pending {
    const least = this.length + count;
    const old = this.#pending;
    if (old.bytes.length >= least) return old;
    this.#pending = new Pending(Math.max(least, 2 * old.bytes.length));
    this.#pending.bytes.set(old.bytes.subarray(0, this.length));
    return this.#pending;
  }

  /** What was reserved has been written up to `end`. */
  commit(end: number): void {
    this.length = end;
    this.#writing ??= this.#write();
  }

  /** Appends bytes. */
  append(bytes: Uint8Array): void {
    this.reserve(bytes.length).bytes.set(bytes, this.length);
    this.commit(this.length + bytes.length);
  }

  /** Resolves when so little is pending that more can be appended. */
  ready(): Promise<void> {
    if (this.length < HIGH_WATER || this.#writing === null) {
      return Promise.resolve();
    }
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** The transport was closed: resolves when nothing is under way any more. */
  async end(): Promise<void> {
    await this.#writing;
    this.#room?.resolve();
  }

  async #write(): Promise<void> {
    await Promise.resolve(); // Whatever else this turn has to say comes along.
    try {
      while (this.length > 0) await this.#writePending();
    } catch (error) {
      this.#failed(error as Error);
    }
    this.#writing = null;
  }

  async #writePending(): Promise<void> {
    const written = this.#pending;
    let rest = written.bytes.subarray(0, this.length);
    this.#pending = this.#spare;
    this.length = 0;
    this.#room?.resolve();
    this.#room = null;
    while (rest.length > 0) {
      rest = rest.subarray(await this.#transport.write(rest));
    }
    // One that grew for somebody who did not wait is not kept.
    this.#spare = written.bytes.length <= 4 * HIGH_WATER
      ? written
      : new Pending(FIRST_BUFFER);
  }
}

/**
 * What a client has to say: appended synchronously, written once per turn, one
 * write in flight. Knows how PUB and HPUB are spelled, nothing else.
 */

import type { Transport } from "../transport/transport.ts";
import { encodeUtf8 } from "../wire/ascii.ts";

const FIRST_BUFFER = 16 * 1024;
/** Pending bytes from which on writers had better wait. */
const HIGH_WATER = 512 * 1024;
/** Room for the name of an operation, blanks, sizes and line ends. */
const EXTRA = 40;

/** See the module. */
export class Outbox {
  readonly #transport: Transport;
  readonly #failed: (error: Error) => void;
  #pending = new Uint8Array(FIRST_BUFFER);
  #spare = new Uint8Array(FIRST_BUFFER);
  #length = 0;
  #writing: Promise<void> | null = null;
  #room: PromiseWithResolvers<void> | null = null;

  /** `failed` is told when the stream broke. */
  constructor(transport: Transport, failed: (error: Error) => void) {
    this.#transport = transport;
    this.#failed = failed;
  }

  /** Appends a line of any kind; `line` has its line end. */
  line(line: string): void {
    const bytes = encodeUtf8(line);
    this.#reserve(bytes.length).set(bytes, this.#length);
    this.#commit(this.#length + bytes.length);
  }

  /**
   * Appends `PUB <subject> [reply] <size>` or, with a header block, `HPUB`.
   * Throws `TypeError`, having appended nothing, when a subject has blanks.
   */
  message(
    subject: string,
    reply: string,
    block: Uint8Array,
    data: Uint8Array,
  ): void {
    const size = block.length + data.length;
    const bytes = this.#reserve(
      EXTRA + 3 * (subject.length + reply.length) + size,
    );
    const hasBlock = block.length > 0;
    let at = this.#length;
    at = writeToken(bytes, at, hasBlock ? "HPUB" : "PUB");
    at = writeToken(bytes, at, subject);
    if (reply !== "") at = writeToken(bytes, at, reply);
    if (hasBlock) {
      at = writeNumber(bytes, at, block.length);
      bytes[at++] = 0x20;
    }
    at = writeLineEnd(bytes, writeNumber(bytes, at, size));
    if (hasBlock) bytes.set(block, at);
    bytes.set(data, at + block.length);
    this.#commit(writeLineEnd(bytes, at + size));
  }

  /** Resolves when so little is pending that more can be appended. */
  ready(): Promise<void> {
    if (this.#length < HIGH_WATER || this.#writing === null) {
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

  #commit(length: number): void {
    this.#length = length;
    this.#writing ??= this.#write();
  }

  #reserve(count: number): Uint8Array {
    const least = this.#length + count;
    const old = this.#pending;
    if (old.length >= least) return old;
    this.#pending = new Uint8Array(Math.max(least, 2 * old.length));
    this.#pending.set(old.subarray(0, this.#length));
    return this.#pending;
  }

  async #write(): Promise<void> {
    await Promise.resolve(); // Whatever else this turn has to say comes along.
    try {
      while (this.#length > 0) await this.#writePending();
    } catch (error) {
      this.#failed(error as Error);
    }
    this.#writing = null;
  }

  async #writePending(): Promise<void> {
    const { buffer } = this.#pending;
    let rest = this.#pending.subarray(0, this.#length);
    this.#pending = this.#spare;
    this.#length = 0;
    this.#room?.resolve();
    this.#room = null;
    while (rest.length > 0) {
      rest = rest.subarray(await this.#transport.write(rest));
    }
    // One that grew for somebody who did not wait is not kept.
    this.#spare = buffer.byteLength <= 4 * HIGH_WATER
      ? new Uint8Array(buffer)
      : new Uint8Array(FIRST_BUFFER);
  }
}

/** Throws `TypeError` for what would not be one token on the wire. */
export function checkToken(text: string): void {
  if (text === "" || /[\0- \x7f]/.test(text)) refuse(text);
}

function refuse(text: string): never {
  throw new TypeError(
    `Cannot use ${JSON.stringify(text)} as a subject or queue`,
  );
}

/** A token and a blank. */
function writeToken(bytes: Uint8Array, at: number, text: string): number {
  const { length } = text;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7e) return writeUtf8(bytes, at, text);
    if (code <= 0x20) refuse(text);
    bytes[at + i] = code;
  }
  if (length === 0) refuse(text);
  bytes[at + length] = 0x20;
  return at + length + 1;
}

function writeUtf8(bytes: Uint8Array, at: number, text: string): number {
  checkToken(text);
  const token = encodeUtf8(text);
  bytes.set(token, at);
  bytes[at + token.length] = 0x20;
  return at + token.length + 1;
}

function writeNumber(bytes: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let power = 10; value >= power; power *= 10) digits++;
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const next = (rest / 10) | 0;
    bytes[i] = 0x30 + rest - next * 10;
    rest = next;
  }
  return at + digits;
}

function writeLineEnd(bytes: Uint8Array, at: number): number {
  bytes[at] = 0x0d;
  bytes[at + 1] = 0x0a;
  return at + 2;
}

/**
 * A lasting link to a syslog daemon: queues packets, sends them in order and
 * finds the daemon again when it went away. Never keeps its caller waiting: what
 * the daemon does not take in time is dropped, oldest first, and counted.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { errorText } from "../error_text.ts";
import type { LevelLabel } from "../log.ts";
import type { SyslogSocket } from "./syslog_socket.ts";

/** What a link needs. */
export interface SyslogLinkOptions {
  /** Opens a way to the daemon; rejects when there is none. */
  dial: () => Promise<SyslogSocket>;
  /** Makes a packet, with its line end, of a line about the link itself. */
  packet: (level: LevelLabel, text: string) => string;
  /** What the daemon is called where that is said. */
  name: string;
  /** Where else it is said. */
  complain: (level: LevelLabel, text: string) => void;
  /** First pause before dialling again; doubles up to 30 s. Default 500. */
  retryMs?: number;
  /** How long a daemon may take no byte of a stream. Default 30 s. */
  stallMs?: number;
  /** How many characters may wait; default 4 Mi. */
  maxQueued?: number;
}

/** Longest pause before dialling again, in milliseconds. */
const MAX_RETRY_MS = 30_000;
/** How long closing waits for what is queued, in milliseconds. */
const CLOSE_MS = 1000;
/** How much is sent at once over a stream, in characters. */
const BATCH = 64 * 1024;

/** Packets on their way, and how many lines they carry. */
interface Batch {
  readonly bytes: Uint8Array;
  readonly lines: number;
  /** How often sending them has failed. */
  failures: number;
}

/** See the module. */
export class SyslogLink {
  readonly #options: SyslogLinkOptions;
  readonly #encoder = new TextEncoder();
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #socket: SyslogSocket;
  #queue: string[] = [];
  /** Where the queue begins: taking from its front moves nothing. */
  #head = 0;
  #queued = 0;
  /** Taken from the queue and not known to have been sent. */
  #unsent: Batch | null = null;
  #lost = 0;
  #retryMs: number;
  #wake: () => void = () => {};

  private constructor(socket: SyslogSocket, options: SyslogLinkOptions) {
    this.#options = options;
    this.#socket = socket;
    this.#retryMs = options.retryMs ?? 500;
    this.#running = this.#run();
  }

  /** Dials once, and rejects with what `dial` rejects with. */
  static async open(options: SyslogLinkOptions): Promise<SyslogLink> {
    return new SyslogLink(await options.dial(), options);
  }

  /** Queues a packet. Never throws. */
  send(packet: string): void {
    if (this.#closing.signal.aborted) return;
    this.#queue.push(packet);
    this.#queued += packet.length;
    const limit = this.#options.maxQueued ?? 4 * 1024 * 1024;
    while (this.#queued > limit) {
      this.#shift();
      this.#lost++;
    }
    this.#wake();
  }

  /** Sends what is queued if the daemon takes it soon. Idempotent. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return await this.#running;
    this.#closing.abort();
    this.#wake();
    const done = new AbortController();
    const timeout = sleep(CLOSE_MS, undefined, { signal: done.signal })
      .catch(() => {});
    await Promise.race([this.#running, timeout]);
    done.abort();
    this.#socket.close();
    const lines = this.#lost + (this.#unsent?.lines ?? 0) +
      this.#queue.length - this.#head;
    if (lines === 0) return;
    const { name, complain } = this.#options;
    complain("ERR", `Closed syslog ${name}, lines lost: ${lines}`);
  }

  async #run(): Promise<void> {
    for (;;) {
      const since = performance.now();
      const cause = await this.#feed(this.#socket);
      this.#socket.close();
      if (cause === null || this.#closing.signal.aborted) return;
      const { name, complain, packet, retryMs } = this.#options;
      complain("ERR", `Lost syslog ${name}: ${cause}; trying again`);
      if (performance.now() - since > MAX_RETRY_MS) {
        this.#retryMs = retryMs ?? 500;
      }
      const socket = await this.#redial();
      if (socket === null) return;
      this.#socket = socket;
      const text =
        `Connected to syslog ${name} again, lines lost: ${this.#lost}`;
      this.#lost = 0;
      complain("WRN", text);
      const line = packet("WRN", text);
      this.#queue.splice(this.#head, 0, line);
      this.#queued += line.length;
    }
  }

  /**
   * Sends what is queued and what comes, until closed (`null`) or until the
   * daemon is gone (why).
   */
  async #feed(socket: SyslogSocket): Promise<string | null> {
    let ended = false;
    void socket.ended.then(() => {
      ended = true;
      this.#wake();
    });
    for (;;) {
      const batch = this.#unsent ??= this.#take(socket.stream);
      if (batch === null) {
        if (this.#closing.signal.aborted) return null;
        if (ended) return "it has closed the connection";
        await new Promise<void>((resolve) => this.#wake = resolve);
        continue;
      }
      try {
        await this.#sendInTime(socket, batch.bytes);
        this.#unsent = null;
      } catch (error) {
        this.#giveUpBad(batch, socket.stream);
        return errorText(error);
      }
    }
  }

  /** A datagram that fails twice may be to blame itself. */
  #giveUpBad(batch: Batch, stream: boolean): void {
    if (stream || ++batch.failures < 2) return;
    this.#lost += batch.lines;
    this.#unsent = null;
  }

  async #sendInTime(socket: SyslogSocket, bytes: Uint8Array): Promise<void> {
    if (!socket.stream) return await socket.send(bytes);
    const stallMs = this.#options.stallMs ?? 30_000;
    const { promise, reject } = Promise.withResolvers<never>();
    const stall = setTimeout(
      () => reject(new Error(`it has taken nothing for ${stallMs / 1000}s`)),
      stallMs,
    );
    try {
      await Promise.race([socket.send(bytes), promise]);
    } finally {
      clearTimeout(stall);
    }
  }

  /** `null` once closed. */
  async #redial(): Promise<SyslogSocket | null> {
    const { signal } = this.#closing;
    for (;;) {
      await sleep(this.#retryMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return null;
      this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
      try {
        return await this.#options.dial();
      } catch {
        // Said once, when it went away.
      }
    }
  }

  /** The next packets to send, or what to say of those that are lost. */
  #take(stream: boolean): Batch | null {
    let text = "";
    let lines = 0;
    while (this.#head < this.#queue.length) {
      text += this.#shift();
      lines++;
      if (!stream || text.length >= BATCH) break;
    }
    if (lines === 0) {
      if (this.#lost === 0) return null;
      const lost = `Syslog is slower than the log, lines lost: ${this.#lost}`;
      this.#lost = 0;
      text = this.#options.packet("WRN", lost);
    }
    return { bytes: this.#encoder.encode(text), lines, failures: 0 };
  }

  #shift(): string {
    const packet = this.#queue[this.#head];
    this.#queue[this.#head++] = "";
    this.#queued -= packet.length;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return packet;
  }
}

/**
 * Another server of a cluster, by hand: introduces itself, answers PINGs, and
 * keeps account of the interest and the messages it is told.
 */

import type { Server } from "../../src/mod.ts";
import { memoryPair } from "../../src/transport/memory.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { fromLatin1, latin1 } from "../../src/wire/ascii.ts";
import { eventually } from "./server.ts";

/** How it introduces itself. */
export interface RoutePeerOptions {
  readonly cluster?: string;
  /** Takes back messages for queue groups it was wrongly chosen for. */
  readonly echo?: boolean;
}

/** See the module. */
export class RoutePeer implements AsyncDisposable {
  readonly id: string;
  /**
   * Weight by `account subject [queue]`; 1 for plain interest. Leaves out the
   * system account, where every server has the same.
   */
  readonly interest = new Map<string, number>();
  /** Every other line, and the payload behind messages: `RMSG … 2 hi`. */
  readonly lines: string[] = [];
  /** Operations on interest so far. */
  changes = 0;
  ended = false;
  readonly #transport: Transport;
  readonly #reading: Promise<void>;
  #sending: Promise<void> = Promise.resolve();
  #text = "";
  #pongs = 0;
  #paused: Promise<void> | null = null;
  #resume: () => void = () => {};

  private constructor(id: string, transport: Transport) {
    this.id = id;
    this.#transport = transport;
    this.#reading = this.#read();
  }

  /** Becomes a route of `server`. */
  static async join(
    server: Server,
    id: string,
    { cluster = "test", echo = true }: RoutePeerOptions = {},
  ): Promise<RoutePeer> {
    const [ours, theirs] = memoryPair();
    server.acceptRoute(theirs);
    const peer = new RoutePeer(id, ours);
    await peer.send(
      `CONNECT {"echo":${echo},"headers":true,"name":"${id}","cluster":"${cluster}"}\r\n` +
        `INFO {"server_id":"${id}","server_name":"${id}","cluster":"${cluster}","headers":true}\r\n`,
    );
    await eventually(
      () => server.routes.some(({ remoteId }) => remoteId === id),
      `a route to ${id}`,
    );
    await peer.flush();
    return peer;
  }

  /** Sends bytes as they are, one character each. */
  send(text: string): Promise<void> {
    // One after the other: PINGs are answered meanwhile.
    this.#sending = this.#sending.then(async () => {
      let rest = fromLatin1(text);
      while (rest.length > 0 && !this.ended) {
        rest = rest.subarray(await this.#transport.write(rest));
      }
    });
    return this.#sending;
  }

  /** Waits until the server has taken in all that was sent, and answered. */
  async flush(): Promise<void> {
    const pongs = this.#pongs;
    await this.send("PING\r\n");
    await eventually(() => this.#pongs > pongs, "PONG");
  }

  /** The messages so far. */
  get messages(): string[] {
    return this.lines.filter((line) => /^[RH]MSG/.test(line));
  }

  /** Stops reading. */
  pause(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#paused = promise;
    this.#resume = resolve;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#paused = null;
    this.#resume();
    this.#transport.close();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const chunk = new Uint8Array(65536);
    try {
      for (;;) {
        if (this.#paused !== null) await this.#paused;
        const count = await this.#transport.read(chunk);
        if (count === null) break;
        this.#text += latin1(chunk.subarray(0, count));
        this.#take();
      }
    } catch {
      // The server has closed.
    }
    this.ended = true;
  }

  #take(): void {
    let at = 0;
    for (;;) {
      const end = this.#text.indexOf("\r\n", at);
      if (end < 0) break;
      let line = this.#text.slice(at, end);
      let next = end + 2;
      if (/^[RH]MSG/.test(line)) {
        const size = Number(line.slice(line.lastIndexOf(" ") + 1));
        next += size + 2;
        if (next > this.#text.length) break;
        line += ` ${this.#text.slice(end + 2, end + 2 + size)}`;
      }
      at = next;
      this.#heard(line);
    }
    this.#text = this.#text.slice(at);
  }

  #heard(line: string): void {
    const [verb, ...args] = line.split(" ");
    switch (verb) {
      case "PING":
        this.send("PONG\r\n").catch(() => {}); // It has closed: see `ended`.
        return;
      case "PONG":
        this.#pongs++;
        return;
      case "RS+": {
        if (args[0] === "$SYS") return;
        const weight = args.length > 2 ? Number(args.pop()) : 1;
        this.changes++;
        this.interest.set(args.join(" "), weight);
        return;
      }
      case "RS-":
        this.changes++;
        this.interest.delete(args.join(" "));
        return;
      default:
        this.lines.push(line);
    }
  }
}

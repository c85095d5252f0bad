/** A client that sends bytes and says what came back: no library in between. */

import assert from "node:assert/strict";
import type { Transport } from "../../src/transport/transport.ts";
import { fromLatin1, latin1 } from "../../src/wire/ascii.ts";

/** Longest any test waits for something that must come, in milliseconds. */
const PATIENCE_MS = 10_000;

/** CONNECT of a quiet client: no `+OK`, no checks, nothing asked for. */
export const QUIET = 'CONNECT {"verbose":false,"pedantic":false}\r\n';

/** CONNECT of a quiet client with headers and no responders. */
export const HEADERS =
  'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true}\r\n';

/** One raw connection. Text stands for bytes, one character each. */
export class RawClient implements AsyncDisposable {
  readonly #transport: Transport;
  readonly #reading: Promise<void>;
  #received = "";
  #ended = false;
  #failure: Error | null = null;
  #wake: () => void = () => {};
  #paused: Promise<void> | null = null;
  #resume: () => void = () => {};

  /** Starts reading at once. */
  constructor(transport: Transport) {
    this.#transport = transport;
    this.#reading = this.#read();
  }

  /** Reads INFO, the first thing a server says. */
  async info(): Promise<Record<string, unknown>> {
    const line = await this.line();
    assert.match(line, /^INFO \{.*\} $/);
    return JSON.parse(line.slice(5));
  }

  /** Sends bytes as they are. */
  async send(text: string | Uint8Array<ArrayBuffer>): Promise<void> {
    let rest = typeof text === "string" ? fromLatin1(text) : text;
    while (rest.length > 0) {
      rest = rest.subarray(await this.#transport.write(rest));
    }
  }

  /** The next line, without its line end. */
  async line(): Promise<string> {
    await this.#until(() => this.#received.includes("\r\n"), "a line");
    const end = this.#received.indexOf("\r\n");
    return this.#take(end + 2).slice(0, -2);
  }

  /** Asserts that exactly these bytes come next. */
  async expect(text: string): Promise<void> {
    await this.#until(
      () => this.#received.length >= text.length,
      JSON.stringify(text.slice(0, 200)),
    );
    assert.equal(this.#take(text.length), text);
  }

  /** The next `count` bytes. */
  async bytes(count: number): Promise<string> {
    await this.#until(() => this.#received.length >= count, `${count} bytes`);
    return this.#take(count);
  }

  /** As `expect`; the server's own first PING may come in between. */
  async expectBesidePing(text: string): Promise<void> {
    let got = await this.bytes(text.length);
    const at = got.indexOf("PING\r\n");
    if (at >= 0) {
      got = got.slice(0, at) + got.slice(at + 6) + await this.bytes(6);
    }
    assert.equal(got, text);
  }

  /** Everything up to and with the next occurrence of `text`. */
  async through(text: string): Promise<string> {
    await this.#until(() => this.#received.includes(text), `"${text}"`);
    return this.#take(this.#received.indexOf(text) + text.length);
  }

  /** Sends PING and asserts that nothing but PONG comes back. */
  async quiet(): Promise<void> {
    await this.send("PING\r\n");
    await this.expect("PONG\r\n");
  }

  /** Waits for the server to close and returns what it had sent before. */
  async closed(): Promise<string> {
    await this.#until(() => this.#ended, "the end of the connection");
    return this.#take(this.#received.length);
  }

  /** Asserts that the server closes, having sent exactly `text`. */
  async expectClosed(text: string): Promise<void> {
    assert.equal(await this.closed(), text);
  }

  /** How the connection failed, if it did not just end. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Stops reading until the returned function is called. */
  pause(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#paused = promise;
    this.#resume = () => {
      this.#paused = null;
      resolve();
    };
    return this.#resume;
  }

  /** Ends the sending direction only. */
  async finish(): Promise<void> {
    await this.#transport.closeWrite();
  }

  /** Closes without waiting for anything. */
  close(): void {
    this.#resume();
    this.#transport.close();
  }

  /** Closes and waits for the read loop. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const chunk = new Uint8Array(65536);
    try {
      for (;;) {
        if (this.#paused !== null) await this.#paused;
        const count = await this.#transport.read(chunk);
        if (count === null) break;
        this.#received += latin1(chunk.subarray(0, count));
        this.#wake();
      }
    } catch (error) {
      this.#failure = error as Error;
    }
    this.#transport.close();
    this.#ended = true;
    this.#wake();
  }

  #take(count: number): string {
    const text = this.#received.slice(0, count);
    this.#received = this.#received.slice(count);
    return text;
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    let expired = false;
    const timer = setTimeout(() => {
      expired = true;
      this.#wake();
    }, PATIENCE_MS);
    try {
      await this.#wait(condition, () => expired, what);
    } finally {
      clearTimeout(timer);
    }
  }

  async #wait(
    condition: () => boolean,
    expired: () => boolean,
    what: string,
  ): Promise<void> {
    while (!condition()) {
      const seen = () => JSON.stringify(this.#received.slice(0, 500));
      assert(!expired(), `waited for ${what}, got only ${seen()}`);
      assert(
        !this.#ended,
        `connection ended before ${what}, after ${seen()} (${this.#failure})`,
      );
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

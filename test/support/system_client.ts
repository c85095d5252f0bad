/** A raw client in the system account: asks, and reads what servers say. */

import assert from "node:assert/strict";
import type { RawClient } from "./raw_client.ts";
import { HEADERS } from "./raw_client.ts";

/** What a request or an event came to. */
export interface Said {
  readonly subject: string;
  // deno-lint-ignore no-explicit-any -- Tests look into it as it comes.
  readonly body: any;
}

/** See the module. */
export class SystemClient implements AsyncDisposable {
  readonly raw: RawClient;
  #inboxes = 0;

  private constructor(raw: RawClient) {
    this.raw = raw;
  }

  /** Introduces `raw` as this user. */
  static async login(
    raw: RawClient,
    user: string,
    password = "x",
  ): Promise<SystemClient> {
    await raw.info();
    const login = `{"user":"${user}","pass":"${password}","name":"asker",`;
    await raw.send(HEADERS.replace("{", login));
    // Whoever understands more is sent INFO behind the first PONG.
    await raw.send("PING\r\n");
    await raw.through("PONG\r\n");
    return new SystemClient(raw);
  }

  /** Subscribes; resolves when the server knows. */
  async subscribe(subject: string): Promise<void> {
    await this.raw.send(`SUB ${subject} 1\r\n`);
    await this.raw.quiet();
  }

  /** Sends a request; returns where the answer comes. */
  async request(subject: string, body = ""): Promise<string> {
    const inbox = `in.${++this.#inboxes}`;
    await this.raw.send(
      `SUB ${inbox} ${inbox}\r\nPUB ${subject} ${inbox} ${body.length}\r\n${body}\r\n`,
    );
    return inbox;
  }

  /** Sends a request and returns the first answer. */
  async ask(subject: string, body = ""): Promise<Said["body"]> {
    const inbox = await this.request(subject, body);
    const said = await this.next();
    assert.equal(said.subject, inbox, `${subject}: no answer`);
    return said.body;
  }

  /** The next message, which must be JSON. */
  async next(): Promise<Said> {
    for (;;) {
      const line = await this.raw.line();
      if (line === "PING") {
        await this.raw.send("PONG\r\n");
        continue;
      }
      const [verb, subject, ...rest] = line.split(" ");
      assert.equal(verb, "MSG", line);
      const text = await this.raw.bytes(Number(rest.at(-1)) + 2);
      return { subject, body: JSON.parse(text) };
    }
  }

  /** The next message on a subject that matches. */
  async nextOn(pattern: RegExp): Promise<Said> {
    for (;;) {
      const said = await this.next();
      if (pattern.test(said.subject)) return said;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.raw[Symbol.asyncDispose]();
  }
}

/** Two that a hostile test does nothing to: they must not notice. */

import assert from "node:assert/strict";
import type { RawClient } from "./raw_client.ts";
import type { TestServer } from "./server.ts";

/** A publisher and a subscriber that check on every message. */
export class HealthyPair {
  #sent = 0;

  private constructor(
    readonly publisher: RawClient,
    readonly subscriber: RawClient,
  ) {}

  /** Connects both over TCP. */
  static async on(server: TestServer): Promise<HealthyPair> {
    const subscriber = await server.dialClient();
    await subscriber.send("SUB healthy.> 1\r\n");
    await subscriber.quiet();
    return new HealthyPair(await server.dialClient(), subscriber);
  }

  /** Sends `count` messages and sees each of them arrive, in order. */
  async check(count = 100): Promise<void> {
    let sent = "";
    const expected: string[] = [];
    for (let i = 0; i < count; i++) {
      const payload = `message ${this.#sent++}`;
      sent += `PUB healthy.pair ${payload.length}\r\n${payload}\r\n`;
      expected.push(`MSG healthy.pair 1 ${payload.length}\r\n${payload}\r\n`);
    }
    await this.publisher.send(`${sent}PING\r\n`);
    for (const frame of expected) {
      // The server's own first PING may come in between.
      assert.equal(await this.#frame(frame.length), frame);
    }
    await this.publisher.through("PONG\r\n");
  }

  /** So many bytes of messages. */
  async #frame(length: number): Promise<string> {
    const start = await this.subscriber.bytes(6);
    const rest = start === "PING\r\n" ? "" : start;
    return rest + await this.subscriber.bytes(length - rest.length);
  }
}

/** Clients with names, subscriptions and traffic, for tests of monitoring. */

import { dialTcp } from "../../src/transport/tcp.ts";
import { RawClient } from "./raw_client.ts";

/** A client as it introduces itself, and what it does. */
interface Inhabitant {
  readonly name: string;
  readonly lang: string;
  readonly version: string;
  readonly subjects: readonly string[];
  /** Subject, messages, bytes of each. */
  readonly publishes: readonly [string, number, number] | null;
}

/** In the order they connect. */
const INHABITANTS: readonly Inhabitant[] = [
  {
    name: "alpha",
    lang: "go",
    version: "1.31.0",
    subjects: [],
    publishes: ["load.one", 5, 10],
  },
  {
    name: "bravo",
    lang: "python3",
    version: "2.1.0",
    subjects: ["load.one", "quiet.b"],
    publishes: ["load.two", 1, 400],
  },
  {
    name: "charlie",
    lang: "c",
    version: "3.9",
    subjects: ["load.*", "quiet.c", "quiet.d"],
    publishes: ["load.three", 2, 20],
  },
  {
    name: "delta",
    lang: "rust",
    version: "0.33",
    subjects: ["load.two", "quiet.e", "quiet.f", "quiet.g"],
    publishes: null,
  },
];

/** Names in the order of each sort option that the above decides alone. */
export const ORDERS: Readonly<Record<string, readonly string[]>> = {
  cid: ["alpha", "bravo", "charlie", "delta"],
  start: ["alpha", "bravo", "charlie", "delta"],
  uptime: ["delta", "charlie", "bravo", "alpha"],
  subs: ["delta", "charlie", "bravo", "alpha"],
  msgs_to: ["charlie", "bravo", "delta", "alpha"],
  msgs_from: ["alpha", "charlie", "bravo", "delta"],
  bytes_to: ["charlie", "delta", "bravo", "alpha"],
  bytes_from: ["bravo", "alpha", "charlie", "delta"],
};

/** What a server has then counted for each. */
export const FIGURES: Readonly<Record<string, Record<string, unknown>>> = {
  alpha: figures("go", "1.31.0", 0, [5, 50], [0, 0]),
  bravo: figures("python3", "2.1.0", 2, [1, 400], [5, 50]),
  charlie: figures("c", "3.9", 3, [2, 40], [8, 490]),
  delta: figures("rust", "0.33", 4, [0, 0], [1, 400]),
};

/** The subjects `name` listens to, sorted. */
export function subjectsOf(name: string): readonly string[] {
  return INHABITANTS.find((one) => one.name === name)?.subjects ?? [];
}

function figures(
  lang: string,
  version: string,
  subscriptions: number,
  [in_msgs, in_bytes]: readonly [number, number],
  [out_msgs, out_bytes]: readonly [number, number],
): Record<string, unknown> {
  const from = { in_msgs, in_bytes };
  return { lang, version, subscriptions, ...from, out_msgs, out_bytes };
}

/** The clients above, connected to a server. */
export class Population implements AsyncDisposable {
  readonly #clients: RawClient[] = [];

  private constructor() {}

  /** Connects them to a port of the loopback interface; all is counted then. */
  static async settle(port: number): Promise<Population> {
    const population = new Population();
    for (const { subjects, publishes: _, ...who } of INHABITANTS) {
      const client = await population.#connect(port, who);
      for (const [i, subject] of subjects.entries()) {
        await client.send(`SUB ${subject} ${i + 1}\r\n`);
      }
      await client.quiet();
    }
    for (const [i, { publishes }] of INHABITANTS.entries()) {
      if (publishes === null) continue;
      const [subject, count, size] = publishes;
      const message = `PUB ${subject} ${size}\r\n${"x".repeat(size)}\r\n`;
      await population.#clients[i].send(`${message.repeat(count)}PING\r\n`);
      await population.#clients[i].through("PONG\r\n");
    }
    for (const client of population.#clients) {
      await client.send("PING\r\n");
      await client.through("PONG\r\n");
    }
    return population;
  }

  /** One more client that publishes 10 messages of 5 bytes every 10 ms. */
  async busy(port: number, name: string): Promise<AsyncDisposable> {
    const client = await this.#connect(port, { name });
    const timer = setInterval(
      () => void client.send("PUB busy 5\r\nhello\r\n".repeat(10)),
      10,
    );
    return {
      async [Symbol.asyncDispose]() {
        clearInterval(timer);
        await client[Symbol.asyncDispose]();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]();
  }

  async #connect(
    port: number,
    who: Record<string, unknown>,
  ): Promise<RawClient> {
    const client = new RawClient(await dialTcp("127.0.0.1", port));
    this.#clients.push(client);
    await client.info();
    const hello = JSON.stringify({ verbose: false, pedantic: false, ...who });
    // Escaped, because this client sends characters as bytes.
    const ascii = hello.replace(
      /[^ -~]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    await client.send(`CONNECT ${ascii}\r\n`);
    await client.quiet();
    return client;
  }
}

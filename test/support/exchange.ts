/** What clients of a cluster do with each other, over every pair of members. */

import assert from "node:assert/strict";
import * as nats from "@nats-io/transport-node";
import { until } from "./fleet.ts";
import type { Table } from "./table.ts";

/** Messages each member publishes for a queue group that is everywhere. */
const JOBS = 120;

/**
 * Publish and subscribe, wildcards, queue groups, headers, requests and no
 * responders, from each member to each.
 */
export async function exchange(table: Table): Promise<void> {
  await broadcast(table);
  await share(table);
  await ask(table);
}

/** One message of each reaches every subscription of every member once. */
async function broadcast(table: Table): Promise<void> {
  const { seats } = table;
  const heard: string[] = [];
  for (const { name, client } of seats) {
    for (const subject of ["news.>", "news.*.today", `direct.${name}`]) {
      client.subscribe(subject, {
        callback: (_, message) => {
          heard.push(
            `${name} ${subject}: ${message.subject} ${
              message.headers?.get("from")
            } ${message.string()}`,
          );
        },
      });
    }
  }
  await table.settle();
  const wanted: string[] = [];
  for (const { name: from, client } of seats) {
    const headers = nats.headers();
    headers.set("from", from);
    client.publish(`news.${from}.today`, "x", { headers });
    client.publish(`news.${from}`, "y", { headers });
    for (const { name } of seats) {
      client.publish(`direct.${name}`, `for ${name}`, { headers });
      wanted.push(
        `${name} news.>: news.${from}.today ${from} x`,
        `${name} news.*.today: news.${from}.today ${from} x`,
        `${name} news.>: news.${from} ${from} y`,
        `${name} direct.${name}: direct.${name} ${from} for ${name}`,
      );
    }
  }
  await table.settle();
  assert.deepEqual(heard.sort(), wanted.sort());
}

/** Of a queue group spread over all members, one gets each message. */
async function share(table: Table): Promise<void> {
  const { seats } = table;
  const done = new Map<string, string[]>();
  for (const { name, client } of seats) {
    const jobs: string[] = [];
    done.set(name, jobs);
    client.subscribe("jobs", {
      queue: "workers",
      callback: (_, message) => {
        jobs.push(message.string());
      },
    });
  }
  await table.settle();
  const wanted: string[] = [];
  for (const { name, client } of seats) {
    for (let i = 0; i < JOBS; i++) {
      client.publish("jobs", `${name} ${i}`);
      wanted.push(`${name} ${i}`);
    }
  }
  await table.settle();
  assert.deepEqual([...done.values()].flat().sort(), wanted.sort());
  // Each stands for as much as any other: far below its share is no share.
  for (const [name, jobs] of done) {
    assert(jobs.length > JOBS / 2, `${name} got ${jobs.length}, not ${JOBS}`);
  }
}

/** Requests are answered where the service is, and refused where none is. */
async function ask(table: Table): Promise<void> {
  const { seats } = table;
  for (const { name, client } of seats) {
    client.subscribe(`ask.${name}`, {
      callback: (_, message) => {
        message.respond(`${name} to ${message.string()}`);
      },
    });
  }
  await table.settle();
  for (const { name: from, client } of seats) {
    for (const { name } of seats) {
      const answer = await client.request(`ask.${name}`, from);
      assert.equal(answer.string(), `${name} to ${from}`);
    }
    await assert.rejects(
      client.request("ask.nobody", "", { timeout: 2000 }),
      (error: Error) =>
        error.cause instanceof nats.errors.NoRespondersError ||
        error instanceof nats.errors.NoRespondersError,
    );
  }
}

/**
 * A stream of numbered messages from one seat to another that must arrive
 * whole and in order, whatever happens to the other members.
 */
export class Stream implements Disposable {
  readonly #from: nats.NatsConnection;
  readonly #subject: string;
  readonly #got: number[] = [];
  readonly #timer: ReturnType<typeof setInterval>;
  #sent = 0;

  /** Starts publishing a message a millisecond, or as often as that works. */
  constructor(
    from: nats.NatsConnection,
    to: nats.NatsConnection,
    name: string,
  ) {
    this.#from = from;
    this.#subject = `stream.${name}`;
    to.subscribe(this.#subject, {
      callback: (_, message) => {
        this.#got.push(Number(message.string()));
      },
    });
    this.#timer = setInterval(() => this.#publish(), 1);
  }

  /** Ends it and asserts that nothing was lost or doubled once it had begun. */
  async check(): Promise<void> {
    clearInterval(this.#timer);
    await until(
      () => Promise.resolve(this.#got.at(-1) === this.#sent),
      `message ${this.#sent} of ${this.#subject}`,
      () => `the last one was ${this.#got.at(-1)}`,
    );
    // The first few may have been sent before anybody was known to listen.
    const [first] = this.#got;
    assert(first < 500, `${this.#subject} began with ${first}`);
    this.#got.forEach((number, index) =>
      assert.equal(number, first + index, `in ${this.#subject}`)
    );
    assert(this.#got.length > 20, `only ${this.#got.length} messages`);
  }

  /** Stops publishing without a look at what arrived. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #publish(): void {
    this.#from.publish(this.#subject, String(++this.#sent));
  }
}

/**
 * Figures are true: after any traffic, what monitoring counts for connections,
 * accounts and the server is what the clients themselves have sent and got.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Json } from "../support/monitoring.ts";
import { ask } from "../support/monitoring.ts";
import type { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";

const ACCOUNTS = ["A", "B"];

/** What one client does, in turn with the others. */
type Step =
  | { readonly op: "publish"; readonly subject: string; readonly size: number }
  | {
    readonly op: "subscribe";
    readonly subject: string;
    readonly queue: string;
  }
  | { readonly op: "leave" };

const subject = fc.constantFrom("a", "b", "a.b", "a.c");
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant("publish" as const),
      subject,
      size: fc.nat({ max: 3000 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant("subscribe" as const),
      subject: fc.oneof(subject, fc.constantFrom("a.*", ">")),
      queue: fc.constantFrom("", "q"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("leave" as const) }),
  },
);

/** Client by number, and what it does. */
const script = fc.array(fc.tuple(fc.nat({ max: 5 }), step), { maxLength: 60 });

interface Figures {
  inMsgs: number;
  inBytes: number;
  outMsgs: number;
  outBytes: number;
}

/** A client that counts what it sends and gets. */
class Counting {
  readonly counts: Figures = { inMsgs: 0, inBytes: 0, outMsgs: 0, outBytes: 0 };
  subscriptions = 0;
  gone = false;

  constructor(readonly raw: RawClient, readonly account: string) {}

  async take(step: Step): Promise<void> {
    if (this.gone) return;
    switch (step.op) {
      case "publish":
        this.counts.inMsgs++;
        this.counts.inBytes += step.size;
        await this.raw.send(
          `PUB ${step.subject} ${step.size}\r\n${"x".repeat(step.size)}\r\n`,
        );
        break;
      case "subscribe":
        this.subscriptions++;
        await this.raw.send(
          `SUB ${step.subject} ${step.queue} ${this.subscriptions}\r\n`,
        );
        break;
      case "leave":
        await this.settle();
        await this.raw.finish();
        await this.raw.closed();
        this.gone = true;
        return;
    }
    await this.settle();
  }

  /** Everything sent has been handled, everything due has come. */
  async settle(): Promise<void> {
    if (this.gone) return;
    await this.raw.send("PING\r\n");
    const text = await this.raw.through("PONG\r\n");
    for (const [, size] of text.matchAll(/MSG \S+ \d+ (\d+)\r\n/g)) {
      this.counts.outMsgs++;
      this.counts.outBytes += Number(size);
    }
  }
}

function figuresOf(json: Json): Figures {
  return {
    inMsgs: json.in_msgs,
    inBytes: json.in_bytes,
    outMsgs: json.out_msgs,
    outBytes: json.out_bytes,
  };
}

function sum(all: readonly Figures[]): Figures {
  const total = { inMsgs: 0, inBytes: 0, outMsgs: 0, outBytes: 0 };
  for (const one of all) {
    total.inMsgs += one.inMsgs;
    total.inBytes += one.inBytes;
    total.outMsgs += one.outMsgs;
    total.outBytes += one.outBytes;
  }
  return total;
}

async function perform(
  test: TestServer,
  steps: readonly (readonly [number, Step])[],
): Promise<Counting[]> {
  const clients: Counting[] = [];
  for (let i = 0; i < 6; i++) {
    const account = ACCOUNTS[i % 2];
    const raw = await test.client(
      `CONNECT {"verbose":false,"user":"${account}","pass":"p"}\r\n`,
    );
    clients.push(new Counting(raw, account));
  }
  for (const [number, step] of steps) await clients[number].take(step);
  for (const client of clients) await client.settle();
  return clients;
}

async function check(test: TestServer, clients: Counting[]): Promise<void> {
  const { connections } = await ask(test.server, "/connz?state=any&auth=1");
  assert.equal(connections.length, clients.length);
  clients.forEach(({ account, counts, gone, subscriptions }, i) => {
    const shown = connections[i];
    assert.equal(shown.cid, i + 1);
    assert.deepEqual(figuresOf(shown), counts);
    assert.equal(shown.subscriptions, subscriptions);
    assert.equal(shown.account, account);
    assert.equal(shown.reason, gone ? "Client Closed" : undefined);
    assert.equal(shown.pending_bytes, 0);
  });

  const { account_statz } = await ask(test.server, "/accstatz?unused=1");
  for (const name of ACCOUNTS) {
    const { received, sent, conns, num_subscriptions } = account_statz.find(
      ({ acc }: Json) => acc === name,
    );
    const own = clients.filter(({ account }) => account === name);
    const figures = sum(own.map(({ counts }) => counts));
    assert.deepEqual([received.msgs, received.bytes, sent.msgs, sent.bytes], [
      figures.inMsgs,
      figures.inBytes,
      figures.outMsgs,
      figures.outBytes,
    ]);
    const here = own.filter(({ gone }) => !gone);
    assert.equal(conns, here.length);
    assert.equal(
      num_subscriptions,
      here.reduce((total, { subscriptions }) => total + subscriptions, 0),
    );
  }

  const varz = await ask(test.server, "/varz");
  const everybody = sum(clients.map(({ counts }) => counts));
  assert.deepEqual(figuresOf(varz), everybody);
  const here = clients.filter(({ gone }) => !gone);
  assert.equal(varz.connections, here.length);
  assert.equal(varz.total_connections, clients.length);
  const { num_subscriptions, num_inserts, num_removes } = await ask(
    test.server,
    "/subsz",
  );
  assert.equal(varz.subscriptions, num_subscriptions);
  assert.equal(num_inserts - num_removes, num_subscriptions);
  assert.equal(
    num_inserts,
    clients.reduce((total, { subscriptions }) => total + subscriptions, 0),
  );
}

Deno.test("figures of connections, accounts and server are what clients count", async () => {
  await fc.assert(
    fc.asyncProperty(script, async (steps) => {
      await using test = await TestServer.start({
        monitor: { host: "127.0.0.1", port: -1 },
        accounts: ACCOUNTS.map((name) => ({
          name,
          users: [{ user: name, password: "p" }],
        })),
      });
      await check(test, await perform(test, steps));
    }),
    { numRuns: 40 },
  );
});

/**
 * Official clients whose server is killed under load: they go on at another
 * one that they were told about, and what a survivor acknowledged is not lost.
 */

import assert from "node:assert/strict";
import type { FleetMember } from "../support/fleet.ts";
import { Fleet, MIDGE, OFFICIAL, skipped, until } from "../support/fleet.ts";

/** Clients of the server that is killed. */
const MOVERS = 5;
/** Messages each has acknowledged by survivors before it is over. */
const ENOUGH = 200;

/** A client that publishes, flushes and keeps account of what was acknowledged. */
class Mover {
  /** Messages that a survivor acknowledged. */
  readonly acknowledged: string[] = [];
  readonly client: Awaited<ReturnType<Fleet["client"]>>;
  readonly #subject: string;
  readonly #home: string;
  #stopped = false;

  constructor(client: Mover["client"], subject: string) {
    this.client = client;
    this.#subject = subject;
    this.#home = client.getServer();
  }

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    for (let number = 0; !this.#stopped; number++) {
      const text = `${this.#subject} ${number}`;
      const before = this.client.getServer();
      this.client.publish(this.#subject, text);
      try {
        await this.client.flush();
      } catch {
        continue; // Its server was killed: nobody knows about this one.
      }
      const after = this.client.getServer();
      if (before === after && after !== this.#home) {
        this.acknowledged.push(text);
      }
    }
  }
}

async function failOver(fleet: Fleet, victim: FleetMember): Promise<void> {
  const [near, far] = fleet.running.filter((member) => member !== victim);
  const listener = await fleet.client(near);
  const heard = new Map<string, number>();
  listener.subscribe("moving.*", {
    callback: (_, message) => {
      const text = message.string();
      heard.set(text, (heard.get(text) ?? 0) + 1);
    },
  });
  await listener.flush();
  const movers: Mover[] = [];
  for (let at = 0; at < MOVERS; at++) {
    const client = await fleet.client(victim, {
      reconnect: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
    });
    client.subscribe(`to.${at}`, {
      callback: (_, message) => {
        message.respond(`${at}`);
      },
    });
    await fleet.reachable(client, "moving.x");
    movers.push(new Mover(client, `moving.${at}`));
  }
  heard.clear();
  const running = movers.map((mover) => mover.run());
  await until(() => Promise.resolve(heard.size > 100 * MOVERS), "some load");
  await victim.stop();
  await until(
    () =>
      Promise.resolve(
        movers.every(({ acknowledged }) => acknowledged.length > ENOUGH),
      ),
    "all to go on elsewhere",
  );
  for (const mover of movers) mover.stop();
  await Promise.all(running);
  for (const { acknowledged } of movers) {
    await until(
      () => Promise.resolve(heard.has(acknowledged.at(-1) ?? "")),
      "the last message",
    );
    for (const text of acknowledged) assert.equal(heard.get(text), 1, text);
  }
  // What they had subscribed to they have again, as seen from elsewhere.
  const asker = await fleet.client(far);
  for (let at = 0; at < MOVERS; at++) {
    await fleet.reachable(asker, `to.${at}`);
    assert.equal((await asker.request(`to.${at}`)).string(), `${at}`);
  }
  for (const { client } of movers) await client.close();
}

Deno.test({
  ...skipped(
    "Clients of a server that is killed go on elsewhere and lose nothing",
  ),
  async fn() {
    await using fleet = await Fleet.start([MIDGE, ...OFFICIAL, MIDGE]);
    for (const victim of fleet.members) {
      await failOver(fleet, victim);
      await victim.start();
      await fleet.meshed();
    }
  },
});

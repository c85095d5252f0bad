/**
 * Whatever clients subscribe to and whichever servers are cut off meanwhile:
 * once the cluster is whole again, a message reaches every plain subscription
 * once and one member of every queue group, from wherever it is published.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Client } from "../../src/client/client.ts";
import type { Subscription } from "../../src/client/client.ts";
import { TestCluster } from "../support/cluster.ts";
import { eventually } from "../support/server.ts";

/** Stories at one time: each of them waits most of the time. */
const STORIES = 24;
const CLIENTS_EACH = 2;

const PROBES = ["a", "a.b", "a.c", "a.b.c", "d"];
const SUBJECTS = [...PROBES, "*", "a.*", "a.>", "*.b", ">"];

const STEP = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("subscribe" as const),
      pick: fc.nat(),
      subject: fc.constantFrom(...SUBJECTS),
      queue: fc.option(fc.constantFrom("q", "r"), { nil: undefined }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("unsubscribe" as const),
      pick: fc.nat(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("cut" as const, "heal" as const),
      pick: fc.nat(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rest" as const) }) },
);
const STORY = fc.record({
  members: fc.integer({ min: 3, max: 5 }),
  steps: fc.array(STEP, { minLength: 10, maxLength: 60, size: "max" }),
});
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;
type Story = typeof STORY extends fc.Arbitrary<infer T> ? T : never;

/** A subscription, and the probes it got. */
interface Listener {
  readonly member: string;
  readonly subject: string;
  readonly queue: string | undefined;
  readonly subscription: Subscription;
  readonly got: string[];
}

class Telling implements AsyncDisposable {
  readonly #names: readonly string[];
  readonly #cluster: TestCluster;
  readonly #clients: { member: string; client: Client; ends: number }[] = [];
  #listeners: Listener[] = [];

  private constructor(names: readonly string[], cluster: TestCluster) {
    this.#names = names;
    this.#cluster = cluster;
  }

  static async begin(members: number): Promise<Telling> {
    const names = ["m0", "m1", "m2", "m3", "m4"].slice(0, members);
    const telling = new Telling(names, await TestCluster.start(names));
    for (const member of names) {
      for (let i = 0; i < CLIENTS_EACH; i++) await telling.#connect(member);
    }
    return telling;
  }

  async tell(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#step(step);
    for (const name of this.#names) this.#cluster.heal(name);
    for (const { client } of this.#clients) await client.flush();
    await this.#cluster.meshed();
    for (const name of this.#names) {
      for (const other of this.#names) {
        if (name === other) continue;
        await this.#cluster.heard(name, other, this.#interestOf(other));
      }
    }
  }

  /** Publishes everywhere and looks at who got what. */
  async probe(): Promise<void> {
    const publishers = this.#names.map((name) =>
      this.#clients.find(({ member }) => member === name) ?? assert.fail()
    );
    const settle = async () => {
      for (const seat of this.#clients) seat.ends = 0;
      for (const { client } of publishers) client.publish("end", "");
      await eventually(
        () => this.#clients.every(({ ends }) => ends === publishers.length),
        "the end of what was said before, everywhere",
      );
    };
    // The last changes of interest are in front of it.
    await settle();
    for (const { member, client } of publishers) {
      for (const subject of PROBES) client.publish(subject, `by ${member}`);
    }
    await settle();
    for (const { member } of publishers) {
      for (const probe of PROBES) this.#check(probe, `${probe} by ${member}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client } of this.#clients) await client.close();
    await this.#cluster[Symbol.asyncDispose]();
  }

  async #connect(member: string): Promise<void> {
    const transport = this.#cluster.server(member).inProcessConn();
    const seat = {
      member,
      client: await Client.connect({ transport }),
      ends: 0,
    };
    seat.client.subscribe("end", {
      callback: () => {
        seat.ends++;
      },
    });
    await seat.client.flush();
    this.#clients.push(seat);
  }

  async #step(step: Step): Promise<void> {
    switch (step.kind) {
      case "subscribe":
        return this.#subscribe(step.pick, step.subject, step.queue);
      case "unsubscribe": {
        const listeners = this.#listeners;
        const [gone] = listeners.splice(step.pick % (listeners.length || 1), 1);
        gone?.subscription.unsubscribe();
        return;
      }
      case "cut":
        return this.#cluster.cutOff(this.#name(step.pick));
      case "heal":
        return this.#cluster.heal(this.#name(step.pick));
      case "rest":
        for (const { client } of this.#clients) await client.flush();
    }
  }

  #subscribe(pick: number, subject: string, queue: string | undefined): void {
    const { member, client } = this.#clients[pick % this.#clients.length];
    const got: string[] = [];
    const subscription = client.subscribe(subject, {
      queue,
      callback: (message) => {
        if (message.subject !== "end") {
          got.push(
            `${message.subject} ${new TextDecoder().decode(message.data)}`,
          );
        }
      },
    });
    this.#listeners.push({ member, subject, queue, subscription, got });
  }

  #name(pick: number): string {
    return this.#names[pick % this.#names.length];
  }

  /** What the others should know of a member: `end`, and what is there. */
  #interestOf(name: string): number {
    const all = this.#listeners.filter(({ member }) => member === name)
      .map(({ subject, queue }) => `${subject} ${queue}`);
    return new Set(all).size + 1;
  }

  #check(probe: string, message: string): void {
    const groups = new Map<string, number>();
    for (const { subject, queue, got, member } of this.#listeners) {
      const wanted = matches(subject, probe);
      const copies = got.filter((one) => one === message).length;
      if (queue === undefined) {
        const what = `"${message}" at ${subject} of ${member}`;
        assert.equal(copies, wanted ? 1 : 0, what);
      } else if (wanted) {
        groups.set(queue, (groups.get(queue) ?? 0) + copies);
      } else assert.equal(copies, 0);
    }
    // Its name makes the group, on whichever subjects its members are.
    for (const [group, copies] of groups) {
      assert.equal(copies, 1, `"${message}" for the group ${group}`);
    }
  }
}

/** The rules of subjects, once more and as simply as can be. */
function matches(pattern: string, subject: string): boolean {
  const tokens = subject.split(".");
  const parts = pattern.split(".");
  const rest = parts.at(-1) === ">";
  if (rest ? tokens.length < parts.length : tokens.length !== parts.length) {
    return false;
  }
  return parts.every((part, i) =>
    part === "*" || part === ">" || part === tokens[i]
  );
}

Deno.test("A cluster that is whole again delivers all to everybody once", async () => {
  const stories = fc.sample(STORY, STORIES);
  await Promise.all(stories.map(async (story: Story) => {
    await using telling = await Telling.begin(story.members);
    try {
      await telling.tell(story.steps);
      await telling.probe();
    } catch (error) {
      throw new Error(JSON.stringify(story), { cause: error });
    }
  }));
});

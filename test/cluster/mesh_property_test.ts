/**
 * Whatever happens to the network, in the end every two servers have one route,
 * both the same one, and keep it: many seeds, midges alone and with official
 * servers.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { MeshServer } from "../support/mesh_server.ts";
import type { Inhabitant } from "../support/mesh_world.ts";
import { faults, MeshWorld, wiring } from "../support/mesh_world.ts";
import { OfficialServer } from "../support/official_mesh.ts";

/** What a server is, and whom it is told about besides its seed. */
const SERVER = fc.record({
  kind: fc.constantFrom("midge", "midge", "2.9", "2.14"),
  interest: fc.boolean(),
  seed: fc.nat(),
  /** It lists everybody, itself included. */
  listsAll: fc.boolean(),
  startMs: fc.constantFrom(0, 0, 0, 1, 20, 300, 2500),
  /** Ids are compared: they must not follow from the order. */
  rank: fc.nat({ max: 999 }),
});
const TROUBLE = fc.record({
  kind: fc.constantFrom("split", "cut", "restart"),
  pick: fc.nat(),
  afterMs: fc.constantFrom(0, 3, 50, 1500, 20_000),
});
const CASE = fc.record({
  servers: fc.array(SERVER, { minLength: 2, maxLength: 6, size: "max" }),
  troubles: fc.array(TROUBLE, { maxLength: 4, size: "max" }),
  maxDelayMs: fc.constantFrom(0, 1, 20, 200),
  chance: fc.integer(),
});
type Case = typeof CASE extends fc.Arbitrary<infer T> ? T : never;

const hostOf = (index: number): string => `10.0.0.${index + 1}`;

class Story {
  readonly world: MeshWorld;
  readonly #case: Case;
  #restarts = 0;

  constructor(told: Case) {
    this.#case = told;
    this.world = new MeshWorld(told.chance);
    this.world.maxDelayMs = told.maxDelayMs;
    for (const index of told.servers.keys()) {
      const { startMs } = told.servers[index];
      this.world.after(startMs, () => this.#make(index).start());
    }
  }

  async troubles(): Promise<void> {
    for (const { kind, pick, afterMs } of this.#case.troubles) {
      await this.world.run(afterMs);
      await this.#trouble(kind, pick);
    }
  }

  #make(index: number, life = 0): Inhabitant {
    const { servers } = this.#case;
    const { kind, interest, seed, listsAll, rank } = servers[index];
    const id = `N${String(rank).padStart(3, "0")}x${index}y${life}`;
    const host = hostOf(index);
    const routes = listsAll
      ? servers.map((_, other) => `nats-route://${hostOf(other)}:6222`)
      : index === 0
      ? []
      : [`nats-route://${hostOf(seed % index)}:6222`];
    return kind === "midge"
      ? new MeshServer(this.world, { id, host, routes, interest })
      : new OfficialServer(this.world, {
        id,
        host,
        routes,
        minor: kind === "2.9" ? 9 : 14,
      });
  }

  async #trouble(kind: string, pick: number): Promise<void> {
    const { world } = this;
    const { openWires } = world;
    const index = pick % this.#case.servers.length;
    if (kind === "cut") {
      if (openWires.length > 0) {
        world.cutWire(openWires[pick % openWires.length]);
      }
    } else if (kind === "split") {
      world.split(
        this.#case.servers.keys().map(hostOf).toArray()
          .filter((_, at) => (pick >> at) & 1),
      );
      await world.run(8000);
      world.heal();
    } else {
      const server = world.inhabitants.get(hostOf(index));
      if (server === undefined) return;
      world.kill(server);
      await world.run(pick % 3000);
      this.#make(index, ++this.#restarts).start();
    }
  }
}

async function settles(told: Case): Promise<void> {
  const story = new Story(told);
  const { world } = story;
  await world.run(3000);
  await story.troubles();
  await world.run(60_000);
  assert.deepEqual(faults(world), []);
  const before = wiring(world);
  await world.run(30_000);
  assert.deepEqual(faults(world), []);
  assert.equal(wiring(world), before);
}

const RUNS = { numRuns: 300 };

Deno.test("Mesh has one route between every two midges in the end", async () => {
  await fc.assert(
    fc.asyncProperty(CASE, (told) =>
      settles({
        ...told,
        servers: told.servers.map((server) => ({ ...server, kind: "midge" })),
      })),
    RUNS,
  );
});

Deno.test("Mesh has one route between every two servers in the end, official ones among them", async () => {
  await fc.assert(
    fc.asyncProperty(CASE, (told) =>
      settles({
        ...told,
        servers: told.servers.map((server, index) =>
          index === 0 ? { ...server, kind: "midge" } : server
        ),
      })),
    RUNS,
  );
});

/** What changes while a mesh stands: its routes, who leaves, what clients learn. */

import assert from "node:assert/strict";
import type { MeshServerOptions } from "../support/mesh_server.ts";
import { MeshServer } from "../support/mesh_server.ts";
import { faults, MeshWorld, wiring } from "../support/mesh_world.ts";
import { RawPeer } from "../support/raw_peer.ts";

function midge(
  world: MeshWorld,
  host: string,
  options: Partial<MeshServerOptions> = {},
): MeshServer {
  const id = `N${host.toUpperCase()}`;
  const server = new MeshServer(world, { id, host, ...options });
  server.start();
  return server;
}

Deno.test("Mesh.updateRoutes() closes what is gone, dials what is new and leaves the rest", async () => {
  const world = new MeshWorld(1);
  world.aliases.set("also-c", "c");
  const a = midge(world, "a", { routes: ["b:6222", "c:6222", "also-c:6222"] });
  midge(world, "b");
  const c = midge(world, "c");
  const d = midge(world, "d");
  await world.run(10_000);
  const toC = a.routes.get(c.id);
  a.closeReasons.length = 0;
  a.mesh.updateRoutes(["c:6222", "also-c:6222"]);
  const dials = world.dials.length;
  await world.run(60_000);
  assert.deepEqual(a.closeReasons, ["Route Removed"]);
  assert.deepEqual([...a.routes], [[c.id, toC]]);
  assert.equal(world.dials.length, dials);
  a.mesh.updateRoutes(["c:6222", "d:6222"]);
  await world.run(100);
  assert.equal(a.routes.get(c.id), toC);
  assert.equal(a.routes.has(d.id), true);
  // An address that is tried in vain is given up as well.
  a.mesh.updateRoutes(["c:6222", "d:6222", "nowhere:6222"]);
  await world.run(5000);
  a.mesh.updateRoutes(["c:6222", "d:6222"]);
  const { length } = world.dials;
  await world.run(60_000);
  assert.equal(world.dials.length, length);
});

Deno.test("Mesh.updateRoutes() makes a discovered address a configured one", async () => {
  const world = new MeshWorld(1);
  midge(world, "a");
  const b = midge(world, "b", { routes: ["a:6222"] });
  await world.run(100);
  const c = midge(world, "c", { routes: ["a:6222"] });
  await world.run(1000);
  const before = wiring(world);
  b.mesh.updateRoutes(["a:6222", "c:6222"]);
  await world.run(5000);
  assert.equal(wiring(world), before);
  world.kill(c);
  await world.run(3_600_000);
  midge(world, "c", { id: "NC2" });
  await world.run(10_200);
  assert(b.mesh.routes.has("NC2"));
});

Deno.test("Mesh cannot use an address that is none, and keeps its secrets", async () => {
  const world = new MeshWorld(1);
  midge(world, "a", { routes: ["http://u:secret@b:6222", "b:0", "b:6222"] });
  midge(world, "b");
  await world.run(1000);
  assert.deepEqual(faults(world), []);
  assert.deepEqual(world.errors, [
    'NA: Cannot use route "http://…@b:6222"',
    'NA: Cannot use route "b:0"',
  ]);
});

Deno.test("Mesh.connectUrls are those of the peers there are", async () => {
  const world = new MeshWorld(1);
  const a = midge(world, "a");
  const quiet = midge(world, "q", { routes: ["a:6222"], noAdvertise: true });
  const b = midge(world, "b", {
    routes: ["a:6222"],
    info: { connect_urls: ["b:4222", "10.0.0.2:4222"] },
  });
  await world.run(1000);
  assert.deepEqual(a.mesh.connectUrls, ["b:4222", "10.0.0.2:4222"]);
  assert.deepEqual(quiet.mesh.connectUrls, []);
  const { changes } = a;
  b.mesh.lameDuck();
  await world.run(50);
  assert.deepEqual(a.mesh.connectUrls, []);
  assert.equal(a.mesh.routes.has(b.id), true);
  assert.equal(a.changes, changes + 1);
  world.kill(b);
  await world.run(50);
  assert.deepEqual([...a.mesh.routes.keys()], [quiet.id]);
  assert.equal(a.changes, changes + 2);
});

Deno.test("Mesh does not look for a discovered server that said it would leave", async () => {
  const world = new MeshWorld(1);
  midge(world, "a");
  const b = midge(world, "b", { routes: ["a:6222"] });
  await world.run(10);
  const c = midge(world, "c", { routes: ["a:6222"] });
  await world.run(10_000);
  assert.deepEqual(faults(world), []);
  c.mesh.lameDuck();
  await world.run(100);
  const dials = world.dials.length;
  world.kill(c);
  await world.run(60_000);
  assert.equal(world.dials.length, dials);
  assert.equal(b.mesh.routes.size, 1);
});

Deno.test("Mesh.stop() leaves nothing to be done", async () => {
  const world = new MeshWorld(1);
  const a = midge(world, "a", { routes: ["b:6222", "nowhere:6222", "a:6222"] });
  const peer = new RawPeer(world, "NB", "b");
  await world.run(2);
  const caller = new RawPeer(world, "NX", "x");
  await caller.dial("a");
  a.mesh.stop();
  const dials = world.dials.length;
  peer.info();
  peer.end?.close();
  await world.run(60_000);
  assert.equal(world.dials.length, dials);
  assert.equal(caller.ops.includes("INFO"), false);
});

/** Meshes of a few servers: races, gossip, retries, names, what clients learn. */

import assert from "node:assert/strict";
import type { MeshServerOptions } from "../support/mesh_server.ts";
import { MeshServer } from "../support/mesh_server.ts";
import { faults, MeshWorld, STALE_MS, wiring } from "../support/mesh_world.ts";
import { OfficialServer } from "../support/official_mesh.ts";
import { RawPeer } from "../support/raw_peer.ts";

/** Midges, on hosts with their ids as names unless told otherwise. */
function midges(
  world: MeshWorld,
  ...servers: (Partial<MeshServerOptions> & { id: string })[]
): MeshServer[] {
  return servers.map((options) =>
    new MeshServer(world, { host: options.id.toLowerCase(), ...options })
  );
}

Deno.test("Mesh settles at once when two midges dial each other at the same time", async () => {
  let inVain = 0;
  for (let seed = 0; seed < 200; seed++) {
    const world = new MeshWorld(seed);
    world.maxDelayMs = [0.2, 5, 20][seed % 3];
    const pair = midges(
      world,
      { id: "NA", routes: ["nb:6222"], interest: seed % 2 === 0 },
      { id: "NB", routes: ["na:6222"], interest: seed % 4 < 2 },
    );
    for (const server of pair) server.start();
    await world.run(200);
    assert.deepEqual(faults(world), [], `seed ${seed}`);
    const before = wiring(world);
    await world.run(20_000);
    assert.equal(wiring(world), before);
    assert.equal(world.dials.length, 2);
    for (const { lines } of pair) {
      const count = lines.filter((line) => line.includes("Registering")).length;
      assert(count === 1 || count === 2);
      inVain += count - 1;
    }
  }
  // All interest is sent with each.
  assert(inVain < 20, `${inVain} registrations in vain`);
});

Deno.test("Mesh settles at once when an official server dials it at the same time", async () => {
  for (let seed = 0; seed < 200; seed++) {
    const world = new MeshWorld(seed);
    world.maxDelayMs = [0.2, 5, 20][seed % 3];
    const id = seed % 2 ? "NA" : "NZ";
    const [midge] = midges(world, { id, host: "m", routes: ["o:6222"] });
    const official = new OfficialServer(world, {
      id: "NO",
      host: "o",
      routes: ["m:6222"],
      minor: seed % 4 < 2 ? 9 : 14,
    });
    midge.start();
    official.start();
    await world.run(300);
    assert.deepEqual(faults(world), [], `seed ${seed}`);
    const before = wiring(world);
    await world.run(20_000);
    assert.equal(wiring(world), before);
    assert.deepEqual(world.errors, []);
  }
});

Deno.test("Mesh ignores routes to itself under any name, and dials each once", async () => {
  const world = new MeshWorld(1);
  world.aliases.set("localhost", "na");
  const [server] = midges(world, {
    id: "NA",
    routes: ["nats-route://na:6222", "nats://localhost:6222"],
  });
  server.start();
  await world.run(600_000);
  assert.deepEqual(world.dials, ["na -> na:6222", "na -> localhost:6222"]);
  assert.deepEqual(world.openWires, []);
  assert.deepEqual(world.errors, []);
  assert(
    server.lines.includes(
      'DBG Detected route to self, ignoring "nats-route://localhost:6222/"',
    ),
  );
});

Deno.test("Mesh forms from one seed", async () => {
  const world = new MeshWorld(1);
  const ids = ["NA", "NB", "NC", "ND", "NE"];
  const servers = midges(
    world,
    ...ids.map((id) => ({ id, routes: ["na:6222"] })),
  );
  for (const server of servers) server.start();
  await world.run(3000);
  assert.deepEqual(faults(world), []);
});

Deno.test("Mesh passes on what a newcomer says, with an address to dial", async () => {
  const world = new MeshWorld(1);
  const [server] = midges(world, { id: "NA", host: "a" });
  const [old, shy, placed, plain] = ["o", "s", "p", "q"]
    .map((host) => new RawPeer(world, `N${host}`, host));
  const join = async (peer: RawPeer, info: Record<string, unknown>) => {
    await peer.dial("a");
    peer.connect();
    peer.info(info);
    await world.run(50);
  };
  await join(old, {});
  await join(shy, { gossip_mode: 1 });
  await join(placed, { ip: "nats-route://edge.example:7222/", port: 1 });
  await join(plain, { nonce: "abc", route_pool_size: 3, odd: { kept: true } });
  const told = old.infos.slice(1) as unknown as Record<string, unknown>[];
  assert.deepEqual(
    told.map(({ server_id, ip }) => [server_id, ip]),
    [["Np", "nats-route://edge.example:7222/"], [
      "Nq",
      "nats-route://q:6222/",
    ]],
  );
  assert.equal("nonce" in told[1], false);
  assert.equal("midge" in told[1], false);
  assert.deepEqual(told[1].odd, { kept: true });
  assert.equal(told[1].route_pool_size, 3);
  assert.equal(server.mesh.routes.size, 4);
});

Deno.test("Mesh tells a newcomer about the others, should they not have dialled it", async () => {
  const world = new MeshWorld(1);
  midges(world, { id: "NA" });
  const [old, newcomer] = ["o", "n"]
    .map((host) => new RawPeer(world, `N${host}`, host));
  for (const peer of [old, newcomer]) {
    await peer.dial("na");
    peer.connect();
    peer.info();
    await world.run(1000);
  }
  const about = ({ infos }: RawPeer) =>
    infos.slice(1).map(({ server_id, ip }) => `${server_id} ${ip}`);
  assert.deepEqual(about(old), ["Nn nats-route://n:6222/"]);
  assert.deepEqual(about(newcomer), []);
  await world.run(3000);
  assert.deepEqual(about(newcomer), ["No nats-route://o:6222/"]);
});

Deno.test("Mesh dials whom it is told about, once, with credentials of its own", async () => {
  const world = new MeshWorld(1);
  const authorization = { user: "ruser", password: "secret" };
  const [server] = midges(world, { id: "NA", host: "a", authorization });
  const teller = new RawPeer(world, "NT", "t");
  const third = new RawPeer(world, "N3", "3.example");
  await teller.dial("a");
  teller.connect();
  teller.info();
  await world.run(50);
  const gossip = {
    server_id: "N3",
    ip: "nats-route://3.example:6222/",
    auth_required: true,
    gossip_mode: 2,
  };
  teller.info({ server_id: "N2" });
  teller.info({ ...gossip, server_id: "NA" });
  teller.info(gossip);
  teller.info(gossip);
  await world.run(50);
  third.info();
  await world.run(50);
  teller.info(gossip);
  await world.run(5000);
  assert.deepEqual(world.dials.slice(1), ["a -> 3.example:6222"]);
  const [connect, info] = third.lines;
  assert(connect.op === "CONNECT" && info.op === "INFO");
  assert.equal(connect.connect.user, "ruser");
  assert.equal(connect.connect.pass, "secret");
  assert.equal(info.info.gossip_mode, 2);
  assert.equal(server.mesh.routes.size, 2);
});

Deno.test("Mesh dials a configured address for ever, less often and without flooding the log", async () => {
  const world = new MeshWorld(1);
  const [server] = midges(world, { id: "NA", routes: ["nb:6222"] });
  server.start();
  await world.run(4000);
  assert(world.dials.length >= 3 && world.dials.length <= 5);
  assert.deepEqual(world.errors, [
    "NA: Error trying to connect to route (attempt 1): dial nb:6222: connection refused",
  ]);
  await world.run(3_600_000);
  assert(world.dials.length > 330, `${world.dials.length} dials`);
  assert(world.dials.length < 450, `${world.dials.length} dials`);
  assert(world.errors.length < 10, `${world.errors.length} errors`);
  midges(world, { id: "NB", host: "nb" });
  await world.run(10_200);
  assert.deepEqual(faults(world), []);
});

Deno.test("Mesh is whole again soon after a seed was restarted", async () => {
  const world = new MeshWorld(1);
  const routes = ["s:6222"];
  const seed = { id: "NS1", host: "s" };
  const [first, ...others] = midges(
    world,
    seed,
    { id: "NB", routes },
    { id: "NC", routes },
  );
  for (const server of [first, ...others]) server.start();
  await world.run(30_000);
  world.kill(first);
  await world.run(50);
  assert.equal(others[0].mesh.routes.size, 1);
  await world.run(5000);
  midges(world, { ...seed, id: "NS2" });
  await world.run(1200);
  assert.deepEqual(faults(world), []);
});

Deno.test("Mesh looks for a discovered server for minutes, then forgets it", async () => {
  const world = new MeshWorld(1);
  const [a, b, c] = midges(
    world,
    { id: "NA", host: "a" },
    { id: "NB", host: "b", routes: ["a:6222"] },
    { id: "NC", host: "c", routes: ["a:6222"] },
  );
  for (const server of [a, b, c]) {
    server.start();
    await world.run(100);
  }
  // B was told about C. For A and B alike C is gone without a word.
  world.split(["c"]);
  await world.run(60_000);
  assert.deepEqual([...b.routes.keys()], ["NA"]);
  world.kill(a);
  world.heal();
  await world.run(10_000);
  assert.deepEqual([...b.routes.keys()], ["NC"]);
  world.kill(c);
  await world.run(600_000);
  const dials = world.dials.filter((dial) => dial === "b -> c:6222").length;
  await world.run(600_000);
  assert.equal(
    world.dials.filter((dial) => dial === "b -> c:6222").length,
    dials,
  );
});

Deno.test("Mesh looks for who dialled it and was cut off", async () => {
  const world = new MeshWorld(1);
  const [server] = midges(world, { id: "NA", host: "a" });
  const peer = new RawPeer(world, "NX", "x");
  await peer.dial("a");
  peer.connect();
  peer.info();
  await world.run(10_000);
  world.split(["x"]);
  await world.run(STALE_MS);
  assert.equal(server.mesh.routes.size, 0);
  world.heal();
  await world.run(3000);
  peer.info();
  await world.run(50);
  assert.equal(server.mesh.routes.size, 1);
  // But not for who went away by itself.
  const dials = world.dials.length;
  world.kill(peer);
  await world.run(50);
  midges(world, { id: "NY", host: "y", routes: ["a:6222"] })[0].start();
  await world.run(10_000);
  world.kill(world.inhabitants.get("y") as MeshServer);
  await world.run(10_000);
  const later = world.dials.slice(dials);
  assert.equal(later.includes("a -> y:6222"), false);
});

Deno.test("Mesh takes a peer back at once that lost the route unnoticed", async () => {
  for (const [dialling, accepting] of [["NA", "NB"], ["NB", "NA"]]) {
    const world = new MeshWorld(1);
    const [a, b] = midges(
      world,
      { id: dialling, host: "a", routes: ["b:6222"] },
      { id: accepting, host: "b" },
    );
    a.start();
    await world.run(20_000);
    const [wire] = a.routes.values();
    world.cut.add(wire);
    a.mesh.routes.get(accepting)?.close("Stale Connection");
    await world.run(2000);
    assert.deepEqual(faults(world), [], `${dialling} dialled`);
    assert.notEqual(b.routes.get(dialling), wire);
  }
});

/** How servers agree on the name of their cluster, and who stays out. */

import assert from "node:assert/strict";
import { ClusterName } from "../../src/cluster/cluster_name.ts";
import { MeshServer } from "../support/mesh_server.ts";
import type { WireEnd } from "../support/mesh_world.ts";
import { faults, MeshWorld } from "../support/mesh_world.ts";
import { RawPeer } from "../support/raw_peer.ts";

Deno.test("ClusterName.judge() lets a configured name win, then the larger one", () => {
  const fixed = new ClusterName("CL", Math.random);
  assert.equal(fixed.dynamic, false);
  assert.equal(fixed.judge("CL", false), "same");
  assert.equal(fixed.judge("ZZ", false), "reject");
  assert.equal(fixed.judge("ZZ", true), "reject");
  const loose = new ClusterName("", () => 0.5);
  assert.match(loose.text, /^\w{22}$/);
  assert.equal(loose.dynamic, true);
  assert.equal(loose.judge("A", false), "adopt");
  assert.equal(loose.judge("A", true), "reject");
  assert.equal(loose.judge("z", true), "adopt");
  assert.equal(loose.judge("", false), "reject");
  assert.equal(loose.judge("two words", false), "reject");
  loose.adopt("A", false);
  assert.equal(loose.text, "A");
  assert.equal(loose.judge("z", true), "reject");
});

Deno.test("Mesh of servers without a name agrees on one", async () => {
  for (let seed = 0; seed < 50; seed++) {
    const world = new MeshWorld(seed);
    const hosts = ["a", "b", "c", "d"];
    const servers = hosts.map((host, at) =>
      new MeshServer(world, {
        id: `N${host}`,
        host,
        name: "",
        routes: at === 0 ? [] : [`${hosts[Math.trunc(seed / at) % at]}:6222`],
      })
    );
    const names = servers.map(({ mesh }) => mesh.clusterName);
    assert.equal(new Set(names).size, 4);
    for (const server of servers) server.start();
    await world.run(20_000);
    assert.deepEqual(faults(world), [], `seed ${seed}`);
    const agreed = new Set(servers.map(({ mesh }) => mesh.clusterName));
    assert.deepEqual([...agreed], [names.toSorted().at(-1)]);
    assert.deepEqual(world.errors, []);
  }
});

Deno.test("Mesh adopts a configured name, whoever dials", async () => {
  for (const dialler of [0, 1, 2]) {
    const world = new MeshWorld(dialler);
    const hosts = ["a", "b", "c"];
    const servers = hosts.map((host, at) =>
      new MeshServer(world, {
        id: `N${host}`,
        host,
        name: host === "a" ? "CL" : "",
        routes: at === dialler ? hosts.map((other) => `${other}:6222`) : [],
      })
    );
    for (const server of servers) server.start();
    await world.run(10_000);
    assert.deepEqual(faults(world), [], `dialled by ${dialler}`);
    for (const { mesh } of servers) assert.equal(mesh.clusterName, "CL");
  }
});

Deno.test("Mesh refuses servers of another cluster for ever and says so rarely", async () => {
  const world = new MeshWorld(1);
  const servers = ["a", "b"].map((host) =>
    new MeshServer(world, {
      id: `N${host}`,
      host,
      name: `CL-${host}`,
      routes: ["a:6222", "b:6222"],
    })
  );
  for (const server of servers) server.start();
  await world.run(3_600_000);
  for (const { mesh } of servers) assert.equal(mesh.routes.size, 0);
  assert(world.dials.length < 400, `${world.dials.length} dials`);
  assert(world.errors.length <= 14, `${world.errors.length} errors`);
  assert.match(
    world.errors[0],
    /Rejecting connection, cluster name "CL-." does not match "CL-."/,
  );
});

Deno.test("Mesh is patient with a server that says its name gives way, but keeps it", async () => {
  const world = new MeshWorld(1);
  class Stubborn extends RawPeer {
    override accept(end: WireEnd): void {
      super.accept(end);
      this.info({ cluster: "OTHER", cluster_dynamic: true });
    }
  }
  new Stubborn(world, "NX", "x");
  new MeshServer(world, { id: "NA", host: "a", routes: ["x:6222"] }).start();
  await world.run(60_000);
  assert(world.dials.length > 10 && world.dials.length < 40);
  assert.deepEqual(world.errors, []);
});

/** What passes between a mesh and one peer until there is a route, or none. */

import assert from "node:assert/strict";
import { MeshServer } from "../support/mesh_server.ts";
import { MeshWorld } from "../support/mesh_world.ts";
import { RawPeer } from "../support/raw_peer.ts";

function newWorld() {
  const world = new MeshWorld(7);
  const server = new MeshServer(world, { id: "NB", host: "b" });
  return { world, server, peer: new RawPeer(world, "NX", "x") };
}

Deno.test("Mesh registers a peer that says the least, CONNECT and INFO", async () => {
  const { world, server, peer } = newWorld();
  await peer.dial("b");
  peer.connect();
  peer.info();
  await world.run(50);
  assert.deepEqual(peer.ops, ["INFO", "RS+"]);
  assert.deepEqual([...server.mesh.routes.keys()], ["NX"]);
});

Deno.test("Mesh sends INFO soon, whether who dialled sends CONNECT, INFO or nothing first", async (t) => {
  await t.step("CONNECT: a newer peer waits with its INFO", async () => {
    const { world, peer } = newWorld();
    await peer.dial("b");
    peer.connect();
    await world.run(20);
    assert.deepEqual(peer.ops, ["INFO"]);
  });
  await t.step("nothing", async () => {
    const { world, server, peer } = newWorld();
    await peer.dial("b");
    await world.run(200);
    assert.deepEqual(peer.ops, ["INFO"]);
    assert.equal(server.mesh.routes.size, 0);
  });
  await t.step("INFO", async () => {
    const { world, server, peer } = newWorld();
    await peer.dial("b");
    peer.info();
    await world.run(200);
    assert.deepEqual(peer.lines, [
      { op: "-ERR", text: "Authorization Violation" },
      { op: "closed" },
    ]);
    assert.equal(server.mesh.routes.size, 0);
  });
});

Deno.test("Mesh sends CONNECT and INFO at once to whom it dials", async () => {
  const world = new MeshWorld(7);
  const peer = new RawPeer(world, "NX", "x");
  const server = new MeshServer(world, {
    id: "NB",
    host: "b",
    routes: ["nats-route://ruser:secret@x:6222"],
  });
  server.start();
  await world.run(50);
  const [connect, info] = peer.lines;
  assert.equal(peer.lines.length, 2);
  assert(connect.op === "CONNECT" && info.op === "INFO");
  assert.deepEqual(connect.connect, {
    name: "NB",
    cluster: "CL",
    cluster_dynamic: false,
    user: "ruser",
    pass: "secret",
    echo: true,
    headers: true,
    tls_required: false,
    lang: "",
    gateway: "",
  });
  assert.equal(info.info.server_id, "NB");
  assert.equal(info.info.cluster, "CL");
  assert.deepEqual(
    server.lines.filter((line) => line.startsWith("DBG")),
    [
      "DBG Trying to connect to route on x:6222",
      "DBG x:6222 - rid:1 - Route connect msg sent",
    ],
  );
  peer.info();
  await world.run(50);
  assert(
    server.lines.includes(
      'DBG x:6222 - rid:1 - Registering remote route "NX"',
    ),
  );
});

Deno.test("Mesh sends away who is no server, or none of the cluster", async (t) => {
  const cases = [
    {
      name: "a client",
      connect: { lang: "go" },
      lines: ["-ERR attempted to connect to route port", "closed"],
    },
    {
      name: "a gateway",
      connect: { gateway: "G" },
      lines: ["-ERR attempted to connect to route port", "closed"],
    },
    {
      // INFO comes first: so a server learns whom it need not dial.
      name: "a server of another cluster",
      connect: { cluster: "OTHER" },
      lines: [
        "INFO",
        '-ERR Rejecting connection, cluster name "OTHER" does not match "CL"',
        "closed",
      ],
    },
    {
      name: "a server without a cluster",
      connect: { cluster: "" },
      lines: [
        "INFO",
        '-ERR Rejecting connection, cluster name "" does not match "CL"',
        "closed",
      ],
    },
    { name: "another cluster in INFO", info: { cluster: "OTHER" } },
    { name: "no id", info: { server_id: "" } },
    { name: "the server's own id", info: { server_id: "NB" } },
    { name: "the server's own name", info: { server_name: "name of NB" } },
  ];
  for (const { name, connect, info, lines } of cases) {
    await t.step(name, async () => {
      const { world, server, peer } = newWorld();
      await peer.dial("b");
      peer.connect(connect);
      if (info !== undefined) peer.info(info);
      await world.run(200);
      const seen = peer.lines.map((line) =>
        line.op === "-ERR" ? `-ERR ${line.text}` : line.op
      );
      assert.deepEqual(seen, lines ?? ["INFO", "closed"]);
      assert.equal(server.mesh.routes.size, 0);
    });
  }
});

Deno.test("Mesh takes a peer whose INFO has no cluster, and ignores noise", async () => {
  const { world, server, peer } = newWorld();
  await peer.dial("b");
  peer.connect();
  peer.info({ server_id: "NG", gateway: "G" });
  await world.run(50);
  assert.equal(server.mesh.routes.size, 0);
  peer.info({ cluster: "" });
  peer.info({ server_id: "NZ", gateway: "G", ip: "nats-route://z:6222/" });
  peer.info({
    server_id: "NZ",
    route_acc_add_reqid: "R",
    ip: "nats-route://z:6222/",
  });
  await world.run(5000);
  assert.deepEqual([...server.mesh.routes.keys()], ["NX"]);
  assert.deepEqual(world.dials, ["x -> b:6222"]);
});

Deno.test("Mesh leaves a route alone when its peer dials once more for one account", async () => {
  const { world, server, peer } = newWorld();
  await peer.dial("b");
  peer.connect();
  peer.info();
  await world.run(50);
  const { end: main } = peer;
  for (let dial = 0; dial < 3; dial++) {
    await peer.dial("b");
    peer.connect();
    await world.run(10);
    assert.equal(peer.ops.at(-1), "INFO");
    peer.end?.send({ op: "-ERR", text: "Not possible to have…" });
    peer.end?.close();
    await world.run(2000);
  }
  assert.equal(main?.closed, false);
  assert.deepEqual([...server.mesh.routes.keys()], ["NX"]);
  assert.equal(server.changes, 1);
  assert.deepEqual(world.errors, []);
});

Deno.test("Mesh closes a duplicate only after INFO, and goes over to it if the peer uses it", async (t) => {
  const setUp = async () => {
    const { world, server, peer } = newWorld();
    await peer.dial("b");
    peer.connect();
    peer.info();
    await world.run(30);
    const first = peer.end;
    await peer.dial("b");
    peer.connect();
    peer.info();
    await world.run(30);
    return { world, server, peer, first };
  };
  await t.step("unused", async () => {
    const { world, peer, first } = await setUp();
    await world.run(3000);
    assert.deepEqual(peer.ops, ["INFO", "RS+", "INFO", "closed"]);
    assert.equal(peer.end?.closed, true);
    assert.equal(first?.closed, false);
  });
  await t.step("used", async () => {
    const { world, server, peer, first } = await setUp();
    peer.interest();
    await world.run(3000);
    assert.deepEqual(
      peer.ops.toSorted(),
      ["INFO", "INFO", "RS+", "RS+", "closed"],
    );
    assert.equal(peer.end?.closed, false);
    assert.equal(first?.closed, true);
    assert.equal(server.mesh.routes.size, 1);
  });
  await t.step("the peer closes the first", async () => {
    const { world, server, peer, first } = await setUp();
    first?.close();
    await world.run(3000);
    assert.deepEqual(peer.ops, ["INFO", "RS+", "INFO", "RS+"]);
    assert.equal(server.mesh.routes.size, 1);
  });
});

Deno.test("Mesh gives up a peer that does not say who it is, and tries again", async () => {
  const world = new MeshWorld(7);
  const silent = new RawPeer(world, "NX", "x");
  new MeshServer(world, { id: "NB", host: "b", routes: ["x:6222"] }).start();
  await world.run(9000);
  assert.equal(world.dials.length, 1);
  await world.run(9000);
  assert.equal(world.dials.length, 2);
  assert.equal(silent.ops.includes("closed"), true);
});

Deno.test("Mesh takes no more strangers than it can bear, and sends the oldest away", async () => {
  const { world, server } = newWorld();
  const strangers = Array.from(
    { length: 510 },
    (_, at) => new RawPeer(world, `NS${at}`, `s${at}`),
  );
  for (const stranger of strangers) await stranger.dial("b");
  await world.run(500);
  const turnedAway = strangers.filter(({ end }) => end?.closed);
  assert.deepEqual(turnedAway, strangers.slice(0, 10));
  const peer = new RawPeer(world, "NP", "p");
  await peer.dial("b");
  peer.connect();
  peer.info();
  await world.run(50);
  assert.deepEqual([...server.mesh.routes.keys()], ["NP"]);
});

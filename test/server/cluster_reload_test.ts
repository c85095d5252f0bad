/** Routes, logins and accounts of a running member, changed by a reload. */

import assert from "node:assert/strict";
import type { ServerOptions } from "../../src/mod.ts";
import { Server } from "../../src/mod.ts";
import { TestCluster } from "../support/cluster.ts";
import { HEADERS } from "../support/raw_client.ts";
import { eventually, KeptLog } from "../support/server.ts";

/** Options of a member as `TestCluster` starts it, with these routes. */
function optionsOf(name: string, seeds: readonly string[]): ServerOptions {
  return {
    dontListen: true,
    serverName: name,
    cluster: {
      name: "test",
      advertise: `${name}:6222`,
      routes: seeds.map((seed) => `nats://${seed}:6222`),
    },
  };
}

Deno.test("Server.reload() dials routes that are new, closes those that are gone, and leaves others alone", async () => {
  await using cluster = new TestCluster();
  const { server, log } = await cluster.add("a", []);
  await cluster.add("b", ["a"]);
  await cluster.meshed();
  const [{ id }] = server.routes;
  const names = () => server.routes.map(({ remoteName }) => remoteName).sort();

  await cluster.add("c", []);
  await server.reload(optionsOf("a", ["c"]));
  await cluster.meshed();
  assert.deepEqual(names(), ["b", "c"]);

  await server.reload(optionsOf("a", []));
  await eventually(() => names().join() === "b", "the route to c closed");
  assert.equal(server.routes[0].id, id, "the route to b is the one there was");
  assert(log.lines.some((line) => line.endsWith("closed: Route Removed")));
});

Deno.test("Server.reload() moves what the cluster logs to the new log", async () => {
  await using cluster = new TestCluster();
  const { server, log } = await cluster.add("a", []);
  const next = new KeptLog();
  await server.reload({ ...optionsOf("a", []), log: next });
  await cluster.add("b", ["a"]);
  await next.until(/Registering remote route/);
  assert(!log.lines.some((line) => line.includes("Registering")));
});

Deno.test("Server.start() gives the port for clients back when that for routes cannot be had", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const clients = free.addr.port;
  free.close();
  const server = new Server({
    host: "127.0.0.1",
    port: clients,
    cluster: { name: "test", host: "127.0.0.1", port },
  });
  await assert.rejects(server.start(), /router port/);
  Deno.listen({ hostname: "127.0.0.1", port: clients }).close();
  taken.close();
  await server.start();
  assert.equal(server.port, clients);
  await server.shutdown();
});

Deno.test("Server.reload() gives interest of other servers to accounts that are new", async () => {
  const accounts = [{ name: "NEW", users: [{ user: "u", password: "p" }] }];
  const login = HEADERS.replace("{", '{"user":"u","pass":"p",');
  await using cluster = new TestCluster();
  const { server } = await cluster.add("a", []);
  await cluster.add("b", ["a"], { accounts });
  await cluster.meshed();
  const subscriber = await cluster.client("b", login);
  await subscriber.send("SUB foo 1\r\n");
  await cluster.heard("a", "b", 1);

  await server.reload({ ...optionsOf("a", []), accounts });
  const publisher = await cluster.client("a", login);
  await publisher.send("PUB foo 2\r\nhi\r\n");
  await subscriber.expect("MSG foo 1 2\r\nhi\r\n");
});

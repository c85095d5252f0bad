/** What monitoring says of a server in a cluster. */

import assert from "node:assert/strict";
import { requestSubjects } from "../../src/server/system_request.ts";
import { TestCluster } from "../support/cluster.ts";
import { ask } from "../support/monitoring.ts";
import { TestServer } from "../support/server.ts";

const MONITOR = { host: "127.0.0.1", port: -1 };

Deno.test("/routez and /varz show the other servers, their interest and what was carried", async () => {
  await using cluster = await TestCluster.start(["a", "b", "c"], {
    monitor: MONITOR,
  });
  const subscriber = await cluster.client("b");
  await subscriber.send("SUB orders.* 1\r\nSUB jobs workers 2\r\n");
  await cluster.heard("a", "b", 2);
  const publisher = await cluster.client("a");
  await publisher.send("PUB orders.new 5\r\nhello\r\nPUB jobs 2\r\nhi\r\n");
  await subscriber.through("MSG jobs 2 2\r\nhi\r\n");

  const a = cluster.server("a");
  const { num_routes, routes } = await ask(a, "/routez?subs=1");
  assert.equal(num_routes, 2);
  const names = routes.map((one: { remote_name: string }) => one.remote_name);
  assert.deepEqual(names.sort(), ["b", "c"]);
  const b = routes.find((one: { remote_name: string }) =>
    one.remote_name === "b"
  );
  assert.equal(b.remote_id, cluster.server("b").id);
  assert.equal(b.out_msgs, 2);
  assert.equal(b.out_bytes, 7);
  // Besides its clients' those of its services, as of official servers.
  const services = requestSubjects(cluster.server("b").id);
  assert.equal(b.subscriptions, 2 + services.length);
  assert.deepEqual(
    b.subscriptions_list.sort(),
    [...services, "jobs", "orders.*"].sort(),
  );

  const varz = await ask(a, "/varz");
  assert.equal(varz.routes, 2);
  assert.equal(varz.remotes, 2);
  assert.equal(varz.cluster.name, "test");
  // A message that came in once went out once, to a route.
  assert.equal(varz.in_msgs, 2);
  assert.equal(varz.out_msgs, 2);
  assert.equal(varz.connections, 1);

  const detail = await ask(a, "/routez?subs=detail");
  const [job] = detail.routes
    .find((one: { remote_name: string }) => one.remote_name === "b")
    .subscriptions_list_detail
    .filter((one: { subject: string }) => one.subject === "jobs");
  assert.equal(job.sid, "$G jobs workers");
  assert.equal(job.qgroup, "workers");
  assert.equal(job.msgs, 1);
  assert.match(b.rtt, /s$/);
});

Deno.test("/subsz shows no subscription where an import listens", async () => {
  await using test = await TestServer.start({
    monitor: MONITOR,
    accounts: [
      { name: "A", exports: [{ service: "x" }] },
      { name: "B", imports: [{ service: { account: "A", subject: "x" } }] },
    ],
  });
  assert.equal((await ask(test.server, "/subsz?test=x&subs=1&acc=B")).total, 0);
});

import assert from "node:assert/strict";
import { TestCluster } from "../support/cluster.ts";
import { HEADERS, QUIET, RawClient } from "../support/raw_client.ts";
import { eventually } from "../support/server.ts";

Deno.test("A cluster delivers to subscribers of other servers, each message once", async () => {
  await using cluster = await TestCluster.start(["a", "b", "c"]);
  const subscriber = await cluster.client("b");
  await subscriber.send("SUB foo.> 1\r\nSUB foo.bar 2\r\nSUB foo.* 3\r\n");
  await subscriber.quiet();
  await cluster.heard("a", "b", 3);
  const publisher = await cluster.client("a");
  await publisher.send("PUB foo.bar in.box 5\r\nhello\r\n");
  const got = await subscriber.bytes(
    3 * "MSG foo.bar 1 in.box 5\r\nhello\r\n".length,
  );
  assert.deepEqual(
    got.match(/MSG foo\.bar \d in\.box 5\r\nhello\r\n/g)?.sort(),
    [
      "MSG foo.bar 1 in.box 5\r\nhello\r\n",
      "MSG foo.bar 2 in.box 5\r\nhello\r\n",
      "MSG foo.bar 3 in.box 5\r\nhello\r\n",
    ],
  );
  await subscriber.quiet();
  // Three subscriptions, one frame.
  const { traffic } = cluster.server("b");
  assert.equal(traffic.inMsgs, 1);
});

Deno.test("A cluster carries headers, and cuts them off for whoever has none", async () => {
  await using cluster = await TestCluster.start(["a", "b"]);
  const [modern, plain] = [
    await cluster.client("b"),
    await cluster.client("b", QUIET),
  ];
  await modern.send("SUB foo 1\r\n");
  await plain.send("SUB foo 2\r\n");
  await cluster.heard("a", "b", 1);
  await modern.quiet();
  await plain.quiet();
  const publisher = await cluster.client("a");
  await publisher.send("HPUB foo 18 20\r\nNATS/1.0\r\nA: b\r\n\r\nhi\r\n");
  await modern.expect("HMSG foo 1 18 20\r\nNATS/1.0\r\nA: b\r\n\r\nhi\r\n");
  await plain.expect("MSG foo 2 2\r\nhi\r\n");
});

Deno.test("A server without header support gets messages of its cluster without", async () => {
  await using cluster = await TestCluster.start(["a"]);
  await cluster.add("b", ["a"], { noHeaderSupport: true });
  await cluster.meshed();
  const subscriber = await cluster.client("b", QUIET);
  await subscriber.send("SUB foo 1\r\nSUB foo q 2\r\n");
  await cluster.heard("a", "b", 2);
  const publisher = await cluster.client("a");
  await publisher.send("HPUB foo 18 20\r\nNATS/1.0\r\nA: b\r\n\r\nhi\r\n");
  const got = await subscriber.bytes(2 * "MSG foo 1 2\r\nhi\r\n".length);
  assert.deepEqual(got.match(/MSG foo \d 2\r\nhi\r\n/g)?.length, 2);
});

Deno.test("A cluster that nobody can dial has no addresses in INFO", async () => {
  await using cluster = await TestCluster.start(["a", "b"]);
  await using client = new RawClient(cluster.server("a").inProcessConn());
  const info = await client.info();
  assert.equal(info.cluster, "test");
  assert.equal("connect_urls" in info, false);
});

Deno.test("A queue group spreads over servers by its members there", async () => {
  await using cluster = await TestCluster.start(["a", "b"]);
  const here = await cluster.client("a");
  const there = await cluster.client("b");
  await here.send("SUB q workers 1\r\n");
  for (let sid = 1; sid <= 3; sid++) {
    await there.send(`SUB q workers ${sid}\r\n`);
  }
  await there.quiet();
  await cluster.heard("a", "b", 1);
  await cluster.heard("b", "a", 1);
  const count = 4000;
  await there.send("SUB done 9\r\n");
  await cluster.heard("a", "b", 2);
  const publisher = await cluster.client("a");
  await publisher.send(`${"PUB q 1\r\nx\r\n".repeat(count)}PUB done 0\r\n\r\n`);
  const got = await there.through("MSG done 9 0\r\n\r\n");
  const remote = got.match(/MSG q/g)?.length ?? 0;
  const frame = "MSG q 1 1\r\nx\r\n".length;
  await here.bytes((count - remote) * frame);
  await here.quiet();
  const share = remote / count;
  assert(
    Math.abs(share - 0.75) < 0.04,
    `${share} of all went to three of four`,
  );
});

Deno.test("A request crosses the cluster, and 503 comes where nobody is anywhere", async () => {
  await using cluster = await TestCluster.start(["a", "b"]);
  const service = await cluster.client("b");
  await service.send("SUB help 1\r\n");
  await cluster.heard("a", "b", 1);
  const asker = await cluster.client("a");
  await asker.send("SUB _INBOX.x 9\r\nPUB help _INBOX.x 1\r\n?\r\n");
  await service.expect("MSG help 1 _INBOX.x 1\r\n?\r\n");
  await service.send("PUB _INBOX.x 1\r\n!\r\n");
  await asker.expect("MSG _INBOX.x 9 1\r\n!\r\n");
  await service.send("UNSUB 1\r\n");
  await cluster.heard("a", "b", 0);
  await asker.send("PUB help _INBOX.x 1\r\n?\r\n");
  assert.match(await asker.line(), /^HMSG _INBOX\.x 9 \d+ \d+$/);
});

Deno.test("A subscription that ends by itself ends at the other servers", async () => {
  await using cluster = await TestCluster.start(["a", "b"]);
  const subscriber = await cluster.client("b");
  await subscriber.send("SUB foo 1\r\nUNSUB 1 1\r\n");
  await cluster.heard("a", "b", 1);
  const publisher = await cluster.client("a");
  await publisher.send("PUB foo 1\r\n1\r\nPUB foo 1\r\n2\r\n");
  await subscriber.expect("MSG foo 1 1\r\n1\r\n");
  await cluster.heard("a", "b", 0);
  await subscriber.quiet();
});

Deno.test("Accounts of a cluster keep apart", async () => {
  const accounts = ["ONE", "TWO"].map((name) => ({
    name,
    users: [{ user: name, password: "x" }],
  }));
  await using cluster = await TestCluster.start(["a", "b"], { accounts });
  const as = (user: string) =>
    HEADERS.replace("{", `{"user":"${user}","pass":"x",`);
  const [one, two] = [
    await cluster.client("b", as("ONE")),
    await cluster.client("b", as("TWO")),
  ];
  await one.send("SUB foo 1\r\n");
  await two.send("SUB foo 1\r\n");
  await cluster.heard("a", "b", 2);
  const publisher = await cluster.client("a", as("TWO"));
  await publisher.send("PUB foo 1\r\nx\r\n");
  await two.expect("MSG foo 1 1\r\nx\r\n");
  await one.quiet();
});

Deno.test("A service import reaches services at another server, and the answer returns", async () => {
  const accounts = [
    {
      name: "SHOP",
      users: [{ user: "shop", password: "x" }],
      exports: [{ service: "price" }],
    },
    {
      name: "BUYER",
      users: [{ user: "buyer", password: "x" }],
      imports: [{ service: { account: "SHOP", subject: "price" } }],
    },
  ];
  await using cluster = await TestCluster.start(["a", "b"], { accounts });
  const as = (user: string) =>
    HEADERS.replace("{", `{"user":"${user}","pass":"x",`);
  const shop = await cluster.client("b", as("shop"));
  await shop.send("SUB price 1\r\n");
  await cluster.heard("a", "b", 1);
  const buyer = await cluster.client("a", as("buyer"));
  await buyer.send("SUB in 7\r\nPUB price in 1\r\n?\r\n");
  const line = await shop.line();
  const [, reply] = /^HMSG price 1 (_R_\.\S+) \d+ \d+$/.exec(line) ??
    assert.fail(line);
  await shop.through("?\r\n");
  await shop.send(`PUB ${reply} 2\r\n42\r\n`);
  await buyer.expect("MSG in 7 2\r\n42\r\n");
  await shop.quiet();
});

Deno.test("A stream import gets what is published at another server, once", async () => {
  const accounts = [
    {
      name: "NEWS",
      users: [{ user: "news", password: "x" }],
      exports: [{ stream: "news.>" }],
    },
    {
      name: "READER",
      users: [{ user: "reader", password: "x" }],
      imports: [{ stream: { account: "NEWS", subject: "news.>" } }],
    },
  ];
  await using cluster = await TestCluster.start(["a", "b"], { accounts });
  const as = (user: string) =>
    HEADERS.replace("{", `{"user":"${user}","pass":"x",`);
  const [near, far] = [
    await cluster.client("a", as("reader")),
    await cluster.client("b", as("reader")),
  ];
  await near.send("SUB news.de 1\r\n");
  await far.send("SUB news.de 2\r\n");
  await cluster.heard("a", "b", 2);
  await cluster.heard("b", "a", 2);
  const press = await cluster.client("a", as("news"));
  await press.send("PUB news.de 1\r\nx\r\n");
  await near.expect("MSG news.de 1 1\r\nx\r\n");
  await far.expect("MSG news.de 2 1\r\nx\r\n");
  await press.quiet();
  await near.quiet();
  await far.quiet();
});

Deno.test("Interest of a server that is cut off is gone, and back when it is", async () => {
  await using cluster = await TestCluster.start(["a", "b"]);
  const subscriber = await cluster.client("b");
  await subscriber.send("SUB foo 1\r\n");
  await cluster.heard("a", "b", 1);
  cluster.cutOff("b");
  await eventually(() => cluster.server("a").routes.length === 0, "a cut");
  const asker = await cluster.client("a");
  await asker.send("SUB in 1\r\nPUB foo in 1\r\nx\r\n");
  assert.match(await asker.line(), /^HMSG in 1 /);
  cluster.heal("b");
  await cluster.meshed();
  await cluster.heard("a", "b", 1);
  await asker.send("PUB foo 1\r\nx\r\n");
  await subscriber.expect("MSG foo 1 1\r\nx\r\n");
});

Deno.test("A message is passed on once: not from route to route, but back for a queue that has just left", async () => {
  await using cluster = await TestCluster.start(["a", "b"]);
  const local = await cluster.client("a");
  await local.send("SUB plain 1\r\n");
  await local.quiet();
  const peer = await scripted(cluster, "a", "S1");
  await peer.send("RS+ $G plain\r\nRS+ $G jobs workers 1\r\n");
  await peer.quiet();
  await peer.send("RMSG $G plain 1\r\nx\r\n");
  await local.expect("MSG plain 1 1\r\nx\r\n");
  await peer.quiet();
  // Nobody here is in the group, but the peer says it has one.
  await peer.send("RMSG $G jobs | workers 2\r\nhi\r\n");
  await peer.expect("RMSG $G jobs | workers 2\r\nhi\r\n");
});

Deno.test("A route brings messages to plain subscribers and to the groups it names, to no others", async () => {
  await using cluster = await TestCluster.start(["a"]);
  const local = await cluster.client("a");
  await local.send("SUB o.a 1\r\nSUB o.* g 2\r\nSUB o.a h 3\r\n");
  await local.quiet();
  const peer = await scripted(cluster, "a", "S1");
  await peer.send("RMSG $G o.a + re g nobody 1\r\nx\r\n");
  const got = await local.bytes(2 * "MSG o.a 1 re 1\r\nx\r\n".length);
  assert.deepEqual(got.match(/MSG o\.a \d/g)?.sort(), [
    "MSG o.a 1",
    "MSG o.a 2",
  ]);
  await local.quiet();
  await peer.send("RMSG $G o.a 1\r\ny\r\n");
  await local.expect("MSG o.a 1 1\r\ny\r\n");
  await local.quiet();
});

/** A peer by hand: introduced as server `id`, its interest dump not read. */
async function scripted(
  cluster: TestCluster,
  name: string,
  id: string,
): Promise<RawClient> {
  const { memoryPair } = await import("../../src/transport/memory.ts");
  const [ours, theirs] = memoryPair();
  cluster.server(name).acceptRoute(theirs);
  const peer = new RawClient(ours);
  await peer.send(
    `CONNECT {"echo":true,"headers":true,"name":"${id}","cluster":"test"}\r\n`,
  );
  await peer.info();
  await peer.send(
    `INFO {"server_id":"${id}","server_name":"${id}","cluster":"test","headers":true}\r\n`,
  );
  await peer.through("\r\nPING\r\n");
  await peer.send("PONG\r\n");
  await peer.quiet();
  return peer;
}

/**
 * What servers of a cluster tell each other of their clients' interest, and
 * what they make of it: whole clusters in-process, and peers by hand.
 */

import assert from "node:assert/strict";
import { Client, NoRespondersError } from "../../src/client/client.ts";
import { TestCluster } from "../support/cluster.ts";
import type { RawClient } from "../support/raw_client.ts";
import { RoutePeer } from "../support/route_peer.ts";
import { eventually } from "../support/server.ts";

Deno.test("A queue group gets messages by its members everywhere, none preferred", async () => {
  await using cluster = await TestCluster.start(["a", "b", "c"]);
  const members = { a: 1, b: 9, c: 1 };
  const clients = new Map<string, RawClient>();
  for (const [name, count] of Object.entries(members)) {
    const client = await cluster.client(name);
    clients.set(name, client);
    const sids = Array.from({ length: count }, (_, sid) => sid + 1);
    await client.send(
      sids.map((sid) => `SUB jobs workers ${sid}\r\n`).join("") +
        `SUB done.${name} 99\r\n`,
    );
    await client.quiet();
  }
  await cluster.heard("a", "b", 2);
  await cluster.heard("a", "c", 2);
  const count = 10_000;
  const publisher = await cluster.client("a");
  await publisher.send(
    "PUB jobs 1\r\nx\r\n".repeat(count) +
      Object.keys(members).map((name) => `PUB done.${name} 0\r\n\r\n`).join(""),
  );
  let total = 0;
  for (const [name, client] of clients) {
    const got = await client.through(`MSG done.${name} 99 0\r\n\r\n`);
    const share = got.match(/MSG jobs/g)?.length ?? 0;
    total += share;
    const wanted = members[name as keyof typeof members] / 11;
    assert(
      Math.abs(share / count - wanted) < 0.03,
      `${name} got ${share} of ${count}`,
    );
  }
  assert.equal(total, count);
});

Deno.test("A server whose queue members have left passes a message on once", async (t) => {
  const message = "RMSG $G jobs | workers 2\r\nhi\r\n";
  const bounced = "RMSG $G jobs | workers 2 hi";
  const interest = "RS+ $G jobs workers 1\r\n";
  const cases: [string, boolean, boolean, number, number][] = [
    // Who has members: origin, other; who gets it then.
    ["to another server", false, true, 0, 1],
    ["back to where it came from", true, false, 1, 0],
    ["to nobody, where nobody is left", false, false, 0, 0],
  ];
  for (const [name, atOrigin, atOther, back, on] of cases) {
    await t.step(name, async () => {
      await using cluster = await TestCluster.start(["a"]);
      await using origin = await RoutePeer.join(cluster.server("a"), "S1");
      await using other = await RoutePeer.join(cluster.server("a"), "S2");
      if (atOrigin) await origin.send(interest);
      if (atOther) await other.send(interest);
      await other.flush();
      await origin.flush();
      await origin.send(message);
      await origin.flush();
      await other.flush();
      assert.deepEqual(origin.messages, Array(back).fill(bounced));
      assert.deepEqual(other.messages, Array(on).fill(bounced));
    });
  }
  await t.step("to one of several", async () => {
    await using cluster = await TestCluster.start(["a"]);
    const peers: RoutePeer[] = [];
    for (const id of ["S1", "S2", "S3"]) {
      const peer = await RoutePeer.join(cluster.server("a"), id);
      peers.push(peer);
      await peer.send(interest);
      await peer.flush();
    }
    await peers[0].send(message);
    for (const peer of peers) await peer.flush();
    assert.equal(peers.flatMap(({ messages }) => messages).length, 1);
    for (const peer of peers) await peer[Symbol.asyncDispose]();
  });
  await t.step("not back to who does not want it", async () => {
    await using cluster = await TestCluster.start(["a"]);
    const server = cluster.server("a");
    await using origin = await RoutePeer.join(server, "S1", { echo: false });
    await origin.send(interest + message);
    await origin.flush();
    assert.deepEqual(origin.messages, []);
  });
});

Deno.test("Permissions of a cluster bound what servers tell each other of, both ways", async () => {
  const permissions = {
    import: { allow: ["in.>"], deny: ["in.no"] },
    export: { allow: ["out.>"] },
  };
  await using cluster = await TestCluster.start(["a"], {
    cluster: { permissions },
  });
  await using peer = await RoutePeer.join(cluster.server("a"), "S1");
  const client = await cluster.client("a");
  const wanted = ["in.yes", "in.no", "other", "out.x"];
  await client.send(
    wanted.map((subject, sid) => `SUB ${subject} ${sid}\r\n`).join(""),
  );
  await client.quiet();
  await peer.send("RS+ $G out.y\r\nRS+ $G in.y\r\nRS+ $G secret q 1\r\n");
  await peer.flush();
  assert.deepEqual([...peer.interest.keys()], ["$G in.yes"]);
  for (const subject of ["out.y", "in.y", "secret"]) {
    await client.send(`PUB ${subject} 1\r\nx\r\n`);
  }
  await client.quiet();
  await peer.flush();
  assert.deepEqual(peer.messages, ["RMSG $G out.y 1 x"]);
  // What comes in is for whoever sends it to answer for.
  await peer.send("RMSG $G other 1\r\nx\r\n");
  await client.expect("MSG other 2 1\r\nx\r\n");
  const [info] = peer.lines.filter((line) => line.startsWith("INFO "));
  const told = JSON.parse(info.slice(5));
  assert.deepEqual({ import: told.import, export: told.export }, permissions);
});

Deno.test("After a storm of subscriptions other servers know what is left, and nothing else", async () => {
  const clients = 500;
  const pairs = 100;
  await using cluster = await TestCluster.start(["a", "b"]);
  await using peer = await RoutePeer.join(cluster.server("b"), "S1");
  const listener = await cluster.client("a");
  await listener.send("SUB traffic 1\r\n");
  await cluster.heard("b", "a", 1);
  const random = xorshift(7);
  const wanted = new Map<string, number>();
  const storm = Array.from({ length: clients }, async (_, number) => {
    const client = await cluster.client("b");
    let text = "";
    for (let sid = 1; sid <= pairs; sid++) {
      const subject = `storm.${random(40)}`;
      const queue = random(2) === 0 ? "" : ` q${random(3)}`;
      text += `SUB ${subject}${queue} ${sid}\r\n`;
      if (sid % 10 === 0) text += "PUB traffic 1\r\nx\r\n";
      // What the last pair leaves behind stays, here and there.
      const stays = sid === pairs && number % 7 === 0;
      if (!stays) text += `UNSUB ${sid}\r\n`;
      else {
        const key = `$G ${subject}${queue}`;
        wanted.set(key, queue === "" ? 1 : (wanted.get(key) ?? 0) + 1);
      }
    }
    // In two parts, so that the clients' operations mix.
    const half = text.indexOf("\r\n", text.length / 2) + 2;
    await client.send(text.slice(0, half));
    await client.send(text.slice(half));
    await client.quiet();
  });
  await Promise.all(storm);
  await peer.flush();
  assert.deepEqual(
    [...peer.interest].sort(),
    [...wanted].sort(),
  );
  assert(peer.changes > 10_000, `only ${peer.changes} changes`);
  await cluster.heard("a", "b", wanted.size);
  // Traffic meanwhile: every message came.
  const frame = "MSG traffic 1 1\r\nx\r\n";
  const traffic = clients * pairs / 10;
  assert.equal(
    await listener.bytes(frame.length * traffic),
    frame.repeat(traffic),
  );
  await listener.quiet();
});

Deno.test("A server that takes nothing any more slows nobody down, is cut off and told all anew", async () => {
  const options = { maxPendingBytes: 2 * 1024 * 1024 };
  await using cluster = await TestCluster.start(["a", "b"], options);
  const a = cluster.server("a");
  const load = await cluster.client("a");
  await load.send("SUB here 1\r\n");
  await load.quiet();
  const stuck = await RoutePeer.join(a, "S1");
  await stuck.send("RS+ $G load\r\n");
  await stuck.flush();
  stuck.pause();
  const echo = await cluster.client("b");
  await echo.send("SUB ask 1\r\n");
  await cluster.heard("a", "b", 1);
  const asker = await cluster.client("a");
  await asker.send("SUB answer 2\r\n");
  await cluster.heard("b", "a", 2);

  const payload = "x".repeat(64 * 1024);
  let done = false;
  const flood = (async () => {
    for (let i = 0; i < 1600; i++) {
      await load.send(`PUB load ${payload.length}\r\n${payload}\r\n`);
    }
    await load.quiet();
    done = true;
  })();
  const before = Deno.memoryUsage().external;
  let grownBytes = 0;
  let slowestMs = 0;
  for (let round = 0; !done || round < 20; round++) {
    const asked = performance.now();
    await asker.send("PUB ask answer 1\r\n?\r\n");
    await echo.expect("MSG ask 1 answer 1\r\n?\r\n");
    await echo.send("PUB answer 1\r\n!\r\n");
    await asker.expect("MSG answer 2 1\r\n!\r\n");
    slowestMs = Math.max(slowestMs, performance.now() - asked);
    const { external } = Deno.memoryUsage();
    grownBytes = Math.max(grownBytes, external - before);
    // Lets the flood go on.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await flood;
  assert(slowestMs < 250, `an answer took ${slowestMs} ms`);
  assert(grownBytes < 64 * 1024 * 1024, `${grownBytes} bytes more`);
  await eventually(
    () => a.routes.every(({ remoteId }) => remoteId !== "S1"),
    "the stuck server to be cut off",
  );
  const { log } = cluster.members.get("a") ?? assert.fail();
  await log.until(/rid:\d+ - Slow Consumer Detected: MaxPending of \d+/);
  await stuck[Symbol.asyncDispose]();

  await using back = await RoutePeer.join(a, "S1");
  assert.deepEqual([...back.interest.keys()].sort(), ["$G answer", "$G here"]);
  await load.send("PUB load 2\r\nok\r\n");
  await load.quiet();
  await back.flush();
  assert.deepEqual(back.messages, [], "its interest of before is forgotten");
  await back.send("RS+ $G load\r\n");
  await back.flush();
  await load.send("PUB load 2\r\nok\r\n");
  await eventually(() => back.messages.length === 1, "a message");
});

Deno.test("A silent cut is found by PINGs, at both ends, and leaves no interest behind", async () => {
  const options = { pingIntervalMs: 150, pingMax: 2 };
  await using cluster = await TestCluster.start(["a", "b", "c"], options);
  // Clients that answer PINGs, for these come often here.
  const clients: Client[] = [];
  for (const name of ["a", "b", "c"]) {
    const transport = cluster.server(name).inProcessConn();
    const client = await Client.connect({ transport });
    clients.push(client);
    client.subscribe(`at.${name}`);
    await client.flush();
  }
  for (const name of ["b", "c"]) await cluster.heard("a", name, 1);
  const routes = cluster.server("a").routes;
  const started = performance.now();
  cluster.freeze("c");
  for (const name of ["a", "b"]) {
    await eventually(
      () =>
        cluster.server(name).routes.every(({ remoteName }) =>
          remoteName !== "c"
        ),
      `${name} to miss c`,
    );
  }
  await eventually(() => cluster.server("c").routes.length === 0, "c alone");
  const tookMs = performance.now() - started;
  // Three intervals, the jitter of a PING and the sweep.
  assert(tookMs < 3 * 150 * 1.2 + 1000, `found after ${tookMs} ms`);
  const [asker] = clients;
  await assert.rejects(asker.request("at.c", "?"), NoRespondersError);
  // The others were not disturbed.
  const to = (list: typeof routes) =>
    list.find(({ remoteName }) => remoteName === "b");
  assert.equal(to(cluster.server("a").routes)?.id, to(routes)?.id);
  cluster.heal("c");
  await cluster.meshed();
  for (const name of ["a", "b"]) await cluster.heard(name, "c", 1);
  for (const client of clients) await client.close();
});

/** Numbers that are the same each time: from 0 up to but without `limit`. */
function xorshift(seed: number): (limit: number) => number {
  let x = seed;
  return (limit) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % limit;
  };
}

/** Where a server that listens everywhere is reached, and says it is. */

import assert from "node:assert/strict";
import type { Server } from "../../src/mod.ts";
import { dialTcp } from "../../src/transport/tcp.ts";
import { TestCluster } from "../support/cluster.ts";
import { bothFamilies } from "../support/families.ts";
import { RawClient } from "../support/raw_client.ts";
import { eventually, TestServer } from "../support/server.ts";

const ignore = !bothFamilies();

Deno.test({
  name:
    "Server at 0.0.0.0 serves IPv4 and IPv6, and tells each client its address",
  ignore,
  async fn() {
    await using test = await TestServer.listening({ host: "0.0.0.0" });
    for (const host of ["127.0.0.1", "::1"]) {
      await using client = new RawClient(
        await dialTcp(host, test.server.port),
      );
      const { client_ip, host: listening } = await client.info();
      assert.equal(client_ip, host);
      assert.equal(listening, "0.0.0.0");
    }
  },
});

Deno.test({
  name: "Monitor at 0.0.0.0 serves IPv4 and IPv6",
  ignore,
  async fn() {
    await using test = await TestServer.listening({
      monitor: { host: "0.0.0.0", port: -1 },
    });
    const { port } = new URL(test.server.monitorURL() ?? "");
    for (const host of ["127.0.0.1", "[::1]"]) {
      const response = await fetch(`http://${host}:${port}/healthz`);
      assert.equal(await response.text(), '{"status":"ok"}');
    }
  },
});

Deno.test({
  name: "Server at 0.0.0.0 tells the clients of its cluster its IPv6 addresses",
  ignore: ignore || global("IPv6").length === 0,
  async fn() {
    await using cluster = await TestCluster.start(["a", "b"], {
      dontListen: false,
      host: "0.0.0.0",
      port: -1,
      cluster: { host: "127.0.0.1", port: -1 },
    });
    const at = (name: string) => {
      const { port } = cluster.server(name);
      return [
        ...global("IPv4").map((address) => `${address}:${port}`),
        ...global("IPv6").map((address) => `[${address}]:${port}`),
      ].sort();
    };
    const told = await connectUrls(cluster.server("a")) ?? [];
    const own = at("a").length;
    assert.deepEqual(told.slice(0, own).sort(), at("a"));
    assert.deepEqual(told.slice(own).sort(), at("b"));
  },
});

Deno.test("Server of a cluster tells its clients where to connect once there has been another", async () => {
  await using cluster = await TestCluster.start(["a"], {
    clientAdvertise: "a:4222",
  });
  const server = cluster.server("a");
  assert.equal(await connectUrls(server), undefined);
  await cluster.add("b", ["a"], { clientAdvertise: "b:4222" });
  await cluster.meshed();
  assert.deepEqual(await connectUrls(server), ["a:4222", "b:4222"]);
  await cluster.remove("b");
  await eventually(() => server.routes.length === 0, "a server alone");
  assert.deepEqual(await connectUrls(server), ["a:4222"]);
});

/** What a new client of a server is told. */
async function connectUrls(server: Server): Promise<string[] | undefined> {
  await using client = new RawClient(server.inProcessConn());
  return (await client.info()).connect_urls as string[] | undefined;
}

/** Addresses of this machine that other machines may know. */
function global(wanted: "IPv4" | "IPv6"): string[] {
  return Deno.networkInterfaces()
    .filter(({ family }) => family === wanted)
    .map(({ address }) => address)
    .filter((address) => !/^(127\.|::1$|fe80:)/.test(address));
}

/** Where a server that listens everywhere is reached, and says it is. */

import assert from "node:assert/strict";
import { dialTcp } from "../../src/transport/tcp.ts";
import { bothFamilies } from "../support/families.ts";
import { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";

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
    await using test = await TestServer.listening({
      host: "0.0.0.0",
      cluster: { host: "127.0.0.1", port: -1, name: "c" },
    });
    await using client = await test.dial();
    const connectUrls = (await client.info()).connect_urls as string[];
    const { port } = test.server;
    assert.deepEqual(
      connectUrls.sort(),
      [
        ...global("IPv4").map((address) => `${address}:${port}`),
        ...global("IPv6").map((address) => `[${address}]:${port}`),
      ].sort(),
    );
  },
});

/** Addresses of this machine that other machines may know. */
function global(wanted: "IPv4" | "IPv6"): string[] {
  return Deno.networkInterfaces()
    .filter(({ family }) => family === wanted)
    .map(({ address }) => address)
    .filter((address) => !/^(127\.|::1$|fe80:)/.test(address));
}

import assert from "node:assert/strict";
import { HostNames } from "../../src/cli/top_hosts.ts";

Deno.test("HostNames.nameOf() asks once for each address, a few at a time", async () => {
  const asked: string[] = [];
  let running = 0;
  let most = 0;
  const hosts = new HostNames(async (ip) => {
    asked.push(ip);
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    if (ip.endsWith("3")) throw new Error("no such name");
    return `host-${ip}`;
  });
  const ips = Array.from({ length: 20 }, (_, i) => `10.0.0.${i}`);
  for (const ip of [...ips, ...ips]) assert.equal(hosts.nameOf(ip), undefined);
  await hosts.settled();
  assert.deepEqual(asked, ips);
  assert(most <= 8, `${most} at a time`);
  assert.equal(hosts.nameOf("10.0.0.1"), "host-10.0.0.1");
  assert.equal(hosts.nameOf("10.0.0.3"), undefined, "it has none");
  assert.equal(asked.length, 20, "not asked for again");
});

Deno.test("HostNames looks names up on this machine", async () => {
  const hosts = new HostNames();
  hosts.nameOf("127.0.0.1");
  await hosts.settled();
  assert.equal(hosts.nameOf("127.0.0.1"), "localhost");
});

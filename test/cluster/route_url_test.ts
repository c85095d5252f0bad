import assert from "node:assert/strict";
import { parseRouteUrl, routeUrl } from "../../src/cluster/route_url.ts";

Deno.test("parseRouteUrl() reads what operators and servers write", () => {
  const cases: [string, string, number][] = [
    ["nats-route://127.0.0.1:4248", "127.0.0.1:4248", 4248],
    ["nats-route://10.0.0.9:6222/", "10.0.0.9:6222", 6222],
    ["nats://localhost:80", "localhost:80", 80],
    ["tls://edge.example:443", "edge.example:443", 443],
    ["localhost:5248", "localhost:5248", 5248],
    ["nats://localhost", "localhost:6222", 6222],
    ["nats-route://[::1]:6222/", "[::1]:6222", 6222],
  ];
  for (const [text, address, port] of cases) {
    const url = parseRouteUrl(text);
    assert.equal(url?.text, address, text);
    assert.equal(url?.port, port, text);
    assert.equal(url?.tls, text.startsWith("tls:"), text);
  }
  assert.equal(parseRouteUrl("nats://[::1]:1")?.host, "::1");
});

Deno.test("parseRouteUrl() finds credentials", () => {
  const { user, pass, text } =
    parseRouteUrl("nats-route://route_user:T0p%40S3cr3t@h:1") ?? {};
  assert.deepEqual([user, pass, text], ["route_user", "T0p@S3cr3t", "h:1"]);
  assert.equal(parseRouteUrl("nats://u:100%@h:1")?.pass, "100%");
  assert.equal(parseRouteUrl("nats://u@h:1")?.pass, "");
});

Deno.test("parseRouteUrl() refuses what cannot be dialled", () => {
  for (
    const text of [
      "",
      "nats://",
      "http://h:1",
      "nats-route://1.2.3.4:0/",
      "nats://h:65536",
      "nats://a b:1",
    ]
  ) assert.equal(parseRouteUrl(text), null, text);
  assert.equal(routeUrl("h", { port: -1 }), null);
});

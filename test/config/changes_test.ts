import assert from "node:assert/strict";
import { changesBetween, describeChange } from "../../src/config/changes.ts";
import { ConfigError } from "../../src/errors.ts";

Deno.test("changesBetween() finds what differs, and takes defaults for what is absent", () => {
  const changes = changesBetween(
    { server: { port: 1, maxPayload: 5 }, log: {} },
    {
      server: { port: 1, pingMax: 2, tls: { certFile: "c.pem" } },
      log: { debug: true, logtime: true },
      process: { pidFile: "" },
    },
  );
  assert.deepEqual(changes.map(describeChange), [
    "max_payload = 1048576",
    "debug = true",
    'tls.cert_file = "c.pem"',
  ]);
});

Deno.test("changesBetween() names what changes in a cluster and keeps its secrets", () => {
  const from = { server: { cluster: { port: 6222, routes: [] } } };
  const authorization = { user: "u", password: "s3cr3t" };
  const cluster = {
    port: 6222,
    routes: ["nats://u:s3cr3t@a:1"],
    authorization,
    connectRetries: 3,
    noAdvertise: true,
    advertise: "edge.example:6222",
    tls: { certFile: "c.pem" },
  };
  const changes = changesBetween(from, { server: { cluster } });
  assert.deepEqual(changes.map(describeChange), [
    "cluster.advertise",
    "cluster.no_advertise",
    "cluster.routes",
    "cluster.connect_retries",
    "cluster.authorization.user",
    "cluster.authorization.password",
    "cluster.tls.cert_file",
  ]);
});

Deno.test("changesBetween() refuses by name what takes a restart of a cluster", () => {
  const refused = (from: object | null, to: object | null, text: string) =>
    assert.throws(
      () =>
        changesBetween(
          { server: { cluster: from } },
          { server: { cluster: to } },
        ),
      new ConfigError(text),
    );
  refused(
    { port: 1 },
    { port: 1, host: "::1", name: "x" },
    "config reload not supported for cluster.host: old=0.0.0.0, new=::1\n" +
      "config reload not supported for cluster.name: old=, new=x",
  );
  refused(
    null,
    { port: 6222 },
    "config reload not supported for cluster.port: old=0, new=6222",
  );
  refused(
    { port: 6222 },
    null,
    "config reload not supported for cluster.port: old=6222, new=0",
  );
  refused(
    { port: 1 },
    { port: 1, permissions: { import: { allow: ["a"] } } },
    'config reload not supported for cluster.permissions: old=null, new={"import":{"allow":["a"]}}',
  );
});

Deno.test("changesBetween() finds nothing between equals", () => {
  const settings = { server: { port: -1, serverTags: ["a"] } };
  assert.deepEqual(changesBetween(settings, structuredClone(settings)), []);
});

Deno.test("changesBetween() refuses by name what takes a restart", () => {
  assert.throws(
    () =>
      changesBetween(
        { server: { port: 1, debug: false } },
        { server: { port: 2, maxPendingBytes: 5, maxPayload: 4 } },
      ),
    new ConfigError(
      "config reload not supported for port: old=1, new=2\n" +
        "config reload not supported for max_pending: old=67108864, new=5",
    ),
  );
});

Deno.test("changesBetween() refuses another address for monitoring", () => {
  assert.throws(
    () =>
      changesBetween(
        { server: { monitor: { host: "127.0.0.1", port: 8222 } } },
        { server: { monitor: { host: "::1", port: 8223 } } },
      ),
    new ConfigError(
      "config reload not supported for http: old=127.0.0.1, new=::1\n" +
        "config reload not supported for http_port: old=8222, new=8223",
    ),
  );
  const off = { server: { monitor: null } };
  assert.deepEqual(changesBetween(off, { server: {} }), []);
});

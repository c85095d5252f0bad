import assert from "node:assert/strict";
import { checkCluster } from "../../src/cluster/check_cluster.ts";
import { ConfigError } from "../../src/errors.ts";
import type { ClusterOptions, ServerOptions } from "../../src/options.ts";
import { resolveOptions } from "../../src/options.ts";
import { Server } from "../../src/server/server.ts";
import { MUTUAL_TLS } from "../support/tls.ts";

/** Checks a cluster that listens, but for what the test says. */
function check(cluster: ClusterOptions, rest: ServerOptions = {}): void {
  checkCluster(
    resolveOptions({ ...rest, cluster: { port: 6222, ...cluster } }),
  );
}

Deno.test("checkCluster() lets pass what can come to something", () => {
  check({});
  check({
    name: "edge",
    routes: [
      "nats://a:6222",
      "nats-route://u:p@127.0.0.1:6222",
      "tls://[::1]:6222",
      "a:6222",
    ],
    authorization: { user: "u", password: "p", timeoutMs: 500 },
    permissions: { import: { allow: ["a.>"] }, export: { deny: ["b.*"] } },
    tls: MUTUAL_TLS,
  });
  for (const advertise of ["a", "a:6222", "10.0.0.1:0", "[::1]:6222"]) {
    check({ advertise });
  }
  // A time alone asks nothing of anybody.
  check({ authorization: { timeoutMs: 500 } });
  check({ port: 4222, host: "127.0.0.1" }, { host: "127.0.0.2" });
  check({ port: -1 }, { port: -1 });
  checkCluster(resolveOptions());
});

Deno.test("checkCluster() names what is wrong and says what to do", () => {
  const route = (shown: string) =>
    `error parsing route url ["${shown}"] of cluster.routes: write nats://host:port`;
  const advertise = (value: string, reason: string) =>
    `invalid Cluster.Advertise value of ${value}, err=${reason}: set cluster.advertise to host:port`;
  const tls = (name: string) =>
    `missing '${name}' in TLS configuration of the cluster: set cluster.tls.${name}`;
  const cases: [ClusterOptions, string][] = [
    [{ routes: ["nats://a:6222", "http://b:6222"] }, route("http://b:6222")],
    [{ routes: ["nats://a:0"] }, route("nats://a:0")],
    [{ routes: ["nats://u:s3cr3t@a:99999"] }, route("nats://…@a:99999")],
    [{ routes: [""] }, route("")],
    [
      { port: 0, routes: ["nats://a:6222"] },
      "solicited routes require cluster capabilities, e.g. --cluster: give the cluster a port to listen on",
    ],
    [
      { port: 4222 },
      "cluster.port is that of the clients, 4222: choose another one",
    ],
    [
      { advertise: "a:b" },
      advertise("a:b", 'strconv.Atoi: parsing "b": invalid syntax'),
    ],
    [
      { advertise: "a:b:c" },
      advertise("a:b:c", "address a:b:c: too many colons in address"),
    ],
    [
      { advertise: "::1" },
      advertise("::1", "address ::1: too many colons in address"),
    ],
    [{ advertise: "[::1]" }, advertise("[::1]", "missing port in address")],
    [{ advertise: ":6222" }, advertise(":6222", "missing host in address")],
    [
      { advertise: "a:65536" },
      advertise("a:65536", "port 65536 is above 65535"),
    ],
    [
      { authorization: { user: "u" } },
      "expected cluster password to be set: cluster.authorization.password",
    ],
    [
      { authorization: { password: "s3cr3t" } },
      "expected cluster user to be set: cluster.authorization.user",
    ],
    [
      { authorization: { token: "s3cr3t" } },
      "Cluster authorization does not support tokens",
    ],
    [
      { authorization: { users: [] } },
      "Cluster authorization does not allow multiple users",
    ],
    [
      { authorization: { user: "u", password: "p", maxFailures: 3 } },
      'cluster.authorization takes user, password and timeout, not "maxFailures"',
    ],
    [
      { authorization: { user: "u", password: "p", timeoutMs: 0 } },
      "cluster.authorization.timeout must be a time above 0: got 0 ms",
    ],
    [
      { permissions: { import: { allow: ["a..b"] } } },
      'cluster.permissions.import: subject "a..b" is not a valid subject',
    ],
    [
      { permissions: { export: { deny: ["a queue"] } } },
      'cluster.permissions.export: subject "a queue" is not a valid subject',
    ],
    [
      {
        permissions: { publish: {} } as ClusterOptions["permissions"] & object,
      },
      'cluster.permissions takes import and export, not "publish"',
    ],
    [{ tls: {} }, tls("cert_file")],
    [{ tls: { certFile: "c" } }, tls("key_file")],
    [{ tls: { certFile: "c", keyFile: "k" } }, tls("ca_file")],
    [
      { tls: { ...MUTUAL_TLS, verifyAndMap: true } },
      "cluster.tls.verify_and_map is not supported: servers have no users",
    ],
    [
      { tls: { ...MUTUAL_TLS, handshakeFirst: true } },
      "cluster.tls.handshake_first is not supported: it always comes first",
    ],
  ];
  for (const [cluster, message] of cases) {
    assert.throws(() => check(cluster), new ConfigError(message));
  }
});

Deno.test("Server opens no socket to another one unless it listens", async () => {
  const options = {
    dontListen: true,
    cluster: { routes: ["nats://127.0.0.1:1"] },
  };
  const refusal = new ConfigError(
    "cluster.routes cannot be dialled by a server that does not listen, for it opens no socket: give its constructor a function to dial with",
  );
  assert.throws(() => new Server(options), refusal);
  await using server = new Server({ dontListen: true, cluster: {} });
  await server.start();
  await assert.rejects(server.reload(options), refusal);
  const dialled = Promise.withResolvers<string>();
  await using other = new Server(options, (host, port) => {
    dialled.resolve(`${host}:${port}`);
    return Promise.reject(new Error("nobody there"));
  });
  await other.start();
  assert.equal(await dialled.promise, "127.0.0.1:1");
  // It has its way to dial after a reload, too.
  await other.reload({ ...options, maxPayload: 4096 });
});

Deno.test("Server.reload() applies nothing of a cluster it cannot use", async () => {
  await using server = await Server.start({
    host: "127.0.0.1",
    port: -1,
    cluster: { host: "127.0.0.1", port: -1 },
  });
  await assert.rejects(
    server.reload({
      host: "127.0.0.1",
      port: -1,
      cluster: { host: "127.0.0.1", port: -1, routes: ["nats://a:0"] },
    }),
    ConfigError,
  );
});

Deno.test("Server.check() loads the certificates of a cluster", async () => {
  const cluster = { port: 6222, tls: MUTUAL_TLS };
  await Server.check({ cluster });
  await assert.rejects(
    Server.check({
      cluster: { port: 6222, tls: { ...MUTUAL_TLS, keyFile: "gone.pem" } },
    }),
    /^ConfigError: Cannot read key_file .* gone\.pem: no such file/,
  );
});

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

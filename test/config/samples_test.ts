/** The files in config/: they load, they are complete, and they are true. */

import assert from "node:assert/strict";
import { readConfigFile } from "../../src/config/load.ts";
import { SETTINGS } from "../../src/config/schema.ts";
import { checkSettings, settingsOf } from "../../src/config/settings.ts";
import { DEFAULT_OPTIONS, resolveOptions } from "../../src/options.ts";
import { Server } from "../../src/server/server.ts";
import {
  atLeast,
  freePort,
  officialServers,
} from "../support/official_server.ts";
import { pathOf } from "../support/paths.ts";
import { eventually, KeptLog } from "../support/server.ts";

/** Settings that exclude others. */
const INSTEAD_OF_OTHERS = [
  "server.tls.verifyAndMap",
  "server.monitor.httpsPort",
  "server.authorization.user",
  "server.authorization.password",
  "server.authorization.token",
];

function path(name: string): string {
  return pathOf(`config/${name}`);
}

async function load(name: string) {
  const { values, warnings } = await readConfigFile(path(name));
  assert.deepEqual(warnings, []);
  const settings = settingsOf(values);
  checkSettings(settings);
  return settings;
}

Deno.test("config/default.conf says what the defaults are", async () => {
  const settings = await load("default.conf");
  assert.deepEqual(resolveOptions(settings.server), DEFAULT_OPTIONS);
  assert.deepEqual(settings.log, {});
});

Deno.test("config/full.conf and config/full.toml say the same", async () => {
  assert.deepEqual(await load("full.conf"), await load("full.toml"));
});

Deno.test("config/full.conf has every setting there is", async () => {
  const { values } = await readConfigFile(path("full.conf"));
  const missing = SETTINGS
    .filter(({ fullTarget, parts }) =>
      parts === undefined && !INSTEAD_OF_OTHERS.includes(fullTarget)
    )
    .filter(({ fullTarget }) => !values.has(fullTarget))
    .map(({ path }) => path);
  assert.deepEqual(missing, []);
});

Deno.test("config/tls.conf loads", async () => {
  const { server } = await load("tls.conf");
  assert.deepEqual(server, {
    host: "127.0.0.1",
    port: 4443,
    tls: {
      certFile: "server-cert.pem",
      keyFile: "server-key.pem",
      timeoutMs: 2000,
    },
  });
});

Deno.test("config/auth.conf loads", async () => {
  const { server } = await load("auth.conf");
  const { users = [], timeoutMs } = server.authorization ?? {};
  assert.deepEqual(users.map(({ user }) => user), [
    "derek",
    "visitor",
    "station",
  ]);
  assert.equal(timeoutMs, 1000);
});

Deno.test("config/cluster.conf makes a cluster of servers that all have it", async () => {
  const { server } = await load("cluster.conf");
  await Server.check(server);
  const names = ["seed", "second", "third"];
  const kept = names.map(() => new KeptLog());
  // Ports of their own, or several runs of this test would meet.
  const ports = names.map(() => freePort());
  const servers = names.map((serverName, index) =>
    new Server({
      ...server,
      serverName,
      port: -1,
      log: kept[index],
      cluster: {
        ...server.cluster,
        port: ports[index],
        routes: server.cluster?.routes?.map((url, route) =>
          url.replace(/\d+$/, String(ports[route]))
        ) ?? [],
      },
    })
  );
  try {
    for (const one of servers) await one.start();
    await eventually(
      () => servers.every(({ routes }) => routes.length === 2),
      "each has a route to both others",
    );
    // The seed is the first of its own routes.
    await eventually(
      () =>
        kept[0].lines.some((line) => line.includes("Detected route to self")),
      "the seed leaves itself out",
    );
    assert(
      kept.flatMap(({ lines }) => lines).every((line) =>
        !line.includes("T0pS3cr3t")
      ),
    );
  } finally {
    for (const one of servers) await one.shutdown();
  }
});

for (const binary of officialServers().filter((one) => atLeast(one, 2, 10))) {
  for (const name of ["default.conf", "auth.conf", "cluster.conf"]) {
    Deno.test(`nats-server ${binary.version} accepts config/${name}`, async () => {
      const { code, stderr } = await new Deno.Command(binary.path, {
        args: ["-t", "-c", path(name)],
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
    });
  }

  Deno.test(`readConfigFile() gives the digest that nats-server ${binary.version} gives`, async () => {
    const { digest } = await readConfigFile(path("default.conf"));
    const { stderr } = await new Deno.Command(binary.path, {
      args: ["-t", "-c", path("default.conf")],
    }).output();
    assert(new TextDecoder().decode(stderr).includes(digest), digest);
  });
}

/**
 * The system account beside that of the official servers, and together with
 * them: the same requests, the same fields in the answers; in one cluster, all
 * servers answer wherever one asks.
 */

import assert from "node:assert/strict";
import { readConfigFile } from "../../src/config/load.ts";
import { settingsOf } from "../../src/config/settings.ts";
import type { ServerOptions } from "../../src/mod.ts";
import { Server } from "../../src/mod.ts";
import { dialTcp } from "../../src/transport/tcp.ts";
import { Folder } from "../support/folder.ts";
import type { OfficialBinary } from "../support/official_server.ts";
import {
  atLeast,
  freePort,
  OfficialServer,
  officialServers,
} from "../support/official_server.ts";
import { RawClient } from "../support/raw_client.ts";
import { eventually } from "../support/server.ts";
import type { Said } from "../support/system_client.ts";
import { SystemClient } from "../support/system_client.ts";

const CONFIG = `
server_name: same
server_tags: [a]
accounts {
  SYS { users: [{ user: sys, password: x }] },
  APP { users: [{ user: app, password: x,
    permissions: { publish: { allow: ["a.>", "$SYS.REQ.USER.INFO"] } } }] }
}
system_account: SYS
`;

const OFFICIALS = officialServers();

async function join(port: number, user: string): Promise<SystemClient> {
  const raw = new RawClient(await dialTcp("127.0.0.1", port));
  return await SystemClient.login(raw, user);
}

async function startMidge(
  config: string,
  more: ServerOptions = {},
): Promise<Server> {
  const { values } = await readConfigFile(config);
  const { server } = settingsOf(values);
  const options = { ...server, host: "127.0.0.1", port: -1, ...more };
  return await Server.start(options);
}

/** Paths of all fields; of lists, those of their first item. */
function fields(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [path];
  if (Array.isArray(value)) return fields(value[0] ?? null, `${path}[]`);
  return Object.entries(value).flatMap(([name, inner]) =>
    fields(inner, `${path}.${name}`)
  );
}

/** Sent by newer servers than `binary` only. */
const NEWER =
  /\.(flags|gomaxprocs|name_tag|server_name|status_code)$|_(to|from)_clients/;
/** Of Go, or of what midge does not have. */
const NOT_OURS = /gomemlimit|feature_flags/;

function compare(binary: OfficialBinary, theirs: object, ours: object): void {
  const wanted = fields(theirs).filter((path) => !NOT_OURS.test(path));
  const got = new Set(fields(ours));
  assert.deepEqual(wanted.filter((path) => !got.has(path)), [], "missing");
  const known = new Set(wanted);
  const more = [...got].filter((path) =>
    !known.has(path) && (atLeast(binary, 2, 15) || !NEWER.test(path))
  );
  assert.deepEqual(more, [], "not official");
}

for (const binary of OFFICIALS) {
  Deno.test(`The system account says what that of nats-server ${binary.version} does`, async (t) => {
    using folder = new Folder({ "same.conf": CONFIG });
    const config = folder.file("same.conf");
    await using server = await startMidge(config);
    await using official = await OfficialServer.start(binary, ["-c", config]);
    const ports = [official.port, server.port];
    await using theirs = await join(ports[0], "sys");
    await using ours = await join(ports[1], "sys");
    await using theirApp = await join(ports[0], "app");
    await using ourApp = await join(ports[1], "app");
    const both = async (subject: string, body: string) =>
      [await theirs.ask(subject, body), await ours.ask(subject, body)] as const;
    for (
      const [subject, body = ""] of [
        ["$SYS.REQ.SERVER.PING"],
        ["$SYS.REQ.SERVER.PING.STATSZ", "{}"],
        ["$SYS.REQ.SERVER.PING.IDZ"],
        ["$SYS.REQ.SERVER.PING.HEALTHZ"],
        ["$SYS.REQ.SERVER.PING.ROUTEZ"],
        ["$SYS.REQ.SERVER.PING.ACCOUNTZ"],
        ["$SYS.REQ.SERVER.PING.CONNZ", '{"acc":"APP","auth":true}'],
        ["$SYS.REQ.SERVER.PING.CONNZ", '{"sort":"beauty"}'],
        ["$SYS.REQ.SERVER.PING.VARZ", "{"],
        ["$SYS.REQ.SERVER.PING.STATSZ", "{"],
        ["$SYS.REQ.ACCOUNT.APP.CONNZ"],
      ]
    ) {
      if (subject.endsWith("IDZ") && !atLeast(binary, 2, 10)) continue;
      await t.step(`${subject} ${body}`, async () => {
        const [their, our] = await both(subject, body);
        compare(binary, their, our);
        assert.equal(our.error?.code, their.error?.code);
      });
    }
    await t.step("$SYS.REQ.USER.INFO", async () => {
      if (!atLeast(binary, 2, 10)) return;
      const their = await theirApp.ask("$SYS.REQ.USER.INFO");
      const our = await ourApp.ask("$SYS.REQ.USER.INFO");
      // The official server lists subjects in no order.
      for (const { data } of [our, their]) {
        data.permissions.publish.allow.sort();
      }
      assert.deepEqual(our.data, their.data);
    });
    await t.step("a client that comes and goes", async () => {
      const events: Said[][] = [];
      for (const [i, asker] of [theirs, ours].entries()) {
        await asker.subscribe("$SYS.ACCOUNT.APP.*");
        const app = await join(ports[i], "app");
        const came = await asker.next();
        await app[Symbol.asyncDispose]();
        events.push([came, await asker.next()]);
      }
      for (const n of [0, 1]) {
        const [their, our] = [events[0][n], events[1][n]];
        assert.equal(our.subject, their.subject);
        // Measured or not, as time allows.
        const bodies = [their.body, our.body];
        for (const { client } of bodies) delete client.rtt;
        compare(binary, bodies[0], bodies[1]);
        assert.equal(our.body.type, their.body.type);
        assert.equal(our.body.reason, their.body.reason);
      }
    });
  });

  Deno.test(`Servers of a cluster with nats-server ${binary.version} all answer, and know of each other`, async () => {
    using folder = new Folder();
    const ports = [freePort(), freePort()];
    const config = (name: string) =>
      CONFIG.replace("same", name) +
      `cluster { name: C, listen: "127.0.0.1:${ports[0]}",
        routes: ["nats://127.0.0.1:${ports[1]}"] }\n`;
    folder.write("official.conf", config("official"));
    folder.write("midge.conf", config("midge"));
    ports.reverse();
    folder.write("midge.conf", config("midge"));
    await using official = await OfficialServer.start(
      binary,
      ["-c", folder.file("official.conf")],
    );
    const server = await startMidge(folder.file("midge.conf"));
    await using _server = server;
    await eventually(() => server.routes.length === 1, "a route");
    for (const port of [official.port, server.port]) {
      await using asker = await join(port, "sys");
      await asker.request("$SYS.REQ.SERVER.PING");
      const names = [await asker.next(), await asker.next()]
        .map(({ body }) => body.server.name);
      assert.deepEqual(names.sort(), ["midge", "official"]);
      const varz = await asker.ask(`$SYS.REQ.SERVER.${server.id}.VARZ`);
      assert.equal(varz.data.server_name, "midge");
      const filter = '{"server_name":"midge"}';
      const connz = await asker.ask("$SYS.REQ.SERVER.PING.CONNZ", filter);
      assert.equal(connz.server.name, "midge");
    }
    await using watcher = await join(official.port, "sys");
    await watcher.subscribe("$SYS.SERVER.*.*");
    const subject = new RegExp(`${server.id}\\.STATSZ$`);
    await watcher.raw.send(`PUB $SYS.REQ.SERVER.${server.id}.STATSZ 0\r\n\r\n`);
    assert.equal((await watcher.nextOn(subject)).body.statsz.active_servers, 2);
    const known = await watcher.nextOn(/STATSZ$/).then(async () => {
      await watcher.request("$SYS.REQ.SERVER.PING", '{"server_name":"offic"}');
      return await watcher.nextOn(/^in\./);
    });
    assert.equal(known.body.statsz.active_servers, 2);
    await server.shutdown();
    const left = await watcher.nextOn(/SHUTDOWN$/);
    assert.equal(left.body.name, "midge");
  });
}

if (OFFICIALS.length === 0) {
  Deno.test.ignore(
    "No nats-server here to compare the system account with",
    () => {},
  );
}

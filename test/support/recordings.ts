/** What clients, other servers and browsers really send to a server. */

import { connect, headers } from "@nats-io/transport-node";
import { requestSubjects } from "../../src/server/system_request.ts";
import type { Server } from "../../src/mod.ts";
import { Recorder } from "./mutation.ts";
import { HEADERS, RawClient } from "./raw_client.ts";
import { eventually, TestServer } from "./server.ts";

/** Connections by who made them, each as the bytes it sent. */
export interface Recordings {
  readonly client: readonly Uint8Array[];
  readonly route: readonly Uint8Array[];
  readonly monitoring: readonly Uint8Array[];
}

/** Records traffic with `server`, which has a cluster and monitoring. */
export async function record(server: Server): Promise<Recordings> {
  const monitoring = new URL(server.monitorURL() ?? "");
  return {
    client: await recordClient(server.port),
    route: await recordRoute(server),
    monitoring: await recordMonitoring(Number(monitoring.port)),
  };
}

/** The official client, with what it can do. */
async function recordClient(port: number): Promise<Uint8Array[]> {
  await using recorder = new Recorder(port);
  const nc = await connect({ servers: `127.0.0.1:${recorder.port}` });
  const [all, queued] = [
    nc.subscribe("greet.>", { callback: (_, msg) => void msg.respond("hi") }),
    nc.subscribe("greet.*", { queue: "workers", max: 3, callback() {} }),
  ];
  const head = headers();
  head.append("Nats-Msg-Id", "1");
  nc.publish("greet.joe", "hello", { headers: head });
  nc.publish("greet.sue.anne", new Uint8Array(300), { reply: "answers" });
  await nc.request("greet.joe", "who is it?", { headers: head, timeout: 5000 });
  queued.unsubscribe();
  all.unsubscribe(10);
  await nc.flush();
  await nc.close();
  return recorder.sent;
}

/** Another server that joins, has interest, passes messages on and leaves. */
async function recordRoute(server: Server): Promise<Uint8Array[]> {
  await using recorder = new Recorder(server.clusterPort);
  const routes = [`nats://127.0.0.1:${recorder.port}`];
  const cluster = { host: "127.0.0.1", port: -1, routes };
  await using listener = new RawClient(server.inProcessConn());
  await listener.send(`${HEADERS}SUB greet.> 1\r\nSUB greet.* workers 2\r\n`);
  await using other = await TestServer.listening({ cluster });
  await eventually(
    () =>
      other.server.routes[0]?.subscriptions === 2 + requestSubjects("").length,
    "a route",
  );
  const client = await other.client(HEADERS);
  await client.send(
    "SUB answers.> 1\r\nSUB answers.* workers 2\r\nUNSUB 2\r\n",
  );
  await client.send("PUB greet.sue answers.1 5\r\nhello\r\n");
  await client.send(
    "HPUB greet.joe 18 23\r\nNATS/1.0\r\nA: b\r\n\r\nhello\r\n",
  );
  await client.quiet();
  await listener.through("A: b");
  return recorder.sent;
}

async function recordMonitoring(port: number): Promise<Uint8Array[]> {
  await using recorder = new Recorder(port);
  const paths = [
    "/",
    "/varz",
    "/connz?subs=detail&sort=bytes_to&limit=5&offset=1",
    "/subsz?subs=1&test=greet.joe",
    "/routez?subs=1",
    "/healthz?js-enabled-only=true",
    "/accstatz?unused=1",
    "/accountz?acc=$G",
    "/metrics",
    "/jsz?callback=f",
  ];
  for (const path of paths) {
    // Each in a connection of its own.
    using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
    const url = `http://127.0.0.1:${recorder.port}${path}`;
    await (await fetch(url, { client })).text();
  }
  return recorder.sent;
}

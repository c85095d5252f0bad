/**
 * A program of two modules that only know NATS. Without `--server` they are one
 * process and their server is within it, without a socket; with it, each may be
 * a process of its own:
 *
 *     main.ts
 *     main.ts --server nats://127.0.0.1:4222 billing
 *     main.ts --server nats://127.0.0.1:4222 orders
 */

import { parseArgs } from "node:util";
import * as tcp from "@nats-io/transport-node";
import { Server } from "../../../src/mod.ts";
import type { NatsConnection } from "../../../src/nats_core.ts";
import { connect } from "../../../src/nats_core.ts";
import { billing } from "./billing.ts";
import { orders } from "./orders.ts";

const MODULES: Readonly<
  Record<string, (nc: NatsConnection) => Promise<void>>
> = { billing, orders };

const { values: { server: url }, positionals } = parseArgs({
  args: Deno.args,
  options: { server: { type: "string" } },
  allowPositionals: true,
});
const names = positionals.length > 0 ? positionals : Object.keys(MODULES);

await using within = new Server({ dontListen: true });
if (url === undefined) await within.start();

const running: Promise<void>[] = [];
for (const name of names) {
  const nc = url === undefined
    ? await connect({ inProcessServer: within, name })
    : await tcp.connect({ servers: url, name });
  running.push(MODULES[name](nc).then(() => nc.drain()));
}
await Promise.all(running);

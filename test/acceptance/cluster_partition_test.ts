/**
 * A cluster over a network that falls apart: hosts in network namespaces, one
 * of which is unplugged without a word and plugged in again.
 */

import assert from "node:assert/strict";
import * as nats from "@nats-io/transport-node";
import { Fleet, MIDGE, OFFICIAL, until } from "../support/fleet.ts";
import type { FleetMember, Kind } from "../support/fleet.ts";
import { Stream } from "../support/exchange.ts";
import { Hosts, namespacesWork } from "../support/namespaces.ts";
import { Table } from "../support/table.ts";

const [OFFICIAL_KIND = MIDGE] = OFFICIAL;

/** PINGs that find a cut within four seconds. */
const PINGS = 'ping_interval: "1s"\nping_max: 2';

const works = namespacesWork();
const NAME = "A cluster that is cut in two finds out, serves on and heals";

Deno.test({
  name: works ? NAME : `${NAME} (needs root and network namespaces)`,
  ignore: !works,
  async fn() {
    const kinds: Kind[] = [MIDGE, OFFICIAL_KIND, MIDGE];
    using hosts = new Hosts(kinds.length);
    await using fleet = new Fleet({ top: PINGS });
    for (const [at, kind] of kinds.entries()) {
      fleet.add(kind, { place: hosts.places[at] });
    }
    for (const member of fleet.members) await member.start();
    await fleet.meshed();
    // Ours that dials the seed, and the seed itself.
    for (const away of [fleet.members[2], fleet.members[0]]) {
      await cutAndHeal(fleet, hosts, away);
    }
  },
});

async function cutAndHeal(
  fleet: Fleet,
  hosts: Hosts,
  away: FleetMember,
): Promise<void> {
  const rest = fleet.members.filter((member) => member !== away);
  const table = await Table.lay(fleet);
  for (const { name, client } of table.seats) {
    client.subscribe(`ask.${name}`, {
      callback: (_, message) => {
        message.respond(name);
      },
    });
  }
  const [one, other] = rest.map((member) => table.at(member));
  using stream = new Stream(one, other, `past.${away.name}`);
  await table.settle();

  hosts.link(away.place, "down");
  const cut = performance.now();
  await fleet.meshed(rest);
  await until(
    async () => (await away.routez()).num_routes === 0,
    `${away.name} to be alone`,
    () => away.text,
  );
  const noticedMs = performance.now() - cut;
  assert(noticedMs < 6000, `noticed after ${noticedMs} ms`);
  // No interest of the other side is left, on either.
  for (const member of rest) {
    await refused(table.at(member), `ask.${away.name}`);
    await refused(table.at(away), `ask.${member.name}`);
  }

  hosts.link(away.place, "up");
  const healed = performance.now();
  await fleet.meshed();
  const healedMs = performance.now() - healed;
  assert(healedMs < 8000, `whole again after ${healedMs} ms`);
  await stream.check();
  for (const { client } of table.seats) {
    for (const { name } of table.seats) {
      await fleet.reachable(client, `ask.${name}`);
      assert.equal((await client.request(`ask.${name}`)).string(), name);
    }
  }
  await table[Symbol.asyncDispose]();
}

async function refused(
  client: nats.NatsConnection,
  subject: string,
): Promise<void> {
  await assert.rejects(
    client.request(subject, "", { timeout: 1000 }),
    (error: Error) =>
      error instanceof nats.errors.NoRespondersError ||
      error.cause instanceof nats.errors.NoRespondersError,
  );
}

/**
 * midge and official servers in one cluster, as processes, with official
 * clients: who joins in which order makes no difference, and whoever goes away
 * and comes back disturbs nobody.
 */

import assert from "node:assert/strict";
import { exchange, Stream } from "../support/exchange.ts";
import { Fleet, MIDGE, OFFICIAL, skipped, until } from "../support/fleet.ts";
import type { FleetMember, Kind } from "../support/fleet.ts";
import { Table } from "../support/table.ts";

/** Every order of these. */
function orders<Item>(items: readonly Item[]): Item[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) =>
    orders(items.toSpliced(index, 1)).map((rest) => [item, ...rest])
  );
}

const KINDS: readonly Kind[] = [MIDGE, ...OFFICIAL];

Deno.test({
  ...skipped("Members join from one seed in any order and serve each other"),
  async fn() {
    const all = orders(KINDS);
    assert(all.length >= 2);
    // Two at a time: most of it is waiting.
    for (let i = 0; i < all.length; i += 2) {
      await Promise.all(
        all.slice(i, i + 2).map(async (kinds) => {
          await using fleet = await Fleet.start([...kinds, MIDGE]);
          await using table = await Table.lay(fleet);
          await exchange(table);
        }),
      );
    }
  },
});

/** Streams between all seats but one's, whole when it is over. */
async function undisturbed(
  table: Table,
  away: FleetMember,
  body: () => Promise<void>,
): Promise<void> {
  const others = table.seats.filter(({ name }) => name !== away.name);
  const streams = others.flatMap((from) =>
    others.filter((to) => to !== from).map((to) =>
      new Stream(
        from.client,
        to.client,
        `${from.name}.${to.name}.${crypto.randomUUID()}`,
      )
    )
  );
  try {
    await table.settle();
    await body();
    await Promise.all(streams.map((stream) => stream.check()));
  } finally {
    for (const stream of streams) stream[Symbol.dispose]();
  }
}

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  Deno.test({
    ...skipped(`Members that end by ${signal} and return disturb nobody`),
    async fn() {
      await using fleet = await Fleet.start([MIDGE, ...OFFICIAL, MIDGE]);
      for (const member of fleet.members) {
        await using table = await Table.lay(fleet);
        await undisturbed(table, member, async () => {
          await member.stop(signal);
          await fleet.missed(member);
          const started = performance.now();
          await member.start();
          await fleet.meshed();
          const tookMs = performance.now() - started;
          assert(tookMs < 4000, `whole after ${tookMs} ms`);
        });
        await using again = await Table.lay(fleet);
        await exchange(again);
      }
    },
  });
}

Deno.test({
  ...skipped("Clients learn of the members there are, and of those that leave"),
  async fn() {
    await using fleet = await Fleet.start([MIDGE, ...OFFICIAL], {
      top: 'lame_duck_duration: "30s"\nlame_duck_grace_period: "1s"',
    });
    const late = fleet.add(MIDGE);
    const last = fleet.members.at(-2);
    assert(last !== undefined && last.kind !== MIDGE);
    const known = new Map<FleetMember, () => string[]>();
    for (const member of fleet.members.slice(0, -1)) {
      const client = await fleet.client(member);
      known.set(member, () => [...client.info?.connect_urls ?? []].sort());
    }
    const expect = async (members: readonly FleetMember[]) => {
      const wanted = members.map(({ port }) => `127.0.0.1:${port}`).sort();
      for (const [member, urls] of known) {
        if (!members.includes(member)) continue;
        await until(
          () => Promise.resolve(urls().join() === wanted.join()),
          `clients of ${member.name} to know ${wanted}`,
          () => `${urls()}`,
        );
      }
    };
    await expect(fleet.members.slice(0, -1));
    await late.start();
    await expect(fleet.members);
    // Ours: not for clients any more, while its route is still there.
    await fleet.client(late);
    late.signal("SIGUSR2");
    const rest = fleet.running.filter((member) => member !== late);
    await expect(rest);
    await late.ended();
    // The official one.
    last.signal("SIGUSR2");
    await expect(rest.filter((member) => member !== last));
    const [seed] = fleet.members;
    const { routes } = await seed.routez();
    assert(routes.some(({ remote_id: id }) => id === last.id));
    await last.ended();
    await fleet.missed(last);
  },
});

/**
 * Accounts in a cluster of midge and official servers: apart from each other,
 * with services and streams of one used from another across any pair.
 */

import assert from "node:assert/strict";
import * as nats from "@nats-io/transport-node";
import { exchange } from "../support/exchange.ts";
import { Fleet, MIDGE, OFFICIAL, skipped } from "../support/fleet.ts";
import { Table } from "../support/table.ts";

const ACCOUNTS = `
  accounts {
    SHOP {
      users: [{ user: shop, password: x }]
      exports: [{ service: "price.*" }, { stream: "offers.>" }]
    }
    BUYER {
      users: [{ user: buyer, password: x }]
      imports: [
        { service: { account: SHOP, subject: "price.*" }, to: "query.*" }
        { stream: { account: SHOP, subject: "offers.>" }, prefix: shop }
      ]
    }
  }
`;

const BUYER = { user: "buyer", pass: "x" };
const SHOP = { user: "shop", pass: "x" };

Deno.test({
  ...skipped("Accounts keep apart and share what they import, across any pair"),
  async fn() {
    await using fleet = await Fleet.start([MIDGE, ...OFFICIAL, MIDGE], {
      top: ACCOUNTS,
    });
    await using shops = await Table.lay(fleet, fleet.members, SHOP);
    await using buyers = await Table.lay(fleet, fleet.members, BUYER);
    const overheard: string[] = [];
    for (const { name, client } of buyers.seats) {
      client.subscribe("private.>", {
        callback: (_, { subject }) => {
          overheard.push(`${name} ${subject}`);
        },
      });
    }
    await services(shops, buyers);
    await streams(shops, buyers);
    await exchange(buyers);
    for (const { client } of shops.seats) client.publish("private.note");
    await shops.settle();
    await buyers.settle();
    assert.deepEqual(overheard, []);
  },
});

/** Each buyer asks at each shop; answers of several parts come whole. */
async function services(shops: Table, buyers: Table): Promise<void> {
  const asked: string[] = [];
  for (const { name, client } of shops.seats) {
    client.subscribe(`price.${name}`, {
      callback: (_, message) => {
        asked.push(`${name}: ${message.string()}`);
        const headers = nats.headers();
        headers.set("shop", name);
        message.respond(`${message.string()} costs 1`, { headers });
      },
    });
  }
  await shops.settle();
  await buyers.settle();
  const wanted: string[] = [];
  for (const { name: from, client } of buyers.seats) {
    for (const { name } of shops.seats) {
      const answer = await client.request(`query.${name}`, from);
      assert.equal(answer.string(), `${from} costs 1`);
      assert.equal(answer.headers?.get("shop"), name);
      wanted.push(`${name}: ${from}`);
    }
    await assert.rejects(client.request("query.nobody", "", { timeout: 500 }));
  }
  assert.deepEqual(asked.sort(), wanted.sort());
}

/** What each shop publishes reaches each buyer once. */
async function streams(shops: Table, buyers: Table): Promise<void> {
  const heard: string[] = [];
  for (const { name, client } of buyers.seats) {
    client.subscribe("shop.offers.>", {
      callback: (_, message) => {
        heard.push(`${name}: ${message.subject} ${message.string()}`);
      },
    });
  }
  await buyers.settle();
  await shops.settle();
  const wanted: string[] = [];
  for (const { name, client } of shops.seats) {
    client.publish(`offers.${name}`, "cheap");
    for (const buyer of buyers.seats) {
      wanted.push(`${buyer.name}: shop.offers.${name} cheap`);
    }
  }
  await shops.settle();
  await buyers.settle();
  assert.deepEqual(heard.sort(), wanted.sort());
}

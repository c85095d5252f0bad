/** Writes invoices. Knows a connection, not who or where the others are. */
// deno-lint-ignore-file no-console

import type { NatsConnection } from "../../../src/nats_core.ts";

const PRICES: Readonly<Record<string, number>> = { tea: 3, cake: 4 };

/** What is to be paid for; as JSON, as everything here. */
export interface Order {
  readonly who: string;
  readonly items: readonly string[];
}

/** What it comes to. */
export interface Invoice {
  readonly number: number;
  readonly total: number;
}

/** Answers orders until the shop closes, then says what came in. */
export async function billing(nc: NatsConnection): Promise<void> {
  let number = 0;
  let taken = 0;
  nc.subscribe("billing.invoice", {
    queue: "billing",
    callback: (_, message) => {
      const { who, items } = message.json<Order>();
      const unknown = items.find((item) => !(item in PRICES));
      if (unknown !== undefined) {
        message.respond(JSON.stringify({ error: `no ${unknown} here` }));
        return;
      }
      const total = items.reduce((sum, item) => sum + PRICES[item], 0);
      taken += total;
      console.log(`billing: ${who} owes ${total}`);
      message.respond(JSON.stringify({ number: ++number, total }));
    },
  });
  const closing = nc.subscribe("shop.closed", { max: 1 });
  await nc.flush();
  console.log("billing: open");
  for await (const _ of closing) console.log(`billing: took ${taken}`);
}

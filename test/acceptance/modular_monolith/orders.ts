/** Takes orders. Knows a connection, not who or where the others are. */
// deno-lint-ignore-file no-console

import type { NatsConnection } from "../../../src/nats_core.ts";
import type { Invoice, Order } from "./billing.ts";

const ORDERS: readonly Order[] = [
  { who: "Ada", items: ["tea", "cake"] },
  { who: "Ben", items: ["coffee"] },
  { who: "Cleo", items: ["tea", "tea", "tea"] },
];

/** Has every order billed, then closes the shop. */
export async function orders(nc: NatsConnection): Promise<void> {
  for (const order of ORDERS) {
    const answer = await nc.request("billing.invoice", JSON.stringify(order));
    const { error, number, total } = answer.json<
      Invoice & { error?: string }
    >();
    console.log(
      `orders: ${order.who}: ${error ?? `invoice ${number} over ${total}`}`,
    );
  }
  await nc.request("shop.opinion", "").catch((error) =>
    console.log(`orders: ${error.message}`)
  );
  nc.publish("shop.closed");
  await nc.flush();
}

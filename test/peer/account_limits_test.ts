import assert from "node:assert/strict";
import { resolveOptions } from "../../src/options.ts";
import { ClientSubscriptions } from "../../src/peer/subscriptions.ts";
import { fromLatin1 } from "../../src/wire/ascii.ts";
import { AccountWorld } from "../support/account_world.ts";

Deno.test("ClientSubscriptions.add() refuses what is more than the account may have, of all its clients", () => {
  const world = new AccountWorld([
    { name: "A", limits: { maxSubscriptions: 2 } },
    { name: "B" },
  ]);
  const [first, second, other] = ["A", "A", "B"].map((name) => {
    const { account, connection } = world.join(name);
    return new ClientSubscriptions({ account, connection }, resolveOptions());
  });
  const add = (subscriptions: ClientSubscriptions, sid: string) =>
    subscriptions.add(fromLatin1("a"), null, fromLatin1(sid))?.text ?? null;
  assert.equal(add(first, "1"), null);
  assert.equal(add(second, "1"), null);
  assert.equal(add(second, "2"), "maximum subscriptions exceeded");
  assert.equal(add(other, "1"), null);
  first.end(fromLatin1("1"), 0);
  assert.equal(add(second, "2"), null);
  assert.equal(add(first, "1"), "maximum subscriptions exceeded");
  second.removeAll();
  assert.equal(add(first, "1"), null);
});

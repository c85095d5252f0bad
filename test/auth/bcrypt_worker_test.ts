import assert from "node:assert/strict";
import { hashPassword, unknownHash } from "../../src/auth/bcrypt.ts";
import { BcryptWorker } from "../../src/auth/bcrypt_worker.ts";
import { runModule, SRC } from "../support/module.ts";
import { KeptLog } from "../support/server.ts";

/** Somebody who asks and waits. */
const ASKER = { address: "10.0.0.1", wanted: () => true };

/** A worker that is ended with the test. */
function start(log = new KeptLog()) {
  const worker = new BcryptWorker(log);
  return { worker, log, [Symbol.dispose]: () => worker.close() };
}

Deno.test("BcryptWorker.verify() tells right from wrong", async () => {
  using test = start();
  const hash = await hashPassword("größer", 4);
  const { worker } = test;
  assert.deepEqual(
    await Promise.all([
      worker.verify("größer", hash, ASKER),
      worker.verify("größer", hash.replace("$2a$", "$2y$"), ASKER),
      worker.verify("wrong", hash, ASKER),
      worker.verify(hash, hash, ASKER),
      worker.verify("größer", "no hash", ASKER),
      worker.verify("größer", unknownHash(4), ASKER),
    ]),
    [true, true, false, false, false, false],
  );
  assert.equal(worker.pending, 0);
});

Deno.test("BcryptWorker.verify() answers at once what it knows", async () => {
  using test = start();
  const hash = await hashPassword("x", 10);
  const began = performance.now();
  await test.worker.verify("x", hash, ASKER);
  const onceMs = performance.now() - began;
  const again = performance.now();
  for (let i = 0; i < 100; i++) {
    assert.equal(await test.worker.verify("x", hash, ASKER), true);
  }
  assert(performance.now() - again < Math.max(onceMs, 50));
});

Deno.test("BcryptWorker.verify() lets addresses take turns", async () => {
  using test = start();
  const order: string[] = [];
  const ask = (address: string, password: string) =>
    test.worker.verify(password, unknownHash(4), {
      address,
      wanted: () => true,
    }).then(() => order.push(address));
  await Promise.all([
    ...Array.from({ length: 5 }, (_, i) => ask("flood", `a${i}`)),
    ask("other", "b"),
    ask("third", "c"),
  ]);
  assert.deepEqual(order.slice(0, 4), ["flood", "flood", "other", "third"]);
});

Deno.test("BcryptWorker.verify() does not look into what nobody waits for", async () => {
  using test = start();
  const hash = await hashPassword("x", 4);
  const gone = { address: "a", wanted: () => false };
  assert.deepEqual(
    await Promise.all([
      test.worker.verify("y", hash, ASKER),
      test.worker.verify("x", hash, gone),
    ]),
    [false, false],
  );
  assert.equal(await test.worker.verify("x", hash, ASKER), true);
});

Deno.test("BcryptWorker.close() refuses whoever waits and whoever comes", async () => {
  const { worker } = start();
  const hash = await hashPassword("x", 12);
  const waiting = [
    worker.verify("x", hash, ASKER),
    worker.verify("y", hash, ASKER),
  ];
  await Promise.resolve();
  worker.close();
  worker.close();
  assert.deepEqual(await Promise.all(waiting), [false, false]);
  assert.equal(await worker.verify("x", hash, ASKER), false);
});

Deno.test("BcryptWorker needs no other permission than to use the network", async () => {
  const hash = await hashPassword("x", 4);
  const { stdout, stderr } = await runModule(
    `import { BcryptWorker } from "${SRC}auth/bcrypt_worker.ts";
    const worker = new BcryptWorker({ error: console.log });
    const asker = { address: "a", wanted: () => true };
    console.log(await worker.verify("x", "${hash}", asker));
    worker.close();`,
    ["--allow-net"],
  );
  assert.equal(stderr, "");
  assert.equal(stdout, "true\n");
});

Deno.test("BcryptWorker refuses and says so when the library cannot be had", async () => {
  const hash = await hashPassword("x", 4);
  const { stdout } = await runModule(
    `import { BcryptWorker } from "${SRC}auth/bcrypt_worker.ts";
    const worker = new BcryptWorker({ error: console.log });
    const asker = { address: "a", wanted: () => true };
    console.log(await worker.verify("x", "${hash}", asker));
    worker.close();`,
    ["--allow-net", "--no-npm"],
  );
  assert.match(
    stdout,
    /^Cannot check a bcrypt secret: Cannot load npm:bcryptjs@[\d.]+: .*\nfalse\n$/,
  );
});

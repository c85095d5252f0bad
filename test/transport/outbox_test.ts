import assert from "node:assert/strict";
import { memoryPair } from "../../src/transport/memory.ts";
import { Outbox } from "../../src/transport/outbox.ts";
import type { Transport } from "../../src/transport/transport.ts";

async function readAll(transport: Transport, size: number): Promise<number[]> {
  const bytes: number[] = [];
  while (bytes.length < size) {
    const target = new Uint8Array(100_000);
    const count = await transport.read(target);
    assert(count !== null);
    bytes.push(...target.subarray(0, count));
  }
  return bytes;
}

Deno.test("Outbox writes everything in order, one write a turn", async () => {
  const [near, far] = memoryPair();
  let writes = 0;
  const outbox = new Outbox({
    ...near,
    remoteAddress: near.remoteAddress,
    read: (target) => near.read(target),
    write: (source) => {
      writes++;
      return near.write(source);
    },
    closeWrite: () => near.closeWrite(),
    close: () => near.close(),
  }, assert.fail);
  const expected: number[] = [];
  for (let i = 0; i < 50_000; i++) {
    outbox.append(Uint8Array.of(i & 255));
    expected.push(i & 255);
  }
  assert.equal(writes, 0);
  assert.deepEqual(await readAll(far, expected.length), expected);
  assert.equal(writes, 1);
  outbox.append(Uint8Array.of(1, 2));
  assert.deepEqual(await readAll(far, 2), [1, 2]);
  near.close();
  await outbox.end();
});

Deno.test("Outbox.ready() waits while too much is pending", async () => {
  const [near, far] = memoryPair();
  const failures: Error[] = [];
  const outbox = new Outbox(near, (error) => failures.push(error));
  const half = new Uint8Array(300_000);
  outbox.append(half);
  await outbox.ready();
  await Promise.resolve(); // That write is in flight now.
  outbox.append(half);
  outbox.append(half);
  let ready = false;
  const waiting = outbox.ready().then(() => ready = true);
  await Promise.resolve();
  assert(!ready);
  await readAll(far, half.length);
  await waiting;
  near.close();
  await outbox.end();
  assert.equal(failures.length, 1);
});

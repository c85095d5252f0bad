import assert from "node:assert/strict";
import { memoryPair } from "../../src/transport/memory.ts";
import { PeekTransport } from "../../src/transport/peek.ts";
import { fromLatin1, latin1 } from "../../src/wire/ascii.ts";
import { FakeClock } from "../support/clock.ts";

/** Reads what there is, at most `size` bytes at once. */
async function read(transport: PeekTransport, size: number) {
  const target = new Uint8Array(size);
  const count = await transport.read(target);
  return count === null ? null : latin1(target.subarray(0, count));
}

Deno.test("PeekTransport.peek() tells the first byte and leaves it to be read", async () => {
  const [near, far] = memoryPair();
  const peeked = new PeekTransport(near);
  const clock = new FakeClock();
  far.write(fromLatin1("CONNECT"));
  assert.equal(await peeked.peek(1000, clock), 67);
  assert.equal(clock.pending, 0);
  assert.equal(await read(peeked, 3), "CON");
  assert.equal(await read(peeked, 100), "NECT");
  far.write(fromLatin1("PING"));
  assert.equal(await read(peeked, 100), "PING");
  const target = new Uint8Array(4);
  const answer = far.read(target);
  assert.equal(await peeked.write(fromLatin1("PONG")), 4);
  assert.equal(await answer, 4);
  peeked.close();
  assert.equal(await far.read(target), null);
});

Deno.test("PeekTransport.peek() waits no longer than asked and loses nothing then", async () => {
  const [near, far] = memoryPair();
  const peeked = new PeekTransport(near);
  const clock = new FakeClock();
  const first = peeked.peek(50, clock);
  clock.advance(50);
  assert.equal(await first, null);
  const second = peeked.peek(2000, clock);
  far.write(fromLatin1("x"));
  assert.equal(await second, 120);
  assert.equal(await read(peeked, 10), "x");
});

Deno.test("PeekTransport.peek() tells the end, and so does read", async () => {
  const [near, far] = memoryPair();
  const peeked = new PeekTransport(near);
  await far.closeWrite();
  assert.equal(await peeked.peek(50, new FakeClock()), -1);
  assert.equal(await read(peeked, 10), null);
});

Deno.test("PeekTransport.close() ends a peek under way", async () => {
  const [near] = memoryPair();
  const peeked = new PeekTransport(near);
  const peeking = peeked.peek(50, new FakeClock());
  peeked.close();
  await assert.rejects(peeking, { name: "ClosedError" });
});

import assert from "node:assert/strict";
import {
  BufferPool,
  ByteBuffer,
  MAX_BUFFER,
  MIN_BUFFER,
  SLACK,
} from "../../src/wire/buffer.ts";

Deno.test("ByteBuffer shows its memory three ways", () => {
  const buffer = new ByteBuffer(10);
  assert.equal(buffer.bytes.length, 10 + SLACK);
  assert.equal(buffer.room.length, 10);
  buffer.view.setInt32(10, -1, true);
  assert.equal(buffer.bytes[10], 0xff);
});

Deno.test("BufferPool.take() rounds up to its sizes, and above them measures", () => {
  const pool = new BufferPool();
  assert.equal(pool.take(1).capacity, MIN_BUFFER);
  assert.equal(pool.take(MIN_BUFFER + 1).capacity, 4 * MIN_BUFFER);
  assert.equal(pool.take(MAX_BUFFER).capacity, MAX_BUFFER);
  assert.equal(pool.take(MAX_BUFFER + 1).capacity, MAX_BUFFER + 1);
});

/** How many of `buffers`, given back to the pool, it hands out again. */
function reused(pool: BufferPool, buffers: readonly ByteBuffer[]): number {
  const known = new Set(buffers);
  let count = 0;
  for (const { capacity } of buffers) {
    if (known.has(pool.take(capacity))) count++;
  }
  return count;
}

Deno.test("BufferPool gives out again what it got back, within bounds", () => {
  const pool = new BufferPool();
  const large = Array.from({ length: 50 }, () => pool.take(MAX_BUFFER));
  for (const buffer of large) pool.give(buffer);
  assert.equal(reused(pool, large), 32);
  const small = Array.from({ length: 1000 }, () => pool.take(1));
  for (const buffer of small) pool.give(buffer);
  assert.equal(reused(pool, small), 1000);
});

Deno.test("BufferPool.trim() lets go of half, and in the end of everything", () => {
  const pool = new BufferPool();
  const buffers = Array.from({ length: 100 }, () => pool.take(1));
  for (const buffer of buffers) pool.give(buffer);
  pool.trim();
  assert.equal(reused(pool, buffers), 50);
  for (const buffer of buffers) pool.give(buffer);
  for (let i = 0; i < 10; i++) pool.trim();
  assert.equal(reused(pool, buffers), 0);
});

Deno.test("BufferPool.sizeLimit shrinks while many large buffers are lent", () => {
  const pool = new BufferPool();
  assert.equal(pool.sizeLimit, MAX_BUFFER);
  const lent = Array.from({ length: 32 }, () => pool.take(MAX_BUFFER));
  assert.equal(pool.sizeLimit, 65536);
  pool.give(lent[0]);
  assert.equal(pool.sizeLimit, MAX_BUFFER);
});

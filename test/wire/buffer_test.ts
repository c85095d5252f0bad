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

Deno.test("BufferPool gives out again what it got back, within bounds", () => {
  const pool = new BufferPool();
  const buffer = pool.take(1000);
  pool.give(buffer);
  assert.equal(pool.take(1000), buffer);
  const many = Array.from({ length: 20 }, () => pool.take(MAX_BUFFER));
  for (const one of many) pool.give(one);
  const again = new Set(many);
  let reused = 0;
  for (let i = 0; i < 20; i++) if (again.has(pool.take(MAX_BUFFER))) reused++;
  assert.equal(reused, 8);
  const small = Array.from({ length: 1000 }, () => pool.take(1));
  for (const one of small) pool.give(one);
  const known = new Set(small);
  let kept = 0;
  for (let i = 0; i < 1000; i++) if (known.has(pool.take(1))) kept++;
  assert.equal(kept, 256);
});

Deno.test("BufferPool.readLimit shrinks while many large buffers are lent", () => {
  const pool = new BufferPool();
  assert.equal(pool.readLimit, MAX_BUFFER);
  const lent = Array.from({ length: 32 }, () => pool.take(MAX_BUFFER));
  assert.equal(pool.readLimit, 65536);
  pool.give(lent[0]);
  assert.equal(pool.readLimit, MAX_BUFFER);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { MIN_WINDOW, ReadBuffer } from "../../src/core/read_buffer.ts";
import { BufferPool, MAX_BUFFER } from "../../src/wire/buffer.ts";

/** Reads `count` bytes and uses all but `rest` of them. */
function read(
  input: ReadBuffer,
  count: number,
  rest = 0,
  need = 0,
  pausedMs = 0,
) {
  const window = input.window();
  assert(window.length >= count, `window of ${window.length} for ${count}`);
  input.filled(count, pausedMs);
  input.start = input.end - rest;
  input.compact(need);
}

Deno.test("ReadBuffer grows while reads fill it, up to the largest size", () => {
  const input = new ReadBuffer(new BufferPool());
  const sizes = [];
  for (let i = 0; i < 8; i++) {
    sizes.push(input.buffer.capacity);
    read(input, input.window().length);
  }
  assert.deepEqual(
    sizes,
    [1, 4, 16, 64, 256, 1024, 1024, 1024].map((k) => k * 1024),
  );
});

Deno.test("ReadBuffer shrinks when reads stay small, at once after a pause", () => {
  const input = new ReadBuffer(new BufferPool());
  for (let i = 0; i < 5; i++) read(input, input.window().length);
  assert.equal(input.buffer.capacity, MAX_BUFFER);
  for (let i = 0; i < 7; i++) read(input, 100);
  assert.equal(input.buffer.capacity, MAX_BUFFER);
  read(input, 100);
  assert.equal(input.buffer.capacity, MIN_WINDOW);

  for (let i = 0; i < 5; i++) read(input, input.window().length);
  read(input, 100, 0, 0, 5000);
  assert.equal(input.buffer.capacity, MIN_WINDOW);
});

Deno.test("ReadBuffer keeps its size for a steady stream of middling reads", () => {
  const input = new ReadBuffer(new BufferPool());
  for (let i = 0; i < 3; i++) read(input, input.window().length);
  for (let i = 0; i < 100; i++) {
    read(input, 30_000);
    assert.equal(input.buffer.capacity, 65536);
  }
});

Deno.test("ReadBuffer makes room for a message of known length and reads no further", () => {
  const input = new ReadBuffer(new BufferPool());
  const need = 3_000_000;
  read(input, 1000, 900, need);
  assert.equal(input.end, 900);
  assert.equal(input.window().length, need - 900);
  const { buffer } = input;
  read(input, need - 900);
  assert.equal(input.window().length, MAX_BUFFER, "back to normal reads");
  assert.equal(input.buffer, buffer, "kept for the next message as large");
});

Deno.test("ReadBuffer.drained tells whether a read took all there was", () => {
  const input = new ReadBuffer(new BufferPool());
  assert.equal(input.drained, true);
  const all = input.window().length;
  input.filled(all, 0);
  assert.equal(input.drained, false);
  input.discard();
  input.window();
  input.filled(all - 1, 0);
  assert.equal(input.drained, true);
});

Deno.test("ReadBuffer keeps the bytes of an operation cut short, in order", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          size: fc.integer({ min: 1, max: 200_000 }),
          used: fc.double({ min: 0, max: 1, noNaN: true }),
          need: fc.nat(400_000),
        }),
        { maxLength: 20 },
      ),
      (reads) => {
        const input = new ReadBuffer(new BufferPool());
        let sent = 0;
        let seen = 0;
        for (const { size, used, need } of reads) {
          const window = input.window();
          const count = Math.min(size, window.length);
          for (let i = 0; i < count; i++) window[i] = sent++ % 251;
          input.filled(count, 0);
          const take = Math.floor((input.end - input.start) * used);
          for (let i = 0; i < take; i++) {
            assert.equal(input.buffer.bytes[input.start + i], seen++ % 251);
          }
          input.start += take;
          input.compact(need);
          assert.equal(input.end - input.start, sent - seen);
        }
      },
    ),
    { numRuns: 100 },
  );
});

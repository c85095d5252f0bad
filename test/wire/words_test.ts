import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteBuffer } from "../../src/wire/buffer.ts";
import {
  copy,
  copyShort,
  hashWords,
  markBlanks,
} from "../../src/wire/words.ts";

Deno.test("markBlanks() marks the first byte below 0x21 and nothing before it", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      (bytes) => {
        const word = new DataView(bytes.buffer, bytes.byteOffset).getInt32(
          0,
          true,
        );
        const marks = markBlanks(word);
        const first = bytes.findIndex((byte) => byte < 0x21);
        if (first < 0) assert.equal(marks, 0);
        else {
          const lowest = 31 - Math.clz32(marks & -marks);
          assert.equal(lowest, first * 8 + 7);
        }
      },
    ),
    { numRuns: 5000 },
  );
});

Deno.test("copy() and copyShort() copy every length from any offset, bit for bit", () => {
  const source = new ByteBuffer(2000);
  crypto.getRandomValues(source.bytes);
  for (let length = 0; length < 700; length++) {
    for (const [from, to] of [[0, 0], [3, 1], [7, 13]]) {
      const wanted = source.bytes.slice(from, from + length);
      const target = new ByteBuffer(2000);
      copy(target, to, source, from, length);
      assert.deepEqual(target.bytes.slice(to, to + length), wanted);
      assert(target.bytes.subarray(0, to).every((byte) => byte === 0));
      assert(
        target.bytes.subarray(to + length + 16).every((byte) => byte === 0),
      );
      if (length > 100) continue;
      target.bytes.fill(0);
      copyShort(target.view, to, source.view, from, length);
      assert.deepEqual(target.bytes.slice(to, to + length), wanted);
    }
  }
});

Deno.test("hashWords() depends on the bytes in the range and on nothing else", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      fc.nat(20),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      (bytes, offset, behind) => {
        const a = new ByteBuffer(100);
        const b = new ByteBuffer(100);
        a.bytes.set(bytes);
        b.bytes.set(bytes, offset);
        b.bytes.set(behind, offset + bytes.length);
        assert.equal(
          hashWords(a.view, 0, bytes.length, 7),
          hashWords(b.view, offset, offset + bytes.length, 7),
        );
      },
    ),
  );
});

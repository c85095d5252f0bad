import assert from "node:assert/strict";
import fc from "fast-check";
import { fromLatin1 } from "../../src/wire/ascii.ts";
import { ByteBuffer } from "../../src/wire/buffer.ts";
import { RecentToken } from "../../src/wire/recent_token.ts";

function bufferOf(text: string): ByteBuffer {
  const buffer = new ByteBuffer(text.length);
  buffer.bytes.set(fromLatin1(text));
  return buffer;
}

/** Made of so few characters that one often begins like another. */
const token = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 9 }),
  fc.integer({ min: 1, max: 80 }).map((length) => "a".repeat(length)),
);

Deno.test("RecentToken.matches() is true for the token kept and a space, and for nothing else", () => {
  fc.assert(
    fc.property(token, token, fc.nat(5), (kept, found, at) => {
      const recent = new RecentToken();
      recent.keep(bufferOf(`${kept} `).view, 0, kept.length);
      const text = `${"x".repeat(at)}${found} 1`;
      const matches = recent.matches(bufferOf(text).view, at, text.length);
      assert.equal(matches, kept === found && kept.length <= 62);
      if (matches) assert.equal(recent.length, kept.length);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("RecentToken.matches() looks at no byte far behind the end", () => {
  const kept = "x".repeat(60);
  const recent = new RecentToken();
  recent.keep(bufferOf(`${kept} `).view, 0, kept.length);
  const buffer = bufferOf("RMSG xxxx");
  // Left there by whoever had the buffer before.
  buffer.bytes.fill(0x78, 9);
  assert.equal(recent.matches(buffer.view, 5, 9), false);
});

Deno.test("RecentToken.forget() leaves nothing to match", () => {
  const recent = new RecentToken();
  const { view } = bufferOf("foo ");
  assert.equal(recent.matches(view, 0, 4), false);
  recent.keep(view, 0, 3);
  assert.equal(recent.matches(view, 0, 4), true);
  recent.forget();
  assert.equal(recent.matches(view, 0, 4), false);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  encodeUtf8,
  fromLatin1,
  latin1,
  parseSize,
  quote,
  split,
} from "../../src/wire/ascii.ts";

Deno.test("quote() prints bytes as the official server does", () => {
  const cases: [Uint8Array, string][] = [
    [encodeUtf8("foo.bar"), '"foo.bar"'],
    [encodeUtf8('a"b\\c'), '"a\\"b\\\\c"'],
    [fromLatin1("\x00\x01\x1f\x7f"), '"\\x00\\x01\\x1f\\x7f"'],
    [fromLatin1("\x07\b\f\n\r\t\v"), '"\\a\\b\\f\\n\\r\\t\\v"'],
    [fromLatin1("\xff\xc3\x28\xc3"), '"\\xff\\xc3(\\xc3"'],
    [encodeUtf8("äöü €"), '"äöü €"'],
    [encodeUtf8("\u200b\u00a0\ufeff"), '"\\u200b\\u00a0\\ufeff"'],
    [encodeUtf8("😀"), '"😀"'],
    [encodeUtf8("\u{e0001}"), '"\\U000e0001"'],
    [fromLatin1("\xed\xa0\x80"), '"\\xed\\xa0\\x80"'],
    [fromLatin1("\xe2\x82"), '"\\xe2\\x82"'],
    [new Uint8Array(), '""'],
  ];
  for (const [bytes, text] of cases) assert.equal(quote(bytes), text);
});

Deno.test("latin1() and fromLatin1() keep every byte", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assert.deepEqual(fromLatin1(latin1(bytes)), new Uint8Array(bytes));
  }));
});

Deno.test("parseSize() takes 1 to 9 digits and nothing else", () => {
  const size = (text: string) =>
    parseSize(fromLatin1(`x${text}y`), 1, 1 + text.length);
  assert.equal(size("0"), 0);
  assert.equal(size("007"), 7);
  assert.equal(size("999999999"), 999_999_999);
  for (const bad of ["", "1234567890", "-1", "+1", "1.0", "0x1", " 1", "1a"]) {
    assert.equal(size(bad), -1, bad);
  }
});

Deno.test("split() finds tokens between blanks", () => {
  const tokens = (text: string, atReturn: boolean) => {
    const bytes = fromLatin1(`..${text}..`);
    const offsets = split(bytes, 2, 2 + text.length, atReturn);
    const found: string[] = [];
    for (let i = 0; i < offsets.length; i += 2) {
      found.push(latin1(bytes.subarray(offsets[i], offsets[i + 1])));
    }
    return found;
  };
  assert.deepEqual(tokens("", false), []);
  assert.deepEqual(tokens(" \t ", false), []);
  assert.deepEqual(tokens("a  b\tc ", false), ["a", "b", "c"]);
  assert.deepEqual(tokens("a\rb", false), ["a\rb"]);
  assert.deepEqual(tokens("a\rb\r", true), ["a", "b"]);
});

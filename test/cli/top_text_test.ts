import assert from "node:assert/strict";
import {
  bytesText,
  countText,
  cut,
  padded,
  shown,
  shownJson,
  widthOf,
} from "../../src/cli/top_text.ts";

Deno.test("shown() spells out what could steer a terminal, and nothing else", () => {
  for (
    const [text, expected] of [
      ["orders.*.>", "orders.*.>"],
      ["日本語 grüße 🙂", "日本語 grüße 🙂"],
      ["\x1b[2J\x07", "\\x1b[2J\\x07"],
      ["a\r\nb\tc\x7f", "a\\x0d\\x0ab\\x09c\\x7f"],
      ["\x9b31m", "\\x9b31m"],
      ["\u202eabc\u2066", "\\u{202e}abc\\u{2066}"],
      ["\u2028", "\\u{2028}"],
      ["\ud800x", "\\u{d800}x"],
    ]
  ) assert.equal(shown(text), expected);
});

Deno.test("shownJson() is JSON of the same value without acting marks", () => {
  const value = { name: "\x1b[31m\x9b\u202e\ud83d\ude42\u{e0001}", list: [1] };
  const text = shownJson(value);
  assert.deepEqual(JSON.parse(text), value);
  assert.equal(shown(text.replaceAll("\n", "")), text.replaceAll("\n", ""));
});

Deno.test("cut() and padded() count columns, not characters", () => {
  assert.equal(widthOf("日本e\u0301"), 5);
  assert.equal(cut("日本語", 5), "日本");
  assert.equal(cut("abc", 2), "ab");
  assert.equal(cut("abc", 10), "abc");
  assert.equal(padded("日", 4), "日  ");
  assert.equal(padded("long", 2), "long");
});

Deno.test("bytesText() and countText() shorten as nats-top does", () => {
  for (
    const [bytes, short, count] of [
      [0, "0", "0"],
      [999, "999", "999"],
      [1000, "1000", "1.0K"],
      [1536, "1.5K", "1.5K"],
      [14 * 1024 * 1024, "14.0M", "14.7M"],
      [5 * 1024 ** 3, "5.0G", "5.4B"],
      [3e15, "2793967.7G", "3000.0T"],
    ] as const
  ) {
    assert.equal(bytesText(bytes, false), short);
    assert.equal(countText(bytes, false), count);
    assert.equal(bytesText(bytes, true), String(bytes));
    assert.equal(countText(bytes, true), String(bytes));
  }
});

import assert from "node:assert/strict";
import { Controls, KeyReader } from "../../src/cli/top_controls.ts";

function controls(): Controls {
  return new Controls({
    sort: "cid",
    limit: 1024,
    subs: false,
    lookup: false,
    rawBytes: false,
  });
}

/** Presses each character, and returns what the last one asked for. */
function type(to: Controls, keys: string): string {
  let effect = "";
  for (const key of keys) effect = to.press(key);
  return effect;
}

Deno.test("Controls o asks what to sort by and takes only what the server can", () => {
  const keys = controls();
  assert.equal(type(keys, "o"), "draw");
  assert.equal(type(keys, "subx\x7fs"), "draw");
  assert.equal(keys.question, "sort by [cid]: subs");
  assert.equal(type(keys, "\r"), "look");
  assert.equal(keys.sort, "subs");
  assert.equal(keys.question, "");
  assert.equal(type(keys, "oquick\r"), "draw");
  assert.equal(keys.sort, "subs");
  assert.match(keys.notice, /^invalid order "quick": must be one of cid, /);
  type(keys, "b");
  assert.equal(keys.notice, "", "gone with the next key");
});

Deno.test("Controls n asks how many connections", () => {
  const keys = controls();
  assert.equal(type(keys, "n25\r"), "look");
  assert.equal(keys.limit, 25);
  assert.equal(type(keys, "n0\r"), "draw");
  assert.match(keys.notice, /^invalid limit "0": must be a whole number/);
  type(keys, "n9\x15");
  keys.press("escape");
  assert.equal(keys.question, "");
  assert.equal(keys.limit, 25);
});

Deno.test("Controls a prompt takes letters that are commands elsewhere", () => {
  const keys = controls();
  assert.equal(type(keys, "oq s"), "draw");
  assert.equal(keys.question, "sort by [cid]: qs");
  assert.equal(keys.paused, false);
  assert.equal(keys.press("\x03"), "quit");
});

Deno.test("Controls toggles, pauses, helps and quits", () => {
  const keys = controls();
  assert.equal(keys.press("s"), "look");
  assert(keys.subs);
  for (
    const [key, read] of [
      ["d", () => keys.lookup],
      ["b", () => keys.rawBytes],
      ["r", () => keys.rates],
      ["?", () => keys.help],
    ] as const
  ) {
    assert.equal(keys.press(key), "draw");
    assert.equal(read(), true);
    keys.press(key);
    assert.equal(read(), false);
  }
  assert.equal(keys.press(" "), "draw");
  assert(keys.paused);
  assert.equal(keys.press(" "), "look");
  assert.equal(keys.press("q"), "quit");
});

Deno.test("Controls scrolls by rows and pages, never above the first", () => {
  const keys = controls();
  keys.page = 10;
  for (
    const [key, scrolled] of [
      ["up", 0],
      ["down", 1],
      ["pagedown", 11],
      ["up", 10],
      ["pageup", 0],
      ["end", 1_000_000],
      ["home", 0],
    ] as const
  ) {
    keys.press(key);
    assert.equal(keys.scrolled, scrolled, key);
  }
});

Deno.test("KeyReader.keys() knows keys by name wherever reads are cut", () => {
  const bytes = new TextEncoder().encode("a\x1b[A\x1b[5~é\x1bOB\x1b[99;5~q");
  const expected = ["a", "up", "pageup", "é", "down", "unknown", "q"];
  assert.deepEqual(new KeyReader().keys(bytes), expected);
  // Cut behind ESC alone it is the key Escape.
  for (const end of [3, 4, 6, 7, 8, 9, 10, 12, 13, 15, 16]) {
    const reader = new KeyReader();
    const keys = [
      ...reader.keys(bytes.subarray(0, end)),
      ...reader.keys(bytes.subarray(end)),
    ];
    assert.deepEqual(keys, expected, `cut at ${end}`);
  }
  assert.deepEqual(new KeyReader().keys(new Uint8Array([0x1b])), ["escape"]);
});

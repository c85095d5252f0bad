import assert from "node:assert/strict";
import type { Shape } from "../src/option_shape.ts";
import {
  checkMethods,
  checkOptions,
  checkShape,
  listOf,
  orNull,
  unknownOption,
} from "../src/option_shape.ts";

const SHAPE: Shape = {
  name: "string",
  wait: "boolean or number",
  inner: orNull({ list: listOf("number") }),
};

Deno.test("checkShape() takes what fits", () => {
  for (
    const value of [
      {},
      { name: undefined },
      { name: "", wait: true, inner: null },
      { wait: 5, inner: { list: [] } },
      { inner: { list: [1, 2] } },
    ]
  ) checkShape("x", value, SHAPE);
});

Deno.test("checkShape() names what does not fit", () => {
  for (
    const [value, message] of [
      [5, 'Option "x" must be an object: got number'],
      [[], 'Option "x" must be an object: got list'],
      [{ name: null }, 'Option "x.name" must be a string: got null'],
      [{ wait: "" }, 'Option "x.wait" must be a boolean or number: got string'],
      [
        { inner: { list: [1, "2"] } },
        'Option "x.inner.list[1]" must be a number: got string',
      ],
      [{ toString: 1 }, 'Unknown option "x.toString"'],
      [{ inner: { lists: [] } }, 'Unknown option "x.inner.lists"'],
    ] as const
  ) {
    assert.throws(() => checkShape("x", value, SHAPE), {
      name: "TypeError",
      message,
    });
  }
});

Deno.test("unknownOption() knows how others spell it", () => {
  const hint = (name: string) =>
    unknownOption(name, ["maxPayload", "password"]).message;
  const known = 'Unknown option "max_payload": did you mean "maxPayload"?';
  assert.equal(hint("max_payload"), known);
  assert.match(hint("a[0].MaxPayload"), /mean "maxPayload"/);
  assert.match(hint("pass"), /mean "password"/);
  assert.equal(hint("pa"), 'Unknown option "pa"');
});

Deno.test("checkMethods() and checkOptions() want what objects can do", () => {
  class Loud {
    shout() {}
  }
  checkMethods("voice", new Loud(), ["shout"]);
  assert.throws(
    () => checkMethods("voice", new Loud(), ["shout", "whisper"]),
    /^TypeError: Option "voice" must have a method "whisper"$/,
  );
  checkOptions({});
  assert.throws(() => checkOptions(undefined), TypeError);
});

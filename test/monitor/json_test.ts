import assert from "node:assert/strict";
import fc from "fast-check";
import {
  compactJsonText,
  jsonPieces,
  jsonText,
  Listing,
} from "../../src/monitor/json.ts";

/** JSON values as answers have them: finite numbers, fields with plain names. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string({ unit: "binary" }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), tie("value"), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
}));

Deno.test("jsonText() is JSON indented by two spaces, nothing in it for a browser", () => {
  fc.assert(fc.property(value, (one) => {
    const text = jsonText(one);
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(one)));
    assert(!/[<>&\u2028\u2029]/.test(text), text);
    if (!/[<>&\u2028\u2029]/.test(JSON.stringify(one))) {
      assert.equal(text, JSON.stringify(one, null, 2));
    }
  }));
});

Deno.test("jsonText() leaves out what is undefined and keeps what is empty", () => {
  const text = jsonText({ a: undefined, b: [], c: {}, d: [1, { e: "" }] });
  assert.equal(
    text,
    '{\n  "b": [],\n  "c": {},\n  "d": [\n    1,\n    {\n      "e": ""\n    }\n  ]\n}',
  );
});

Deno.test("compactJsonText() is on one line, and as safe", () => {
  assert.equal(
    compactJsonText({ a: "</script>\u2028&" }),
    '{"a":"\\u003c/script\\u003e\\u2028\\u0026"}',
  );
});

Deno.test("jsonPieces() of a Listing come to the same text", () => {
  fc.assert(fc.property(fc.array(fc.array(value)), (lists) => {
    const listing = new Listing(
      { head: 1 },
      "items",
      lists.map((list) => new Listing({ a: {}, b: "x" }, "list", list)),
    );
    const whole = {
      head: 1,
      items: lists.map((list) => ({ a: {}, b: "x", list })),
    };
    assert.equal([...jsonPieces(listing)].join(""), jsonText(whole));
  }));
});

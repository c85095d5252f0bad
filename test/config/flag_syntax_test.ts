import assert from "node:assert/strict";
import { parseSwitch, splitFlag } from "../../src/config/flag_syntax.ts";
import { ConfigError } from "../../src/errors.ts";

Deno.test("splitFlag() takes one dash or two, and a value behind =", () => {
  const value = undefined;
  assert.deepEqual(splitFlag("-p"), { name: "p", value });
  assert.deepEqual(splitFlag("--port"), { name: "port", value });
  assert.deepEqual(splitFlag("-p=4222"), { name: "p", value: "4222" });
  assert.deepEqual(splitFlag("--user="), { name: "user", value: "" });
  assert.deepEqual(splitFlag("--auth=a=b\nc"), {
    name: "auth",
    value: "a=b\nc",
  });
});

Deno.test("splitFlag() takes nothing else", () => {
  for (const text of ["", "-", "--", "---p", "-=", "--=4222", "word", "a-p"]) {
    assert.equal(splitFlag(text), null, text);
  }
});

Deno.test("parseSwitch() takes Go's words and names the flag for others", () => {
  assert.equal(parseSwitch("p", "T"), true);
  assert.equal(parseSwitch("p", "FALSE"), false);
  assert.throws(
    () => parseSwitch("p", "yes"),
    new ConfigError('invalid boolean value "yes" for -p: parse error'),
  );
});

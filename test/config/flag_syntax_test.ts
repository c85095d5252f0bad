import assert from "node:assert/strict";
import type { FlagForm } from "../../src/config/flag_syntax.ts";
import {
  readArguments,
  readValue,
  splitFlag,
} from "../../src/config/flag_syntax.ts";
import { ValueError } from "../../src/config/value_types.ts";
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

const PORT: FlagForm = { names: ["p", "port"], value: "PORT" };
const DEBUG: FlagForm = { names: ["D"] };

function read(...args: string[]): [string, string | null][] {
  const find = (name: string) => name === "D" ? DEBUG : PORT;
  return readArguments(args, find).map((given): [string, string | null] =>
    typeof given === "string" ? [given, null] : [given.name, given.text]
  ).toArray();
}

Deno.test("readArguments() gives flags their values and leaves words alone", () => {
  assert.deepEqual(read("a", "-p", "1", "-D", "b", "--port=2", "-", "-D=no"), [
    ["a", null],
    ["p", "1"],
    ["D", "true"],
    ["b", null],
    ["port", "2"],
    ["-", null],
    ["D", "no"],
  ]);
  assert.deepEqual(read("-p", "--", "--", "-D", "--"), [
    ["p", "--"],
    ["-D", null],
    ["--", null],
  ]);
});

Deno.test("readArguments() names what is no flag, or lacks its value", () => {
  const refuses = (message: string, ...args: string[]) =>
    assert.throws(() => read(...args), new ConfigError(message));
  refuses("bad flag syntax: ---p", "---p");
  refuses("flag needs an argument: -port", "-D", "--port");
});

Deno.test("readValue() names the flag and hides the login in a URL", () => {
  const parse = (text: string) => {
    if (text === "1") return 1;
    throw new ValueError("parse error");
  };
  assert.equal(readValue({ flag: PORT, name: "p", text: "1" }, parse), 1);
  assert.throws(
    () => readValue({ flag: PORT, name: "p", text: "nats://u:p@h" }, parse),
    new ConfigError('invalid value "nats://…@h" for flag -p: parse error'),
  );
  assert.throws(
    () => readValue({ flag: DEBUG, name: "D", text: "yes" }, parse),
    new ConfigError('invalid boolean value "yes" for -D: parse error'),
  );
});

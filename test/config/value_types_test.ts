import assert from "node:assert/strict";
import type { ConfigNode } from "../../src/config/tree.ts";
import type { ValueType } from "../../src/config/value_types.ts";
import * as types from "../../src/config/value_types.ts";

const AT = { file: "x.conf", line: 1, column: 1 };

/** The node a parser would make of a value. */
function node(value: unknown): ConfigNode {
  switch (typeof value) {
    case "string":
      return { kind: "string", value, at: AT };
    case "boolean":
      return { kind: "boolean", value, at: AT };
    case "number":
      return Number.isInteger(value)
        ? { kind: "integer", value, at: AT }
        : { kind: "float", value, at: AT };
  }
  if (Array.isArray(value)) {
    return { kind: "array", items: value.map(node), at: AT };
  }
  return { kind: "map", entries: new Map(), at: AT };
}

function read(type: ValueType, value: unknown): unknown {
  return type.read(node(value), () => {});
}

Deno.test("parseDuration() reads times as Go writes them", () => {
  for (
    const [text, ms] of [
      ["10s", 10_000],
      ["1h30m", 5_400_000],
      ["1.5s", 1500],
      [".5s", 500],
      ["1.s", 1000],
      ["250ms", 250],
      ["1us", 0.001],
      ["1µs", 0.001],
      ["1ns", 1e-6],
      ["-2m", -120_000],
      ["+3s", 3000],
      ["0", 0],
    ] as const
  ) assert.equal(types.parseDuration(text), ms, text);
});

Deno.test("parseDuration() says what is wrong with a time", () => {
  for (
    const [text, message] of [
      ["abc", 'invalid duration "abc": write it as in "1m30s"'],
      ["", 'invalid duration "": write it as in "1m30s"'],
      ["10", 'missing unit in duration "10": write it as in "10s"'],
      ["1x", 'unknown unit "x" in duration "1x": use ms, s, m or h'],
      ["1d", 'unknown unit "d" in duration "1d": use ms, s, m or h'],
    ]
  ) assert.throws(() => types.parseDuration(text), { message }, text);
});

Deno.test("every type reads its forms in files", () => {
  const cases: [ValueType, unknown, unknown][] = [
    [types.text, "x", "x"],
    [types.texts, "x", ["x"]],
    [types.texts, ["x", "y"], ["x", "y"]],
    [types.integer, -5, -5],
    [types.size, 65536, 65536],
    [types.size, "64KB", 65536],
    [types.size, "64k", 64000],
    [types.size, "1MiB", 1048576],
    [types.size, "512", 512],
    [types.boolean, false, false],
    [types.enabling, true, true],
    [types.enabling, false, undefined],
    [types.duration, "2m", 120_000],
    [types.duration, 3, 3000],
    [types.seconds, 0.5, 500],
    [types.seconds, 2, 2000],
    [types.seconds, "2s", 2000],
    [types.lameDuckDuration, "30s", 30_000],
    [types.listen, 4222, { port: 4222 }],
    [types.listen, ":4222", { port: 4222 }],
    [types.listen, "localhost:4222", { host: "localhost", port: 4222 }],
    [types.listen, "127.0.0.1:-1", { host: "127.0.0.1", port: -1 }],
    [types.listen, "[::1]:4222", { host: "::1", port: 4222 }],
    [types.port, -1, -1],
    [types.handshakeFirst, true, true],
    [types.handshakeFirst, "auto", 50],
    [types.handshakeFirst, "250ms", 250],
    [types.tlsVersion, "1.3", "1.3"],
    [types.tlsVersion, 1.2, "1.2"],
  ];
  for (const [type, value, expected] of cases) {
    assert.deepEqual(read(type, value), expected, JSON.stringify(value));
  }
});

Deno.test("every type says what it takes when it gets something else", () => {
  const cases: [ValueType, unknown, string][] = [
    [types.text, 5, "takes a text, got 5"],
    [types.texts, ["x", 5], "takes a list of texts, got 5"],
    [types.integer, "5", 'takes a whole number, got the text "5"'],
    [types.integer, 1.5, "takes a whole number, got 1.5"],
    [
      types.size,
      "12 apples",
      'takes a size such as 65536, 64KB or 1MB, got the text "12 apples"',
    ],
    [
      types.size,
      "5b",
      'takes a size such as 65536, 64KB or 1MB, got the text "5b"',
    ],
    [types.boolean, 1, "takes true or false, got 1"],
    [types.duration, true, 'takes a time such as "10s" or "2m", got true'],
    [types.duration, [], 'takes a time such as "10s" or "2m", got a list'],
    [types.seconds, {}, "takes a number of seconds, got a map"],
    [types.lameDuckDuration, "10s", "must be 30s at least, got 10s"],
    [types.listen, true, 'takes a port or "host:port", got true'],
    [
      types.listen,
      "localhost",
      'could not parse address string "localhost": write host:port, or [host]:port for IPv6',
    ],
    [
      types.listen,
      "::1:4222",
      'could not parse address string "::1:4222": write host:port, or [host]:port for IPv6',
    ],
    [types.listen, "localhost:http", 'could not parse port "http"'],
    [types.listen, 65536, "must be from -1 to 65535, got 65536"],
    [types.port, "4222", 'takes a port from -1 to 65535, got the text "4222"'],
    [types.tlsVersion, "1.1", 'takes "1.2" or "1.3", got the text "1.1"'],
  ];
  for (const [type, value, message] of cases) {
    assert.throws(() => read(type, value), { message }, JSON.stringify(value));
  }
});

Deno.test("a number for a duration is seconds, and doubtful", () => {
  const warnings: string[] = [];
  types.duration.read(node(120), (reason) => warnings.push(reason));
  assert.deepEqual(warnings, [
    'should be converted to a duration: 120 means seconds, write "120s"',
  ]);
});

Deno.test("size.parse() takes the suffixes that files have, and whole numbers as ever", () => {
  const sizes = ["1MB", "64KB", "2k", "0x10", "010", "-1", "0"].map((text) =>
    types.size.parse(text)
  );
  assert.deepEqual(sizes, [1048576, 65536, 2000, 16, 8, -1, 0]);
  for (const text of ["", "MB", "1XB", "1.5MB"]) {
    assert.throws(() => types.size.parse(text), types.ValueError);
  }
});

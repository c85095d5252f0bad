/**
 * Bytes for parsers: operations in every spelling the protocol allows, cut
 * anywhere, fed the way a read loop does.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { fromLatin1, latin1 } from "../../src/wire/ascii.ts";
import { ByteBuffer } from "../../src/wire/buffer.ts";
import type { OperationParser } from "../../src/wire/operation_parser.ts";

/** An operation in some spelling, and the call it must become. */
export interface Spelled {
  readonly text: string;
  readonly call: string;
}

/** Any argument, one character per byte. */
export const token: fc.Arbitrary<string> = fc.string({
  unit: fc.integer({ min: 0x21, max: 0xff }).map((code) =>
    String.fromCharCode(code)
  ),
  minLength: 1,
  maxLength: 70,
});

/** Any payload, one character per byte. */
export const anyPayload: fc.Arbitrary<string> = fc.uint8Array({
  maxLength: 300,
}).map(latin1);

const blank = fc.string({
  unit: fc.constantFrom(" ", "\t"),
  minLength: 1,
  maxLength: 3,
});

/** A line, in plain spelling or with liberties taken. */
export function spell(
  name: string,
  args: readonly (string | number)[],
): fc.Arbitrary<string> {
  const count = args.length;
  const plain = fc.constant(`${name} ${args.join(" ")}\r\n`);
  const odd = fc.tuple(
    fc.mixedCase(fc.constant(name)),
    fc.array(blank, { minLength: count, maxLength: count }),
    fc.constantFrom("\r\n", "\n", " \r\n", "\t\n"),
  ).map(([name, gaps, end]) =>
    name + args.map((arg, i) => gaps[i] + arg).join("") + end
  );
  return fc.oneof(plain, odd);
}

/** PING and PONG, with whatever behind. */
export const pingPong: fc.Arbitrary<Spelled> = fc.tuple(
  fc.constantFrom("PING", "PONG"),
  fc.constantFrom("\r\n", "\n", " x y\r\n", "zz\n"),
).chain(([name, rest]) =>
  fc.mixedCase(fc.constant(name)).map((text) => ({
    text: text + rest,
    call: JSON.stringify([name]),
  }))
);

/** CONNECT with some JSON. */
export const connect: fc.Arbitrary<Spelled> = fc.tuple(
  fc.constantFrom("CONNECT ", "connect\t ", "Connect"),
  fc.dictionary(fc.stringMatching(/^[a-z]+$/), fc.nat()),
).map(([name, options]) => ({
  text: `${name}${JSON.stringify(options)}\r\n`,
  call: JSON.stringify(["CONNECT", JSON.stringify(options)]),
}));

/** Cuts text at the given places. */
export function cut(text: string, places: readonly number[]): string[] {
  const at = [...new Set(places.map((place) => place % text.length))].sort((
    a,
    b,
  ) => a - b);
  return [0, ...at].map((start, i) => text.slice(start, at[i] ?? text.length));
}

/** Feeds pieces as a read loop does, moving what is left to the front. */
export function feed(parser: OperationParser, pieces: readonly string[]): void {
  let size = 64;
  for (const piece of pieces) size += piece.length;
  const buffer = new ByteBuffer(size);
  buffer.bytes.fill(0x20);
  let end = 0;
  for (const piece of pieces) {
    buffer.bytes.set(fromLatin1(piece), end);
    end += piece.length;
    const start = parser.parse(buffer, 0, end);
    buffer.bytes.copyWithin(0, start, end);
    end -= start;
    if (!parser.waiting) return;
  }
}

/**
 * Asserts that a parser takes any bytes, some of them `known` ones, cut
 * anywhere, and never calls back after a violation. `parse` feeds a new one and
 * returns the calls it made.
 */
export function assertSurvivesAnything(
  known: fc.Arbitrary<string>,
  parse: (pieces: readonly string[]) => readonly string[],
): void {
  const noise = fc.uint8Array({ maxLength: 40 }).map(latin1);
  fc.assert(
    fc.property(
      fc.array(fc.oneof(noise, known), { maxLength: 6 }),
      fc.array(fc.nat(), { maxLength: 5 }),
      (parts, places) => {
        const text = parts.join("");
        if (text === "") return;
        const calls = parse(cut(text, places));
        const violation = calls.findIndex((call) => call.includes("VIOLATION"));
        assert(violation < 0 || violation === calls.length - 1);
      },
    ),
    { numRuns: 3000 },
  );
}

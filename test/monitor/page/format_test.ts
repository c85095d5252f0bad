import assert from "node:assert/strict";
import * as format from "../../../src/monitor/page/format.js";

/** Function, what it gets, what people read. */
const CASES: [name: keyof typeof format, value: unknown, text: unknown][] = [
  ["short", 0, "0"],
  ["short", 7.26, "7.3"],
  ["short", 4.04, "4"],
  ["short", 42.4, "42"],
  ["short", 999, "999"],
  ["short", 999.6, "1.00k"],
  ["short", 12_345, "12.3k"],
  ["short", 999_600, "1.00M"],
  ["short", 2 ** 53, "9.01P"],
  ["short", undefined, "–"],
  ["bytes", 0, "0 B"],
  ["bytes", 842, "842 B"],
  ["bytes", 1_048_576, "1.05 MB"],
  ["bytes", null, "–"],
  ["whole", 1_234_567, "1,234,567"],
  ["percent", 97.5, "98 %"],
  ["percent", 1.5, "1.5 %"],
  ["span", "1d4h0m7s", "1d 4h"],
  ["span", "3m20s", "3m 20s"],
  ["span", "1d0h0m0s", "1d"],
  ["span", undefined, "–"],
  ["seconds", "1y2d3h4m5s", 31_719_845],
  ["seconds", undefined, -1],
  ["roundTrip", "161µs", "161 µs"],
  ["roundTrip", "300.971541ms", "301 ms"],
  ["roundTrip", "1.5s", "1.50 s"],
  ["roundTrip", "1m2s", "1m2s"],
  ["roundTrip", "0s", "–"],
  ["microseconds", "1m2.5s", 62_500_000],
  ["microseconds", "161µs", 161],
  ["microseconds", "2ms", 2000],
  ["microseconds", "", -1],
];

Deno.test("Figures are written as people read them", async (t) => {
  for (const [name, value, text] of CASES) {
    await t.step(`${name}(${JSON.stringify(value)}) is ${text}`, () => {
      const write = format[name] as (value: unknown) => unknown;
      assert.equal(write(value), text);
    });
  }
});

import assert from "node:assert/strict";
import {
  roundTripText,
  timeText,
  uptimeText,
} from "../../src/monitor/text_forms.ts";

Deno.test("timeText() is RFC 3339 in UTC without trailing zeros", () => {
  const second = Date.UTC(2026, 10, 21, 1, 53, 10);
  const cases: [number, string][] = [
    [second, "2026-11-21T01:53:10Z"],
    [second + 900, "2026-11-21T01:53:10.9Z"],
    [second + 970, "2026-11-21T01:53:10.97Z"],
    [second + 7, "2026-11-21T01:53:10.007Z"],
    [second + 0.6, "2026-11-21T01:53:10Z"],
  ];
  for (const [ms, text] of cases) assert.equal(timeText(ms), text);
});

Deno.test("uptimeText() goes from the largest unit needed down to seconds", () => {
  const cases: [number, string][] = [
    [0, "0s"],
    [-5, "0s"],
    [999, "0s"],
    [59_999, "59s"],
    [200_000, "3m20s"],
    [3_600_000, "1h0m0s"],
    [((18 * 60 + 30) * 60 + 12) * 1000, "18h30m12s"],
    [86_400_000, "1d0h0m0s"],
    [365 * 86_400_000, "1y0d0h0m0s"],
    [((((365 + 2) * 24 + 3) * 60 + 4) * 60 + 5) * 1000, "1y2d3h4m5s"],
  ];
  for (const [ms, text] of cases) assert.equal(uptimeText(ms), text);
});

Deno.test("roundTripText() writes durations as Go does", () => {
  const cases: [number, string][] = [
    [-1, "0s"],
    [0, "0s"],
    [0.0005, "500ns"],
    [0.1619, "161µs"],
    [300.971541, "300.971541ms"],
    [1, "1ms"],
    [1500, "1.5s"],
    [61_000, "1m1s"],
    [3_600_000, "1h0m0s"],
  ];
  for (const [ms, text] of cases) assert.equal(roundTripText(ms), text);
});

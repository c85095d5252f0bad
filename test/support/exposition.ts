/** Prometheus text as a test wants it: parsed, or refused with the reason. */

import assert from "node:assert/strict";

/** A metric and all its series. */
export interface Family {
  readonly type: string;
  readonly help: string;
  /** Values by labels, which are sorted: `{a="1",b="2"}`. */
  readonly series: Map<string, number>;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([^\s{]+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;
const VALUE = /^(?:[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|[+-]Inf)$/;

/**
 * Reads text exposition 0.0.4 more strictly than the format asks: HELP, TYPE,
 * samples, for each metric once. Throws an `AssertionError`.
 */
export function parseExposition(text: string): Map<string, Family> {
  assert(text.endsWith("\n"), "the last line has no end");
  const families = new Map<string, Family>();
  const lines = text.slice(0, -1).split("\n");
  while (lines.length > 0) {
    const [, name, help] = /^# HELP (\S+) (.+)$/.exec(lines[0]) ?? [];
    assert(help !== undefined, `HELP was to come: ${lines[0]}`);
    const [, typed, type] = /^# TYPE (\S+) (counter|gauge)$/.exec(lines[1]) ??
      [];
    assert.equal(typed, name, `TYPE was to come: ${lines[1]}`);
    assert.match(name, NAME);
    assert(!families.has(name), `${name} comes twice`);
    const end = lines.findIndex((line, at) => at > 1 && line.startsWith("#"));
    const samples = lines.splice(0, end < 0 ? lines.length : end).slice(2);
    families.set(name, { type, help, series: seriesOf(name, samples) });
  }
  return families;
}

function seriesOf(
  name: string,
  samples: readonly string[],
): Map<string, number> {
  const series = new Map<string, number>();
  for (const sample of samples) {
    const [, found, labels, value] = SAMPLE.exec(sample) ?? [];
    assert.equal(found, name, `not a sample of ${name}: ${sample}`);
    assert.match(value, VALUE);
    const key = sortedLabels(labels);
    assert(!series.has(key), `comes twice: ${sample}`);
    series.set(key, Number(value));
  }
  return series;
}

function sortedLabels(labels = ""): string {
  const pairs: string[] = [];
  LABEL.lastIndex = 0;
  for (let at = 0; at < labels.length; at = LABEL.lastIndex) {
    LABEL.lastIndex = at;
    const found = LABEL.exec(labels);
    assert(found !== null, `not a label: ${labels.slice(at)}`);
    pairs.push(`${found[1]}="${found[2]}"`);
  }
  return `{${pairs.sort().join(",")}}`;
}

/** Configuration texts, read as if from a file without variables and includes. */

import assert from "node:assert/strict";
import { parseNatsConf } from "../../src/config/nats_conf.ts";
import { readTree } from "../../src/config/read_tree.ts";
import type { Settings } from "../../src/config/settings.ts";
import { settingsOf } from "../../src/config/settings.ts";

/** What a text comes to, and what is wrong with it, as `line:column: reason`. */
export function readText(
  text: string,
): { settings: Settings; problems: string[] } {
  const tree = parseNatsConf(text, "x.conf", {
    variable: () => undefined,
    include: () => assert.fail(),
  });
  const { values, problems } = readTree(tree);
  return {
    settings: settingsOf(values),
    problems: problems.map(({ at, reason }) =>
      `${at.line}:${at.column}: ${reason}`
    ),
  };
}

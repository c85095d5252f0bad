/**
 * Flags as Go's programs take them, which all of midge's commands follow: one
 * dash or two, `-name value` or `-name=value`, switches with `=true` and
 * `=false` (config-and-monitoring §4.1). Knows no flag's meaning.
 */

import { errorText } from "../error_text.ts";
import { ConfigError } from "../errors.ts";
import { boolean } from "./value_types.ts";

/** A flag as somebody wrote it. */
export interface WrittenFlag {
  /** Without dashes. */
  readonly name: string;
  /** What stands behind `=`; `undefined` without one. */
  readonly value: string | undefined;
}

/** Takes an argument apart; `null` if it is not written as a flag is. */
export function splitFlag(argument: string): WrittenFlag | null {
  const [, name, , value] = /^--?([^-=][^=]*)(=(.*))?$/s.exec(argument) ?? [];
  return name === undefined ? null : { name, value };
}

/** Whether a switch is on, by the text behind its `=`. Throws `ConfigError`. */
export function parseSwitch(name: string, text: string): boolean {
  try {
    return boolean.parse(text) as boolean;
  } catch (error) {
    throw new ConfigError(
      `invalid boolean value "${text}" for -${name}: ${errorText(error)}`,
    );
  }
}

/** What differs between two configurations, and whether a reload can do it. */

import { ConfigError } from "../errors.ts";
import type { FullSetting } from "./schema.ts";
import { SETTINGS } from "./schema.ts";
import { DEFAULTS } from "./settings.ts";

/** One setting that is not what it was. */
export interface Change {
  /** Which. */
  readonly setting: FullSetting;
  /** What it was. */
  readonly from: unknown;
  /** What it is to be. */
  readonly to: unknown;
}

/** Every option by its path, with the setting that is for it more than others. */
const OPTIONS: ReadonlyMap<string, FullSetting> = new Map([
  ...SETTINGS.flatMap((setting) =>
    (setting.parts ?? []).map((part) =>
      [`${setting.fullTarget}.${part}`, setting] as const
    )
  ).reverse(),
  ...SETTINGS.filter(({ parts }) => parts === undefined)
    .map((setting) => [setting.fullTarget, setting] as const),
]);

/**
 * The settings that differ, in the order of the table. Both arguments have the
 * shape of `Settings` or a part of it; what is absent has its default. Throws
 * `ConfigError` if any of them takes a restart, one line for each.
 */
export function changesBetween(from: object, to: object): Change[] {
  const changes = [...OPTIONS]
    .map(([target, setting]) => ({
      setting,
      from: valueOf(target, from),
      to: valueOf(target, to),
    })).filter((one) => JSON.stringify(one.from) !== JSON.stringify(one.to));
  const fixed = changes.filter(({ setting }) => !setting.reloadable);
  if (fixed.length > 0) throw new ConfigError(fixed.map(refusal).join("\n"));
  return changes;
}

/** How the log puts it: `max_payload = 65536`; secrets are left out. */
export function describeChange({ setting, to }: Change): string {
  if (/^(authorization|accounts|cluster)/.test(setting.path)) {
    return setting.path;
  }
  const value = typeof to === "string" ? `"${to}"` : JSON.stringify(to);
  return `${setting.path} = ${value}`;
}

function refusal({ setting, from, to }: Change): string {
  const [before, after] = [from, to].map((value) =>
    typeof value === "string" ? value : JSON.stringify(value)
  );
  return `config reload not supported for ${setting.path}: old=${before}, new=${after}`;
}

function valueOf(target: string, root: object): unknown {
  let value: unknown = root;
  for (const name of target.split(".")) {
    if (typeof value !== "object" || value === null) break;
    value = (value as Record<string, unknown>)[name];
  }
  return value ?? DEFAULTS.get(target);
}

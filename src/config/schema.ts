/**
 * Every setting, once: its name in files, its type, the option it sets, its
 * flags, whether a reload can change it, and what help says. Files, flags,
 * `--help`, reload and the tests of samples and documentation read this table.
 *
 * Names and types: config-and-monitoring §2 and §4.2.
 */

import * as blocks from "./block_settings.ts";
import * as refused from "./refused.ts";
import type { Block, Setting, SettingFlag } from "./setting.ts";
import * as settings from "./settings_table.ts";

/** Servers have no users: one name and password is all there is. */
const ROUTE_AUTHORIZATION: Block = {
  key: "authorization",
  target: "authorization",
  settings: blocks.AUTHORIZATION.filter(({ key }) => key !== "token"),
  blocks: [],
  refused: refused.REFUSED_IN_ROUTE_AUTHORIZATION,
};

/** Servers dial each other. */
const ROUTE_TLS: Block = {
  key: "tls",
  target: "tls",
  settings: blocks.ROUTE_TLS,
  blocks: [],
  refused: refused.REFUSED_IN_ROUTE_TLS,
};

/** The whole file. */
export const ROOT: Block = {
  key: "",
  target: "",
  settings: [
    ...settings.SERVER,
    ...settings.LIMITS,
    ...settings.LOGGING,
    ...settings.MONITORING,
    ...settings.ACCOUNTS,
  ],
  blocks: [
    {
      key: "authorization",
      target: "server.authorization",
      settings: [
        ...withFlags(blocks.AUTHORIZATION, blocks.AUTHORIZATION_FLAGS),
        ...blocks.USERS,
      ],
      blocks: [],
      refused: refused.REFUSED_IN_AUTHORIZATION,
    },
    {
      key: "tls",
      target: "server.tls",
      settings: withFlags(blocks.TLS, blocks.TLS_FLAGS),
      blocks: [],
      refused: refused.REFUSED_IN_TLS,
    },
    {
      key: "cluster",
      target: "server.cluster",
      settings: withFlags(blocks.CLUSTER, blocks.CLUSTER_FLAGS),
      blocks: [ROUTE_AUTHORIZATION, ROUTE_TLS],
      fixed: refused.FIXED_IN_CLUSTER,
      refused: refused.REFUSED_IN_CLUSTER,
    },
  ],
  refused: refused.REFUSED,
};

/** A setting with its names and target in full. */
export interface FullSetting extends Setting {
  /** Name from the top of the file: `tls.cert_file`. */
  readonly path: string;
  /** Option from the top of `Settings`: `server.tls.certFile`. */
  readonly fullTarget: string;
}

/** Every setting there is, in the order of the table. */
export const SETTINGS: readonly FullSetting[] = [...flatten(ROOT, "", "")];

/** `a.b`, or what is there of it. */
export function join(parent: string, child: string): string {
  return parent === "" || child === "" ? parent + child : `${parent}.${child}`;
}

/** Flags by the setting they give. */
type Flags = Readonly<Record<string, SettingFlag>>;

function withFlags(rows: readonly Setting[], flags: Flags): Setting[] {
  return rows.map((row) =>
    Object.hasOwn(flags, row.key) ? { ...row, flag: flags[row.key] } : row
  );
}

function* flatten(
  block: Block,
  path: string,
  target: string,
): Generator<FullSetting> {
  for (const setting of block.settings) {
    yield {
      ...setting,
      path: join(path, setting.key),
      fullTarget: join(target, setting.target),
    };
  }
  for (const inner of block.blocks) {
    yield* flatten(inner, join(path, inner.key), join(target, inner.target));
  }
}

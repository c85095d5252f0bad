/** What the schema says of a setting: the columns of its table. */

import type { ValueType } from "./value_types.ts";

/** Groups of flags in help, in its order. */
export const FLAG_GROUPS = [
  "Server",
  "Logging",
  "Authorization",
  "TLS",
  "Cluster",
] as const;

/** How a setting is given on the command line. */
export interface SettingFlag {
  /** Names without dashes; help lists them in this order. */
  readonly names: readonly string[];
  /** What help calls the value; a switch has none. */
  readonly value?: string;
  /** Under which title help lists it. */
  readonly group: typeof FLAG_GROUPS[number];
}

/** One row of the table. */
export interface Setting {
  /** Name in files, within its block. */
  readonly key: string;
  /** Other names for it. */
  readonly aliases?: readonly string[];
  /** What it takes. */
  readonly type: ValueType;
  /** The option it sets, as a path from its block's target. */
  readonly target: string;
  /**
   * Of an address: what its host and its port set, from the target. As a flag it
   * sets whatever it says by these names, and `undefined` for what it replaces.
   */
  readonly parts?: readonly [host: string, port: string];
  /** What it is. */
  readonly help: string;
  /** A reload applies it. Default `false`. */
  readonly reloadable?: boolean;
  /** Default: none. */
  readonly flag?: SettingFlag;
}

/** Something midge does in one way only, that nats-server leaves open. */
export interface FixedSetting {
  /** Name in files, within its block. */
  readonly key: string;
  /** Values that say what midge does anyway; texts in lower case. */
  readonly values: readonly unknown[];
  /** Why no other will do. */
  readonly reason: string;
}

/** A map of settings, and of blocks within it. */
export interface Block {
  /** Name in files; empty for the file itself. */
  readonly key: string;
  /** What the targets of its settings start from; empty for the file itself. */
  readonly target: string;
  /** What may stand in it. */
  readonly settings: readonly Setting[];
  /** Blocks in it. */
  readonly blocks: readonly Block[];
  /** Settings of nats-server that take a few values only. */
  readonly fixed?: readonly FixedSetting[];
  /** Settings that nats-server has here and midge does not. */
  readonly refused?: readonly string[];
}

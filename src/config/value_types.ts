/**
 * The kinds of values a setting takes: how each is read from a configuration
 * tree and from the text of a flag. What comes out has the unit of the option
 * it is for: bytes, milliseconds. Forms: config-and-monitoring §1.7, §2.1.
 */

import type { ConfigNode, Position } from "./tree.ts";
import { toPlain } from "./tree.ts";

/** Why a value cannot be used; the reader adds where it stands. */
export class ValueError extends Error {
  /** The class name. */
  override readonly name = "ValueError";
  /** Where, if that is within the value. */
  readonly at: Position | undefined;

  /** Without `at`, it is the value as a whole that is wrong. */
  constructor(message: string, at?: Position) {
    super(message);
    this.at = at;
  }
}

/** Told of values that are usable but doubtful. */
export type Warn = (reason: string) => void;

/** One kind of value. */
export interface ValueType {
  /** What it takes, for errors and help: `a size such as 64KB`. */
  readonly takes: string;
  /** Reads it from a file; `undefined` sets nothing. Throws `ValueError`. */
  read(node: ConfigNode, warn: Warn): unknown;
  /** Reads it from the command line, likewise. */
  parse(text: string): unknown;
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  "μs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Any text. */
export const text: ValueType = {
  takes: "a text",
  read(node) {
    if (node.kind !== "string") throw wrongKind(this, node);
    return node.value;
  },
  parse: (value) => value,
};

/** A list of texts; a single one will do. */
export const texts: ValueType = {
  takes: "a list of texts",
  read(node) {
    if (node.kind === "string") return [node.value];
    if (node.kind !== "array") throw wrongKind(this, node);
    return node.items.map((item) => {
      if (item.kind !== "string") throw wrongKind(this, item);
      return item.value;
    });
  },
  parse: (value) => value.split(",").map((one) => one.trim()).filter(Boolean),
};

/** A whole number. */
export const integer: ValueType = {
  takes: "a whole number",
  read(node) {
    if (node.kind !== "integer") throw wrongKind(this, node);
    return node.value;
  },
  parse(value) {
    const match =
      /^([+-]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9]\d*)$/
        .exec(value);
    if (match === null) {
      throw new ValueError("parse error: not a whole number");
    }
    const [, sign, digits] = match;
    const number = Number(digits.replace(/^0(?=[0-7])/, "0o"));
    if (!Number.isSafeInteger(number)) {
      throw new ValueError("value out of range");
    }
    return sign === "-" ? -number : number;
  },
};

/** Bytes: a whole number, maybe with a suffix such as `64KB`. */
export const size: ValueType = {
  takes: "a size such as 65536, 64KB or 1MB",
  read(node) {
    if (node.kind === "integer") return node.value;
    // TOML has no suffixes: there sizes with one are texts.
    const bytes = node.kind === "string" ? parseSize(node.value) : null;
    if (bytes === null) throw wrongKind(this, node);
    return bytes;
  },
  parse(value) {
    const bytes = /^-?\d+$/.test(value) ? null : parseSize(value);
    return bytes ?? integer.parse(value);
  },
};

/** A switch. */
export const boolean: ValueType = {
  takes: "true or false",
  read(node) {
    if (node.kind !== "boolean") throw wrongKind(this, node);
    return node.value;
  },
  parse(value) {
    if (["1", "t", "T", "true", "TRUE", "True"].includes(value)) return true;
    if (["0", "f", "F", "false", "FALSE", "False"].includes(value)) {
      return false;
    }
    throw new ValueError("parse error: neither true nor false");
  },
};

/** A switch that turns on what another one may have turned on already. */
export const enabling: ValueType = {
  takes: boolean.takes,
  read: (node, warn) => boolean.read(node, warn) || undefined,
  parse: (value) => boolean.parse(value) || undefined,
};

/** A time as a text such as `"1m30s"`; a number means seconds, with a warning. */
export const duration: ValueType = {
  takes: 'a time such as "10s" or "2m"',
  read(node, warn) {
    if (node.kind === "integer") {
      warn(
        `should be converted to a duration: ${node.value} means seconds, write "${node.value}s"`,
      );
      return node.value * 1000;
    }
    if (node.kind !== "string") throw wrongKind(this, node);
    return parseDuration(node.value);
  },
  parse: (value) => parseDuration(value),
};

/** As `duration`, 30 seconds at least. */
export const lameDuckDuration: ValueType = {
  takes: duration.takes,
  read(node, warn) {
    const ms = duration.read(node, warn) as number;
    if (ms < 30_000) {
      throw new ValueError(`must be 30s at least, got ${ms / 1000}s`);
    }
    return ms;
  },
  parse: (value) => parseDuration(value),
};

/** A time as a number of seconds, or as a text such as `"2s"`. */
export const seconds: ValueType = {
  takes: "a number of seconds",
  read(node) {
    if (node.kind === "integer" || node.kind === "float") {
      return node.value * 1000;
    }
    if (node.kind !== "string") throw wrongKind(this, node);
    return parseDuration(node.value);
  },
  parse: (value) => parseDuration(value),
};

/** Host and port of a listener; what is not given stays absent. */
export interface ListenAddress {
  /** Without brackets. */
  readonly host?: string;
  /** From -1 to 65535. */
  readonly port: number;
}

/** A port, or `host:port`. */
export const listen: ValueType = {
  takes: 'a port or "host:port"',
  read(node) {
    if (node.kind === "integer") return { port: checkPort(node.value) };
    if (node.kind !== "string") throw wrongKind(this, node);
    return parseListen(node.value);
  },
  parse: (value) => parseListen(value),
};

/** A port: -1 takes a free one. */
export const port: ValueType = {
  takes: "a port from -1 to 65535",
  read(node) {
    if (node.kind !== "integer") throw wrongKind(this, node);
    return checkPort(node.value);
  },
  parse: (value) => checkPort(integer.parse(value) as number),
};

/** `true`, `"auto"` (50 ms), or a time to wait for a client to begin. */
export const handshakeFirst: ValueType = {
  takes: 'true, false, "auto" or a time such as "50ms"',
  read(node) {
    if (node.kind === "boolean") return node.value;
    if (node.kind !== "string") throw wrongKind(this, node);
    return node.value === "auto" ? 50 : parseDuration(node.value);
  },
  parse: (value) => value === "auto" ? 50 : parseDuration(value),
};

/** `"1.2"` or `"1.3"`. */
export const tlsVersion: ValueType = {
  takes: '"1.2" or "1.3"',
  read(node) {
    const value = String(toPlain(node));
    if (value !== "1.2" && value !== "1.3") throw wrongKind(this, node);
    return value;
  },
  parse: (value) => value,
};

/**
 * Milliseconds of a time as Go writes it: `1h30m`, `1.5s`, `-2ms`, `0`. Throws
 * `ValueError`.
 */
export function parseDuration(value: string): number {
  if (/^[+-]?0$/.test(value)) return 0;
  if (!/^[+-]?(?:(?:\d+\.?\d*|\.\d+)[^\d.]*)+$/.test(value)) {
    throw new ValueError(`invalid duration "${value}": write it as in "1m30s"`);
  }
  let ms = 0;
  for (
    const [, number, unit] of value.matchAll(
      /(\d+\.?\d*|\.\d+)([^\d.]*)/g,
    )
  ) {
    if (unit === "") {
      throw new ValueError(
        `missing unit in duration "${value}": write it as in "${value}s"`,
      );
    }
    if (!Object.hasOwn(UNITS_MS, unit)) {
      throw new ValueError(
        `unknown unit "${unit}" in duration "${value}": use ms, s, m or h`,
      );
    }
    ms += Number(number) * UNITS_MS[unit];
  }
  if (!Number.isFinite(ms)) {
    throw new ValueError(`invalid duration "${value}"`);
  }
  return value.startsWith("-") ? -ms : ms;
}

/** Bytes of a text such as `64KB` (1024) or `64k` (1000); `null` if it is none. */
function parseSize(value: string): number | null {
  const match = /^(-?\d+)([kmgtpe]?)(b|i|ib)?$/i.exec(value);
  if (match === null || (match[2] === "" && match[3])) return null;
  const power = " kmgtpe".indexOf(match[2].toLowerCase() || " ");
  const bytes = Number(match[1]) * (match[3] ? 1024 : 1000) ** power;
  return Number.isSafeInteger(bytes) ? bytes : null;
}

function parseListen(value: string): ListenAddress {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(value);
  if (match === null) {
    throw new ValueError(
      `could not parse address string "${value}": write host:port, or [host]:port for IPv6`,
    );
  }
  const [, bracketed, plain, digits] = match;
  if (!/^-?\d+$/.test(digits)) {
    throw new ValueError(`could not parse port "${digits}"`);
  }
  const host = bracketed ?? plain;
  const address = { port: checkPort(Number(digits)) };
  return host === "" ? address : { host, ...address };
}

function checkPort(value: number): number {
  if (value < -1 || value > 65535) {
    throw new ValueError(`must be from -1 to 65535, got ${value}`);
  }
  return value;
}

function wrongKind(type: ValueType, node: ConfigNode): ValueError {
  const got = node.kind === "string"
    ? `the text "${node.value}"`
    : node.kind === "array"
    ? "a list"
    : node.kind === "map"
    ? "a map"
    : String(toPlain(node));
  return new ValueError(`takes ${type.takes}, got ${got}`);
}

/**
 * What can be said about a cluster: names, types, units and defaults. Parses
 * nothing and dials nobody.
 */

import type {
  AuthorizationOptions,
  SubjectPermissions,
} from "./auth_options.ts";
import type { ResolvedTls, TlsOptions } from "./tls_options.ts";
import { resolveTls } from "./tls_options.ts";

/** Interest that servers share. */
export interface ClusterPermissions {
  /** Subjects other servers are asked for. Default: all. */
  import?: SubjectPermissions;
  /** Subjects other servers may ask for. Default: all. */
  export?: SubjectPermissions;
}

/** How servers form a cluster. */
export interface ClusterOptions {
  /** Name all its servers share. Default: one that is made up and agreed on. */
  name?: string;
  /** Address to listen on for routes. Default `0.0.0.0`. */
  host?: string;
  /** Port for routes; -1 takes a free one, 0 does not listen. Default 0. */
  port?: number;
  /** `host:port` told to other servers instead of the listening address. */
  advertise?: string;
  /** Do not tell clients about other servers. Default `false`. */
  noAdvertise?: boolean;
  /** Servers to dial: `nats://user:password@host:port`. */
  routes?: readonly string[];
  /** How often to retry a discovered route. Default 0. */
  connectRetries?: number;
  /** What other servers must say to connect: one user and password. */
  authorization?: AuthorizationOptions | null;
  /** Interest that servers share. Default: all. */
  permissions?: ClusterPermissions | null;
  /** TLS between servers, checked in both directions. */
  tls?: TlsOptions | null;
}

/** `ClusterOptions` with every field present. */
export type ResolvedCluster = Readonly<
  Omit<Required<ClusterOptions>, "tls"> & { tls: ResolvedTls | null }
>;

const DEFAULT_CLUSTER: ResolvedCluster = Object.freeze({
  name: "",
  host: "0.0.0.0",
  port: 0,
  advertise: "",
  noAdvertise: false,
  routes: [],
  connectRetries: 0,
  authorization: null,
  permissions: null,
  tls: null,
});

/** Options that are whole numbers, and the range of each. */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  port: [-1, 65535],
  connectRetries: [0, 2 ** 31 - 1],
};

/**
 * Fills in the defaults. Throws `TypeError` for unknown names and wrong types
 * and `RangeError` for values out of bounds; the message names the option.
 */
export function resolveCluster(cluster: ClusterOptions): ResolvedCluster {
  const resolved: Record<string, unknown> = { ...DEFAULT_CLUSTER };
  for (const [name, value] of Object.entries(cluster)) {
    if (value === undefined) continue;
    check(name, value);
    resolved[name] = name === "tls" && value !== null
      ? resolveTls(value as TlsOptions, "cluster.tls")
      : value;
  }
  return Object.freeze(resolved as unknown as ResolvedCluster);
}

function check(name: string, value: unknown): void {
  if (!Object.hasOwn(DEFAULT_CLUSTER, name)) {
    throw new TypeError(`Unknown option "cluster.${name}"`);
  }
  const known = DEFAULT_CLUSTER[name as keyof ResolvedCluster];
  const wanted = Array.isArray(known) ? "list" : typeof known;
  const given = Array.isArray(value) ? "list" : typeof value;
  if (given !== wanted) {
    throw new TypeError(
      `Option "cluster.${name}" must be a ${wanted}: got ${given}`,
    );
  }
  if (name === "name" && /\s/.test(value as string)) {
    throw new RangeError(
      `Option "cluster.name" must not contain spaces: got "${value}"`,
    );
  }
  if (!Object.hasOwn(RANGES, name)) return;
  const [low, high] = RANGES[name];
  if (
    Number.isInteger(value) && value as number >= low &&
    value as number <= high
  ) {
    return;
  }
  throw new RangeError(
    `Option "cluster.${name}" must be a whole number from ${low} to ${high}: got ${value}`,
  );
}

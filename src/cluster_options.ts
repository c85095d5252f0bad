/**
 * What can be said about a cluster: names, types, units and defaults. Parses
 * nothing and dials nobody.
 */

import type {
  AuthorizationOptions,
  SubjectPermissions,
} from "./auth_options.ts";
import type { ShapeOf } from "./option_shape.ts";
import { checkShape, listOf, orNull, rangeProblem } from "./option_shape.ts";
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
  /**
   * What other servers must say to connect: one user and password, and how long
   * they may take. Default: nothing.
   */
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

/** Defaults of a `cluster` block. */
export const DEFAULT_CLUSTER: ResolvedCluster = Object.freeze({
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

const SHAPE: ShapeOf<ClusterOptions> = {
  name: "string",
  host: "string",
  port: "number",
  advertise: "string",
  noAdvertise: "boolean",
  routes: listOf("string"),
  connectRetries: "number",
  authorization: orNull("object"),
  permissions: orNull("object"),
  tls: orNull("object"),
};

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
  checkShape("cluster", cluster, SHAPE);
  const resolved: Record<string, unknown> = { ...DEFAULT_CLUSTER };
  for (const [name, value] of Object.entries(cluster)) {
    if (value === undefined) continue;
    const problem = clusterProblem(name, value);
    if (problem !== null) {
      throw new RangeError(`Option "cluster.${name}" ${problem}`);
    }
    resolved[name] = resolveBlock(name, value);
  }
  return Object.freeze(resolved as unknown as ResolvedCluster);
}

/**
 * What is wrong with a value of the right type: `must …: got …`, to be put
 * behind the name of the option; `null` if nothing is.
 */
export function clusterProblem(name: string, value: unknown): string | null {
  if (name === "host" && value === "") return "must not be empty";
  if (name === "name" && /\s/.test(value as string)) {
    return `must not contain spaces: got "${value}"`;
  }
  if (!Object.hasOwn(RANGES, name)) return null;
  return rangeProblem(value as number, RANGES[name]);
}

/** A block in the form the rest of midge reads; any other value as it is. */
function resolveBlock(name: string, value: unknown): unknown {
  if (value === null) return null;
  if (name === "tls") return resolveTls(value as TlsOptions, "cluster.tls");
  return name === "authorization" ? resolveAuthorization(value) : value;
}

/** `null` if it asks for nothing: a time alone is no reason to ask. */
function resolveAuthorization(value: unknown): unknown {
  const { timeoutMs: _, ...asked } = value as AuthorizationOptions;
  return Object.values(asked).every((one) => one === undefined || one === "")
    ? null
    : value;
}

/**
 * What a server can be told: names, types, units and defaults.
 *
 * Callers give a partial `ServerOptions`; `resolveOptions` checks every field
 * and returns the complete frozen form the rest of midge reads. Parses nothing.
 */

import { setImmediate } from "node:timers";
import type {
  AccountOptions,
  Authenticator,
  AuthorizationOptions,
} from "./auth_options.ts";
import type { Log } from "./log.ts";
import { silentLog } from "./log.ts";
import type { ClusterOptions, ResolvedCluster } from "./cluster_options.ts";
import { resolveCluster } from "./cluster_options.ts";
import type { MonitorOptions, ResolvedMonitor } from "./monitor_options.ts";
import { resolveMonitor } from "./monitor_options.ts";
import type { Shape } from "./option_shape.ts";
import {
  checkMethods,
  checkOptions,
  checkShape,
  rangeProblem,
  unknownOption,
} from "./option_shape.ts";
import type { ResolvedTls, TlsOptions } from "./tls_options.ts";
import { resolveTls } from "./tls_options.ts";

export type {
  ClusterOptions,
  ClusterPermissions,
  ResolvedCluster,
} from "./cluster_options.ts";
export type { MonitorOptions } from "./monitor_options.ts";
export { DEFAULT_TLS } from "./tls_options.ts";
export type { ResolvedTls, TlsOptions } from "./tls_options.ts";

/** Where a server gets its time from; tests give their own. */
export interface Clock {
  /** Monotonic milliseconds with a fraction. */
  now(): number;
  /** Wall-clock milliseconds since 1970. */
  epochMs(): number;
  /** Calls back once after `ms`; returns how to cancel it. */
  after(ms: number, callback: () => void): () => void;
  /** Lets everything else that is ready go first, sockets included. */
  breathe(): Promise<void>;
}

const MAX_INT32 = 2 ** 31 - 1;

/**
 * Turns of the event loop after which it has asked the system for sockets that
 * became ready. While something is always runnable, Deno does so only every
 * 61st turn (tokio's `event_interval`). All of them take about 50 µs.
 */
const TURNS_TO_POLL = 62;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  epochMs: () => Date.now(),
  after(ms, callback) {
    // Above that, timers would go off at once.
    const timer = setTimeout(callback, Math.min(ms, MAX_INT32));
    return () => clearTimeout(timer);
  },
  breathe() {
    return new Promise((resolve) => {
      let turns = 0;
      const turn = () => {
        if (++turns < TURNS_TO_POLL) setImmediate(turn);
        else resolve();
      };
      setImmediate(turn);
    });
  },
};

/**
 * Everything a server can be told. All fields are optional; `Server` throws
 * `TypeError` or `RangeError` that names the one it cannot use.
 */
export interface ServerOptions {
  /** Address to listen on for clients. Default `0.0.0.0`: all, IPv6 included. */
  host?: string;
  /** Port for clients; -1 takes a free one, see `Server.port`. Default 4222. */
  port?: number;
  /** Open no port for clients; in-process connections only. Default `false`. */
  dontListen?: boolean;
  /** Unique name without spaces. Default: the server's id. */
  serverName?: string;
  /** Labels that monitoring shows. Default: none. */
  serverTags?: readonly string[];
  /** `host:port` told to clients instead of the listening address. */
  clientAdvertise?: string;
  /** Largest message a client may publish, headers included, in bytes. Default 1 MiB. */
  maxPayload?: number;
  /** Longest argument part of an operation, in bytes. Default 4096. */
  maxControlLine?: number;
  /** Client connections at one time. Default 65536. */
  maxConnections?: number;
  /** Subscriptions a connection may hold; 0 = no limit. Default 0. */
  maxSubscriptions?: number;
  /** Tokens the subject of a subscription may have; 0 = no limit. Default 0. */
  maxSubTokens?: number;
  /** Unsent bytes at which a connection is a slow consumer. Default 64 MiB. */
  maxPendingBytes?: number;
  /** Longest a write may make no progress, in milliseconds. Default 10,000. */
  writeDeadlineMs?: number;
  /** Pause between PINGs to a quiet client, in milliseconds. Default 120,000. */
  pingIntervalMs?: number;
  /** PINGs without an answer before a connection is stale. Default 2. */
  pingMax?: number;
  /** Closed connections remembered for monitoring. Default 10,000. */
  maxClosedClients?: number;
  /** Bytes of a payload that the trace shows; 0 = all. Default 0. */
  maxTracedMsgLen?: number;
  /** Refuse message headers. Default `false`. */
  noHeaderSupport?: boolean;
  /** Time over which lame duck mode closes its clients, in milliseconds. Default 120,000. */
  lameDuckDurationMs?: number;
  /** Time lame duck mode waits before it closes the first, in milliseconds. Default 10,000. */
  lameDuckGracePeriodMs?: number;
  /** Talk TLS with clients. Default `null`: plain TCP. */
  tls?: TlsOptions | null;
  /** With `tls`: serve clients that do not use it, too. Default `false`. */
  allowNonTls?: boolean;
  /** Who may connect. Default `null`: everybody, unless accounts have users. */
  authorization?: AuthorizationOptions | null;
  /** Decides who may connect, before what is configured. Default: none. */
  authenticator?: Authenticator | null;
  /** Accounts besides the global one. Default: none. */
  accounts?: readonly AccountOptions[];
  /** User that clients become that do not say who they are. Default: none. */
  noAuthUser?: string;
  /** Account the server itself speaks in. Default `$SYS`. */
  systemAccount?: string;
  /** Serve monitoring. Default `null`: do not. */
  monitor?: MonitorOptions | null;
  /** Take part in a cluster. Default `null`: stand alone. */
  cluster?: ClusterOptions | null;
  /** Where to log, for example `stderrLog()`. Default: nowhere. */
  log?: Log;
  /** Where time comes from. Default: the machine's clock. */
  clock?: Clock;
}

/** `ServerOptions` with every field present and checked. */
export type ResolvedOptions = Readonly<
  & Omit<Required<ServerOptions>, "tls" | "cluster" | "monitor">
  & {
    tls: ResolvedTls | null;
    cluster: ResolvedCluster | null;
    monitor: ResolvedMonitor | null;
  }
>;

/** Defaults of everything, as nats-server has them. */
export const DEFAULT_OPTIONS: ResolvedOptions = Object.freeze({
  host: "0.0.0.0",
  port: 4222,
  dontListen: false,
  serverName: "",
  serverTags: [],
  clientAdvertise: "",
  maxPayload: 1024 * 1024,
  maxControlLine: 4096,
  maxConnections: 64 * 1024,
  maxSubscriptions: 0,
  maxSubTokens: 0,
  maxPendingBytes: 64 * 1024 * 1024,
  writeDeadlineMs: 10_000,
  pingIntervalMs: 120_000,
  pingMax: 2,
  maxClosedClients: 10_000,
  maxTracedMsgLen: 0,
  noHeaderSupport: false,
  lameDuckDurationMs: 120_000,
  lameDuckGracePeriodMs: 10_000,
  tls: null,
  allowNonTls: false,
  authorization: null,
  authenticator: null,
  accounts: [],
  noAuthUser: "",
  systemAccount: "$SYS",
  monitor: null,
  cluster: null,
  log: silentLog,
  clock: systemClock,
});

/** Lowest and highest value of the whole-number options. */
const RANGES: Partial<Record<keyof ServerOptions, readonly [number, number]>> =
  {
    port: [-1, 65535],
    maxPayload: [1, MAX_INT32],
    maxControlLine: [1, MAX_INT32],
    maxConnections: [0, MAX_INT32],
    maxSubscriptions: [0, MAX_INT32],
    maxSubTokens: [0, 255],
    maxPendingBytes: [1, Number.MAX_SAFE_INTEGER],
    pingMax: [0, MAX_INT32],
    maxClosedClients: [0, MAX_INT32],
    maxTracedMsgLen: [0, MAX_INT32],
  };

/** Options that are times: any finite number of milliseconds above zero. */
const TIMES: readonly (keyof ServerOptions)[] = [
  "writeDeadlineMs",
  "pingIntervalMs",
  "lameDuckDurationMs",
];

/** What options that do something must be able to do. */
const METHODS: Partial<Record<keyof ServerOptions, readonly string[]>> = {
  log: ["error", "warn", "info"],
  clock: ["now", "epochMs", "after", "breathe"],
};

/** Options that may be `null`: most have options of their own. */
const BLOCKS: readonly (keyof ServerOptions)[] = [
  "tls",
  "authorization",
  "authenticator",
  "monitor",
  "cluster",
];

/**
 * Fills in the defaults and checks each field.
 *
 * Throws `TypeError` for a wrong type or an unknown name and `RangeError` for a
 * value out of bounds; the message names the option and what it takes.
 */
export function resolveOptions(options: ServerOptions = {}): ResolvedOptions {
  checkOptions(options);
  const resolved: Record<string, unknown> = { ...DEFAULT_OPTIONS };
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    checkOption(name, value);
    resolved[name] = resolveBlock(name, value);
  }
  const complete = resolved as unknown as ResolvedOptions;
  if (complete.maxPayload > complete.maxPendingBytes) {
    throw new RangeError(
      `max_payload (${complete.maxPayload}) cannot be higher than max_pending (${complete.maxPendingBytes})`,
    );
  }
  if (complete.lameDuckGracePeriodMs >= complete.lameDuckDurationMs) {
    throw new RangeError(
      `Option "lameDuckGracePeriodMs" must be below "lameDuckDurationMs" (${complete.lameDuckDurationMs}): got ${complete.lameDuckGracePeriodMs}`,
    );
  }
  return Object.freeze(complete);
}

/** The options of a block in full; any other value as it is. */
function resolveBlock(name: string, value: unknown): unknown {
  if (value === null) return null;
  if (name === "tls") return resolveTls(value as TlsOptions, "tls");
  if (name === "cluster") return resolveCluster(value as ClusterOptions);
  return name === "monitor" ? resolveMonitor(value as MonitorOptions) : value;
}

function checkOption(name: string, value: unknown): void {
  if (!Object.hasOwn(DEFAULT_OPTIONS, name)) {
    throw unknownOption(name, Object.keys(DEFAULT_OPTIONS));
  }
  const key = name as keyof ServerOptions;
  if (value !== null || !BLOCKS.includes(key)) checkType(key, value);
  const problem = valueProblem(key, value);
  if (problem !== null) throw new RangeError(`Option "${name}" ${problem}`);
}

function checkType(key: keyof ServerOptions, value: unknown): void {
  const usual = DEFAULT_OPTIONS[key];
  const shape = key === "authenticator"
    ? "function"
    : Array.isArray(usual)
    ? "list"
    : typeof usual as Shape;
  checkShape(key, value, shape);
  checkMethods(key, value as object, METHODS[key] ?? []);
}

/**
 * What is wrong with a value of the right type: `must …: got …`, to be put
 * behind the name of the option; `null` if nothing is.
 */
export function valueProblem(
  key: keyof ServerOptions,
  value: unknown,
): string | null {
  const range = RANGES[key];
  if (range !== undefined) return rangeProblem(value as number, range);
  const number = value as number;
  if (TIMES.includes(key) && !(Number.isFinite(number) && number > 0)) {
    return `must be a time above 0: got ${value} ms`;
  }
  if (key === "lameDuckGracePeriodMs" && !(number >= 0)) {
    return `must not be negative: got ${value} ms`;
  }
  if (key === "host" && value === "") return "must not be empty";
  if (key === "serverName" && /\s/.test(value as string)) {
    return `must not contain spaces: got "${value}"`;
  }
  if (key === "serverTags") {
    const wrong = (value as unknown[]).find((tag) => typeof tag !== "string");
    if (wrong !== undefined) return `must hold strings only: got ${wrong}`;
  }
  return null;
}

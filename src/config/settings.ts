/**
 * Everything that files and flags can set, as flat values on the way in and as
 * `Settings` in the end: defaults < file < flags.
 */

import { ConfigError } from "../errors.ts";
import type { LogOptions } from "../log.ts";
import { DEFAULT_LOG } from "../log.ts";
import { DEFAULT_MONITOR } from "../monitor_options.ts";
import type { ServerOptions } from "../options.ts";
import { clusterProblem, DEFAULT_CLUSTER } from "../cluster_options.ts";
import {
  DEFAULT_OPTIONS,
  DEFAULT_TLS,
  resolveOptions,
  valueProblem,
} from "../options.ts";
import { SETTINGS } from "./schema.ts";

/** What concerns the process a server runs in. */
export interface ProcessOptions {
  /** File for the process id; empty for none. */
  pidFile: string;
  /** Directory for the ports file; empty for none. */
  portsFileDir: string;
}

/** What a configuration file says; `server` is for `Server`. */
export interface Settings {
  /** For the server, without log and clock; defaults are left out. */
  readonly server: ServerOptions;
  /** Where to log. */
  readonly log: LogOptions;
  /** For the process. */
  readonly process: ProcessOptions;
}

/**
 * Values by the path of the option they set: `server.tls.certFile`. `undefined`
 * takes back what is below it.
 */
export type Values = ReadonlyMap<string, unknown>;

/** What holds where a file and flags say nothing, by option. */
export const DEFAULTS: ReadonlyMap<string, unknown> = new Map(
  SETTINGS.filter(({ parts }) => parts === undefined).map(
    ({ fullTarget }) => [fullTarget, defaultOf(fullTarget)],
  ),
);

/** Values laid over each other, the last on top. */
export function overlay(...layers: readonly Values[]): Values {
  return new Map(layers.flatMap((layer) => [...layer]));
}

/** The configuration that `values` make, on top of the defaults. */
export function settingsOf(values: Values): Settings {
  const settings: Settings = {
    server: {},
    log: {},
    process: { pidFile: "", portsFileDir: "" },
  };
  for (const [target, value] of values) place(settings, target, value);
  // As in nats-server, 0 is the default port.
  if (settings.server.port === 0) delete settings.server.port;
  // As there, too: without a port, a name and routes there is no cluster.
  const { name, port, routes = [] } = settings.server.cluster ?? {};
  if (!name && !port && routes.length === 0) delete settings.server.cluster;
  return settings;
}

/** Checks what concerns several settings. Throws `ConfigError`. */
export function checkSettings({ server }: Settings): void {
  try {
    resolveOptions(server);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) {
      throw error;
    }
    throw new ConfigError(error.message);
  }
}

/** What is wrong with a value for this option, behind its name; or `null`. */
export function problemWith(target: string, value: unknown): string | null {
  const [part, name, inner, ...rest] = target.split(".");
  if (part !== "server" || rest.length > 0) return null;
  if (inner === undefined) {
    return valueProblem(name as keyof ServerOptions, value);
  }
  return name === "cluster" ? clusterProblem(inner, value) : null;
}

function place(root: object, target: string, value: unknown): void {
  if (value === undefined) return;
  const names = target.split(".");
  const last = names.pop() as string;
  let object = root as Record<string, unknown>;
  for (const name of names) {
    object = (object[name] ??= {}) as Record<string, unknown>;
  }
  object[last] = value;
}

function defaultOf(target: string): unknown {
  const [part, ...names] = target.split(".");
  const name = names[names.length - 1];
  if (names.includes("tls")) {
    return DEFAULT_TLS[name as keyof typeof DEFAULT_TLS];
  }
  if (names[0] === "monitor") {
    return DEFAULT_MONITOR[name as keyof typeof DEFAULT_MONITOR];
  }
  if (names[0] === "cluster" && names.length === 2) {
    return DEFAULT_CLUSTER[name as keyof typeof DEFAULT_CLUSTER];
  }
  if (part === "log") return DEFAULT_LOG[name as keyof LogOptions];
  if (part === "process") return "";
  if (part === "server") {
    return DEFAULT_OPTIONS[name as keyof typeof DEFAULT_OPTIONS];
  }
  return undefined;
}

/** How monitoring is served: names, units and defaults. */

import type { ShapeOf } from "./option_shape.ts";
import { checkShape, rangeProblem } from "./option_shape.ts";

/** Where monitoring is served; a port of 0 is off, -1 takes a free one. */
export interface MonitorOptions {
  /** Address to listen on. Default: that of the clients. */
  host?: string;
  /** Port for HTTP. Default 0. */
  port?: number;
  /** Port for HTTPS, with the certificate of `tls`; not both. Default 0. */
  httpsPort?: number;
  /** Path in front of every endpoint. Default: none. */
  basePath?: string;
}

/** `MonitorOptions` with every field present. */
export type ResolvedMonitor = Readonly<Required<MonitorOptions>>;

/** Defaults of monitoring; a `host` of `""` is that of the clients. */
export const DEFAULT_MONITOR: ResolvedMonitor = Object.freeze({
  host: "",
  port: 0,
  httpsPort: 0,
  basePath: "",
});

/** Lowest and highest port. */
const PORTS = [-1, 65535] as const;

const SHAPE: ShapeOf<MonitorOptions> = {
  host: "string",
  port: "number",
  httpsPort: "number",
  basePath: "string",
};

/**
 * Fills in the defaults. Throws `TypeError` for a wrong type or an unknown name
 * and `RangeError` for a port out of bounds; the message names the option.
 */
export function resolveMonitor(monitor: MonitorOptions): ResolvedMonitor {
  checkShape("monitor", monitor, SHAPE);
  const given = Object.entries(monitor)
    .filter(([, value]) => value !== undefined);
  const complete: ResolvedMonitor = {
    ...DEFAULT_MONITOR,
    ...Object.fromEntries(given),
  };
  checkPort("port", complete.port);
  checkPort("httpsPort", complete.httpsPort);
  return Object.freeze(complete);
}

function checkPort(name: string, port: number): void {
  const problem = rangeProblem(port, PORTS);
  if (problem === null) return;
  throw new RangeError(`Option "monitor.${name}" ${problem}`);
}

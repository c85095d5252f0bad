/** How monitoring is served: names, units and defaults. */

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

/** Fills in the defaults. Throws `TypeError` and `RangeError`. */
export function resolveMonitor(
  monitor: MonitorOptions | null,
): ResolvedMonitor | null {
  if (monitor === null) return null;
  const resolved: Record<string, unknown> = { ...DEFAULT_MONITOR };
  for (const [name, value] of Object.entries(monitor)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(DEFAULT_MONITOR, name)) {
      throw new TypeError(`Unknown option "monitor.${name}"`);
    }
    const wanted: string = typeof resolved[name];
    const given: string = typeof value;
    if (given !== wanted) {
      throw new TypeError(
        `Option "monitor.${name}" must be a ${wanted}: got ${given}`,
      );
    }
    if (wanted === "number") checkPort(name, value as number);
    resolved[name] = value;
  }
  return Object.freeze(resolved as unknown as ResolvedMonitor);
}

function checkPort(name: string, port: number): void {
  if (Number.isInteger(port) && port >= -1 && port <= 65535) return;
  throw new RangeError(
    `Option "monitor.${name}" must be a whole number from -1 to 65535: got ${port}`,
  );
}

/**
 * The monitoring of one server: what it shows is read here, from connections,
 * accounts and options; how that is written, `monitor/` knows. Reads counters,
 * and adds nothing to the way of a message.
 */

import { ConfigError } from "../errors.ts";
import { hostPort } from "../host_port.ts";
import type { ResolvedOptions } from "../options.ts";
import type { Certificate, Monitor } from "../monitor/monitor.ts";
import type { Snapshots } from "../monitor/snapshots.ts";
import type { ResolvedMonitor } from "../monitor_options.ts";
import { loadTls } from "../transport/tls_context.ts";
import { localHost } from "./addresses.ts";
import { ProcessMeter } from "./process_meter.ts";
import type { MonitoredServer, ServerSnapshots } from "./server_snapshots.ts";

/** See the module. */
export class Monitoring {
  readonly #options: ResolvedOptions;
  readonly #heardAt: () => number;
  readonly #server: MonitoredServer;
  readonly #times: { readonly startedAt: number; configuredAt: number };
  #snapshots: ServerSnapshots | null = null;
  readonly #meter: ProcessMeter;
  #monitor: Monitor | null = null;

  /**
   * Serves nothing yet; `heardAt` says when a client was last read from. Throws
   * `ConfigError` for options that do not go together.
   */
  constructor(server: MonitoredServer, heardAt: () => number) {
    checkMonitoring(server.options);
    this.#options = server.options;
    this.#heardAt = heardAt;
    this.#meter = new ProcessMeter(server.options.clock);
    this.#server = server;
    const startedAt = server.options.clock.epochMs();
    this.#times = { startedAt, configuredAt: startedAt };
  }

  /** What it shows, served or not; what the process uses is measured from now on. */
  async snapshots(): Promise<Snapshots> {
    return await this.#load();
  }

  /** Requests so far by path; none while it is not served. */
  get requests(): Readonly<Record<string, number>> {
    return this.#monitor?.requests ?? {};
  }

  /** Where it is served, with its base path; `null` if it is not. */
  get url(): string | null {
    const { host, monitor } = this.#options;
    if (this.#monitor === null) return null;
    const { basePath, port, secure } = this.#monitor;
    const address = hostPort(localHost(monitor?.host || host), port);
    return `${secure ? "https" : "http"}://${address}${basePath}`;
  }

  /** Serves, if the options say so. Rejects with `ListenError` or `ConfigError`. */
  async start(): Promise<void> {
    const { host: clientHost, log, monitor: settings } = this.#options;
    const port = settings && wantedPort(settings);
    if (settings === null || port === null) return;
    const [{ Monitor }, snapshots] = await Promise.all([
      import("../monitor/monitor.ts"),
      this.#load(),
    ]);
    const monitor = new Monitor({
      snapshots,
      options: this.#options,
      basePath: settings.basePath,
      heardAt: this.#heardAt,
    });
    snapshots.monitorPort = () => monitor.port;
    const certificate = settings.httpsPort === 0
      ? null
      : await certificateOf(this.#options);
    const host = settings.host || clientHost;
    monitor.listen({ host, port: Math.max(port, 0), certificate });
    this.#monitor = monitor;
    log.info(
      `Starting ${certificate === null ? "http" : "https"} monitor on ${
        hostPort(host, monitor.port)
      }`,
    );
  }

  /** The options have changed: certificates may have, too. Never rejects. */
  async reloaded(): Promise<void> {
    this.#times.configuredAt = this.#options.clock.epochMs();
    const monitor = this.#monitor;
    if (monitor?.secure !== true) return;
    try {
      await monitor.useCertificate(await certificateOf(this.#options));
    } catch (error) {
      this.#options.log.error(
        `Error taking the new certificate for monitoring: ${
          (error as Error).message
        }`,
      );
    }
  }

  /** Stops serving. Idempotent. */
  async stop(): Promise<void> {
    this.#meter.stop();
    await this.#monitor?.stop();
    this.#monitor = null;
  }

  async #load(): Promise<ServerSnapshots> {
    const [{ ServerSnapshots }] = await Promise.all([
      import("./server_snapshots.ts"),
      this.#meter.start(),
    ]);
    return this.#snapshots ??= new ServerSnapshots(
      this.#server,
      this.#meter,
      this.#times,
    );
  }
}

/** Throws `ConfigError` if monitoring cannot be served as asked for. */
export function checkMonitoring({ monitor, tls }: ResolvedOptions): void {
  if (monitor === null) return;
  const { port, httpsPort } = monitor;
  if (port !== 0 && httpsPort !== 0) {
    throw new ConfigError(
      `can't specify both HTTP (${port}) and HTTPs (${httpsPort}) ports`,
    );
  }
  if (httpsPort !== 0 && tls === null) {
    throw new ConfigError("TLS cert and key required for HTTPS");
  }
}

/** As configured; `null` if it is off. */
function wantedPort({ port, httpsPort }: ResolvedMonitor): number | null {
  return port || httpsPort || null;
}

async function certificateOf({ tls }: ResolvedOptions): Promise<Certificate> {
  if (tls === null) {
    throw new ConfigError("TLS cert and key required for HTTPS");
  }
  const { server: { cert, key } } = await loadTls(tls);
  return { cert: String(cert), key: String(key) };
}

/**
 * The server as an object: composes accounts, fan-out and connections, starts
 * and stops them. No global state, no signals, no console: any number of these
 * live in one process, listening or not.
 */

import { newServerId } from "../auth/nkey.ts";
import {
  checkAuthorization,
  secretWarnings,
} from "../auth/check_authorization.ts";
import { checkCluster } from "../cluster/check_cluster.ts";
import type { Traffic } from "../core/connection_context.ts";
import { hostPort } from "../host_port.ts";
import { checkOptions } from "../option_shape.ts";
import type { ServerOptions } from "../options.ts";
import { resolveOptions } from "../options.ts";
import { loadTls } from "../transport/tls_context.ts";
import { memoryPair } from "../transport/memory.ts";
import type { Transport } from "../transport/transport.ts";
import { NATS_VERSION, VERSION } from "../version.ts";
import { Accounts } from "./accounts.ts";
import { checkTransport } from "./acceptor.ts";
import { localHost } from "./addresses.ts";
import type { ClosedConnection } from "./connections.ts";
import { letGo } from "./lame_duck.ts";
import { checkMonitoring } from "./monitoring.ts";
import { ServerEvents } from "./events.ts";
import { Parts } from "./parts.ts";
import type { LiveOptions } from "./reload.ts";
import { reloadOptions } from "./reload.ts";
import type { RouteFacts } from "./cluster.ts";
import type { RouteDial } from "./route_links.ts";
import type { ServerState } from "./server_state.ts";
import { cannotAccept, cannotStart } from "./server_state.ts";

/** Options of `Server.start`. */
export interface StartOptions extends ServerOptions {
  /** Shuts the server down when aborted, also while it starts. */
  signal?: AbortSignal;
}

/**
 * A NATS server: made with options, started once, shut down once. Clients get
 * in by its port, by `inProcessConn()`, or over any stream given to `accept()`.
 *
 * @example A server on a free port, shut down at the end of the block
 * ```ts
 * import { Server } from "@midge/server";
 *
 * await using server = await Server.start({ host: "127.0.0.1", port: -1 });
 * console.log(server.clientURL());
 * ```
 */
export class Server implements AsyncDisposable {
  /** Public nkey of this run of the server. */
  readonly id: string = newServerId();
  /** Tells who comes and goes; see `ServerEventMap`. */
  readonly events: ServerEvents = new ServerEvents();

  /** What everybody in the server reads, and only a reload writes. */
  readonly #options: LiveOptions;
  readonly #dial: RouteDial | null;
  readonly #parts: Parts;
  /** Ends everything. */
  readonly #stop = new AbortController();
  readonly #ready: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #stopped: PromiseWithResolvers<void> = Promise.withResolvers();
  #state: ServerState = "new";

  /**
   * Takes options and does nothing yet; `dial` opens streams to other servers
   * of a cluster, where that is not to be TCP. Throws `TypeError`, `RangeError`
   * or `ConfigError` for options that cannot be used.
   */
  constructor(options: ServerOptions = {}, dial: RouteDial | null = null) {
    this.#options = { ...resolveOptions(options) };
    checkAuthorization(this.#options);
    checkCluster(this.#options, dial);
    this.#dial = dial;
    this.#parts = new Parts({
      id: this.id,
      events: this.events,
      options: this.#options,
      dial,
      state: () => this.#state,
    });
  }

  /**
   * Checks options as far as that goes without opening a port. Rejects with
   * what the constructor and `start` would throw.
   */
  static async check(options: ServerOptions): Promise<void> {
    const resolved = resolveOptions(options);
    checkAuthorization(resolved);
    checkCluster(resolved);
    checkMonitoring(resolved);
    new Accounts(resolved, 0);
    const { tls, cluster } = resolved;
    if (tls !== null) await loadTls(tls);
    if (cluster?.tls) await loadTls({ ...cluster.tls, verify: true });
  }

  /**
   * Makes a server and starts it. Rejects with what the constructor and `start`
   * throw, and with the signal's reason if that is aborted before the server
   * runs; no port is open then.
   */
  static async start(options: StartOptions = {}): Promise<Server> {
    checkOptions(options);
    const { signal, ...rest } = options;
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw new TypeError('Option "signal" must be an AbortSignal');
    }
    signal?.throwIfAborted();
    const server = new Server(rest);
    const stop = () => server.shutdown();
    signal?.addEventListener("abort", stop, { signal: server.#stop.signal });
    try {
      await server.start();
    } catch (error) {
      signal?.throwIfAborted();
      signal?.removeEventListener("abort", stop);
      throw error;
    }
    return server;
  }

  /**
   * Loads certificates, opens the client port, unless told not to listen, and
   * serves. Throws `ConfigError` when the certificates are of no use,
   * `ListenError` when the port cannot be had, after which it may be tried
   * again, and `ClosedError` when the server was started or shut down before.
   */
  async start(): Promise<void> {
    if (this.#state !== "new") throw cannotStart(this.#state);
    const { dontListen, log, tls } = this.#options;
    log.info(`Starting nats-server, midge version ${VERSION}`);
    log.info(`  Version:  ${NATS_VERSION}`);
    log.info(`  Name:     ${this.name}`);
    log.info(`  ID:       ${this.id}`);
    for (const warning of secretWarnings(this.#options)) log.warn(warning);
    this.#state = "starting";
    try {
      await this.#parts.load();
      await this.#parts.acceptor.useTls(tls);
      await this.#parts.cluster?.useTls(this.#options.cluster?.tls ?? null);
      await this.#parts.monitoring.start();
      if (this.#stop.signal.aborted) throw cannotStart("stopping");
      if (!dontListen) this.#parts.acceptor.listen();
      this.#parts.cluster?.start();
      this.#parts.logins.warm();
      this.#state = "running";
    } catch (error) {
      if (this.#state === "starting") this.#state = "new";
      await this.#parts.acceptor.stop();
      await this.#parts.monitoring.stop();
      throw error;
    }
    log.info("Server is ready");
    this.#ready.resolve();
  }

  /**
   * Makes these the options of the running server, as a whole or not at all;
   * its log and clock stay unless given. Connections stay, and obey the new
   * limits. Rejects with `ConfigError` when an option takes a restart or files
   * are of no use, and with `TypeError` or `RangeError` as the constructor
   * throws them.
   */
  async reload(options: ServerOptions): Promise<void> {
    const { context, monitoring } = this.#parts;
    await reloadOptions({
      ...this.#parts,
      cluster: this.#parts.cluster,
      options: this.#options,
      dial: this.#dial,
      random: Math.random,
    }, options);
    context.flushes.flush();
    await monitoring.reloaded();
  }

  /** The configured name, else the id. */
  get name(): string {
    return this.#parts.name;
  }

  /** Clients connected now. */
  get clientCount(): number {
    return this.#parts.connections.live.size;
  }

  /** Messages and payload bytes of all connections since the start. */
  get traffic(): Traffic {
    return this.#parts.connections.traffic();
  }

  /** Connections closed because they did not keep up. */
  get slowConsumers(): number {
    return this.#parts.connections.slowConsumers;
  }

  /** Connections that have been closed and why, the oldest first. */
  get closedConnections(): readonly ClosedConnection[] {
    return this.#parts.connections.closed;
  }

  /** The other servers of the cluster there is a route to. */
  get routes(): readonly RouteFacts[] {
    return this.#parts.cluster?.routes ?? [];
  }

  /** Port routes are accepted on, 0 while not listening. */
  get clusterPort(): number {
    return this.#parts.cluster?.port ?? 0;
  }

  /** Address routes are accepted on, as configured; empty if there is none. */
  get clusterHost(): string {
    return this.#options.cluster?.host ?? "";
  }

  /** Address it listens on, as configured. */
  get host(): string {
    return this.#options.host;
  }

  /** Port clients connect to, 0 while not listening. */
  get port(): number {
    return this.#parts.acceptor.port;
  }

  /**
   * Where clients connect: `nats://host:port`, `tls://` if that is a must. The
   * port is 0 while the server does not listen.
   */
  clientURL(): string {
    const { clientAdvertise, host } = this.#options;
    const address = clientAdvertise || hostPort(localHost(host), this.port);
    return `${this.#parts.acceptor.requiresTls ? "tls" : "nats"}://${address}`;
  }

  /** Where other servers connect: `nats://host:port`; `null` if they cannot. */
  clusterURL(): string | null {
    if (this.clusterPort === 0) return null;
    const address = hostPort(localHost(this.clusterHost), this.clusterPort);
    return `${this.#options.cluster?.tls ? "tls" : "nats"}://${address}`;
  }

  /** Where monitoring is served: `http://host:port`; `null` if it is not. */
  monitorURL(): string | null {
    return this.#parts.monitoring.url;
  }

  /**
   * Resolves with whether the server gets ready to be connected to within
   * `timeoutMs`; at once if it runs already or was shut down. Waits for
   * somebody else's `start()`: whoever awaits that needs no more.
   */
  readyForConnections(timeoutMs: number): Promise<boolean> {
    if (!(timeoutMs >= 0)) {
      throw new RangeError(`Time to wait must not be negative: ${timeoutMs}`);
    }
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(timeoutMs, () => resolve(false));
      this.#ready.promise.then(() => {
        cancel();
        resolve(this.#state === "running");
      });
    });
  }

  /**
   * A connection to this server within the process, whether it listens or not:
   * raw protocol, for `Client.connect({ transport })` of `@midge/server/client`.
   * `connect` of `@midge/server/nats-core` asks for it itself. Throws
   * `ClosedError` when the server is not running.
   */
  inProcessConn(): Transport {
    const [ours, theirs] = memoryPair();
    this.accept(ours);
    return theirs;
  }

  /**
   * Serves a client over any byte stream, and closes it in the end. Where the
   * server has certificates, the client may speak TLS on it, but need not.
   * Throws `ClosedError` when the server is not running, and closes it.
   */
  accept(transport: Transport): void {
    checkTransport(transport);
    if (this.#state !== "running") {
      transport.close();
      throw cannotAccept(this.#state);
    }
    this.#parts.acceptor.admit(transport);
  }

  /**
   * Takes a byte stream that another server of the cluster opened. Throws
   * `ClosedError` when the server is not running or in no cluster.
   */
  acceptRoute(transport: Transport): void {
    checkTransport(transport);
    const { cluster } = this.#parts;
    if (this.#state !== "running" || cluster === null) {
      transport.close();
      throw cannotAccept(cluster === null ? "alone" : this.#state);
    }
    cluster.accept(transport);
  }

  /**
   * Lets clients go one by one: stops accepting, tells them, and after a grace
   * period closes them spread over the configured time, then shuts down.
   * Resolves when that is done.
   */
  async lameDuck(): Promise<void> {
    if (this.#state !== "running") return;
    this.#state = "lame duck";
    this.#options.log.info(
      "Entering lame duck mode, stop accepting new clients",
    );
    await this.#parts.acceptor.stop();
    this.#parts.system.events.lameDuck();
    this.#parts.cluster?.lameDuck();
    this.#parts.tellClients({ ldm: true });
    await letGo(this.#parts.connections, {
      options: this.#options,
      signal: this.#stop.signal,
      random: Math.random,
    });
    await this.shutdown();
  }

  /**
   * Stops listening, closes every connection once what is queued for it has
   * left, and resolves when all is closed. Idempotent.
   */
  async shutdown(): Promise<void> {
    if (this.#state === "stopping" || this.#state === "stopped") {
      return await this.#stopped.promise;
    }
    this.#state = "stopping";
    const { log } = this.#options;
    log.info("Initiating Shutdown...");
    this.#stop.abort();
    this.#ready.resolve();
    this.#parts.system.events.shutdown();
    await this.#parts.acceptor.stop();
    for (const { connection } of this.#parts.connections.live.values()) {
      connection.close("Server Shutdown");
    }
    await this.#parts.cluster?.stop();
    await this.#parts.system.services.stop();
    this.#parts.logins.close();
    await this.#parts.monitoring.stop();
    await this.#parts.connections.ended();
    this.#parts.sweeper.stop();
    log.info("Server Exiting..");
    this.#state = "stopped";
    this.#stopped.resolve();
  }

  /** Resolves when the server has shut down. */
  waitForShutdown(): Promise<void> {
    return this.#stopped.promise;
  }

  /** Shuts down: `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}

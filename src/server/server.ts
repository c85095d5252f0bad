/**
 * The server as an object: composes accounts, fan-out and connections, starts
 * and stops them. No global state, no signals, no console: any number of these
 * live in one process, listening or not.
 */

import { newServerId } from "../auth/nkey.ts";
import {
  checkAuthorization,
  hasPlainSecret,
} from "../auth/check_authorization.ts";
import { BUSY_WAIT_HELPS, BusyWait } from "../core/busy_wait.ts";
import type { ConnectionContext, Traffic } from "../core/connection.ts";
import { Fanout } from "../core/fanout.ts";
import { FlushList } from "../core/outbound.ts";
import { Turn } from "../core/turn.ts";
import type { CloseReason } from "../errors.ts";
import { ClosedError } from "../errors.ts";
import type { ServerOptions } from "../options.ts";
import { resolveOptions } from "../options.ts";
import type { Client, ClientHost } from "../peer/client.ts";
import { loadTls } from "../transport/tls_context.ts";
import { memoryPair } from "../transport/memory.ts";
import type { Transport } from "../transport/transport.ts";
import { NATS_VERSION, VERSION } from "../version.ts";
import { BufferPool } from "../wire/buffer.ts";
import type { Info } from "../wire/info.ts";
import { Accounts } from "./accounts.ts";
import { Acceptor } from "./acceptor.ts";
import { hostPort, localHost } from "./addresses.ts";
import type { ClosedConnection } from "./connections.ts";
import { Connections } from "./connections.ts";
import { letGo } from "./lame_duck.ts";
import { Logins } from "./logins.ts";
import { checkMonitoring, Monitoring } from "./monitoring.ts";
import { factsOf, requesterFacts, ServerEvents } from "./events.ts";
import type { LiveOptions } from "./reload.ts";
import { reloadOptions } from "./reload.ts";
import { infoFor } from "./server_info.ts";
import { Sweeper } from "./sweeper.ts";

/** Where a server is in its life. */
type State =
  | "new"
  | "starting"
  | "running"
  | "lame duck"
  | "stopping"
  | "stopped";

/** Options of `Server.start`. */
export interface StartOptions extends ServerOptions {
  /** Shuts the server down when aborted. */
  signal?: AbortSignal;
}

/**
 * A NATS server.
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
  /** Tells who comes and goes. */
  readonly events: ServerEvents = new ServerEvents();

  /** What everybody in the server reads, and only a reload writes. */
  readonly #options: LiveOptions;
  readonly #accounts: Accounts;
  readonly #connections: Connections;
  readonly #context: ConnectionContext;
  readonly #logins: Logins;
  readonly #host: ClientHost;
  readonly #acceptor: Acceptor;
  readonly #sweeper: Sweeper;
  readonly #monitoring: Monitoring;
  /** Ends everything. */
  readonly #stop = new AbortController();
  readonly #ready: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #stopped: PromiseWithResolvers<void> = Promise.withResolvers();
  #state: State = "new";

  /**
   * Takes options and does nothing yet. Throws `TypeError`, `RangeError` or
   * `ConfigError` for options that cannot be used.
   */
  constructor(options: ServerOptions = {}) {
    this.#options = { ...resolveOptions(options) };
    checkAuthorization(this.#options);
    const { clock, log, maxClosedClients } = this.#options;
    const [fanoutSeed, subjectSeed, accountSeed] = crypto.getRandomValues(
      new Int32Array(3),
    );
    this.#connections = new Connections(maxClosedClients);
    this.#context = {
      options: this.#options,
      pool: new BufferPool(),
      flushes: new FlushList(clock),
      turn: new Turn(clock),
      busyWait: BUSY_WAIT_HELPS ? new BusyWait() : null,
    };
    const fanout = new Fanout(fanoutSeed);
    fanout.tracing = log.trace !== undefined;
    this.#accounts = new Accounts(this.#options, accountSeed);
    this.#accounts.describe = ({ id }) =>
      requesterFacts(this.#connections.live.get(id), this.name);
    this.#logins = new Logins(
      this.#options,
      (name) => this.#accounts.get(name) !== undefined,
    );
    this.#host = {
      options: this.#options,
      fanout,
      subjectSeed,
      globalAccount: this.#accounts.global,
      info: (client) => this.#info(client),
      logins: this.#logins,
      authenticate: (client, credentials) =>
        this.#logins.authenticate(client, credentials),
      account: (name) => this.#accounts.get(name),
      random: Math.random,
      clientConnected: (client) => this.events.emit("connect", factsOf(client)),
      clientClosed: (client, reason) => this.#closed(client, reason),
    };
    this.#sweeper = new Sweeper(
      this.#context,
      this.#connections,
      () => this.#accounts.tidy(),
    );
    this.#acceptor = new Acceptor({
      context: this.#context,
      host: this.#host,
      connections: this.#connections,
      admitted: () => this.#sweeper.wake(),
    });
    this.#monitoring = new Monitoring({
      id: this.id,
      options: this.#options,
      connections: this.#connections,
      accounts: this.#accounts,
      flushes: this.#context.flushes,
      acceptor: this.#acceptor,
      logins: this.#logins,
      state: () => this.#state,
    }, () => this.#context.turn.heardAt);
  }

  /**
   * Checks options as far as that goes without opening a port. Rejects with
   * what the constructor and `start` would throw.
   */
  static async check(options: ServerOptions): Promise<void> {
    const resolved = resolveOptions(options);
    checkAuthorization(resolved);
    checkMonitoring(resolved);
    new Accounts(resolved, 0);
    if (resolved.tls !== null) await loadTls(resolved.tls);
  }

  /**
   * Makes a server and starts it. Throws what the constructor and `start`
   * throw, and the signal's reason if it is aborted already.
   */
  static async start(options: StartOptions = {}): Promise<Server> {
    const { signal, ...rest } = options;
    signal?.throwIfAborted();
    const server = new Server(rest);
    await server.start();
    signal?.addEventListener("abort", () => server.shutdown(), {
      once: true,
      signal: server.#stop.signal,
    });
    return server;
  }

  /**
   * Loads certificates, opens the client port, unless told not to listen, and
   * serves. Throws `ConfigError` when the certificates are of no use,
   * `ListenError` when the port cannot be had and `ClosedError` when the server
   * was started before.
   */
  async start(): Promise<void> {
    if (this.#state !== "new") {
      throw new ClosedError(`Cannot start server: it is ${this.#state}`);
    }
    const { dontListen, log, tls } = this.#options;
    log.info(`Starting nats-server, midge version ${VERSION}`);
    log.info(`  Version:  ${NATS_VERSION}`);
    log.info(`  Name:     ${this.name}`);
    log.info(`  ID:       ${this.id}`);
    if (hasPlainSecret(this.#options)) {
      log.warn("Plaintext passwords detected, use nkeys or bcrypt");
    }
    this.#state = "starting";
    try {
      await this.#acceptor.useTls(tls);
      await this.#monitoring.start();
      if (this.#stop.signal.aborted) {
        throw new ClosedError("Cannot start server: it was shut down");
      }
      if (!dontListen) this.#acceptor.listen();
      this.#logins.warm();
      this.#state = "running";
    } catch (error) {
      if (this.#state === "starting") this.#state = "new";
      await this.#monitoring.stop();
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
    await reloadOptions({
      options: this.#options,
      acceptor: this.#acceptor,
      connections: this.#connections,
      fanout: this.#host.fanout,
      logins: this.#logins,
      random: this.#host.random,
      accounts: this.#accounts,
    }, options);
    this.#context.flushes.flush();
    await this.#monitoring.reloaded();
  }

  /** The configured name, else the id. */
  get name(): string {
    return this.#options.serverName || this.id;
  }

  /** Clients connected now. */
  get clientCount(): number {
    return this.#connections.live.size;
  }

  /** Messages and payload bytes of all connections since the start. */
  get traffic(): Traffic {
    return this.#connections.traffic();
  }

  /** Connections closed because they did not keep up. */
  get slowConsumers(): number {
    return this.#connections.slowConsumers;
  }

  /** Connections that have been closed and why, the oldest first. */
  get closedConnections(): readonly ClosedConnection[] {
    return this.#connections.closed;
  }

  /** Address it listens on, as configured. */
  get host(): string {
    return this.#options.host;
  }

  /** Port clients connect to, 0 while not listening. */
  get port(): number {
    return this.#acceptor.port;
  }

  /** Where clients connect: `nats://host:port`, `tls://` if that is a must. */
  clientURL(): string {
    const { clientAdvertise, host } = this.#options;
    const address = clientAdvertise || hostPort(localHost(host), this.port);
    return `${this.#acceptor.requiresTls ? "tls" : "nats"}://${address}`;
  }

  /** Where monitoring is served: `http://host:port`; `null` if it is not. */
  monitorURL(): string | null {
    return this.#monitoring.url;
  }

  /** Whether the server gets ready to be connected to within `timeoutMs`. */
  readyForConnections(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(timeoutMs, () => resolve(false));
      this.#ready.promise.then(() => {
        cancel();
        resolve(this.#state === "running");
      });
    });
  }

  /**
   * A connection to this server within the process, whether it listens or not.
   * Throws `ClosedError` when the server is not running.
   */
  inProcessConn(): Transport {
    const [ours, theirs] = memoryPair();
    this.accept(ours);
    return theirs;
  }

  /**
   * Serves a client over any byte stream, and closes it in the end. Where the
   * server has certificates, the client may speak TLS on it, but need not.
   * Throws `ClosedError` when the server is not running.
   */
  accept(transport: Transport): void {
    if (this.#state !== "running") {
      transport.close();
      throw new ClosedError(
        `Cannot accept a connection: server is ${this.#state}`,
      );
    }
    this.#acceptor.admit(transport);
  }

  /**
   * Lets clients go one by one: stops accepting, tells them, and after a grace
   * period closes them spread over the configured time, then shuts down.
   * Resolves when that is done (client-protocol §7).
   */
  async lameDuck(): Promise<void> {
    if (this.#state !== "running") return;
    const { live } = this.#connections;
    this.#state = "lame duck";
    this.#options.log.info(
      "Entering lame duck mode, stop accepting new clients",
    );
    await this.#acceptor.stop();
    for (const client of live.values()) {
      if (client.takesInfo) client.sendInfo({ ldm: true });
    }
    this.#context.flushes.flush();
    await letGo(this.#connections, {
      options: this.#options,
      signal: this.#stop.signal,
      random: this.#host.random,
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
    await this.#acceptor.stop();
    for (const { connection } of this.#connections.live.values()) {
      connection.close("Server Shutdown");
    }
    this.#logins.close();
    await this.#monitoring.stop();
    await this.#connections.ended();
    this.#sweeper.stop();
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

  #closed(client: Client, reason: CloseReason): void {
    const epochMs = this.#options.clock.epochMs();
    this.events.closed(this.#connections.remove(client, reason, epochMs));
  }

  #info(client: Client): Info {
    return infoFor(client, {
      id: this.id,
      name: this.name,
      port: this.port,
      options: this.#options,
      tls: this.#acceptor.tlsInfo,
      logins: this.#logins.info,
    });
  }
}

/**
 * The server as an object: composes accounts, fan-out and connections, starts
 * and stops them. No global state, no signals, no console: any number of these
 * live in one process, listening or not.
 */

import { newServerId } from "../auth/nkey.ts";
import { Account, GLOBAL_ACCOUNT } from "../core/account.ts";
import { BUSY_WAIT_HELPS, BusyWait } from "../core/busy_wait.ts";
import type { ConnectionContext, Traffic } from "../core/connection.ts";
import { Connection } from "../core/connection.ts";
import { Fanout } from "../core/fanout.ts";
import { FlushList } from "../core/outbound.ts";
import { Turn } from "../core/turn.ts";
import { ClosedError, connectionsExceeded, ListenError } from "../errors.ts";
import type { ResolvedOptions, ServerOptions } from "../options.ts";
import { resolveOptions } from "../options.ts";
import type { ClientHost } from "../peer/client.ts";
import { Client } from "../peer/client.ts";
import { memoryPair } from "../transport/memory.ts";
import { listenTcp } from "../transport/tcp.ts";
import type { Listener, Transport } from "../transport/transport.ts";
import { API_LEVEL, NATS_VERSION, VERSION } from "../version.ts";
import { BufferPool } from "../wire/buffer.ts";
import type { Info } from "../wire/info.ts";
import { acceptLoop, sleep } from "./accept_loop.ts";
import type { ClosedConnection } from "./connections.ts";
import { Connections } from "./connections.ts";

/** How often connections are looked after, in milliseconds. */
const SWEEP_MS = 250;
/** How often memory that is no longer of use is let go, in milliseconds. */
const TIDY_MS = 10_000;

/** Longest pause between two clients that lame duck mode closes. */
const LAME_DUCK_PAUSE_MS = 1000;

/** Where a server is in its life. */
type State = "new" | "running" | "lame duck" | "stopping" | "stopped";

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

  readonly #options: ResolvedOptions;
  readonly #connections: Connections;
  readonly #context: ConnectionContext;
  readonly #host: ClientHost;
  /** Ends everything. */
  readonly #stop = new AbortController();
  /** Ends accepting, which lame duck mode does before the rest. */
  readonly #door = new AbortController();
  readonly #ready: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #stopped: PromiseWithResolvers<void> = Promise.withResolvers();
  #state: State = "new";
  #listener: Listener | null = null;
  #accepting: Promise<void> = Promise.resolve();
  #cancelSweep: (() => void) | null = null;
  #tidiedAt = 0;

  /**
   * Takes options and does nothing yet. Throws `TypeError` or `RangeError` for
   * options that cannot be used.
   */
  constructor(options: ServerOptions = {}) {
    this.#options = resolveOptions(options);
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
    const globalAccount = new Account(GLOBAL_ACCOUNT, accountSeed);
    this.#host = {
      options: this.#options,
      fanout,
      subjectSeed,
      globalAccount,
      info: (client) => this.#info(client),
      authenticate: () => globalAccount,
      random: Math.random,
      clientClosed: (client, reason) =>
        this.#connections.remove(client, reason, clock.epochMs()),
    };
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
   * Opens the client port, unless told not to listen, and serves. Throws
   * `ListenError` when the port cannot be had and `ClosedError` when the server
   * was started before.
   */
  // deno-lint-ignore require-await -- Later listeners are opened asynchronously.
  async start(): Promise<void> {
    if (this.#state !== "new") {
      throw new ClosedError(`Cannot start server: it is ${this.#state}`);
    }
    const { dontListen, log } = this.#options;
    log.info(`Starting nats-server, midge version ${VERSION}`);
    log.info(`  Version:  ${NATS_VERSION}`);
    log.info(`  Name:     ${this.name}`);
    log.info(`  ID:       ${this.id}`);
    if (!dontListen) this.#listen();
    this.#state = "running";
    log.info("Server is ready");
    this.#ready.resolve();
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

  /** Port clients connect to, 0 while not listening. */
  get port(): number {
    return this.#listener?.address.port ?? 0;
  }

  /** Where clients connect: `nats://host:port`. */
  clientURL(): string {
    const { clientAdvertise, host } = this.#options;
    if (clientAdvertise !== "") return `nats://${clientAdvertise}`;
    const local = host === "0.0.0.0"
      ? "127.0.0.1"
      : host === "::"
      ? "::1"
      : host;
    return `nats://${hostPort(local, this.port)}`;
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
   * Serves a client over any byte stream, and closes it in the end. Throws
   * `ClosedError` when the server is not running.
   */
  accept(transport: Transport): void {
    if (this.#state !== "running") {
      transport.close();
      throw new ClosedError(
        `Cannot accept a connection: server is ${this.#state}`,
      );
    }
    const { log, maxConnections } = this.#options;
    const id = this.#connections.nextId();
    const connection = new Connection(id, transport, this.#context);
    const client = new Client(connection, this.#host);
    log.debug?.(`${connection.label} - Client connection created`);
    client.sendInfo();
    if (this.#connections.live.size >= maxConnections) {
      log.error(`${connection.label} - maximum connections exceeded`);
      connection.run(client);
      connection.fail(connectionsExceeded());
      return;
    }
    this.#connections.add(client);
    this.#context.flushes.flush();
    connection.run(client);
    this.#sweepLater();
  }

  /**
   * Lets clients go one by one: stops accepting, tells them, and after a grace
   * period closes them spread over the configured time, then shuts down.
   * Resolves when that is done (client-protocol §7).
   */
  async lameDuck(): Promise<void> {
    if (this.#state !== "running") return;
    const { clock, lameDuckDurationMs, lameDuckGracePeriodMs, log } =
      this.#options;
    const { live } = this.#connections;
    this.#state = "lame duck";
    log.info("Entering lame duck mode, stop accepting new clients");
    await this.#stopListening();
    for (const client of live.values()) {
      if (client.takesInfo) client.sendInfo({ ldm: true });
    }
    this.#context.flushes.flush();
    if (live.size > 0) {
      await sleep(lameDuckGracePeriodMs, clock, this.#stop.signal);
    }
    if (live.size > 0 && !this.#stop.signal.aborted) {
      log.info("Closing existing clients");
    }
    const pauseMs = Math.min(
      (lameDuckDurationMs - lameDuckGracePeriodMs) / live.size,
      LAME_DUCK_PAUSE_MS,
    );
    for (const { connection } of [...live.values()]) {
      if (this.#stop.signal.aborted) break;
      connection.close("Server Shutdown");
      if (live.size === 0) break;
      const pause = pauseMs * (1 + this.#host.random()) / 2;
      await sleep(pause, clock, this.#stop.signal);
    }
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
    await this.#stopListening();
    for (const { connection } of this.#connections.live.values()) {
      connection.close("Server Shutdown");
    }
    await this.#connections.ended();
    this.#cancelSweep?.();
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

  #listen(): void {
    const { clock, host, log, port } = this.#options;
    const wanted = Math.max(port, 0);
    try {
      this.#listener = listenTcp(host, wanted);
    } catch (error) {
      throw new ListenError(hostPort(host, wanted), error as Error);
    }
    log.info(
      `Listening for client connections on ${hostPort(host, this.port)}`,
    );
    this.#accepting = acceptLoop(this.#listener, {
      accept: (transport) => this.accept(transport),
      signal: this.#door.signal,
      log,
      clock,
    });
  }

  async #stopListening(): Promise<void> {
    this.#door.abort();
    this.#listener?.close();
    await this.#accepting;
  }

  #info(client: Client): Info {
    const { host, maxPayload, noHeaderSupport, clientAdvertise } =
      this.#options;
    const { hostname } = client.connection.transport.remoteAddress;
    const [advertisedHost, advertisedPort] = splitHostPort(clientAdvertise);
    return {
      server_id: this.id,
      server_name: this.name,
      version: NATS_VERSION,
      proto: 1,
      go: `deno${Deno.version.deno}`,
      host: advertisedHost || host,
      port: advertisedPort || this.port,
      headers: !noHeaderSupport,
      max_payload: maxPayload,
      client_id: client.connection.id,
      client_ip: hostname,
      api_lvl: API_LEVEL,
    };
  }

  /** Looks after the connections while there are any. */
  #sweepLater(): void {
    if (this.#cancelSweep !== null) return;
    const { clock, pingIntervalMs, writeDeadlineMs } = this.#options;
    const periodMs = Math.min(
      SWEEP_MS,
      pingIntervalMs / 4,
      writeDeadlineMs / 4,
    );
    this.#cancelSweep = clock.after(periodMs, () => {
      this.#cancelSweep = null;
      this.#sweep(clock.now());
    });
  }

  #sweep(now: number): void {
    const { live } = this.#connections;
    for (const { connection } of live.values()) connection.sweep(now);
    if (now - this.#tidiedAt >= TIDY_MS || live.size === 0) {
      this.#tidiedAt = now;
      this.#context.pool.trim();
      this.#host.globalAccount.tidy();
    }
    if (live.size > 0) this.#sweepLater();
  }
}

function hostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Splits `host:port`; both empty if there is none. */
function splitHostPort(text: string): [string, number] {
  const colon = text.lastIndexOf(":");
  return colon < 0
    ? [text, 0]
    : [text.slice(0, colon).replace(/^\[|\]$/g, ""), +text.slice(colon + 1)];
}

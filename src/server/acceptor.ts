/**
 * How connections get in: listens on the client port, counts who is there
 * already, greets those that may stay, with or without TLS. What becomes of
 * them afterwards is up to the server.
 */

import type { ConnectionContext } from "../core/connection_context.ts";
import { Connection } from "../core/connection.ts";
import { connectionsExceeded, ListenError } from "../errors.ts";
import { hostPort } from "../host_port.ts";
import type { ResolvedOptions, ResolvedTls } from "../options.ts";
import type { ClientHost } from "../peer/client.ts";
import { Client } from "../peer/client.ts";
import { listenTcp } from "../transport/tcp.ts";
import { loadTls } from "../transport/tls_context.ts";
import type { Listener, Transport } from "../transport/transport.ts";
import type { Info } from "../wire/info.ts";
import { acceptLoop } from "./accept_loop.ts";
import type { Connections } from "./connections.ts";
import type { TlsPolicy } from "./tls_greeting.ts";
import { greet, tlsInfo } from "./tls_greeting.ts";

/** What an acceptor needs of its server. */
export interface AcceptorOptions {
  /** What all connections share. */
  readonly context: ConnectionContext;
  /** What clients need. */
  readonly host: ClientHost;
  /** Where clients are kept. */
  readonly connections: Connections;
  /** A client was let in. */
  readonly admitted: () => void;
}

/** See the module. */
export class Acceptor {
  readonly #options: ResolvedOptions;
  readonly #context: ConnectionContext;
  readonly #host: ClientHost;
  readonly #connections: Connections;
  readonly #admitted: () => void;
  /** Ends accepting. */
  #stop = new AbortController();
  #tls: TlsPolicy | null = null;
  #listener: Listener | null = null;
  #accepting: Promise<void> = Promise.resolve();

  /** Listens to nothing yet. */
  constructor({ context, host, connections, admitted }: AcceptorOptions) {
    this.#options = context.options;
    this.#context = context;
    this.#host = host;
    this.#connections = connections;
    this.#admitted = admitted;
  }

  /** Port clients connect to, 0 while not listening. */
  get port(): number {
    return this.#listener?.address.port ?? 0;
  }

  /** Whether every address of this machine is listened on, IPv6 too. */
  get takesIpv6(): boolean {
    return this.#listener?.address.hostname === "::";
  }

  /** Whether clients cannot connect without TLS. */
  get requiresTls(): boolean {
    return this.#tls !== null && !this.#tls.optional;
  }

  /** When its certificate expires, wall-clock milliseconds; `null` without. */
  get certificateNotAfter(): number | null {
    return this.#tls?.context.notAfter ?? null;
  }

  /** What INFO says of TLS. */
  get tlsInfo(): Partial<Info> {
    return tlsInfo(this.#tls);
  }

  /**
   * Handshakes use these certificates from now on; connections there are stay
   * as they are. `allowNonTls`: TLS is up to the client. Rejects with
   * `ConfigError`, and then nothing has changed.
   */
  async useTls(
    tls: ResolvedTls | null,
    allowNonTls = this.#options.allowNonTls,
  ): Promise<void> {
    this.#tls = tls === null ? null : {
      context: await loadTls(tls, this.#tls?.context),
      optional: allowNonTls && tls.handshakeFirst !== true,
      first: tls.handshakeFirst,
    };
  }

  /** Opens the client port. Throws `ListenError`. */
  listen(): void {
    const { host, log, port } = this.#options;
    const wanted = Math.max(port, 0);
    try {
      this.#listener = listenTcp(host, wanted);
    } catch (error) {
      throw new ListenError(hostPort(host, wanted), error as Error);
    }
    this.#stop = new AbortController();
    log.info(
      `Listening for client connections on ${hostPort(host, this.port)}`,
    );
    this.#announceTls();
    this.#accepting = acceptLoop(this.#listener, {
      accept: (transport) => this.#admit(transport, this.#tls),
      signal: this.#stop.signal,
      options: this.#options,
    });
  }

  /**
   * Serves a client whose transport did not come in through the port: with TLS
   * only if it begins to speak it.
   */
  admit(transport: Transport): void {
    const tls = this.#tls;
    this.#admit(
      transport,
      tls === null ? null : { ...tls, optional: true, first: false },
    );
  }

  /** Closes the port; resolves when nobody comes in any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#listener?.close();
    await this.#accepting;
  }

  #admit(transport: Transport, tls: TlsPolicy | null): void {
    const { clock, log, maxConnections } = this.#options;
    const id = this.#connections.nextId();
    const connection = new Connection(id, transport, this.#context);
    const client = new Client(connection, this.#host);
    log.debug?.(`${connection.label} - Client connection created`);
    if (this.#connections.live.size >= maxConnections) {
      log.error(`${connection.label} - maximum connections exceeded`);
      if (tls?.first !== true) client.sendInfo();
      connection.run(client);
      connection.fail(connectionsExceeded());
      return;
    }
    this.#connections.add(client);
    if (tls === null) {
      client.sendInfo();
      this.#context.flushes.flush();
      client.login.open();
      connection.run(client);
    } else {
      connection.run(client, async () => {
        const upgraded = await greet(client, tls, clock);
        if (upgraded !== null) client.login.open();
        return upgraded;
      });
    }
    this.#admitted();
  }

  #announceTls(): void {
    const { log } = this.#options;
    if (this.#tls === null) return;
    const how = this.#tls.optional ? "available" : "required";
    log.info(`TLS ${how} for client connections`);
    if (this.#tls.first === true) {
      log.warn(
        'Clients that are not using "TLS Handshake First" option will fail to connect',
      );
    }
  }
}

/** Throws `TypeError` for what is no transport: it would fail only later. */
export function checkTransport(transport: Transport): void {
  for (const name of ["read", "write", "closeWrite", "close"] as const) {
    if (typeof transport?.[name] === "function") continue;
    throw new TypeError(
      `Cannot accept a connection: transport has no method "${name}"`,
    );
  }
  if (typeof transport.remoteAddress?.hostname === "string") return;
  throw new TypeError(
    "Cannot accept a connection: transport has no remoteAddress",
  );
}

/**
 * What a server is made of, put together: the only place that knows all parts.
 * Nothing runs yet; starting and stopping is up to the server.
 */

import { BUSY_WAIT_HELPS, BusyWait } from "../core/busy_wait.ts";
import type { ConnectionContext } from "../core/connection_context.ts";
import { Fanout } from "../core/fanout.ts";
import { FlushList } from "../core/outbound.ts";
import type { Account } from "../core/account.ts";
import { Turn } from "../core/turn.ts";
import type { CloseReason } from "../errors.ts";
import { hostPort } from "../host_port.ts";
import type { Client, ClientHost } from "../peer/client.ts";
import { BufferPool } from "../wire/buffer.ts";
import type { Info } from "../wire/info.ts";
import { Acceptor } from "./acceptor.ts";
import { Accounts } from "./accounts.ts";
import { reachableHosts } from "./addresses.ts";
import type { Cluster, ClusterHost } from "./cluster.ts";
import { Connections } from "./connections.ts";
import type { ServerEvents } from "./events.ts";
import { factsOf, requesterFacts } from "./events.ts";
import { Logins } from "./logins.ts";
import { Monitoring } from "./monitoring.ts";
import type { LiveOptions } from "./reload.ts";
import type { RouteDial } from "./route_links.ts";
import { infoFor } from "./server_info.ts";
import type { ServerState } from "./server_state.ts";
import { Sweeper } from "./sweeper.ts";
import { SystemEvents } from "./system_events.ts";
import { SystemSender } from "./system_sender.ts";
import { SystemServices } from "./system_services.ts";

/** The server they are parts of. */
export interface PartsOwner {
  /** Its public nkey. */
  readonly id: string;
  /** Told of clients that come and go. */
  readonly events: ServerEvents;
  /** What all parts read, and only a reload writes. */
  readonly options: LiveOptions;
  /** Opens streams to other servers; `null` for TCP. */
  readonly dial: RouteDial | null;
  /** Where the server is in its life. */
  state(): ServerState;
}

/** What the server does in the system account. */
export interface SystemAccount {
  /** It tells. */
  readonly events: SystemEvents;
  /** It answers. */
  readonly services: SystemServices;
}

/** See the module. */
export class Parts {
  /** All its accounts. */
  readonly accounts: Accounts;
  /** Lets clients in. */
  readonly acceptor: Acceptor;
  /** Clients and routes there are, and what is remembered of those gone. */
  readonly connections: Connections;
  /** What all connections share. */
  readonly context: ConnectionContext;
  /** Delivers messages. */
  readonly fanout: Fanout;
  /** Decides who clients are. */
  readonly logins: Logins;
  /** Figures, served or not. */
  readonly monitoring: Monitoring;
  /** Looks after connections. */
  readonly sweeper: Sweeper;
  /** What the server says and answers itself. */
  readonly system: SystemAccount;
  readonly #owner: PartsOwner;
  readonly #subjectSeed: number;
  #cluster: Cluster | null = null;
  #loaded = false;

  /** Throws `ConfigError` for options that do not go together. */
  constructor(owner: PartsOwner) {
    this.#owner = owner;
    const { options } = owner;
    const { clock, log, maxClosedClients } = options;
    const [fanoutSeed, subjectSeed, accountSeed] = crypto.getRandomValues(
      new Int32Array(3),
    );
    this.connections = new Connections(maxClosedClients);
    this.context = {
      options,
      pool: new BufferPool(),
      flushes: new FlushList(clock),
      turn: new Turn(clock),
      busyWait: BUSY_WAIT_HELPS ? new BusyWait() : null,
    };
    this.fanout = new Fanout(fanoutSeed);
    this.fanout.tracing = log.trace !== undefined;
    this.logins = new Logins(
      options,
      (name) => this.accounts.get(name) !== undefined,
    );
    this.#subjectSeed = subjectSeed;
    this.system = this.#newSystem();
    this.accounts = new Accounts(options, accountSeed, (account) => {
      if (this.#loaded) this.#watch(account);
    });
    this.accounts.describe = ({ id }) =>
      requesterFacts(this.connections.live.get(id), this.name);
    const { live, routes } = this.connections;
    this.sweeper = new Sweeper(
      this.context,
      [live, routes],
      () => {
        this.accounts.tidy();
        this.system.events.heartbeat();
      },
    );
    this.acceptor = new Acceptor({
      context: this.context,
      host: this.#clientHost(),
      connections: this.connections,
      admitted: () => this.sweeper.wake(),
    });
    this.monitoring = this.#newMonitoring();
  }

  /**
   * Loads what the options ask for and not every server needs, and begins to
   * serve in the system account.
   */
  async load(): Promise<void> {
    if (this.#loaded) return;
    if (this.#owner.options.cluster !== null) {
      const { Cluster } = await import("./cluster.ts");
      this.#cluster = new Cluster(this.#clusterHost());
    }
    this.#loaded = true;
    for (const account of this.accounts.all()) this.#watch(account);
    this.system.services.serve(this.accounts.system);
  }

  /** Its part in a cluster, once that is loaded; `null` if it stands alone. */
  get cluster(): Cluster | null {
    return this.#cluster;
  }

  /** The configured name of the server, else its id. */
  get name(): string {
    return this.#owner.options.serverName || this.#owner.id;
  }

  /** Sends INFO, with these changes, to every client that understands that. */
  tellClients(changes: Partial<Info> = {}): void {
    for (const client of this.connections.live.values()) {
      if (client.takesInfo) client.sendInfo(changes);
    }
    this.context.flushes.flush();
  }

  /** There is nothing in this account yet that other servers are told of. */
  #watch(account: Account): void {
    this.#cluster?.watch(account);
    this.system.services.serveUsers(account);
  }

  #clientHost(): ClientHost {
    const { events, options } = this.#owner;
    return {
      options,
      fanout: this.fanout,
      subjectSeed: this.#subjectSeed,
      globalAccount: this.accounts.global,
      info: (client) => this.#info(client),
      logins: this.logins,
      authenticate: (client, credentials) =>
        this.logins.authenticate(client, credentials),
      account: (name) => this.accounts.get(name),
      random: Math.random,
      clientConnected: (client) => {
        events.emit("connect", factsOf(client));
        this.system.events.connected(client);
      },
      clientClosed: (client, reason) => this.#clientClosed(client, reason),
    };
  }

  #clientClosed(client: Client, reason: CloseReason): void {
    const { events, options } = this.#owner;
    const epochMs = options.clock.epochMs();
    const closed = this.connections.remove(client, reason, epochMs);
    events.closed(closed);
    if (client.connected) this.system.events.disconnected(closed);
  }

  #info(client: Client): Info {
    return infoFor(client, {
      id: this.#owner.id,
      name: this.name,
      port: this.acceptor.port,
      options: this.#owner.options,
      more: this.#moreInfo(),
    });
  }

  /** What INFO says of TLS, of logins and of other servers. */
  #moreInfo(): Partial<Info> {
    return {
      ...this.logins.info,
      ...this.acceptor.tlsInfo,
      ...this.#clusterInfo(),
    };
  }

  #clusterInfo(): Partial<Info> {
    if (this.cluster === null) return {};
    const { name: cluster, connectUrls } = this.cluster;
    const { noAdvertise } = this.#owner.options.cluster ?? {};
    // As nats-server: nothing to choose from before there was another server.
    if (noAdvertise || connectUrls === null) return { cluster };
    const urls = [...this.#clientUrls(), ...connectUrls];
    return urls.length === 0 ? { cluster } : { cluster, connect_urls: urls };
  }

  /** Where clients connect, as other machines reach it. */
  #clientUrls(): string[] {
    const { clientAdvertise, dontListen, host } = this.#owner.options;
    if (clientAdvertise !== "") return [clientAdvertise];
    if (dontListen) return [];
    const { port, takesIpv6 } = this.acceptor;
    return reachableHosts(host, takesIpv6).map((one) => hostPort(one, port));
  }

  #clusterHost(): ClusterHost {
    const { id, dial } = this.#owner;
    return {
      id,
      name: this.name,
      context: this.context,
      fanout: this.fanout,
      subjectSeed: this.#subjectSeed,
      bcrypt: this.logins.bcrypt,
      routes: this.connections.routes,
      dial,
      clientUrls: () => this.#clientUrls(),
      account: (name) => this.accounts.get(name),
      nextId: () => this.connections.nextId(),
      admitted: () => this.sweeper.wake(),
      peersChanged: () => this.tellClients(),
      routeClosed: ({ connection }, reason) =>
        this.connections.routeClosed(connection, reason),
    };
  }

  #newSystem(): SystemAccount {
    const { id, options } = this.#owner;
    const { name, context, fanout } = this;
    const clusterName = () => this.cluster?.name ?? "";
    const sender = new SystemSender({ id, name, context, fanout, clusterName });
    const events = new SystemEvents(sender, {
      id,
      account: () => this.accounts.system,
      snapshots: () => this.monitoring.snapshots(),
      epochMs: () => options.clock.epochMs(),
    });
    const services = new SystemServices(sender, {
      id,
      options,
      monitoring: () => this.monitoring,
      client: (cid) => this.connections.live.get(cid),
      heardAt: () => this.context.turn.heardAt,
      heartbeat: () => events.heartbeat(),
    });
    return { events, services };
  }

  #newMonitoring(): Monitoring {
    const { id, options } = this.#owner;
    return new Monitoring({
      id,
      options,
      connections: this.connections,
      accounts: this.accounts,
      cluster: () => this.#cluster,
      flushes: this.context.flushes,
      acceptor: this.acceptor,
      logins: this.logins,
      connectUrls: () => this.#clusterInfo().connect_urls ?? [],
      state: () => this.#owner.state(),
    }, () => this.context.turn.heardAt);
  }
}

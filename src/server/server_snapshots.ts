/** What monitoring reads of a server, read from its parts. */

import { loginTimeoutMs } from "../auth/authentication.ts";
import type { Account } from "../core/account.ts";
import type { Traffic } from "../core/connection_context.ts";
import type { FlushList } from "../core/outbound.ts";
import type { Subscription } from "../core/subscription.ts";
import { CHECK_CROSSING } from "../core/subscription.ts";
import { splitHostPort } from "../host_port.ts";
import type { ResolvedOptions } from "../options.ts";
import type { Client } from "../peer/client.ts";
import type {
  AccountSnapshot,
  ConnectionSnapshot,
  KindCounts,
  RouteSnapshot,
  ServerSnapshot,
  Snapshots,
  SubscriptionQuery,
  SubscriptionsFound,
  SubscriptionSnapshot,
} from "../monitor/snapshots.ts";
import { NATS_VERSION } from "../version.ts";
import { decodeUtf8, encodeUtf8, fromLatin1 } from "../wire/ascii.ts";
import { PING } from "../wire/encoder.ts";
import { exportsOf, importsOf } from "./account_snapshots.ts";
import type { Acceptor } from "./acceptor.ts";
import type { Accounts } from "./accounts.ts";
import type { Cluster } from "./cluster.ts";
import { connectionFacts } from "./connection_facts.ts";
import type { ClosedConnection, Connections } from "./connections.ts";
import { addTraffic, zeroTraffic } from "./connections.ts";
import type { Logins } from "./logins.ts";
import type { ProcessMeter } from "./process_meter.ts";
import { routePermissions, routeSnapshot } from "./route_snapshots.ts";

/** The parts of a server. */
export interface MonitoredServer {
  /** Its public nkey. */
  readonly id: string;
  /** Its options; they may change. */
  readonly options: ResolvedOptions;
  /** Its clients. */
  readonly connections: Connections;
  /** Its accounts. */
  readonly accounts: Accounts;
  /** Its part in a cluster; `null` if it stands alone. */
  cluster(): Cluster | null;
  /** Sends what was queued outside of handling a read; counts who was held. */
  readonly flushes: FlushList;
  /** Knows the port clients connect to, and its certificate. */
  readonly acceptor: Acceptor;
  /** Knows who has to log in. */
  readonly logins: Logins;
  /** Where clients connect here and elsewhere, as they are told. */
  connectUrls(): readonly string[];
  /** Where it is in its life; `running` if all is well. */
  state(): string;
}

/** Wall-clock milliseconds. */
export interface ServerTimes {
  /** When the server was made. */
  readonly startedAt: number;
  /** When its options were last set. */
  readonly configuredAt: number;
}

/** `Snapshots` of one server. */
export class ServerSnapshots implements Snapshots {
  /** Port monitoring itself listens on; whoever serves it sets this. */
  monitorPort: () => number = () => 0;

  readonly #server: MonitoredServer;
  readonly #meter: ProcessMeter;
  readonly #times: ServerTimes;

  /** `times` may change. */
  constructor(
    server: MonitoredServer,
    meter: ProcessMeter,
    times: ServerTimes,
  ) {
    this.#server = server;
    this.#meter = meter;
    this.#times = times;
  }

  /** `Snapshots` */
  server(): ServerSnapshot {
    const { id, options, connections } = this.#server;
    const { acceptor, logins } = this.#server;
    const { tlsInfo: tls } = acceptor;
    const state = this.#server.state();
    const [host, port] = splitHostPort(options.clientAdvertise);
    const cluster = this.#server.cluster();
    const routes = this.routes();
    return {
      id,
      name: options.serverName || id,
      version: NATS_VERSION,
      runtime: `deno${Deno.version.deno}`,
      host: host || options.host,
      port: port || acceptor.port,
      connectUrls: this.#server.connectUrls(),
      authRequired: logins.info.auth_required === true,
      authTimeoutMs: loginTimeoutMs(options),
      tlsRequired: tls.tls_required === true,
      tlsVerify: tls.tls_verify === true,
      tlsCertificateNotAfter: acceptor.certificateNotAfter,
      options,
      startedAt: this.#times.startedAt,
      now: options.clock.epochMs(),
      configuredAt: this.#times.configuredAt,
      process: this.#meter.read(),
      connections: connections.live.size,
      totalConnections: connections.total,
      routes: routes.length,
      remotes: new Set(routes.map(({ remoteId }) => remoteId)).size,
      leafnodes: 0,
      traffic: connections.traffic(),
      clientTraffic: connections.clientTraffic(),
      slowConsumers: counts(
        connections.slowConsumers,
        connections.slowRoutes,
      ),
      staleConnections: counts(
        connections.staleConnections,
        connections.staleRoutes,
      ),
      stalledClients: this.#server.flushes.holds,
      subscriptions: this.#subscriptionCount(),
      clusterPort: cluster?.port ?? 0,
      routePermissions: routePermissions(options.cluster),
      monitorPort: this.monitorPort(),
      problem: state === "running" ? null : `the server is ${state}`,
    };
  }

  /** `Snapshots` */
  connectionCount(): number {
    return this.#server.connections.live.size;
  }

  /** `Snapshots` */
  *connections(): Generator<ConnectionSnapshot> {
    for (const client of this.#server.connections.live.values()) {
      yield openConnection(client);
    }
  }

  /** `Snapshots` */
  connection(id: number): ConnectionSnapshot | null {
    const client = this.#server.connections.live.get(id);
    return client === undefined ? null : openConnection(client);
  }

  /** `Snapshots` */
  closedCount(): number {
    return this.#server.connections.closedCount;
  }

  /** `Snapshots` */
  *closedConnections(): Generator<ConnectionSnapshot> {
    for (const one of this.#server.connections.closed) {
      yield closedConnection(one);
    }
  }

  /** `Snapshots` */
  measureRoundTrip(id: number): void {
    const client = this.#server.connections.live.get(id);
    if (client === undefined || !client.takesInfo) return;
    const { connection, options: { lang } } = client;
    if (lang === "" || !connection.heartbeat.unmeasured) return;
    connection.trace("->> [PING]");
    connection.sendNow(PING);
    connection.heartbeat.asked(this.#server.options.clock.now());
  }

  /** `Snapshots` */
  routes(): readonly RouteSnapshot[] {
    return [...this.#server.connections.routes.values()]
      .map(routeSnapshot).filter((one) => one !== null);
  }

  /** `Snapshots` */
  accounts(): readonly AccountSnapshot[] {
    const traffic = this.#trafficByAccount();
    return [...this.#server.accounts.all()].map((account) =>
      this.#account(account, traffic.get(account.name) ?? zeroTraffic())
    );
  }

  /** `Snapshots` */
  account(name: string): AccountSnapshot | null {
    return this.accounts().find((one) => one.name === name) ?? null;
  }

  /** `Snapshots` */
  subscriptions({ account, subject }: SubscriptionQuery): SubscriptionsFound {
    const accounts = [...this.#server.accounts.all()]
      .filter(({ name }) => account === null || name === account);
    if (subject !== null) {
      const all = accounts.flatMap((one) => matching(one, subject));
      return { total: all.length, all };
    }
    const total = accounts.reduce((sum, one) => sum + one.subscriptions, 0);
    return { total, all: this.#held(account) };
  }

  /** In all accounts, interest of other servers included. */
  #subscriptionCount(): number {
    let count = 0;
    for (const { sublist, services } of this.#server.accounts.all()) {
      count += sublist.size - services;
    }
    return count;
  }

  /** Those that clients hold, by client. */
  *#held(account: string | null): Generator<SubscriptionSnapshot> {
    for (const client of this.#server.connections.live.values()) {
      if (account === null || client.account.name === account) {
        yield* subscriptionsOf(client);
      }
    }
  }

  #trafficByAccount(): Map<string, Traffic> {
    const sums = new Map<string, Traffic>();
    for (const { name } of this.#server.accounts.all()) {
      const { inMsgs, inBytes, outMsgs, outBytes } = this.#server.connections
        .pastOf(name);
      sums.set(name, { inMsgs, inBytes, outMsgs, outBytes });
    }
    for (
      const { account, connection } of this.#server.connections.live.values()
    ) {
      const sum = sums.get(account.name);
      if (sum !== undefined) addTraffic(sum, connection);
    }
    return sums;
  }

  #account(account: Account, traffic: Traffic): AccountSnapshot {
    const { options, connections } = this.#server;
    const { name, sublist, cache, services } = account;
    const { generation, size } = sublist;
    const configured = options.accounts.find((one) => one.name === name);
    return {
      ...traffic,
      name,
      system: name === options.systemAccount,
      updatedAt: this.#times.configuredAt,
      connections: account.connections,
      leafnodes: 0,
      slowConsumers: connections.pastOf(name).slowConsumers,
      sublist: {
        subscriptions: size - services,
        cached: cache.size,
        // Every change of the sublist is one or the other.
        inserts: (generation + size) / 2 - services,
        removes: (generation - size) / 2,
        matches: cache.hits + cache.misses,
        hits: cache.hits,
        ...cache.fanout(),
      },
      imports: importsOf(configured),
      exports: exportsOf(configured),
    };
  }
}

/** By kind of connection; there are no leaf nodes. */
function counts(clients: number, routes: number): KindCounts {
  return { clients, routes, leafs: 0 };
}

function openConnection(client: Client): ConnectionSnapshot {
  const { connection, options, account } = client;
  return {
    ...connectionFacts(connection),
    stoppedAt: null,
    reason: "",
    subscriptions: client.subscriptions.size,
    name: options.name,
    lang: options.lang,
    version: options.version,
    user: shownUser(client),
    account: account.name,
    tls: connection.transport.tls ?? null,
    subscriptionList: () => subscriptionsOf(client),
  };
}

/** User or nkey; of a token, that there was one. */
function shownUser({ login: { identity }, options }: Client): string {
  if (identity === null) return "";
  return identity.user || identity.nkey ||
    (options.auth_token === "" ? "" : "[REDACTED]");
}

function closedConnection(closed: ClosedConnection): ConnectionSnapshot {
  return {
    ...closed,
    user: closed.user || closed.nkey,
    subscriptionList: () => [],
  };
}

function* subscriptionsOf(
  { account, subscriptions }: Client,
): Generator<SubscriptionSnapshot> {
  for (const one of subscriptions.values()) {
    yield subscriptionSnapshot(one, account.name);
  }
}

/** Those of an account that a message to this literal subject goes to. */
function matching(account: Account, subject: string): SubscriptionSnapshot[] {
  const bytes = encodeUtf8(subject);
  const { plain, queues } = account.sublist.match(bytes, 0, bytes.length);
  return [...plain, ...queues.flat()]
    .filter(({ checks }) => (checks & CHECK_CROSSING) === 0)
    .map((one) => subscriptionSnapshot(one, account.name));
}

function subscriptionSnapshot(
  { connection, subject, queue, sid, delivered, max }: Subscription,
  account: string,
): SubscriptionSnapshot {
  return {
    account,
    subject: decodeUtf8(subject),
    queue: queue === null ? "" : decodeUtf8(fromLatin1(queue)),
    sid: decodeUtf8(fromLatin1(sid)),
    delivered,
    max,
    connectionId: connection.id,
  };
}

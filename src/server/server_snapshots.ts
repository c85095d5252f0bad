/** What monitoring reads of a server, read from its parts. */

import { loginTimeoutMs } from "../auth/authenticator.ts";
import type { Account } from "../core/account.ts";
import type { Traffic } from "../core/connection.ts";
import type { FlushList } from "../core/outbound.ts";
import type { Subscription } from "../core/subscription.ts";
import { CHECK_CROSSING } from "../core/subscription.ts";
import type { ResolvedOptions } from "../options.ts";
import type { Client } from "../peer/client.ts";
import type {
  AccountSnapshot,
  ConnectionSnapshot,
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
import { splitHostPort } from "./addresses.ts";
import type { Cluster } from "./cluster.ts";
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
  readonly cluster: Cluster | null;
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

/** `Snapshots` of one server. */
export class ServerSnapshots implements Snapshots {
  /** Port monitoring itself listens on; whoever serves it sets this. */
  monitorPort: () => number = () => 0;

  readonly #server: MonitoredServer;
  readonly #meter: ProcessMeter;
  readonly #startedAt: number;
  #configuredAt: number;

  /** The server starts now. */
  constructor(server: MonitoredServer, meter: ProcessMeter) {
    this.#server = server;
    this.#meter = meter;
    this.#startedAt = server.options.clock.epochMs();
    this.#configuredAt = this.#startedAt;
  }

  /** The options have been set just now. */
  configured(): void {
    this.#configuredAt = this.#server.options.clock.epochMs();
  }

  /** `Snapshots` */
  server(): ServerSnapshot {
    const { id, options, connections, accounts } = this.#server;
    const { acceptor, logins } = this.#server;
    const { tlsInfo: tls } = acceptor;
    const state = this.#server.state();
    const [host, port] = splitHostPort(options.clientAdvertise);
    const { cluster } = this.#server;
    const routes = this.routes();
    let subscriptions = 0;
    for (const { sublist } of accounts.all()) subscriptions += sublist.size;
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
      startedAt: this.#startedAt,
      now: options.clock.epochMs(),
      configuredAt: this.#configuredAt,
      process: this.#meter.read(),
      connections: connections.live.size,
      totalConnections: connections.total,
      routes: routes.length,
      remotes: new Set(routes.map(({ remoteId }) => remoteId)).size,
      leafnodes: 0,
      traffic: connections.traffic(),
      clientTraffic: connections.clientTraffic(),
      slowConsumers: {
        clients: connections.slowConsumers,
        routes: connections.slowRoutes,
        leafs: 0,
      },
      staleConnections: {
        clients: connections.staleConnections,
        routes: connections.staleRoutes,
        leafs: 0,
      },
      stalledClients: this.#server.flushes.holds,
      subscriptions,
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
    const { name, sublist, cache } = account;
    const { generation, size } = sublist;
    const configured = options.accounts.find((one) => one.name === name);
    return {
      ...traffic,
      name,
      system: name === options.systemAccount,
      updatedAt: this.#configuredAt,
      connections: account.connections,
      leafnodes: 0,
      slowConsumers: connections.pastOf(name).slowConsumers,
      sublist: {
        subscriptions: size,
        cached: cache.size,
        // Every change of the sublist is one or the other.
        inserts: (generation + size) / 2,
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

function openConnection(client: Client): ConnectionSnapshot {
  const { connection, options, account } = client;
  const { hostname, port } = connection.transport.remoteAddress;
  return {
    inMsgs: connection.inMsgs,
    inBytes: connection.inBytes,
    outMsgs: connection.outMsgs,
    outBytes: connection.outBytes,
    id: connection.id,
    hostname,
    port,
    startedAt: connection.startedAt,
    lastActivityAt: connection.lastActivityAt(),
    stoppedAt: null,
    reason: "",
    roundTripMs: connection.heartbeat.roundTripMs,
    pendingBytes: connection.outbound.pending,
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

/** Made-up servers for tests of what monitoring makes of them. */

import { resolveOptions } from "../../src/options.ts";
import { Arguments } from "../../src/monitor/arguments.ts";
import type {
  AccountSnapshot,
  ConnectionSnapshot,
  RouteSnapshot,
  ServerSnapshot,
  Snapshots,
  SubscriptionQuery,
  SubscriptionSnapshot,
} from "../../src/monitor/snapshots.ts";

/** When everything made up here is read. */
export const NOW = Date.UTC(2026, 10, 21, 12);

const NO_TRAFFIC = { inMsgs: 0, inBytes: 0, outMsgs: 0, outBytes: 0 };
const NOBODY = { clients: 0, routes: 0, leafs: 0 };

/** A server that started an hour ago and has done nothing. */
export function serverSnapshot(
  facts: Partial<ServerSnapshot> = {},
): ServerSnapshot {
  return {
    id: "NSERVER",
    name: "one",
    version: "2.12.0",
    runtime: "deno2.9.6",
    host: "0.0.0.0",
    port: 4222,
    connectUrls: [],
    authRequired: false,
    authTimeoutMs: 2000,
    tlsRequired: false,
    tlsVerify: false,
    tlsCertificateNotAfter: null,
    options: resolveOptions(),
    startedAt: NOW - 3_600_000,
    now: NOW,
    configuredAt: NOW - 3_600_000,
    process: {
      memoryBytes: 50_000_000,
      cpuPercent: 1.5,
      cpuSeconds: 3,
      startedAt: NOW - 3_600_000,
      cores: 2,
    },
    connections: 0,
    totalConnections: 0,
    routes: 0,
    remotes: 0,
    leafnodes: 0,
    traffic: NO_TRAFFIC,
    clientTraffic: NO_TRAFFIC,
    slowConsumers: NOBODY,
    staleConnections: NOBODY,
    stalledClients: 0,
    subscriptions: 0,
    clusterPort: 0,
    routePermissions: null,
    monitorPort: 8222,
    problem: null,
    ...facts,
  };
}

/** An idle client that came a minute ago. */
export function connectionSnapshot(
  facts: Partial<ConnectionSnapshot> = {},
): ConnectionSnapshot {
  return {
    ...NO_TRAFFIC,
    id: 1,
    hostname: "127.0.0.1",
    port: 50_000,
    startedAt: NOW - 60_000,
    lastActivityAt: NOW - 60_000,
    stoppedAt: null,
    reason: "",
    roundTripMs: 0.1,
    pendingBytes: 0,
    subscriptions: 0,
    name: "",
    lang: "",
    version: "",
    user: "",
    account: "$G",
    tls: null,
    subscriptionList: () => [],
    ...facts,
  };
}

/** A route that was dialled a minute ago. */
export function routeSnapshot(
  facts: Partial<RouteSnapshot> = {},
): RouteSnapshot {
  return {
    ...NO_TRAFFIC,
    id: 7,
    remoteId: "NOTHER",
    remoteName: "other",
    solicited: true,
    configured: true,
    hostname: "10.0.0.2",
    port: 6222,
    startedAt: NOW - 60_000,
    lastActivityAt: NOW - 1000,
    roundTripMs: 0.159,
    pendingBytes: 0,
    subscriptions: 0,
    import: null,
    export: null,
    account: "",
    subscriptionList: () => [],
    ...facts,
  };
}

/** A subscription that has got nothing yet. */
export function subscriptionSnapshot(
  facts: Partial<SubscriptionSnapshot> = {},
): SubscriptionSnapshot {
  return {
    account: "$G",
    subject: "foo",
    queue: "",
    sid: "1",
    delivered: 0,
    max: 0,
    connectionId: 1,
    ...facts,
  };
}

/** An account nobody is in. */
export function accountSnapshot(
  facts: Partial<AccountSnapshot> = {},
): AccountSnapshot {
  return {
    ...NO_TRAFFIC,
    name: "$G",
    system: false,
    updatedAt: NOW,
    connections: 0,
    leafnodes: 0,
    slowConsumers: 0,
    sublist: {
      subscriptions: 0,
      cached: 0,
      inserts: 0,
      removes: 0,
      matches: 0,
      hits: 0,
      maxFanout: 0,
      totalFanout: 0,
    },
    imports: [],
    exports: [],
    ...facts,
  };
}

/** What a made-up server consists of. */
export interface MadeUp {
  readonly server?: Partial<ServerSnapshot>;
  readonly open?: readonly ConnectionSnapshot[];
  readonly closed?: readonly ConnectionSnapshot[];
  readonly routes?: readonly RouteSnapshot[];
  readonly accounts?: readonly AccountSnapshot[];
  readonly subscriptions?: readonly SubscriptionSnapshot[];
}

/** `Snapshots` of a made-up server. */
export class FakeSnapshots implements Snapshots {
  /** Connections whose round trip somebody wanted measured. */
  readonly measured: number[] = [];
  /** Which subscriptions were asked for last. */
  asked: SubscriptionQuery | null = null;
  readonly #made: Required<MadeUp>;

  constructor(made: MadeUp = {}) {
    this.#made = {
      server: {},
      open: [],
      closed: [],
      routes: [],
      accounts: [accountSnapshot()],
      subscriptions: [],
      ...made,
    };
  }

  server(): ServerSnapshot {
    return serverSnapshot(this.#made.server);
  }
  connectionCount(): number {
    return this.#made.open.length;
  }
  connections(): Iterable<ConnectionSnapshot> {
    return this.#made.open;
  }
  connection(id: number): ConnectionSnapshot | null {
    return this.#made.open.find((one) => one.id === id) ?? null;
  }
  closedCount(): number {
    return this.#made.closed.length;
  }
  closedConnections(): readonly ConnectionSnapshot[] {
    return this.#made.closed;
  }
  measureRoundTrip(id: number): void {
    this.measured.push(id);
  }
  routes(): readonly RouteSnapshot[] {
    return this.#made.routes;
  }
  accounts(): readonly AccountSnapshot[] {
    return this.#made.accounts;
  }
  account(name: string): AccountSnapshot | null {
    return this.#made.accounts.find((one) => one.name === name) ?? null;
  }
  subscriptions(query: SubscriptionQuery) {
    this.asked = query;
    const all = this.#made.subscriptions;
    return { total: all.length, all };
  }
}

/** Arguments as they stand behind the `?`. */
export function args(query: string): Arguments {
  return new Arguments(new URLSearchParams(query));
}

/**
 * What monitoring reads of a server: readings of counters and facts, each taken
 * when asked for. `server/` provides them; whoever renders them knows nothing
 * of where they come from. None of this carries a secret but `options`, which
 * renderers pick single fields of.
 */

import type { ResolvedOptions } from "../options.ts";
import type { TlsFacts } from "../tls_facts.ts";

/** Messages and payload bytes; `in` is what the server received. */
export interface TrafficSnapshot {
  /** Messages received. */
  readonly inMsgs: number;
  /** Payload bytes received, header blocks included. */
  readonly inBytes: number;
  /** Messages delivered. */
  readonly outMsgs: number;
  /** Payload bytes delivered. */
  readonly outBytes: number;
}

/** What the whole process uses. */
export interface ProcessSnapshot {
  /** Resident memory in bytes. */
  readonly memoryBytes: number;
  /** Percent of one core, over about the last second. */
  readonly cpuPercent: number;
  /** Processor time used so far, in seconds. */
  readonly cpuSeconds: number;
  /** When it started, wall-clock milliseconds. */
  readonly startedAt: number;
  /** Cores of the machine. */
  readonly cores: number;
}

/** How many connections of each kind something happened to. */
export interface KindCounts {
  /** Clients. */
  readonly clients: number;
  /** Routes. */
  readonly routes: number;
  /** Leaf nodes. */
  readonly leafs: number;
}

/** The server as a whole. Times are wall-clock milliseconds. */
export interface ServerSnapshot {
  /** Its public nkey. */
  readonly id: string;
  /** Its name, the id if it was given none. */
  readonly name: string;
  /** The nats-server level it speaks. */
  readonly version: string;
  /** The runtime: `deno2.9.6`. */
  readonly runtime: string;
  /** Address clients are told. */
  readonly host: string;
  /** Port clients are told; 0 when it does not listen. */
  readonly port: number;
  /** Where else clients may connect, `host:port`. */
  readonly connectUrls: readonly string[];
  /** Clients must say who they are. */
  readonly authRequired: boolean;
  /** Longest they may take, in milliseconds. */
  readonly authTimeoutMs: number;
  /** Clients must speak TLS. */
  readonly tlsRequired: boolean;
  /** And show a certificate. */
  readonly tlsVerify: boolean;
  /** When the server's certificate expires; `null` without one. */
  readonly tlsCertificateNotAfter: number | null;
  /** Its options. Has secrets. */
  readonly options: ResolvedOptions;
  /** When it started. */
  readonly startedAt: number;
  /** When this was read. */
  readonly now: number;
  /** When its options were last set. */
  readonly configuredAt: number;
  /** What the process uses. */
  readonly process: ProcessSnapshot;
  /** Clients connected now. */
  readonly connections: number;
  /** Connections of all kinds since the start. */
  readonly totalConnections: number;
  /** Routes there are now. */
  readonly routes: number;
  /** Different servers they lead to. */
  readonly remotes: number;
  /** Leaf nodes connected now. */
  readonly leafnodes: number;
  /** Of all connections there have been. */
  readonly traffic: TrafficSnapshot;
  /** Of all clients there have been. */
  readonly clientTraffic: TrafficSnapshot;
  /** Connections closed because they did not keep up. */
  readonly slowConsumers: KindCounts;
  /** Connections closed because they did not answer PINGs. */
  readonly staleConnections: KindCounts;
  /** Times a publisher was held back because others did not keep up. */
  readonly stalledClients: number;
  /** Subscriptions of all accounts. */
  readonly subscriptions: number;
  /** Port routes connect to; 0 without a cluster. */
  readonly clusterPort: number;
  /** What routes may bring in and be sent; `null` for everything. */
  readonly routePermissions: RoutePermissions | null;
  /** Ports monitoring itself listens on; 0 where it does not. */
  readonly monitorPort: number;
  /** Why clients should go elsewhere; `null` if all is well. */
  readonly problem: string | null;
}

/** One subscription. */
export interface SubscriptionSnapshot {
  /** Account it is in. */
  readonly account: string;
  /** The subject, wildcards and all. */
  readonly subject: string;
  /** Queue group; empty for a plain subscription. */
  readonly queue: string;
  /** What the subscriber calls it. */
  readonly sid: string;
  /** Messages delivered. */
  readonly delivered: number;
  /** Deliveries after which it ends; 0 for never. */
  readonly max: number;
  /** `cid` of whoever holds it. */
  readonly connectionId: number;
}

/** A connection, open or closed. Times are wall-clock milliseconds. */
export interface ConnectionSnapshot extends TrafficSnapshot {
  /** `cid` */
  readonly id: number;
  /** Address of the peer. */
  readonly hostname: string;
  /** Port of the peer. */
  readonly port: number;
  /** When it was accepted. */
  readonly startedAt: number;
  /** When messages, subscriptions or deliveries were last seen. */
  readonly lastActivityAt: number;
  /** When it was closed; `null` while open. */
  readonly stoppedAt: number | null;
  /** Why; empty while open. */
  readonly reason: string;
  /** Last measured round trip in milliseconds, -1 if never measured. */
  readonly roundTripMs: number;
  /** Bytes queued to be sent. */
  readonly pendingBytes: number;
  /** How many subscriptions it has, or had in the end. */
  readonly subscriptions: number;
  /** What the client calls itself. */
  readonly name: string;
  /** Language of its library. */
  readonly lang: string;
  /** Version of its library. */
  readonly version: string;
  /** Who it is or said it was: user or public nkey; never a secret. */
  readonly user: string;
  /** Account it is in. */
  readonly account: string;
  /** How it is encrypted; `null` if it is not. */
  readonly tls: TlsFacts | null;
  /** Its subscriptions, as of when this is called; none of a closed one. */
  subscriptionList(): Iterable<SubscriptionSnapshot>;
}

/** What routes may carry. */
export interface RoutePermissions {
  /** What they may bring in; `null` for everything. */
  readonly import: SubjectPermissionSnapshot | null;
  /** What they may be sent; `null` for everything. */
  readonly export: SubjectPermissionSnapshot | null;
}

/** Subjects another server may be sent, and may send. */
export interface SubjectPermissionSnapshot {
  /** What is allowed; `null` for everything. */
  readonly allow: readonly string[] | null;
  /** What is not, whatever is allowed. */
  readonly deny: readonly string[] | null;
}

/** A connection to another server of the cluster. */
export interface RouteSnapshot extends TrafficSnapshot {
  /** `rid`, from the same counter as every other connection's. */
  readonly id: number;
  /** Id of the server at the other end. */
  readonly remoteId: string;
  /** Its name. */
  readonly remoteName: string;
  /** This server dialled. */
  readonly solicited: boolean;
  /** It is listed in the configuration. */
  readonly configured: boolean;
  /** Address at the other end. */
  readonly hostname: string;
  /** Port at the other end. */
  readonly port: number;
  /** When it was established. */
  readonly startedAt: number;
  /** When it last carried anything. */
  readonly lastActivityAt: number;
  /** Last measured round trip in milliseconds, -1 if never measured. */
  readonly roundTripMs: number;
  /** Bytes queued to be sent. */
  readonly pendingBytes: number;
  /** Remote interest it stands for. */
  readonly subscriptions: number;
  /** What it may bring in; `null` for everything. */
  readonly import: SubjectPermissionSnapshot | null;
  /** What it may be sent; `null` for everything. */
  readonly export: SubjectPermissionSnapshot | null;
  /** The one account it carries; empty for all. */
  readonly account: string;
  /** Remote interest, as of when this is called. */
  subscriptionList(): Iterable<SubscriptionSnapshot>;
}

/** An import of an account, for detail. */
export interface ImportSnapshot {
  /** Account it comes from. */
  readonly account: string;
  /** Subject there. */
  readonly subject: string;
  /** Subject here. */
  readonly localSubject: string;
  /** Which of the two kinds. */
  readonly type: "stream" | "service";
  /** The exporter is told who asks. */
  readonly share: boolean;
}

/** An export of an account, for detail. */
export interface ExportSnapshot {
  /** Subject, wildcards and all. */
  readonly subject: string;
  /** Which of the two kinds. */
  readonly type: "stream" | "service";
  /** Who may import it; `null` for everybody. */
  readonly accounts: readonly string[] | null;
  /** How a service answers: `Singleton`, `Streamed`, `Chunked`; empty for streams. */
  readonly responseType: string;
}

/** How a subject space is used. */
export interface SublistSnapshot {
  /** Subscriptions held. */
  readonly subscriptions: number;
  /** Results kept. */
  readonly cached: number;
  /** Subscriptions ever added. */
  readonly inserts: number;
  /** Subscriptions ever taken out. */
  readonly removes: number;
  /** Subjects looked up. */
  readonly matches: number;
  /** Those of them that were found among the results kept. */
  readonly hits: number;
  /** Most subscriptions one of the results lists. */
  readonly maxFanout: number;
  /** Subscriptions all of the results list. */
  readonly totalFanout: number;
}

/** One account. */
export interface AccountSnapshot extends TrafficSnapshot {
  /** Its name. */
  readonly name: string;
  /** The server itself lives here. */
  readonly system: boolean;
  /** When it was last configured, wall-clock milliseconds. */
  readonly updatedAt: number;
  /** Clients in it now. */
  readonly connections: number;
  /** Leaf nodes in it now. */
  readonly leafnodes: number;
  /** Connections in it that were closed because they did not keep up. */
  readonly slowConsumers: number;
  /** Its subject space. */
  readonly sublist: SublistSnapshot;
  /** What it takes from other accounts. */
  readonly imports: readonly ImportSnapshot[];
  /** What it offers to other accounts. */
  readonly exports: readonly ExportSnapshot[];
}

/** Which subscriptions are asked for. */
export interface SubscriptionQuery {
  /** Of this account; `null` for all. */
  readonly account: string | null;
  /** That get a message to this literal subject; `null` for all. */
  readonly subject: string | null;
}

/** Subscriptions that were asked for. */
export interface SubscriptionsFound {
  /** How many there are. */
  readonly total: number;
  /** They, read while they are walked. */
  readonly all: Iterable<SubscriptionSnapshot>;
}

/** A server, as far as monitoring reads it. */
export interface Snapshots {
  /** The server as a whole. */
  server(): ServerSnapshot;
  /** Clients connected now. */
  connectionCount(): number;
  /** They, lowest `cid` first, read while they are walked. */
  connections(): Iterable<ConnectionSnapshot>;
  /** The one of this `cid`, if it is connected. */
  connection(id: number): ConnectionSnapshot | null;
  /** Connections that are closed and still remembered. */
  closedCount(): number;
  /** They, the oldest first. */
  closedConnections(): Iterable<ConnectionSnapshot>;
  /**
   * Has the round trip of a connected client measured that never was, where
   * the client can stand being asked.
   */
  measureRoundTrip(id: number): void;
  /** Connections to other servers of the cluster. */
  routes(): readonly RouteSnapshot[];
  /** Every account. */
  accounts(): readonly AccountSnapshot[];
  /** The account of this name, if there is one. */
  account(name: string): AccountSnapshot | null;
  /** Subscriptions clients hold. */
  subscriptions(query: SubscriptionQuery): SubscriptionsFound;
}

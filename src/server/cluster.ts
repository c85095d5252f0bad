/**
 * A server's part in a cluster: puts together the mesh, the routes, the byte
 * streams under them and the interest they carry.
 */

import type { BcryptWorker } from "../auth/bcrypt_worker.ts";
import { compilePermissions } from "../auth/permissions.ts";
import { Secrets } from "../auth/secrets.ts";
import { LocalInterest } from "../cluster/interest.ts";
import { Mesh } from "../cluster/mesh.ts";
import type { MeshHost } from "../cluster/mesh_host.ts";
import { RareLog } from "../cluster/rare_log.ts";
import type { RouteTarget } from "../cluster/route_url.ts";
import type { Account } from "../core/account.ts";
import { Connection } from "../core/connection.ts";
import type { ConnectionContext } from "../core/connection_context.ts";
import { ROUTE_KIND } from "../core/connection_context.ts";
import type { Fanout } from "../core/fanout.ts";
import type { CloseReason, ProtocolError } from "../errors.ts";
import { authorizationViolation } from "../errors.ts";
import { resolveCluster } from "../cluster_options.ts";
import { splitHostPort } from "../host_port.ts";
import type { Log } from "../log.ts";
import { liveLog } from "../log.ts";
import type { ResolvedCluster, ResolvedTls } from "../options.ts";
import type { RouteHost } from "../peer/route.ts";
import { Route } from "../peer/route.ts";
import type { Transport } from "../transport/transport.ts";
import { NATS_VERSION } from "../version.ts";
import { decodeUtf8, fromLatin1 } from "../wire/ascii.ts";
import type { RouteConnect, RouteInfo } from "../wire/route_info.ts";
import { addressesHidden } from "./addresses.ts";
import type { RouteDial } from "./route_links.ts";
import { RouteLinks } from "./route_links.ts";

/** Longest another server may take to say who it is, in milliseconds. */
const LOGIN_MS = 2000;

/** What a cluster needs of its server. */
export interface ClusterHost {
  /** The server's public nkey. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** What all its connections share. */
  readonly context: ConnectionContext;
  /** Delivers messages. */
  readonly fanout: Fanout;
  /** Starts the hash of every subject. */
  readonly subjectSeed: number;
  /** Checks bcrypt hashes. */
  readonly bcrypt: BcryptWorker;
  /** Opens streams to other servers; `null` for TCP. */
  readonly dial: RouteDial | null;
  /** `host:port` of the port for clients, as others reach it. */
  clientUrls(): readonly string[];
  /** Where routes are kept. */
  readonly routes: Map<number, Route<RouteTarget>>;
  /** The account of this name. */
  account(name: string): Account | undefined;
  /** A number for a connection. */
  nextId(): number;
  /** There is a connection to look after. */
  admitted(): void;
  /** Clients are to be told of other servers anew. */
  peersChanged(): void;
  /** A route is gone. */
  routeClosed(route: Route<RouteTarget>, reason: CloseReason): void;
}

/** Another server of the cluster, and what it has announced. */
export interface RouteFacts {
  /** `rid` */
  readonly id: number;
  /** Id of the other server. */
  readonly remoteId: string;
  /** Its name. */
  readonly remoteName: string;
  /** Subjects and queue groups it is interested in, by account and all told. */
  readonly subscriptions: number;
}

/** See the module. */
export class Cluster {
  /** Routes by number, registered or not yet. */
  readonly live: Map<number, Route<RouteTarget>>;
  readonly #host: ClusterHost;
  readonly #options: ClusterHost["context"]["options"];
  readonly #log: Log;
  readonly #refusals: RareLog;
  readonly #links: RouteLinks;
  readonly #mesh: Mesh;
  readonly #interest: LocalInterest;
  #secrets: Secrets;
  readonly #routeHost: RouteHost<RouteTarget>;

  /** Listens and dials nothing yet. */
  constructor(host: ClusterHost) {
    this.#host = host;
    this.live = host.routes;
    const { context } = host;
    this.#options = context.options;
    this.#log = liveLog(() => this.#options.log);
    this.#refusals = new RareLog(this.#log, context.options.clock);
    this.#links = new RouteLinks(context.options, host.dial, this.#refusals);
    const permissions = this.#cluster.permissions ?? {};
    const asked = subjects(permissions.import);
    const granted = subjects(permissions.export);
    this.#interest = new LocalInterest(asked, () => context.flushes.flush());
    this.#secrets = this.#newSecrets();
    this.#routeHost = {
      options: context.options,
      fanout: host.fanout,
      subjectSeed: host.subjectSeed,
      loginTimeoutMs: () => this.#cluster.authorization?.timeoutMs ?? LOGIN_MS,
      account: (name) => host.account(decodeUtf8(fromLatin1(name))),
      mayExport: granted,
      random: Math.random,
      routeRefused: ({ label }, why) => this.#refusals.error(label, why),
      routeConnecting: (route, connect) => this.#connecting(route, connect),
      routeInformed: (route, info) => this.#mesh.infoReceived(route, info),
      routeUsed: (route) => this.#mesh.routeUsed(route),
      routeRegistered: (route) => this.#interest.tell(route),
      routeClosed: (route, reason) => this.#closed(route, reason),
    };
    this.#mesh = new Mesh(this.#meshHost());
  }

  /** Name of the cluster as it is agreed on. */
  get name(): string {
    return this.#mesh.clusterName;
  }

  /**
   * Where the clients of other servers connect: `host:port`; `null` before
   * there was another.
   */
  get connectUrls(): readonly string[] | null {
    return this.#mesh.connectUrls;
  }

  /** The servers there is a route to. */
  get routes(): RouteFacts[] {
    const facts: RouteFacts[] = [];
    for (const { rid, peer, subscriptions } of this.live.values()) {
      if (peer === null) continue;
      const { server_id, server_name } = peer;
      facts.push({
        id: rid,
        remoteId: server_id,
        remoteName: server_name,
        subscriptions,
      });
    }
    return facts;
  }

  /** Port routes are accepted on, 0 while not listening. */
  get port(): number {
    return this.#links.port;
  }

  /** Other servers are told of the interest in this account. */
  watch(account: Account): void {
    this.#interest.watch(account);
  }

  /**
   * Handshakes use these certificates from now on. Rejects with `ConfigError`,
   * and then nothing has changed.
   */
  useTls(tls: ResolvedTls | null): Promise<void> {
    return this.#links.useTls(tls);
  }

  /** Accepts and dials routes from now on. Throws `ListenError`. */
  start(): void {
    this.#announce();
    this.#links.listen((transport) => this.#mesh.accept(transport));
    this.#mesh.start();
  }

  /** Takes a byte stream that another server opened. */
  accept(transport: Transport): void {
    this.#links.accept(transport, (ready) => this.#mesh.accept(ready));
  }

  /** Routes may have interest in accounts that are new. */
  accountsChanged(): void {
    for (const route of this.live.values()) route.attach();
  }

  /** Obeys the options as they are now. */
  reloaded(): void {
    this.#secrets = this.#newSecrets();
    this.#mesh.updateRoutes(this.#cluster.routes);
    for (const route of this.live.values()) route.reloaded();
  }

  /** Tells other servers that this one is about to leave. */
  lameDuck(): void {
    this.#mesh.lameDuck();
  }

  /** Dials and accepts nobody any more, and closes what there is. */
  async stop(): Promise<void> {
    this.#mesh.stop();
    await this.#links.stop();
    for (const { connection } of [...this.live.values()]) {
      connection.close("Server Shutdown");
    }
  }

  /** As it is now: a reload changes it. */
  get #cluster(): ResolvedCluster {
    return this.#options.cluster ?? resolveCluster({});
  }

  #newSecrets(): Secrets {
    const password = this.#cluster.authorization?.password ?? "";
    return new Secrets([password], this.#host.bcrypt);
  }

  #meshHost(): MeshHost {
    const { id, name } = this.#host;
    const cluster = () => this.#cluster;
    return {
      id,
      name,
      options: {
        clock: this.#options.clock,
        log: this.#log,
        get cluster() {
          return cluster();
        },
      },
      dial: (url, signal) => this.#links.dial(url, signal),
      open: (transport, target) => this.#open(transport, target),
      info: () => this.#info(),
      random: Math.random,
      peersChanged: () => this.#host.peersChanged(),
    };
  }

  #announce(): void {
    const { clientAdvertise, dontListen, host, log } = this.#options;
    log.info(`Cluster name is ${this.name}`);
    if (this.#cluster.name === "") {
      log.warn("Cluster name was dynamically generated, consider setting one");
    }
    if (this.#cluster.tls?.insecure) {
      log.warn(
        "TLS Hostname verification disabled: nobody checks who the servers of this cluster are",
      );
    }
    if (clientAdvertise === "" && !dontListen && addressesHidden(host)) {
      log.warn(
        "Clients of other servers are not told of this one, whose addresses it is not permitted to see: run with --allow-sys=networkInterfaces, or set client_advertise",
      );
    }
  }

  #open(transport: Transport, target: RouteTarget | null): Route<RouteTarget> {
    const { context, nextId, admitted } = this.#host;
    const connection = new Connection(
      nextId(),
      transport,
      context,
      ROUTE_KIND,
    );
    const route = new Route(connection, target, this.#routeHost);
    this.live.set(connection.id, route);
    connection.log.debug?.(`${route.label} - Route connection created`);
    connection.run(route);
    admitted();
    return route;
  }

  #connecting(
    route: Route<RouteTarget>,
    connect: RouteConnect,
  ): ProtocolError | null | Promise<ProtocolError | null> {
    const { user = "", password = "" } = this.#cluster.authorization ?? {};
    const secret = connect.user === user ? password : null;
    const { hostname } = route.remoteAddress;
    const right = this.#cluster.authorization === null ||
      this.#secrets.check(secret, connect.pass, {
        hostname,
        wanted: () => !route.closed,
      });
    const go = (right: boolean) => {
      if (right) return this.#mesh.connectReceived(route, connect);
      this.#refusals.error(route.label, "authentication error");
      return authorizationViolation();
    };
    return right instanceof Promise ? right.then(go) : go(right);
  }

  #closed(route: Route<RouteTarget>, reason: CloseReason): void {
    this.live.delete(route.rid);
    this.#interest.forget(route);
    this.#mesh.routeClosed(route, reason);
    this.#host.routeClosed(route, reason);
  }

  /** INFO of this server for others, but for what the mesh knows. */
  #info(): RouteInfo {
    const { id, name, context } = this.#host;
    const { maxPayload, noHeaderSupport } = context.options;
    const { advertise, host, authorization, permissions } = this.#cluster;
    const [advertisedHost, advertisedPort] = splitHostPort(advertise);
    const shownHost = advertisedHost || host;
    const shownPort = advertisedPort || this.port;
    return {
      server_id: id,
      server_name: name,
      version: NATS_VERSION,
      proto: 2,
      go: `deno${Deno.version.deno}`,
      host: shownHost,
      port: shownPort,
      headers: !noHeaderSupport,
      max_payload: maxPayload,
      ...(authorization === null ? {} : { auth_required: true }),
      ...this.#links.tlsInfo,
      ...(advertise === ""
        ? {}
        : { ip: `nats-route://${shownHost}:${shownPort}/` }),
      connect_urls: this.#host.clientUrls(),
      ...(permissions?.import ? { import: permissions.import } : {}),
      ...(permissions?.export ? { export: permissions.export } : {}),
    };
  }
}

/** What subjects such permissions let through. */
function subjects(
  permissions: { allow?: readonly string[]; deny?: readonly string[] } = {},
): (subject: Uint8Array) => boolean {
  const { allow, deny } = permissions;
  if (allow === undefined && deny === undefined) return () => true;
  const compiled = compilePermissions({ subscribe: permissions });
  return (subject) => compiled.maySubscribe(subject, null);
}

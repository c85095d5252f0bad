/**
 * Which servers there are routes to: who is dialled, who is let in, which of
 * several connections to one server stays, and what servers tell each other of
 * third ones (cluster-protocol §1).
 *
 * Of duplicates, an official server keeps the one it registered first and
 * closes the others at once; so does, of two midges, the one with the smaller
 * id. The other side follows: it keeps a duplicate on standby and goes over to
 * it when the peer uses it or closes the one there was. So both always end up
 * with the same one.
 */

import type { CloseReason, ProtocolError } from "../errors.ts";
import {
  duplicateServerName,
  wrongClusterName,
  wrongRoutePort,
} from "../errors.ts";
import type { Transport } from "../transport/transport.ts";
import type { RouteConnect, RouteInfo } from "../wire/route_info.ts";
import { ClusterName } from "./cluster_name.ts";
import type { Dialer } from "./dialer.ts";
import { Dialers } from "./dialers.ts";
import { dialableUrl } from "./gossip.ts";
import { ownConnect, ownInfo, wrongIntroduction } from "./introduction.ts";
import { Link, silentEnd, tell } from "./link.ts";
import type { MeshHost, MeshRoute } from "./mesh_host.ts";
import { HOLD_MS, Peers, waitsWithInfo } from "./peers.ts";
import { RareLog } from "./rare_log.ts";
import { gossipedUrl, parseRouteUrl } from "./route_url.ts";

/** Longest our INFO waits for a CONNECT, in milliseconds. */
const CONNECT_MS = 100;
/** Longest a server we dialled may take to say who it is. */
const HANDSHAKE_MS = 10_000;
/** When a newcomer is told about the others, which ought to have dialled it. */
const TELL_LATER_MS = 3000;
/** Accepted connections that have not said who they are, at one time. */
const MAX_STRANGERS = 500;

/** See the module. */
export class Mesh {
  readonly #host: MeshHost;
  readonly #name: ClusterName;
  readonly #dialers: Dialers;
  readonly #refusals: RareLog;
  /** Every open connection, by its number. */
  readonly #links = new Map<number, Link>();
  readonly #peers: Peers;
  #lameDuck = false;
  #stopped = false;

  /** Does nothing before `start`. */
  constructor(host: MeshHost) {
    const { clock, log, cluster } = host.options;
    this.#host = host;
    this.#name = new ClusterName(cluster.name, () => host.random());
    this.#peers = new Peers(host, (link, info) => this.#introduce(link, info));
    this.#refusals = new RareLog(log, clock);
    this.#dialers = new Dialers({
      clock,
      log,
      random: () => host.random(),
      dial: (url, signal) => host.dial(url, signal),
      wanted: ({ self, peerId }) => !self && !this.routes.has(peerId),
      connected: (dialer, transport) => this.#dialled(dialer, transport),
      retries: () => host.options.cluster.connectRetries,
      gaveUp: (dialer) => this.#dialers.remove(dialer),
    });
  }

  /** Routes to other servers, by the id of each. */
  get routes(): ReadonlyMap<string, MeshRoute> {
    return this.#peers.routes;
  }

  /** The name of the cluster: configured, made up or adopted. */
  get clusterName(): string {
    return this.#name.text;
  }

  /**
   * Where clients can go instead: `host:port` of every peer's client port;
   * `null` before the first peer.
   */
  get connectUrls(): readonly string[] | null {
    return this.#peers.connectUrls;
  }

  /** Dials the configured routes. */
  start(): void {
    this.updateRoutes(this.#host.options.cluster.routes);
  }

  /**
   * Makes these the configured routes: those that are new are dialled, those
   * that are gone are closed and not dialled again, the others stay.
   */
  updateRoutes(urls: readonly string[]): void {
    const { added, removed } = this.#dialers.configure(urls);
    for (const dialer of removed) this.#routeRemoved(dialer);
    for (const dialer of added) dialer.dialIn(0);
  }

  /** Takes a connection on the port for routes. */
  accept(transport: Transport): void {
    if (this.#stopped) return transport.close();
    const strangers = this.#strangers();
    // The oldest goes: it has had time, and a server that means it needs little.
    if (strangers.length >= MAX_STRANGERS) {
      strangers[0].route.close("Authentication Timeout");
    }
    const link = this.#open(transport, null);
    // CONNECT tells who it is: then there may be a reason to wait some more.
    this.#after(link, CONNECT_MS, () => this.#sendInfo(link));
  }

  /**
   * A server that dialled us introduced itself, with the right credentials.
   * Returns why it is sent away, or `null`.
   */
  connectReceived(
    route: MeshRoute,
    connect: RouteConnect,
  ): ProtocolError | null {
    const link = this.#links.get(route.rid);
    if (link === undefined || link.dialer !== null) return null;
    if (connect.lang !== "" || connect.gateway !== "") {
      const error = wrongRoutePort();
      this.#refusals.error(route.label, error.message);
      return error;
    }
    link.connect = connect;
    const { cluster, cluster_dynamic: dynamic } = connect;
    const verdict = this.#name.judge(cluster, dynamic);
    if (verdict === "reject") {
      // From INFO the other one learns the name, and whom not to dial twice.
      this.#sendInfo(link);
      return this.#refuseName(route, connect);
    }
    if (verdict === "adopt") this.#adopt(link, cluster, dynamic);
    this.#greet(link);
    return null;
  }

  /** A peer told about itself, or about another server. */
  infoReceived(route: MeshRoute, info: RouteInfo): void {
    const link = this.#links.get(route.rid);
    if (link === undefined || route.closed) return;
    // Both are noise of features that midge does not have.
    if (info.gateway || info.route_acc_add_reqid) return;
    if (link.peer !== null) return this.#later(link, link.peer, info);
    const wrong = wrongIntroduction(link, info);
    if (wrong !== null) {
      this.#refusals.error(route.label, wrong.message);
      return route.fail(wrong);
    }
    link.peer = info;
    if (link.dialer !== null) {
      link.stopWaiting();
      link.dialer.peerId = info.server_id;
    }
    if (link.infoSent) this.#admit(link, info);
    else this.#greet(link);
    this.#releaseHeld();
  }

  /**
   * The peer treats the connection as its route to us: called when the first
   * interest or message comes over it, before that counts.
   */
  routeUsed(route: MeshRoute): void {
    const link = this.#links.get(route.rid);
    if (link !== undefined) this.#peers.used(link);
    this.#releaseHeld();
  }

  /** A connection has closed. */
  routeClosed(route: MeshRoute, reason: CloseReason): void {
    const link = this.#links.get(route.rid);
    if (link === undefined || !this.#links.delete(route.rid)) return;
    link.stopWaiting();
    link.dialer?.closed();
    if (this.#stopped) return;
    const silence = silentEnd(link, reason);
    if (silence !== null) this.#refusals.error(route.label, silence);
    if (link.redial) link.dialer?.dialSoon();
    if (this.#peers.remove(link)) this.#lost(link, reason);
    else link.dialer?.retry();
    this.#releaseHeld();
  }

  /** Tells the other servers that this one is about to leave. */
  lameDuck(): void {
    this.#lameDuck = true;
    for (const route of this.routes.values()) route.sendInfo(this.#info());
  }

  /** Ends all dialling. What is open is closed by who owns it. */
  stop(): void {
    this.#stopped = true;
    this.#dialers.end();
    for (const link of this.#links.values()) link.stopWaiting();
  }

  #dialled(dialer: Dialer, transport: Transport): void {
    const link = this.#open(transport, dialer);
    const { route } = link;
    const info = this.#info(dialer.gossipMode);
    route.sendConnect(ownConnect(this.#host, {
      name: this.#name,
      url: dialer.target.url,
      headers: info.headers,
    }));
    route.sendInfo(info);
    link.infoSent = true;
    this.#host.options.log.debug?.(`${route.label} - Route connect msg sent`);
    this.#after(link, HANDSHAKE_MS, () => route.close("Stale Connection"));
  }

  #open(transport: Transport, dialer: Dialer | null): Link {
    const route = this.#host.open(transport, dialer?.target ?? null);
    const link = new Link(route, dialer, this.#host.options.clock.now());
    this.#links.set(route.rid, link);
    return link;
  }

  /** Sends our INFO to who dialled us, or has it wait. */
  #greet(link: Link): void {
    if (waitsWithInfo(link, this.#links.values(), this.#host)) {
      if (link.infoHeld) return;
      link.infoHeld = true;
      this.#after(link, HOLD_MS, () => this.#sendInfo(link));
    } else this.#sendInfo(link);
  }

  #sendInfo(link: Link): void {
    if (link.infoSent || link.route.closed) return;
    link.stopWaiting();
    link.infoSent = true;
    link.infoHeld = false;
    link.route.sendInfo(this.#info());
    if (link.peer !== null) this.#admit(link, link.peer);
  }

  #releaseHeld(): void {
    for (const link of [...this.#links.values()]) {
      if (link.infoHeld) this.#greet(link);
    }
  }

  /** A server with which the handshake is complete told who it is. */
  #admit(link: Link, info: RouteInfo): void {
    const { id, name } = this.#host;
    if (info.server_id === id) return this.#metSelf(link);
    if (info.cluster && !this.#agrees(link, info, info.cluster)) return;
    if (link.dialer === null && info.server_name === name) {
      const error = duplicateServerName(name);
      this.#refusals.error(link.route.label, error.message);
      return link.route.fail(error);
    }
    this.#peers.admit(link, info);
  }

  /**
   * Tells the other routes about a server there is a route to, so that they
   * dial it, and after a while, in case that did not work, the server about
   * them. They are told again when another connection takes over: what came
   * over the one before may not have arrived.
   */
  #introduce(link: Link, info: RouteInfo): void {
    const url = dialableUrl(info, link.route.remoteAddress);
    if (url !== null) this.#dialers.moved(url, info.server_id);
    for (const other of this.#peers.links) tell(other, link);
    this.#after(link, TELL_LATER_MS, () => {
      for (const other of this.#peers.links) tell(link, other);
    });
  }

  #metSelf({ dialer, route }: Link): void {
    if (dialer !== null) {
      dialer.self = true;
      this.#host.options.log.debug?.(
        `Detected route to self, ignoring "${gossipedUrl(dialer.target.url)}"`,
      );
      if (!dialer.target.explicit) this.#dialers.remove(dialer);
    }
    route.close("Duplicate Route");
  }

  /** Compares the name of the cluster in INFO; closes unless it can stay. */
  #agrees(link: Link, info: RouteInfo, cluster: string): boolean {
    const { dialer, route } = link;
    const dynamic = info.cluster_dynamic === true;
    const verdict = this.#name.judge(cluster, dynamic);
    if (verdict === "same") return true;
    if (verdict === "adopt") this.#adopt(link, cluster, dynamic);
    if (verdict === "adopt" && dialer === null) return true;
    if (verdict === "reject") this.#refuseName(route, info);
    // Our CONNECT had a name the peer refuses, or the peer gives way by then.
    link.redial = verdict === "adopt" || dynamic;
    route.close("Cluster Name Conflict");
    return false;
  }

  /** Takes over a name: who does not know it yet has to come again. */
  #adopt(link: Link, cluster: string, dynamic: boolean): void {
    this.#name.adopt(cluster, dynamic);
    this.#host.options.log.info(`Cluster name updated to ${cluster}`);
    for (const other of [...this.#links.values()]) {
      if (other === link) continue;
      other.redial = true;
      other.route.close("Cluster Name Conflict");
    }
    this.#host.peersChanged();
  }

  /** INFO after the first: the peer leaves, or there is another server. */
  #later(link: Link, peer: RouteInfo, info: RouteInfo): void {
    if (info.server_id !== peer.server_id) return this.#heardOf(info);
    if (!info.ldm || link.leaving) return;
    link.leaving = true;
    if (link.state === "registered") this.#peers.changed();
  }

  /** A peer told about a third server: it waits to be dialled. */
  #heardOf(info: RouteInfo): void {
    const { server_id: id, ip = "", auth_required: authRequired } = info;
    if (id === "" || id === this.#host.id || this.routes.has(id)) return;
    const url = parseRouteUrl(ip);
    if (url === null) return;
    const { user = "", password = "" } =
      (authRequired && this.#host.options.cluster.authorization) || {};
    this.#dialers.heardOf(info, { ...url, user, pass: password });
  }

  /** There is no route to a server any more: has it dialled if there is reason. */
  #lost(link: Link, reason: CloseReason): void {
    const { route, peer, registeredAt } = link;
    if (peer === null) return;
    this.#dialers.lost(peer, {
      url: dialableUrl(peer, route.remoteAddress),
      lastedMs: this.#host.options.clock.now() - registeredAt,
      leaving: link.leaving,
      reason,
    });
  }

  /** A configured address is gone: so is the route it led to. */
  #routeRemoved(dialer: Dialer): void {
    const others = dialer.peerId === "" ? [] : this.#dialers.to(dialer.peerId);
    if (others.some(({ target }) => target.explicit)) return;
    for (const other of others) this.#dialers.remove(other);
    for (const link of [...this.#links.values()]) {
      const led = link.peer !== null && link.peerId === dialer.peerId;
      if (led || link.dialer === dialer) link.route.close("Route Removed");
    }
  }

  /** A name that is made up is no error: its server gives way by itself. */
  #refuseName(
    { label }: MeshRoute,
    { cluster = "", cluster_dynamic: dynamic }: Partial<RouteInfo>,
  ): ProtocolError {
    const error = wrongClusterName(cluster, this.clusterName);
    if (dynamic) this.#refusals.debug(label, error.message);
    else this.#refusals.error(label, error.message);
    return error;
  }

  #info(gossipMode?: number): RouteInfo {
    return ownInfo(this.#host, {
      name: this.#name,
      lameDuck: this.#lameDuck,
      gossipMode,
    });
  }

  /** Connections of who dialled us and has not said who it is, oldest first. */
  #strangers(): Link[] {
    return this.#links.values().filter(({ dialer, peer }) =>
      dialer === null && peer === null
    ).toArray();
  }

  #after(link: Link, ms: number, callback: () => void): void {
    link.await(this.#host.options.clock.after(ms, callback));
  }
}

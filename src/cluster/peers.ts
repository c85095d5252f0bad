/**
 * The servers there is a route to, and which connection it is. Knows how
 * duplicates are settled: see the mesh for why.
 */

import type { RouteInfo } from "../wire/route_info.ts";
import type { Link } from "./link.ts";
import type { MidgeInfo } from "./gossip.ts";
import { leads } from "./gossip.ts";
import type { MeshHost, MeshRoute } from "./mesh_host.ts";

/**
 * Age from which a duplicate is no matter of both having dialled: the peer may
 * have lost the route there is. In milliseconds.
 */
const SETTLED_MS = 1000;
/** How long the one who decides gives the other to use a late duplicate. */
const LEADER_STANDBY_MS = 300;
/** How long the one who follows waits for the decision. */
const STANDBY_MS = 1000;

/** Longest our INFO waits for what becomes of a connection we dialled. */
export const HOLD_MS = 500;

/**
 * Whether to keep our INFO from who dialled us, so that it does not become a
 * duplicate of one of `links` that we dialled just now. A midge with the smaller
 * id does not wait for us then: one of two must go on.
 */
export function waitsWithInfo(
  { peer, peerId }: Link,
  links: IteratorObject<Link>,
  { id, options: { clock } }: MeshHost,
): boolean {
  if (peerId === id || (peer?.midge && !leads(id, peer))) return false;
  const since = clock.now() - HOLD_MS;
  return links.some((other) =>
    other.dialer !== null && other.openedAt > since && !other.route.closed &&
    !other.used && (other.peerId === "" || other.peerId === peerId) &&
    !(other.peer !== null && leads(id, other.peer))
  );
}

/** See the module. */
export class Peers {
  readonly #host: MeshHost;
  readonly #links = new Map<string, Link>();
  readonly #standby = new Set<Link>();
  readonly #routes = new Map<string, MeshRoute>();
  #connectUrls: readonly string[] | null = null;

  readonly #registered: (link: Link, info: RouteInfo) => void;

  /** Starts without any; tells of each connection that becomes a route. */
  constructor(
    host: MeshHost,
    registered: (link: Link, info: RouteInfo) => void,
  ) {
    this.#host = host;
    this.#registered = registered;
  }

  /** The routes, by id of the peer. */
  get routes(): ReadonlyMap<string, MeshRoute> {
    return this.#routes;
  }

  /**
   * Where clients of all peers connect, but of those that are leaving; `null`
   * before the first peer.
   */
  get connectUrls(): readonly string[] | null {
    return this.#connectUrls;
  }

  /** Their connections. */
  get links(): Iterable<Link> {
    return this.#links.values();
  }

  /**
   * Makes a connection the route to a server that has told who it is; if there
   * is one already, has it wait or closes it.
   */
  admit(link: Link, info: MidgeInfo): void {
    const current = this.#links.get(info.server_id);
    if (current === undefined) return this.#register(link, info);
    const { id, options: { clock, log } } = this.#host;
    const { route } = link;
    log.debug?.(
      `${route.label} - Detected duplicate remote route "${info.server_id}"`,
    );
    const decides = leads(id, info);
    const settled = current.route.closed ||
      clock.now() - current.registeredAt >= SETTLED_MS;
    if (decides && !settled) return route.close("Duplicate Route");
    link.state = "standby";
    this.#standby.add(link);
    link.await(clock.after(
      decides ? LEADER_STANDBY_MS : STANDBY_MS,
      () => route.close("Duplicate Route"),
    ));
  }

  /** The peer uses this connection: it is the route from now on. */
  used(link: Link): void {
    if (link.used || link.peer === null) return;
    link.used = true;
    const current = this.#links.get(link.peer.server_id);
    if (link.state !== "standby" || current === undefined) return;
    this.#register(link, link.peer);
    current.route.close("Duplicate Route");
  }

  /**
   * Forgets a connection that has closed. Returns whether the server has no
   * route any more.
   */
  remove(link: Link): boolean {
    this.#standby.delete(link);
    const { peer } = link;
    if (peer === null || this.#links.get(peer.server_id) !== link) return false;
    this.#links.delete(peer.server_id);
    this.#routes.delete(peer.server_id);
    const successor = this.#standby.values().find((other) =>
      other.peer?.server_id === peer.server_id && !other.route.closed
    );
    if (successor === undefined) this.changed();
    else this.#register(successor, peer);
    return successor === undefined;
  }

  /** Works out anew what clients are told, and has them told. */
  changed(): void {
    const urls = new Set<string>();
    if (!this.#host.options.cluster.noAdvertise) {
      for (const { peer, leaving } of this.#links.values()) {
        if (leaving) continue;
        for (const url of peer?.connect_urls ?? []) urls.add(url);
      }
    }
    this.#connectUrls = [...urls];
    this.#host.peersChanged();
  }

  #register(link: Link, info: RouteInfo): void {
    const { clock, log } = this.#host.options;
    const { route } = link;
    const { server_id: id } = info;
    this.#standby.delete(link);
    link.stopWaiting();
    link.state = "registered";
    link.registeredAt = clock.now();
    this.#links.set(id, link);
    this.#routes.set(id, route);
    log.debug?.(`${route.label} - Registering remote route "${id}"`);
    route.register(info);
    this.#registered(link, info);
    this.changed();
  }
}

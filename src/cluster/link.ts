/** What the mesh knows of one connection: how far two servers have got. */

import type { CloseReason } from "../errors.ts";
import type { RouteConnect } from "../wire/route_info.ts";
import type { Dialer } from "./dialer.ts";
import type { MidgeInfo } from "./gossip.ts";
import { gossipAbout } from "./gossip.ts";
import type { MeshRoute } from "./mesh_host.ts";

/** Ends that leave no error in the log: the other side did it, wordless. */
const WORDLESS: readonly CloseReason[] = [
  "Client Closed",
  "Read Error",
  "Write Error",
  "Stale Connection",
];

/**
 * Where it is: not yet known who is there, waiting whether the peer prefers it
 * to the route there is, or that route.
 */
export type LinkState = "new" | "standby" | "registered";

/** See the module. */
export class Link {
  /** The connection. */
  readonly route: MeshRoute;
  /** Who dialled it; `null` for accepted ones. */
  readonly dialer: Dialer | null;
  /** When it was opened, in milliseconds of the clock. */
  readonly openedAt: number;
  /** Where it is. */
  state: LinkState = "new";
  /** The peer's CONNECT, from those that dialled us. */
  connect: RouteConnect | null = null;
  /** The peer's first INFO. */
  peer: MidgeInfo | null = null;
  /** The peer has ours. */
  infoSent = false;
  /** Ours waits for what becomes of a connection we dialled. */
  infoHeld = false;
  /** The peer treats it as the route. */
  used = false;
  /** When it was registered; -1: it is not. */
  registeredAt = -1;
  /** The peer is about to leave. */
  leaving = false;
  /** Closed by us so that it be dialled anew, under another cluster name. */
  redial = false;
  #cancel: () => void = () => {};

  /** A connection just opened. */
  constructor(route: MeshRoute, dialer: Dialer | null, openedAt: number) {
    this.route = route;
    this.dialer = dialer;
    this.openedAt = openedAt;
  }

  /** Id of the peer, empty as long as it is not known. */
  get peerId(): string {
    return this.peer?.server_id ?? this.connect?.name ?? "";
  }

  /** What it is waiting for; how to cancel replaces what it waited for before. */
  await(cancel: () => void): void {
    this.#cancel();
    this.#cancel = cancel;
  }

  /** It has come, or does not matter any more. */
  stopWaiting(): void {
    this.#cancel();
  }
}

/** Tells one peer about another one that can be dialled. */
export function tell(listener: Link, { peer, route, leaving }: Link): void {
  if (listener.route === route || peer === null || leaving) return;
  const gossip = gossipAbout(peer, route.remoteAddress);
  if (gossip !== null) listener.route.sendInfo(gossip);
}

/**
 * What the log is to be told of a connection we dialled that ended before the
 * peer said who it is, as it does when it does not believe our certificate;
 * `null`: nothing. Once may be chance, while a cluster forms.
 */
export function silentEnd(
  { dialer, peer }: Link,
  reason: CloseReason,
): string | null {
  if (dialer === null || peer !== null || dialer.attempts < 2) return null;
  if (!WORDLESS.includes(reason)) return null;
  const { text } = dialer.target.url;
  return `Route to ${text} ended before the other side said who it is`;
}

/**
 * Every address the mesh dials or may dial again, configured or discovered,
 * each once.
 */

import type { CloseReason } from "../errors.ts";
import type { RouteInfo } from "../wire/route_info.ts";
import type { DialerHost } from "./dialer.ts";
import { Dialer, JITTER_MS } from "./dialer.ts";
import type { RouteUrl } from "./route_url.ts";
import { parseRouteUrl, redactedUrl, routeUrl } from "./route_url.ts";

/** Ends of a route that are no decision of the peer's: it may well be there. */
const CUTS: readonly CloseReason[] = [
  "Stale Connection",
  "Read Error",
  "Write Error",
  "Slow Consumer (Write Deadline)",
  "Slow Consumer (Pending Bytes)",
];

/** A route that lasted as long counts as a success, in milliseconds. */
const LASTING_MS = 5000;
/** Pause before a server is looked for that dialled us: it goes first. */
const CUT_OFF_MS = 1500;

/** How a route ended. */
export interface Loss {
  /** Where the server can be dialled, as far as is known. */
  readonly url: RouteUrl | null;
  /** How long there was one. */
  readonly lastedMs: number;
  /** The server had said that it would leave. */
  readonly leaving: boolean;
  /** Why it was closed. */
  readonly reason: CloseReason;
}

/** What a new list of configured addresses changed. */
export interface AddressChanges {
  /** To be dialled. */
  readonly added: readonly Dialer[];
  /** Ended. */
  readonly removed: readonly Dialer[];
}

/** See the module. */
export class Dialers {
  readonly #host: DialerHost;
  readonly #byAddress = new Map<string, Dialer>();

  /** `host` is what each dialer gets. */
  constructor(host: DialerHost) {
    this.#host = host;
  }

  /** Makes these the configured addresses. */
  configure(urls: readonly string[]): AddressChanges {
    const wanted = new Map<string, RouteUrl>();
    for (const text of urls) {
      const url = parseRouteUrl(text);
      if (url !== null) wanted.set(url.text, url);
      else this.#host.log.error(`Cannot use route "${redactedUrl(text)}"`);
    }
    const removed = [...this.#byAddress.values()].filter(({ target }) =>
      target.explicit && !wanted.has(target.url.text)
    );
    for (const dialer of removed) this.remove(dialer);
    const added: Dialer[] = [];
    for (const url of wanted.values()) {
      const target = { url, explicit: true };
      const known = this.#byAddress.get(url.text);
      const dialer = known ?? this.#add(new Dialer(target, "", this.#host));
      if (dialer !== known || !dialer.target.explicit) added.push(dialer);
      dialer.target = target;
    }
    return { added, removed };
  }

  /** Others told about a server: dials it now, if there is reason. */
  heardOf(info: RouteInfo, url: RouteUrl): void {
    const dialer = this.discovered(info, url);
    dialer.gossipMode = info.gossip_mode;
    if (dialer.idle) dialer.dialIn(0);
    else dialer.hurry();
  }

  /** There is no route to a server any more: has it dialled, if there is reason. */
  lost(peer: RouteInfo, { url, lastedMs, leaving, reason }: Loss): void {
    const lasted = lastedMs >= LASTING_MS;
    const dialers = this.to(peer.server_id);
    for (const dialer of dialers) {
      const { explicit } = dialer.target;
      if (lasted) dialer.succeeded();
      if (leaving && !explicit) this.remove(dialer);
      else if (lasted && !explicit) dialer.dialSoon();
      else dialer.retry();
    }
    if (dialers.length > 0 || leaving || url === null) return;
    if (!CUTS.includes(reason)) return;
    const pauseMs = CUT_OFF_MS + this.#host.random() * JITTER_MS;
    this.discovered(peer, url).dialIn(pauseMs);
  }

  /**
   * The dialer for a server others told about. A configured address is as good
   * as the one they told (as nats-server `hasThisRouteConfigured`).
   */
  discovered({ server_id: id, host, port }: RouteInfo, url: RouteUrl): Dialer {
    const listed = routeUrl(host, { port });
    const configured = listed && this.#byAddress.get(listed.text);
    const known = this.#byAddress.get(url.text) ??
      (configured?.peerId === "" || configured?.peerId === id
        ? configured
        : undefined);
    if (known === undefined) {
      const target = { url, explicit: false };
      return this.#add(new Dialer(target, id, this.#host));
    }
    // A server that was started anew has a new id.
    if (!known.target.explicit) known.peerId = id;
    return known;
  }

  /** The discovered server at an address turned out to be this one by now. */
  moved(url: RouteUrl, id: string): void {
    const dialer = this.#byAddress.get(url.text);
    if (dialer?.target.explicit === false) dialer.peerId = id;
  }

  /** Those that lead to this server, as far as is known. */
  to(peerId: string): Dialer[] {
    return [...this.#byAddress.values()]
      .filter((dialer) => dialer.peerId === peerId);
  }

  /** Ends one and forgets it. */
  remove(dialer: Dialer): void {
    dialer.end();
    this.#byAddress.delete(dialer.target.url.text);
  }

  /** Ends all. */
  end(): void {
    for (const dialer of [...this.#byAddress.values()]) this.remove(dialer);
  }

  #add(dialer: Dialer): Dialer {
    this.#byAddress.set(dialer.target.url.text, dialer);
    return dialer;
  }
}

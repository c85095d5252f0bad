/**
 * An official server in a `MeshWorld`, scripted after cluster-protocol §1 and
 * §3.1: whichever route it registered first stays and it closes the newer, it
 * forgets discovered servers after one attempt, and, from 2.10 on, it sends its
 * INFO late and dials once more for its system account.
 */

import { parseRouteUrl } from "../../src/cluster/route_url.ts";
import type { RouteTarget } from "../../src/cluster/route_url.ts";
import type { RouteInfo } from "../../src/wire/route_info.ts";
import type { Inhabitant, Line, MeshWorld, WireEnd } from "./mesh_world.ts";
import { connectOf, PORT } from "./mesh_world.ts";

/** How to make one. */
export interface OfficialOptions {
  readonly id: string;
  readonly host: string;
  readonly routes: readonly string[];
  /** Minor version: 9, or 10 and above. */
  readonly minor: number;
}

/** A connection as it sees it. */
interface Conn {
  readonly end: WireEnd;
  target: RouteTarget | null;
  /** Dialled for one account only. */
  readonly pinned: boolean;
  peerId: string;
  infoSent: boolean;
}

/** See the module. */
export class OfficialServer implements Inhabitant {
  readonly id: string;
  readonly host: string;
  readonly foreign = true;
  readonly #world: MeshWorld;
  readonly #urls: readonly string[];
  readonly #modern: boolean;
  readonly #conns = new Map<string, Conn>();
  #killed = false;

  constructor(world: MeshWorld, { id, host, routes, minor }: OfficialOptions) {
    this.#world = world;
    this.id = id;
    this.host = host;
    this.#urls = routes;
    this.#modern = minor >= 10;
    world.add(this);
  }

  get routes(): ReadonlyMap<string, number> {
    return new Map([...this.#conns].map(([id, { end }]) => [id, end.wire]));
  }

  start(): void {
    for (const url of this.#targets()) {
      this.#dial({ url, explicit: true });
      if (this.#modern) this.#dial({ url, explicit: true }, true);
    }
  }

  accept(end: WireEnd): void {
    const conn = this.#open(end, { target: null, pinned: false });
    this.#sendInfo(conn);
  }

  kill(): void {
    this.#killed = true;
  }

  #targets() {
    return this.#urls.map(parseRouteUrl).filter((url) => url !== null);
  }

  #dial(target: RouteTarget, pinned = false): void {
    if (this.#killed) return;
    const { signal } = new AbortController();
    this.#world.dial(this.host, target.url, signal).then((transport) => {
      const conn = this.#open(transport as WireEnd, { target, pinned });
      conn.end.send({
        op: "CONNECT",
        connect: connectOf(this.id),
      });
      if (!this.#modern) this.#sendInfo(conn);
    }, () => {
      if (target.explicit && !pinned) this.#dialLater(target, 1000);
    });
  }

  #dialLater(target: RouteTarget, ms: number): void {
    this.#world.after(
      ms + this.#world.random() * 100,
      () => this.#dial(target),
    );
  }

  #open(end: WireEnd, facts: Pick<Conn, "target" | "pinned">): Conn {
    const conn: Conn = { end, ...facts, peerId: "", infoSent: false };
    end.onLine = (line) => this.#receive(conn, line);
    end.onEnd = () => this.#closed(conn);
    if (this.#killed) end.close();
    return conn;
  }

  #sendInfo(conn: Conn): void {
    conn.infoSent = true;
    conn.end.send({ op: "INFO", info: this.#info() });
  }

  #info(): RouteInfo {
    return {
      server_id: this.id,
      server_name: `name of ${this.id}`,
      version: this.#modern ? "2.14.0" : "2.9.10",
      proto: 2,
      go: "go1.19.8",
      host: "0.0.0.0",
      port: PORT,
      headers: true,
      max_payload: 1024,
      cluster: "CL",
      connect_urls: [`${this.host}:4222`],
    };
  }

  #close(conn: Conn): void {
    if (conn.end.closed) return;
    conn.end.close();
    this.#closed(conn);
  }

  #receive(conn: Conn, line: Line): void {
    if (this.#killed) return;
    if (line.op === "-ERR") return this.#close(conn);
    if (line.op !== "INFO") return;
    if (conn.peerId !== "") return this.#gossip(line.info);
    const id = conn.peerId = line.info.server_id;
    if (conn.pinned) {
      conn.end.send({
        op: "-ERR",
        text:
          'Not possible to have a dedicated route for account "$SYS" between those servers',
      });
      return this.#close(conn);
    }
    if (id === this.id) return this.#close(conn);
    if (!conn.infoSent) this.#sendInfo(conn);
    const first = this.#conns.get(id);
    if (first !== undefined) {
      first.target ??= conn.target ??
        this.#retryTarget(line.info, first);
      if (conn.target?.explicit) first.target = conn.target;
      return this.#close(conn);
    }
    this.#conns.set(id, conn);
    conn.end.send({ op: "RS+" });
    const ip = `nats-route://${conn.end.remoteAddress.hostname}:${PORT}/`;
    for (const other of this.#conns.values()) {
      if (other === conn) continue;
      other.end.send({ op: "INFO", info: { ...line.info, ip } });
    }
  }

  /** A route that beat another one is dialled anew by whoever loses it. */
  #retryTarget(info: RouteInfo, { end }: Conn): RouteTarget | null {
    const url = parseRouteUrl(`${end.remoteAddress.hostname}:${info.port}`);
    return url && { url, explicit: false };
  }

  #gossip(info: RouteInfo): void {
    const url = parseRouteUrl(info.ip ?? "");
    if (url === null || info.server_id === this.id) return;
    if (this.#conns.has(info.server_id)) return;
    if (this.#targets().some(({ text }) => text === url.text)) return;
    this.#dial({ url, explicit: false });
  }

  #closed(conn: Conn): void {
    const { target, peerId } = conn;
    const registered = this.#conns.get(peerId) === conn;
    if (registered) this.#conns.delete(peerId);
    if (this.#killed || target === null || conn.pinned) return;
    if (registered) this.#dialLater(target, target.explicit ? 1000 : 0);
    else if (peerId === "" && target.explicit) this.#dialLater(target, 1000);
  }
}

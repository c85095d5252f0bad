/**
 * A network of servers in one process, on a clock of its own: connections whose
 * lines take their time, can be cut without a word and are noticed to be dead
 * later. All chance comes from one seed.
 */

import type { CloseReason } from "../../src/errors.ts";
import type { Clock } from "../../src/options.ts";
import type { RouteUrl } from "../../src/cluster/route_url.ts";
import type { Address, Transport } from "../../src/transport/transport.ts";
import type { RouteConnect, RouteInfo } from "../../src/wire/route_info.ts";

/** What servers say to each other, as far as a mesh cares. */
export type Line =
  | { readonly op: "CONNECT"; readonly connect: RouteConnect }
  | { readonly op: "INFO"; readonly info: RouteInfo }
  | { readonly op: "RS+" }
  | { readonly op: "-ERR"; readonly text: string };

/** CONNECT of the server with this id, which has no credentials. */
export function connectOf(id: string): RouteConnect {
  return {
    name: id,
    cluster: "CL",
    cluster_dynamic: false,
    user: "",
    pass: "",
    echo: true,
    headers: true,
    tls_required: false,
    lang: "",
    gateway: "",
  };
}

/** A server of the world. */
export interface Inhabitant {
  readonly id: string;
  readonly host: string;
  /** Not a midge: what two of these make of each other is their business. */
  readonly foreign?: boolean;
  /** The connection through which it reaches each other server, by id. */
  readonly routes: ReadonlyMap<string, number>;
  start(): void;
  accept(end: WireEnd): void;
  /** Stops as a killed process does. */
  kill(): void;
}

/** How long a connection that is cut goes unnoticed, in milliseconds. */
export const STALE_MS = 6000;
/** How long a dial into the void takes. */
const DIAL_TIMEOUT_MS = 1000;
/** Port of all of them. */
export const PORT = 6222;

/** One end of a connection. */
export class WireEnd implements Transport {
  /** Number of the connection, the same at both ends. */
  readonly wire: number;
  readonly remoteAddress: Address;
  onLine: (line: Line) => void = () => {};
  onEnd: (reason: CloseReason) => void = () => {};
  closed = false;
  other: WireEnd = this;
  readonly #world: MeshWorld;
  /** Nothing sent arrives at the other end before. */
  busyUntil = 0;

  constructor(world: MeshWorld, wire: number, remoteAddress: Address) {
    this.#world = world;
    this.wire = wire;
    this.remoteAddress = remoteAddress;
  }

  send(line: Line): void {
    if (this.closed) return;
    const copy = JSON.parse(JSON.stringify(line));
    this.#deliver(() => {
      if (!this.other.closed) this.other.onLine(copy);
    });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#deliver(() => this.other.end("Client Closed"));
  }

  /** The stream is over for this end. */
  end(reason: CloseReason): void {
    if (this.closed) return;
    this.closed = true;
    this.onEnd(reason);
  }

  read(): Promise<number | null> {
    return Promise.reject(new Error("carries lines, not bytes"));
  }

  write(): Promise<number> {
    return this.read().then(() => 0);
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  #deliver(arrive: () => void): void {
    const world = this.#world;
    this.busyUntil = Math.max(this.busyUntil, world.now() + world.delay());
    world.after(this.busyUntil - world.now(), () => {
      if (!world.cut.has(this.wire)) arrive();
    });
  }
}

/** See the module. */
export class MeshWorld implements Clock {
  /** Servers that run, by host. */
  readonly inhabitants = new Map<string, Inhabitant>();
  /** Other names of hosts. */
  readonly aliases = new Map<string, string>();
  /** Connections nothing gets through any more. */
  readonly cut = new Set<number>();
  /** Errors servers logged, with who did. */
  readonly errors: string[] = [];
  /** Dials so far, as `from -> to`. */
  readonly dials: string[] = [];
  /** Longest a line takes, in milliseconds. */
  maxDelayMs = 5;

  #wires = new Map<number, readonly [string, string, WireEnd, WireEnd]>();
  #now = 0;
  #seed: number;
  #lastWire = 0;
  #alarms: { readonly at: number; readonly callback: () => void }[] = [];
  /** Which side of a split each host is on. */
  #sides = new Map<string, number>();

  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  now(): number {
    return this.#now;
  }

  epochMs(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const alarm = { at: this.#now + Math.max(ms, 0), callback };
    const later = this.#alarms.findIndex(({ at }) => at > alarm.at);
    if (later < 0) this.#alarms.push(alarm);
    else this.#alarms.splice(later, 0, alarm);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  }

  breathe(): Promise<void> {
    return Promise.resolve();
  }

  /** From 0 up to 1 (mulberry32). */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** How long something takes over the network. */
  delay(): number {
    return 0.05 + this.random() * this.maxDelayMs;
  }

  /** Lets `ms` pass. */
  async run(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      // Dials are promises: what follows from them comes first.
      for (let turn = 0; turn < 6; turn++) await Promise.resolve();
      const next = this.#alarms[0];
      if (next === undefined || next.at > until) break;
      this.#alarms.shift();
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = until;
  }

  /** Puts a server into the world; `start` starts it. */
  add<T extends Inhabitant>(inhabitant: T): T {
    this.inhabitants.set(inhabitant.host, inhabitant);
    return inhabitant;
  }

  /** Ends a server: its connections are closed by the system. */
  kill(inhabitant: Inhabitant): void {
    this.inhabitants.delete(inhabitant.host);
    inhabitant.kill();
    for (const [from, to, dialled, accepted] of this.#wires.values()) {
      if (from === inhabitant.host) dialled.close();
      if (to === inhabitant.host) accepted.close();
    }
  }

  dial(from: string, url: RouteUrl, signal: AbortSignal): Promise<Transport> {
    const host = this.aliases.get(url.host) ?? url.host;
    this.dials.push(`${from} -> ${url.text}`);
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      if (!this.#reach(from, host)) {
        this.after(DIAL_TIMEOUT_MS, () => reject(new Error("i/o timeout")));
        return;
      }
      this.after(this.delay(), () => {
        const there = this.inhabitants.get(host);
        if (there === undefined || url.port !== PORT) {
          reject(new Error("connection refused"));
        } else if (!signal.aborted) resolve(this.#connect(from, there, url));
      });
    });
  }

  /** Cuts the network in two without a word to anybody. */
  split(hosts: readonly string[]): void {
    this.#sides = new Map(hosts.map((host) => [host, 1]));
    for (const [wire, [from, to]] of this.#wires) {
      if (!this.#reach(from, to)) this.cutWire(wire);
    }
  }

  /** Puts the network together again; what was cut stays dead. */
  heal(): void {
    this.#sides.clear();
  }

  /** Nothing gets through a connection any more; its ends notice in time. */
  cutWire(wire: number): void {
    const ends = this.#wires.get(wire);
    if (ends === undefined || this.cut.has(wire)) return;
    this.cut.add(wire);
    for (const end of ends.slice(2) as WireEnd[]) {
      this.after(
        STALE_MS * (0.5 + this.random() / 2),
        () => end.end("Stale Connection"),
      );
    }
  }

  /** Connections that at least one end thinks are open. */
  get openWires(): number[] {
    return [...this.#wires].filter(([, [, , dialled, accepted]]) =>
      !dialled.closed || !accepted.closed
    ).map(([wire]) => wire);
  }

  #reach(from: string, to: string): boolean {
    return this.#sides.get(from) === this.#sides.get(to);
  }

  #connect(from: string, there: Inhabitant, url: RouteUrl): WireEnd {
    const wire = ++this.#lastWire;
    const dialled = new WireEnd(this, wire, {
      hostname: there.host,
      port: url.port,
    });
    const accepted = new WireEnd(this, wire, {
      hostname: from,
      port: 30_000 + wire,
    });
    dialled.other = accepted;
    accepted.other = dialled;
    this.#wires.set(wire, [from, there.host, dialled, accepted]);
    dialled.busyUntil = this.#now + this.delay();
    this.after(dialled.busyUntil - this.#now, () => {
      if (accepted.closed) return;
      if (this.inhabitants.get(there.host) === there) there.accept(accepted);
      else accepted.close();
    });
    return dialled;
  }
}

/**
 * What is wrong with the mesh: a pair without a route, ends that disagree on
 * it, connections too many. Empty if every pair has exactly one; official
 * servers may do without among themselves.
 */
export function faults(world: MeshWorld): string[] {
  const servers = [...world.inhabitants.values()];
  const wrong: string[] = [];
  const ids = new Set(servers.map(({ id }) => id));
  const wires = new Set<number>();
  for (const one of servers) {
    for (const id of one.routes.keys()) {
      if (!ids.has(id)) wrong.push(`${one.id} has a route to ${id}`);
    }
    for (const two of servers) {
      if (one.id >= two.id) continue;
      const [there, back] = [one.routes.get(two.id), two.routes.get(one.id)];
      if (there !== undefined) wires.add(there);
      if (one.foreign && two.foreign) continue;
      if (there === undefined || there !== back) {
        wrong.push(`${one.id} - ${two.id}: ${there}, ${back}`);
      }
    }
  }
  for (const wire of world.openWires) {
    if (!wires.has(wire)) wrong.push(`connection ${wire} is of no use`);
  }
  return wrong;
}

/** Which connection each pair has, to see whether it stays. */
export function wiring(world: MeshWorld): string {
  return [...world.inhabitants.values()]
    .map(({ id, routes }) => `${id}: ${[...routes].sort().join(" ")}`)
    .sort().join("\n");
}

/** A peer in a `MeshWorld` that says what a test tells it to, and listens. */

import assert from "node:assert/strict";
import { parseRouteUrl } from "../../src/cluster/route_url.ts";
import type { RouteConnect, RouteInfo } from "../../src/wire/route_info.ts";
import type { Inhabitant, Line, MeshWorld, WireEnd } from "./mesh_world.ts";
import { connectOf, PORT } from "./mesh_world.ts";

/** See the module. */
export class RawPeer implements Inhabitant {
  readonly id: string;
  readonly host: string;
  readonly routes = new Map<string, number>();
  /** What came in, and `closed` at the end of each connection. */
  readonly lines: (Line | { readonly op: "closed" })[] = [];
  /** The latest connection. */
  end: WireEnd | null = null;
  readonly #world: MeshWorld;

  constructor(world: MeshWorld, id: string, host: string) {
    this.#world = world;
    this.id = id;
    this.host = host;
    world.add(this);
  }

  /** The names of what came in. */
  get ops(): string[] {
    return this.lines.map(({ op }) => op);
  }

  /** Every INFO that came in. */
  get infos(): RouteInfo[] {
    return this.lines.flatMap((line) => line.op === "INFO" ? [line.info] : []);
  }

  start(): void {}

  kill(): void {}

  accept(end: WireEnd): void {
    this.end = end;
    end.onLine = (line) => this.lines.push(line);
    end.onEnd = () => this.lines.push({ op: "closed" });
  }

  /** Dials a server of the world. */
  async dial(host: string): Promise<void> {
    const url = parseRouteUrl(`${host}:${PORT}`);
    assert(url !== null);
    const { signal } = new AbortController();
    const dialling = this.#world.dial(this.host, url, signal);
    await this.#world.run(this.#world.maxDelayMs + 1);
    this.accept(await dialling as WireEnd);
  }

  connect(fields: Partial<RouteConnect> = {}): void {
    this.#send({
      op: "CONNECT",
      connect: { ...connectOf(this.id), ...fields },
    });
  }

  info(fields: Partial<RouteInfo> & Record<string, unknown> = {}): void {
    const info = {
      server_id: this.id,
      server_name: `name of ${this.id}`,
      version: "2.12.0",
      proto: 2,
      go: "go1.24",
      host: "0.0.0.0",
      port: PORT,
      headers: true,
      max_payload: 1024,
      cluster: "CL",
      ...fields,
    };
    this.#send({ op: "INFO", info });
  }

  /** Tells the server that it uses the connection as its route. */
  interest(): void {
    this.#send({ op: "RS+" });
  }

  #send(line: Line): void {
    assert(this.end !== null);
    this.end.send(line);
  }
}

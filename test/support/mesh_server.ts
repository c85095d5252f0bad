/** A midge in a `MeshWorld`: the real mesh over routes that carry lines. */

import type { CloseReason, ProtocolError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import { Mesh } from "../../src/cluster/mesh.ts";
import type {
  MeshHost,
  MeshOptions,
  MeshRoute,
} from "../../src/cluster/mesh_host.ts";
import type { RouteTarget } from "../../src/cluster/route_url.ts";
import type { Address, Transport } from "../../src/transport/transport.ts";
import type { RouteConnect, RouteInfo } from "../../src/wire/route_info.ts";
import type { Inhabitant, Line, MeshWorld, WireEnd } from "./mesh_world.ts";
import { PORT } from "./mesh_world.ts";

/** How to make one. */
export interface MeshServerOptions extends Partial<MeshOptions> {
  readonly id: string;
  readonly host: string;
  readonly serverName?: string;
  /** It has subscribers; otherwise peers never see its routes used. */
  readonly interest?: boolean;
  /** What it says in INFO besides. */
  readonly info?: Partial<RouteInfo>;
}

/** See the module. */
export class MeshServer implements Inhabitant, MeshHost {
  readonly id: string;
  readonly host: string;
  readonly name: string;
  readonly options: MeshHost["options"] & { cluster: MeshOptions };
  readonly mesh: Mesh;
  readonly lines: string[] = [];
  /** Why connections were closed here. */
  readonly closeReasons: CloseReason[] = [];
  /** How often clients would have been told. */
  changes = 0;
  /** Every INFO that came in, gossip included. */
  readonly received: RouteInfo[] = [];
  readonly interest: boolean;
  readonly world: MeshWorld;
  readonly #info: Partial<RouteInfo>;
  #lastRid = 0;

  constructor(world: MeshWorld, options: MeshServerOptions) {
    const { id, host, serverName, interest = true, info, ...cluster } = options;
    this.world = world;
    this.id = id;
    this.host = host;
    this.name = serverName ?? `name of ${id}`;
    this.interest = interest;
    this.#info = info ?? {};
    const line = (level: string) => (text: string): void => {
      this.lines.push(`${level} ${text}`);
      if (level === "ERR") world.errors.push(`${id}: ${text}`);
    };
    const log: Log = {
      error: line("ERR"),
      warn: line("WRN"),
      info: line("INF"),
      debug: line("DBG"),
    };
    this.options = {
      clock: world,
      log,
      cluster: {
        name: "CL",
        noAdvertise: false,
        routes: [],
        connectRetries: 0,
        authorization: null,
        tls: null,
        ...cluster,
      },
    };
    this.mesh = new Mesh(this);
    world.add(this);
  }

  /** Numbers of the connections that are registered. */
  get routes(): ReadonlyMap<string, number> {
    const routes = new Map<string, number>();
    for (const [id, route] of this.mesh.routes) {
      if (!route.closed) routes.set(id, (route as LineRoute).end.wire);
    }
    return routes;
  }

  start(): void {
    this.mesh.start();
  }

  accept(end: WireEnd): void {
    this.mesh.accept(end);
  }

  kill(): void {
    this.mesh.stop();
  }

  dial(...[url, signal]: Parameters<MeshHost["dial"]>): Promise<Transport> {
    return this.world.dial(this.host, url, signal);
  }

  open(transport: Transport, target: RouteTarget | null): MeshRoute {
    return new LineRoute(this, transport as WireEnd, {
      rid: ++this.#lastRid,
      target,
    });
  }

  info(): RouteInfo {
    return {
      server_id: this.id,
      server_name: this.name,
      version: "2.12.0",
      proto: 2,
      go: "deno",
      host: "0.0.0.0",
      port: PORT,
      headers: true,
      max_payload: 1024,
      connect_urls: [`${this.host}:4222`],
      ...this.#info,
    };
  }

  random(): number {
    return this.world.random();
  }

  peersChanged(): void {
    this.changes++;
  }
}

/** A route that hands its lines to the mesh. */
class LineRoute implements MeshRoute {
  readonly rid: number;
  readonly target: RouteTarget | null;
  readonly end: WireEnd;
  readonly #server: MeshServer;
  closed = false;
  #registered = false;

  constructor(
    server: MeshServer,
    end: WireEnd,
    { rid, target }: Pick<MeshRoute, "rid" | "target">,
  ) {
    this.rid = rid;
    this.target = target;
    this.end = end;
    this.#server = server;
    end.onLine = (line) => this.#receive(line);
    end.onEnd = (reason) => this.close(reason);
  }

  get remoteAddress(): Address {
    return this.end.remoteAddress;
  }

  get label(): string {
    const { hostname, port } = this.remoteAddress;
    return `${hostname}:${port} - rid:${this.rid}`;
  }

  sendConnect(connect: RouteConnect): void {
    this.end.send({ op: "CONNECT", connect });
  }

  sendInfo(info: RouteInfo): void {
    this.end.send({ op: "INFO", info });
  }

  register(): void {
    if (this.closed || this.#registered) throw new Error("registered wrongly");
    this.#registered = true;
    if (this.#server.interest) this.end.send({ op: "RS+" });
  }

  fail(error: ProtocolError): void {
    if (error.wireText !== null) {
      this.end.send({ op: "-ERR", text: error.wireText });
    }
    this.close(error.closeReason ?? "Protocol Violation");
  }

  close(reason: CloseReason): void {
    if (this.closed) return;
    this.closed = true;
    this.end.close();
    this.#server.closeReasons.push(reason);
    const { mesh, world } = this.#server;
    const tell = () => mesh.routeClosed(this, reason);
    // A real connection may be done at once, or first send what is queued.
    if (world.random() < 0.5) tell();
    else world.after(world.delay(), tell);
  }

  #receive(line: Line): void {
    const { mesh, received } = this.#server;
    if (this.closed) return;
    switch (line.op) {
      case "CONNECT": {
        const error = mesh.connectReceived(this, line.connect);
        if (error !== null) this.fail(error);
        break;
      }
      case "INFO":
        received.push(line.info);
        mesh.infoReceived(this, line.info);
        break;
      case "RS+":
        mesh.routeUsed(this);
        break;
      case "-ERR":
        this.close("Parse Error");
    }
  }
}

/**
 * Monitoring over HTTP: takes requests, finds the endpoint, sends its answer
 * bit by bit. What there is to tell, endpoints know; what is true of the
 * server, snapshots do.
 */

import { errorTrace } from "../error_text.ts";
import { ListenError } from "../errors.ts";
import type { ResolvedOptions } from "../options.ts";
import { demandNet } from "../permission.ts";
import { bindAddress } from "../transport/any_address.ts";
import { ArgumentError, Arguments } from "./arguments.ts";
import type { Call, JsonAnswer } from "./endpoints.ts";
import { ENDPOINTS } from "./endpoints.ts";
import { Pace } from "./pace.ts";
import {
  badRequest,
  failed,
  notFound,
  redirect,
  streamed,
} from "./responses.ts";
import { Room } from "./room.ts";
import type { Snapshots } from "./snapshots.ts";
import type { RequestCounts } from "./varz.ts";

/** A certificate chain and its private key, as PEM text. */
export interface Certificate {
  /** The chain. */
  readonly cert: string;
  /** The key. */
  readonly key: string;
}

/** What a monitor needs. */
export interface MonitorSettings {
  /** What it tells. */
  readonly snapshots: Snapshots;
  /** Where it logs, and its time. */
  readonly options: Pick<ResolvedOptions, "log" | "clock">;
  /** Path in front of every endpoint, as configured. */
  readonly basePath: string;
  /** When any connection was last read from, on the clock of the options. */
  readonly heardAt: () => number;
}

/** Where to listen. */
export interface MonitorAddress {
  /** Address to listen on. */
  readonly host: string;
  /** Port, 0 for a free one. */
  readonly port: number;
  /** Speak HTTPS with this; `null` for HTTP. */
  readonly certificate: Certificate | null;
}

const JSON_TYPE = "application/json";

/** What a name for a JSONP callback may look like. */
const CALLBACK = /^[\w$.[\]]{1,128}$/;

/** See the module. */
export class Monitor {
  readonly #snapshots: Snapshots;
  readonly #options: MonitorSettings["options"];
  readonly #basePath: string;
  readonly #pace: Pace;
  readonly #room = new Room();
  /** Requests by path; every path from the start. */
  readonly #requests: Record<string, number> = {};
  #server: Deno.HttpServer<Deno.NetAddr> | null = null;
  #address: MonitorAddress | null = null;
  /** Ends everything at once. */
  #cut = new AbortController();

  /** Listens to nothing yet. */
  constructor({ snapshots, options, basePath, heardAt }: MonitorSettings) {
    this.#snapshots = snapshots;
    this.#options = options;
    this.#basePath = cleanPath(encodeURI(basePath));
    this.#pace = new Pace(options.clock, heardAt);
    for (const { countedAs } of ENDPOINTS.values()) {
      if (countedAs !== null) this.#requests[countedAs] = 0;
    }
  }

  /** Port it listens on, 0 while it does not. */
  get port(): number {
    return this.#server?.addr.port ?? 0;
  }

  /** Path in front of every endpoint: empty, or `/mon/nats`. */
  get basePath(): string {
    return this.#basePath;
  }

  /** Requests so far by path. */
  get requests(): RequestCounts {
    return { ...this.#requests };
  }

  /** Whether it speaks HTTPS. */
  get secure(): boolean {
    return (this.#address?.certificate ?? null) !== null;
  }

  /** Starts to serve. Throws `ListenError`. */
  listen(address: MonitorAddress): void {
    const { host, port, certificate } = address;
    this.#cut = new AbortController();
    try {
      demandNet(host, port);
      this.#server = Deno.serve({
        hostname: bindAddress(host),
        port,
        ...certificate,
        signal: this.#cut.signal,
        onListen() {},
        onError: (error) => this.#broken(error),
      }, (request) => this.#serve(request));
    } catch (error) {
      const wanted = host.includes(":") ? `[${host}]` : host;
      throw new ListenError(`${wanted}:${port}`, error as Error);
    }
    this.#address = address;
  }

  /**
   * Handshakes use this from now on, on the same port; requests under way are
   * cut off if it is another one. Rejects with `ListenError`.
   */
  async useCertificate(certificate: Certificate): Promise<void> {
    const { port } = this;
    const old = this.#address;
    const before = old?.certificate ?? null;
    if (old === null || before === null || same(before, certificate)) return;
    // A listener keeps its certificate: another one has to take its place.
    await this.stop();
    this.listen({ ...old, port, certificate });
  }

  /** Stops; requests under way are cut off. Idempotent. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    this.#cut.abort();
    await server.finished;
    await this.#pace.idle();
  }

  async #serve(request: Request): Promise<Response> {
    const url = URL.parse(request.url);
    if (url === null) return badRequest("Bad Request");
    const path = this.#pathOf(url.pathname);
    const endpoint = path === null ? undefined : ENDPOINTS.get(path);
    if (endpoint === undefined) {
      const clean = cleanPath(url.pathname);
      return clean !== url.pathname && url.pathname.includes("//")
        ? redirect(clean || "/", url)
        : notFound();
    }
    const { countedAs, countsItself } = endpoint;
    const count = () => {
      if (countedAs !== null) this.#requests[countedAs]++;
    };
    if (countsItself !== true) count();
    try {
      const args = new Arguments(url.searchParams);
      const answer = await endpoint.answer(this.#call(url, args, count));
      if (answer instanceof Response) return answer;
      return await this.#send(answer, args, request);
    } catch (error) {
      if (error instanceof ArgumentError) return badRequest(error.message);
      throw error;
    }
  }

  #call(url: URL, args: Arguments, count: () => void): Call {
    return {
      url,
      args,
      snapshots: this.#snapshots,
      requests: this.requests,
      log: this.#options.log,
      count,
    };
  }

  #send(
    { status = 200, type = JSON_TYPE, pieces }: JsonAnswer,
    args: Arguments,
    request: Request,
  ): Promise<Response> {
    const callback = args.text("callback");
    const wrap = callback !== "" && status === 200 && type === JSON_TYPE;
    if (wrap && !CALLBACK.test(callback)) {
      throw new ArgumentError(
        `Error decoding callback: ${JSON.stringify(callback)} is not a name`,
      );
    }
    return streamed(wrap ? wrapped(callback, pieces) : pieces, {
      status,
      type: wrap ? "application/javascript" : type,
      pace: this.#pace,
      room: this.#room,
      clock: this.#options.clock,
      bodiless: request.method === "HEAD",
    });
  }

  /** The path behind the base path; `null` if it is not below that. */
  #pathOf(pathname: string): string | null {
    const base = this.#basePath;
    if (base === "") return pathname;
    if (pathname === base) return "/";
    return pathname.startsWith(`${base}/`) && pathname !== `${base}/`
      ? pathname.slice(base.length)
      : null;
  }

  #broken(error: unknown): Response {
    this.#options.log.error(`Error serving monitoring: ${errorTrace(error)}`);
    return failed();
  }
}

/** `NAME(<json>)` */
function* wrapped(name: string, pieces: Iterable<string>): Generator<string> {
  yield `${name}(`;
  yield* pieces;
  yield ")";
}

/** With one slash in front and none at the end; empty for the root. */
function cleanPath(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return parts.map((part) => `/${part}`).join("");
}

function same(a: Certificate, b: Certificate): boolean {
  return a.cert === b.cert && a.key === b.key;
}

/**
 * The byte streams between servers: listens for routes and dials them, with the
 * cluster's TLS where it is configured. What is said on them is up to routes.
 */

import { errorText } from "../error_text.ts";
import { ListenError, TlsError } from "../errors.ts";
import { hostPort } from "../host_port.ts";
import type { ResolvedOptions, ResolvedTls } from "../options.ts";
import type { RareLog } from "../cluster/rare_log.ts";
import type { RouteUrl } from "../cluster/route_url.ts";
import { dialTcp, listenTcp } from "../transport/tcp.ts";
import { acceptTls } from "../transport/tls.ts";
import type { TlsContext } from "../transport/tls_context.ts";
import { loadTls } from "../transport/tls_context.ts";
import { dialTls } from "../transport/tls_dial.ts";
import type { Listener, TlsFacts, Transport } from "../transport/transport.ts";
import { acceptLoop } from "./accept_loop.ts";

/** Longest a dial may take, in milliseconds. */
const DIAL_MS = 1000;

/** Opens a byte stream to where another server accepts routes. */
export type RouteDial = (host: string, port: number) => Promise<Transport>;

/** See the module. */
export class RouteLinks {
  readonly #options: ResolvedOptions;
  readonly #dial: RouteDial;
  readonly #refusals: RareLog;
  readonly #stop = new AbortController();
  /** Names in certificates that addresses turned out not to have. */
  readonly #misnamed = new Set<string>();
  #tls: TlsContext | null = null;
  #listener: Listener | null = null;
  #accepting: Promise<void> = Promise.resolve();

  /**
   * `dial` opens plain streams, `null` for TCP; `refusals` is told of handshakes
   * that fail.
   */
  constructor(
    options: ResolvedOptions,
    dial: RouteDial | null,
    refusals: RareLog,
  ) {
    this.#options = options;
    this.#dial = dial ?? dialTcp;
    this.#refusals = refusals;
  }

  /** Port routes are accepted on, 0 while not listening. */
  get port(): number {
    return this.#listener?.address.port ?? 0;
  }

  /** What INFO says of TLS. */
  get tlsInfo(): { tls_required?: true; tls_verify?: true } {
    return this.#tls === null ? {} : { tls_required: true, tls_verify: true };
  }

  /**
   * Handshakes use these certificates from now on: servers check each other's,
   * always. Rejects with `ConfigError`, and then nothing has changed.
   */
  async useTls(tls: ResolvedTls | null): Promise<void> {
    this.#tls = tls && await loadTls({ ...tls, verify: true }, this.#tls);
  }

  /** Opens the port for routes, unless told not to. Throws `ListenError`. */
  listen(accept: (transport: Transport) => void): void {
    const { host = "", port = 0 } = this.#options.cluster ?? {};
    if (port === 0 || this.#options.dontListen) return;
    const wanted = Math.max(port, 0);
    try {
      this.#listener = listenTcp(host, wanted);
    } catch (error) {
      const address = hostPort(host, wanted);
      throw new ListenError(address, error as Error, "router port");
    }
    this.#options.log.info(
      `Listening for route connections on ${hostPort(host, this.port)}`,
    );
    this.#accepting = acceptLoop(this.#listener, {
      accept: (transport) => this.accept(transport, accept),
      signal: this.#stop.signal,
      options: this.#options,
    });
  }

  /** Hands on a stream that another server opened, once it is encrypted. */
  accept(raw: Transport, accept: (transport: Transport) => void): void {
    const tls = this.#tls;
    if (tls === null) return accept(raw);
    this.#inTime(acceptTls(raw, tls), raw, tls.options.timeoutMs).then(
      accept,
      (error) => this.#failed(raw, error),
    );
  }

  /**
   * Opens a stream to another server. Rejects with the platform's error, with
   * `TlsError`, or when it takes too long.
   */
  async dial(url: RouteUrl, signal: AbortSignal): Promise<Transport> {
    const raw = await this.#dialInTime(url, signal);
    const tls = this.#tls;
    if (tls === null) {
      if (!url.tls) return raw;
      raw.close();
      throw new TlsError(`no "tls" block in "cluster" for tls://${url.text}`);
    }
    const serverName = this.#nameFor(url);
    const { options, server } = tls;
    try {
      const secured = await this.#inTime(
        dialTls(raw, {
          ca: tls.authorities.join("\n"),
          cert: String(server.cert),
          key: String(server.key),
          serverName,
          insecure: options.insecure,
        }),
        raw,
        options.timeoutMs,
      );
      const why = secured.tls === undefined ? null : fault(secured.tls, tls);
      if (why === null) return secured;
      secured.close();
      throw new TlsError(why);
    } catch (error) {
      this.#misnamed.add(serverName);
      throw error;
    }
  }

  /** Closes the port; resolves when nobody comes in any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#listener?.close();
    await this.#accepting;
  }

  #dialInTime({ host, port }: RouteUrl, signal: AbortSignal) {
    return new Promise<Transport>((resolve, reject) => {
      const late = () => reject(new Error("i/o timeout"));
      const aborted = () => reject(signal.reason);
      const cancel = this.#options.clock.after(DIAL_MS, late);
      signal.addEventListener("abort", aborted);
      this.#dial(host, port).then((transport) => {
        // Nobody has use for what comes after that.
        if (signal.aborted) transport.close();
        resolve(transport);
      }, reject).finally(() => {
        cancel();
        signal.removeEventListener("abort", aborted);
      });
    });
  }

  /**
   * The name to expect in a certificate. Servers tell each other addresses, and
   * certificates have names: that of a configured route is tried for those.
   */
  #nameFor({ host }: RouteUrl): string {
    if (!isAddress(host)) return host;
    for (const route of this.#options.cluster?.routes ?? []) {
      const name = URL.parse(route)?.hostname ?? "";
      if (name === "" || isAddress(name) || this.#misnamed.has(name)) continue;
      return name;
    }
    return host;
  }

  async #inTime(
    handshake: Promise<Transport>,
    raw: Transport,
    timeoutMs: number,
  ): Promise<Transport> {
    const cancel = this.#options.clock.after(timeoutMs, () => raw.close());
    try {
      return await handshake;
    } finally {
      cancel();
    }
  }

  #failed({ remoteAddress }: Transport, error: unknown): void {
    const { hostname, port } = remoteAddress;
    this.#refusals.error(
      hostPort(hostname, port),
      `TLS route handshake error: ${errorText(error)}`,
    );
  }
}

/** What is wrong with a server that was dialled; the handshake saw the rest. */
function fault(
  { version, cipherSuite, peer }: TlsFacts,
  { options, pinned, suites }: TlsContext,
): string | null {
  if (version === "1.2" && options.minVersion === "1.3") {
    return "TLS 1.2 is not allowed";
  }
  if (version === "1.2" && suites?.has(cipherSuite) === false) {
    return `cipher suite ${cipherSuite} is not allowed`;
  }
  return pinned === null || (peer && pinned.has(peer.publicKeySha256))
    ? null
    : "certificate not pinned";
}

function isAddress(host: string): boolean {
  return host.includes(":") || /^[\d.]+$/.test(host) || host.startsWith("[");
}

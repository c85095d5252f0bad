/** How to connect and to request, and the dialling of what a URL names. */

import { dialTcp } from "../transport/tcp.ts";
import type { ClientTls } from "../transport/tls_dial.ts";
import { dialTls } from "../transport/tls_dial.ts";
import type { Transport } from "../transport/transport.ts";
import { decodeUtf8, LF } from "../wire/ascii.ts";
import type { Info } from "../wire/info.ts";
import { ClosedError, TlsError } from "../errors.ts";
import type { HeaderPairs } from "./message.ts";

const DEFAULT_PORT = 4222;
/** How long things may take unless told otherwise. */
export const DEFAULT_TIMEOUT_MS = 5000;

/** Fields of CONNECT. */
export type Credentials = Readonly<Record<string, unknown>>;

/** How to connect. */
export interface ConnectOptions {
  /**
   * `nats://host:port`, or `tls://…`, which does not go on without TLS; may
   * carry `user:password@` or `token@`. Default `nats://127.0.0.1:4222`.
   */
  readonly server?: string | undefined;
  /** A stream to use instead, such as `server.inProcessConn()`; taken over. */
  readonly transport?: Transport | undefined;
  /** User name. */
  readonly user?: string | undefined;
  /** Password. */
  readonly pass?: string | undefined;
  /** Token, instead of user and password. */
  readonly token?: string | undefined;
  /** Insists on TLS, and says how; without it the server decides. */
  readonly tls?: boolean | ClientTls | undefined;
  /**
   * Gives fields to add to CONNECT, such as `nkey`, `jwt` and `sig`, the
   * signature of `info.nonce`.
   */
  readonly authenticate?:
    | ((info: Info) => Credentials | Promise<Credentials>)
    | undefined;
  /** Name the server shows for this connection. */
  readonly name?: string | undefined;
  /** Whether own messages come back to own subscriptions; default `true`. */
  readonly echo?: boolean | undefined;
  /** Longest that connecting and, by default, a request take; default 5000. */
  readonly timeoutMs?: number | undefined;
  /**
   * Told what no call or iterator can be: a refused publish, a callback that
   * threw. Without it such an error closes the client.
   */
  readonly onError?: ((error: Error) => void) | undefined;
}

/** How to request. */
export interface RequestOptions {
  /** Longest to wait for the answer. */
  readonly timeoutMs?: number | undefined;
  /** As of a publish. */
  readonly headers?: HeaderPairs | undefined;
}

/** The server has said who it is; TLS is up if there is to be any. */
export interface Greeted {
  readonly transport: Transport;
  /** JSON of the first INFO. */
  readonly info: string;
}

/** What `server` names. Throws `TypeError` for what is not a URL of NATS. */
export function parseServer(server: string): URL {
  const url = new URL(server);
  if (url.protocol === "nats:" || url.protocol === "tls:") return url;
  throw new TypeError(`Cannot connect to "${server}": not a nats:// URL`);
}

/** Dials, reads INFO and upgrades to TLS where that is due. */
export async function dial(
  options: ConnectOptions,
  url: URL,
  signal: AbortSignal,
): Promise<Greeted> {
  let transport = options.transport ??
    // URLs put IPv6 addresses into brackets.
    await dialTcp(
      url.hostname.replace(/^\[|\]$/g, ""),
      Number(url.port || DEFAULT_PORT),
      signal,
    );
  signal.addEventListener("abort", () => transport.close());
  try {
    const { tls } = options;
    const how = typeof tls === "object" ? tls : {};
    if (how.handshakeFirst) transport = await secured(transport, how, url);
    const info = await readInfo(transport);
    if (transport.tls !== undefined) return { transport, info };
    const { tls_required, tls_available } = JSON.parse(info);
    const wanted = Boolean(tls) || url.protocol === "tls:";
    if (!wanted && !tls_required) return { transport, info };
    if (!tls && options.transport !== undefined) {
      throw new TlsError("Cannot connect: server requires TLS");
    }
    if (!tls_required && !tls_available) {
      throw new TlsError("Cannot connect: server has no TLS");
    }
    transport = await secured(transport, how, url);
    return { transport, info };
  } catch (error) {
    transport.close();
    throw error;
  }
}

function secured(
  transport: Transport,
  tls: ClientTls,
  url: URL,
): Promise<Transport> {
  const serverName = tls.serverName ?? url.hostname.replace(/^\[|\]$/g, "");
  return dialTls(transport, { ...tls, serverName });
}

/** Reads the first line and not a byte more: TLS may follow. */
async function readInfo(transport: Transport): Promise<string> {
  const line: number[] = [];
  const target = new Uint8Array(1);
  while (target[0] !== LF) {
    if (await transport.read(target) === null) {
      throw new ClosedError("Server closed");
    }
    line.push(target[0]);
  }
  return decodeUtf8(Uint8Array.from(line)).slice("INFO ".length);
}

/** How to connect and to request, and the dialling of what a URL names. */

import { dialTcp } from "../transport/tcp.ts";
import type { Transport } from "../transport/transport.ts";
import type { HeaderPairs } from "./message.ts";

const DEFAULT_PORT = 4222;
/** How long things may take unless told otherwise. */
export const DEFAULT_TIMEOUT_MS = 5000;

/** How to connect. */
export interface ConnectOptions {
  /** `nats://host:port`; default `nats://127.0.0.1:4222`. */
  readonly server?: string | undefined;
  /** A stream to use instead, such as `server.inProcessConn()`; taken over. */
  readonly transport?: Transport | undefined;
  /** User name. */
  readonly user?: string | undefined;
  /** Password. */
  readonly pass?: string | undefined;
  /** Token, instead of user and password. */
  readonly token?: string | undefined;
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

/** Dials `nats://host:port`. Rejects with `TypeError` for any other URL. */
export async function dial(server: string): Promise<Transport> {
  const { protocol, hostname, port } = new URL(server);
  if (protocol !== "nats:") {
    throw new TypeError(`Cannot connect to "${server}": not a nats:// URL`);
  }
  // URLs put IPv6 addresses into brackets.
  return await dialTcp(
    hostname.replace(/^\[|\]$/g, ""),
    Number(port || DEFAULT_PORT),
  );
}

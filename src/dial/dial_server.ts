/**
 * The way to a NATS server: socket, its INFO, and TLS where that is due. What
 * is said then is for `session.ts`.
 */

import { ClosedError, TlsError } from "../errors.ts";
import { dialTcp } from "../transport/tcp.ts";
import type { ClientTls } from "../transport/tls_dial.ts";
import { dialTls } from "../transport/tls_dial.ts";
import type { Transport } from "../transport/transport.ts";
import { Message } from "../wire/delivery.ts";
import { FrameReader } from "../wire/frame_reader.ts";
import type { Info } from "../wire/info.ts";
import { parseInfo } from "../wire/info.ts";
import { parseRefusal } from "../wire/refusal.ts";

const DEFAULT_SERVER = "nats://127.0.0.1:4222";
const DEFAULT_PORT = 4222;

/** Which server to connect to, and over what. */
export interface DialOptions {
  /**
   * `nats://host:port`, or `tls://…` to insist on TLS; may carry
   * `user:password@` or `token@`. Default `nats://127.0.0.1:4222`.
   */
  readonly server?: string | undefined;
  /** A stream to use instead, such as `server.inProcessConn()`; taken over. */
  readonly transport?: Transport | undefined;
  /** Insists on TLS, and says how; without it the server decides. */
  readonly tls?: boolean | ClientTls | undefined;
}

/** A server that has said who it is. */
export interface Dialled {
  /** Encrypted if that was due. */
  readonly transport: Transport;
  /** Holds what came behind the INFO. */
  readonly reader: FrameReader;
  /** What the server said. */
  readonly info: Info;
}

/**
 * Dials, until `signal` says not to: then, and later, that closes the stream.
 * Rejects with `TypeError` for what is no URL of NATS, `TlsError` when there is
 * no TLS to be had or no reason to believe the server, `ServerError` when it
 * refuses, the signal's reason, and the platform's errors.
 */
export async function dialServer(
  options: DialOptions,
  signal: AbortSignal,
): Promise<Dialled> {
  const { hostname, port } = parseServer(options.server);
  const host = hostname.replace(/^\[|\]$/g, ""); // As URLs write IPv6.
  const raw = options.transport ??
    await dialTcp(host, Number(port || DEFAULT_PORT), signal);
  signal.addEventListener("abort", () => raw.close());
  const given = typeof options.tls === "object" ? options.tls : {};
  const tls = { ...given, serverName: given.serverName ?? host };
  try {
    const first = tls.handshakeFirst ? await dialTls(raw, tls) : raw;
    const dialled = await readInfo(first);
    if (!tlsIsDue(dialled, options)) return dialled;
    // With a new reader: what came in the clear behind INFO is not believed.
    const transport = await dialTls(first, tls);
    return { transport, reader: new FrameReader(), info: dialled.info };
  } catch (error) {
    raw.close();
    throw signal.aborted ? signal.reason : error;
  }
}

/** Throws `TypeError` for what is not the URL of a NATS server. */
export function parseServer(server: string = DEFAULT_SERVER): URL {
  const url = new URL(server);
  if (url.protocol === "nats:" || url.protocol === "tls:") return url;
  throw new TypeError(`Cannot connect to "${server}": not a nats:// URL`);
}

async function readInfo(transport: Transport): Promise<Dialled> {
  const reader = new FrameReader();
  while (reader.next(new Message(() => {})) !== "line") {
    const count = await transport.read(reader.window());
    if (count === null) throw new ClosedError("Server closed");
    reader.filled(count);
  }
  const { line } = reader;
  if (line.startsWith("-ERR ")) throw parseRefusal(line);
  return { transport, reader, info: parseInfo(line) };
}

/** Throws `TlsError` when it is and cannot be, or would not be safe. */
function tlsIsDue(
  { transport, info }: Dialled,
  { tls, server, transport: given }: DialOptions,
): boolean {
  const { tls_required = false, tls_available = false } = info;
  const wanted = Boolean(tls) || parseServer(server).protocol === "tls:";
  if (transport.tls !== undefined || !(wanted || tls_required)) return false;
  if (!tls_required && !tls_available) {
    throw new TlsError("Cannot connect: server has no TLS");
  }
  if (!wanted && given !== undefined) {
    // Whose certificate it should show nobody said.
    throw new TlsError("Cannot connect: server requires TLS");
  }
  return true;
}

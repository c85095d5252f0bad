/**
 * The official client on a server in the same process, without a socket. Only
 * this file knows nats-core. That library keeps one transport factory for the
 * whole process, which each `connect` of its other transports replaces and
 * every reconnect asks; here it is neither set nor asked: a connection made by
 * `connect` makes its own transports, and all others are left alone.
 *
 * @module
 */

import type {
  ConnectionOptions,
  Deferred,
  NatsConnection,
  Transport as ClientTransport,
} from "npm:@nats-io/nats-core@3.4.0/internal";
import {
  ConnectionError,
  deferred,
  InvalidArgumentError,
  NatsConnectionImpl,
  ProtocolHandler,
} from "npm:@nats-io/nats-core@3.4.0/internal";
import { message } from "./error_text.ts";
import type { Transport } from "./transport/transport.ts";

export type {
  ConnectionOptions,
  NatsConnection,
} from "npm:@nats-io/nats-core@3.4.0";

/** What the client calls the server; a scheme keeps others' URL rules out. */
const SERVER = "nats://in-process:4222";

/** Version of the client, told to the server. */
const CLIENT_VERSION = "3.4.0";

/** What a quiet connection reads into, in bytes. */
const LEAST_READ = 1024;
/** Most bytes read at once. */
const MOST_READ = 64 * 1024;
/** Reads in a row that used little before the buffer is made smaller. */
const QUIET_READS = 8;

/** Frames that wait are joined up to this many bytes for one write. */
const BATCH_BYTES = 64 * 1024;

/** What gives connections to a server in this process: a `Server` does. */
export interface InProcessConnProvider {
  /** A new connection; asked for each connect and reconnect. */
  inProcessConn(): Transport | Promise<Transport>;
}

/** nats-core's options; `servers`, `port` and `resolve` have no effect. */
export type InProcessOptions = ConnectionOptions & {
  /** Where to connect. */
  inProcessServer: InProcessConnProvider;
};

/**
 * Connects the official client to a server in this process. Rejects with
 * nats-core's `ConnectionError` when the server gives no connection, the reason
 * as its `cause`, with `InvalidArgumentError` for `tls`, and else as nats-core
 * does.
 *
 * @example A server and a client without a socket
 * ```ts
 * import { Server } from "@midge/server";
 * import { connect } from "@midge/server/nats-core";
 *
 * await using server = await Server.start({ dontListen: true });
 * await using client = await connect({ inProcessServer: server });
 * client.publish("greet.joe", "hello");
 * await client.flush();
 * ```
 */
export async function connect(
  { inProcessServer, ...options }: InProcessOptions,
): Promise<NatsConnection> {
  if (options.tls) {
    throw InvalidArgumentError.format("tls", "is not supported in-process");
  }
  delete options.port;
  const connection: NatsConnectionImpl = Reflect.construct(NatsConnectionImpl, [
    // One server is all there is: what a cluster gossips is reached by TCP.
    { ...options, servers: SERVER, resolve: false, ignoreClusterUpdates: true },
  ]);
  const handler = new ProtocolHandler(connection.options, connection);
  // The one place where the client asks the process-wide factory.
  Object.defineProperty(handler, "prepare", {
    value: () => prepare(handler, new InProcessTransport(inProcessServer)),
  });
  connection.protocol = handler;
  await handler.dialLoop();
  // As the library does; its types are not written for exact optional ones.
  return connection as NatsConnection;
}

/**
 * Readies the client for dialling `transport`; what it returns settles with the
 * login. Unlike the library's own, it also settles at once when the stream ends
 * before that, rather than when the dial times out.
 */
function prepare(
  handler: ProtocolHandler,
  transport: InProcessTransport,
): Deferred<void> {
  const previous: ClientTransport | undefined = handler.transport;
  previous?.discard();
  delete handler.info;
  handler.resetOutbound();
  const login = deferred<void>();
  // It may be rejected before anybody waits for it.
  login.catch(() => {});
  handler.pongs.unshift(login);
  handler.connectError = (error) => login.reject(error);
  handler.transport = transport;
  transport.closed().then((error) => {
    const reason = error ?? handler.lastError;
    login.reject(reason ?? new ConnectionError("connection closed"));
    return lost(handler, transport, reason);
  });
  return login;
}

/** Lets the client go on without this transport, if it is the one it uses. */
async function lost(
  handler: ProtocolHandler,
  transport: InProcessTransport,
  reason: Error | undefined,
): Promise<void> {
  // A dial under way deals with it, unless it had just succeeded; until the
  // client has let go of that dial, it would not begin another.
  while (handler.connectPromise !== null) {
    await handler.connectPromise.catch(() => {/* Its caller is told. */});
  }
  if (handler.transport !== transport || !handler.connected) return;
  handler.connected = false;
  if (!handler.isClosed()) await handler.disconnected(reason);
}

/** One in-process stream as nats-core wants it. */
class InProcessTransport implements ClientTransport {
  readonly lang = "nats.js";
  readonly version = CLIENT_VERSION;
  closeError?: Error;

  readonly #provider: InProcessConnProvider;
  readonly #closed = Promise.withResolvers<void | Error>();
  #stream: Transport | null = null;
  #ended = false;
  /** Frames to be written, the oldest first. */
  #frames: Uint8Array[] = [];
  #writing = false;

  constructor(provider: InProcessConnProvider) {
    this.#provider = provider;
  }

  get isClosed(): boolean {
    return this.#ended;
  }

  async connect(): Promise<void> {
    let stream: Transport;
    try {
      stream = await this.#provider.inProcessConn();
    } catch (cause) {
      throw new ConnectionError(
        `Cannot connect in-process: ${message(cause)}`,
        { cause },
      );
    }
    // The client may have given up meanwhile.
    if (this.#ended) stream.close();
    else this.#stream = stream;
  }

  isEncrypted(): boolean {
    return this.#stream?.tls !== undefined;
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    const stream = this.#stream;
    if (stream === null) return;
    let buffer = new Uint8Array(LEAST_READ);
    let quiet = 0;
    try {
      while (!this.#ended) {
        // What it held was copied: another size costs no more than its making.
        if (quiet === QUIET_READS) buffer = new Uint8Array(LEAST_READ);
        const count = await stream.read(buffer).catch(() => null);
        if (count === null) return;
        quiet = count * 4 < buffer.length ? quiet + 1 : 0;
        // Messages keep views of what they came in.
        yield buffer.slice(0, count);
        if (count === buffer.length && count < MOST_READ) {
          buffer = new Uint8Array(count * 4);
        }
      }
    } finally {
      this.#end();
    }
  }

  send(frame: Uint8Array): void {
    if (this.#ended || this.#stream === null) return;
    this.#frames.push(frame);
    if (!this.#writing) this.#write(this.#stream);
  }

  close(error?: Error): Promise<void> {
    this.#end(error);
    return Promise.resolve();
  }

  disconnect(): void {
    this.#end();
  }

  discard(): void {
    this.#end();
  }

  closed(): Promise<void | Error> {
    return this.#closed.promise;
  }

  #end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    if (error !== undefined) this.closeError = error;
    this.#frames = [];
    this.#stream?.close();
    this.#closed.resolve(error);
  }

  /** Writes until nothing waits, one write at a time. */
  async #write(stream: Transport): Promise<void> {
    this.#writing = true;
    try {
      while (this.#frames.length > 0) {
        let rest = this.#batch();
        while (rest.length > 0) {
          rest = rest.subarray(await stream.write(rest));
        }
      }
      this.#writing = false;
    } catch {
      // The reader gets to know, after what the server said before it closed;
      // until then `#writing` keeps further writes away.
      this.#frames = [];
    }
  }

  /** The next frame, joined with small ones behind it. */
  #batch(): Uint8Array<ArrayBuffer> {
    const frames = this.#frames;
    let length = frames[0].length;
    let count = 1;
    while (
      count < frames.length && length + frames[count].length <= BATCH_BYTES
    ) {
      length += frames[count++].length;
    }
    const taken = frames.splice(0, count);
    // The client's frames are never in shared memory.
    if (count === 1) return taken[0] as Uint8Array<ArrayBuffer>;
    const batch = new Uint8Array(length);
    let at = 0;
    for (const frame of taken) {
      batch.set(frame, at);
      at += frame.length;
    }
    return batch;
  }
}

/**
 * The dialling end of a connection: logs in, answers PING, says how far the
 * server has got, and ends once. Knows neither subscriptions nor requests.
 */

import type { ServerError } from "../errors.ts";
import { ClosedError, FrameError, TimeoutError } from "../errors.ts";
import { Outbox } from "../transport/outbox.ts";
import { encodeUtf8 } from "../wire/ascii.ts";
import type { Publish } from "../wire/delivery.ts";
import { Delivery } from "../wire/delivery.ts";
import type { Info, Login } from "../wire/info.ts";
import { connectLine, parseInfo } from "../wire/info.ts";
import { PublishWriter } from "../wire/publish_writer.ts";
import { parseRefusal } from "../wire/refusal.ts";
import type { Dialled, DialOptions } from "./dial_server.ts";
import { dialServer, parseServer } from "./dial_server.ts";

/** How to connect and log in. */
export interface SessionOptions extends DialOptions, Login {
  /** More fields for CONNECT: `nkey`, `jwt`, `sig` (of `info.nonce`), …. */
  readonly authenticate?:
    | ((info: Info) => Credentials | Promise<Credentials>)
    | undefined;
  /** Longest that connecting and, by default, a request take; default 5000. */
  readonly timeoutMs?: number | undefined;
}

/** Fields of CONNECT. */
export type Credentials = Readonly<Record<string, unknown>>;

/** How long things may take unless told otherwise. */
export const DEFAULT_TIMEOUT_MS = 5000;

/** What a session tells its owner, and asks of it. */
export interface SessionHandler {
  /** Messages answer through this. */
  publish: Publish;
  /** A message has come, valid during the call, for subscription `sid`. */
  onMessage(sid: number, message: Delivery): void;
  /** The server refused something and goes on. */
  onRefusal(error: ServerError): void;
  /** Nothing more can be said; `null` if that was wanted here. */
  onEnd(error: Error | null): void;
}

const NOBODY: SessionHandler = {
  publish() {},
  onMessage() {},
  onRefusal() {},
  onEnd() {},
};

/** See the module. */
export class Session {
  /** What the server said last about itself. */
  info: Info;
  /** Resolves with what `onEnd` was told, once nothing is under way. */
  readonly closed: Promise<Error | null>;
  /** To be set before there are subscriptions. */
  handler: SessionHandler = NOBODY;
  readonly #dialled: Dialled;
  readonly #outbox: Outbox;
  readonly #writer = new PublishWriter();
  readonly #pongs: PromiseWithResolvers<void>[] = [];
  #ended = false;
  #failure: Error | null = null;

  private constructor(dialled: Dialled) {
    this.#dialled = dialled;
    this.info = dialled.info;
    this.#outbox = new Outbox(dialled.transport, (error) => this.end(error));
    this.closed = this.#run();
  }

  /** Dials and logs in. Rejects as `dialServer` and with `TimeoutError`. */
  static async start(options: SessionOptions): Promise<Session> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const late = new AbortController();
    const error = new TimeoutError("connect", timeoutMs);
    const timer = setTimeout(() => late.abort(error), timeoutMs);
    try {
      const dialled = await dialServer(options, late.signal);
      const session = new Session(dialled);
      late.signal.addEventListener("abort", () => session.end(error));
      await session.#login(options);
      return session;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Throws `ClosedError` once the session has ended. */
  checkOpen(): void {
    if (this.#ended) throw new ClosedError("Client is closed");
  }

  /** Queues a line, which is given without its end. */
  send(line: string): void {
    this.checkOpen();
    this.#outbox.append(encodeUtf8(`${line}\r\n`));
  }

  /** Queues a message; reply and header block may be empty. */
  publish(
    subject: string,
    reply: string,
    headers: Uint8Array,
    payload: Uint8Array,
  ): void {
    this.checkOpen();
    const size = headers.length + payload.length;
    const { max_payload } = this.info;
    if (size > max_payload) {
      throw new RangeError(
        `Cannot publish ${size} bytes: at most ${max_payload}`,
      );
    }
    const outbox = this.#outbox;
    const target = outbox.reserve(this.#writer.room(subject, reply, size));
    const start = outbox.length;
    outbox.commit(
      this.#writer.write(target, start, subject, reply, headers, payload),
    );
  }

  /** Resolves when the server has handled all that was queued until now. */
  async flush(): Promise<void> {
    const pong = Promise.withResolvers<void>();
    this.send("PING");
    this.#pongs.push(pong);
    await pong.promise;
  }

  /** Resolves when so little is queued that more can be. */
  ready(): Promise<void> {
    return this.#outbox.ready();
  }

  /** Ends it now; what is queued is lost. Only the first call counts. */
  end(error: Error | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = error;
    this.#dialled.transport.close();
    const reason = error ?? new ClosedError("Client is closed");
    for (const pong of this.#pongs) pong.reject(reason);
    this.handler.onEnd(error);
  }

  async #login(options: SessionOptions): Promise<void> {
    try {
      const { transport } = this.#dialled;
      const extra = await options.authenticate?.(this.info) ?? {};
      const url = parseServer(options.server);
      this.send(connectLine(options, url, {
        tls_required: transport.tls !== undefined,
        ...extra,
      }));
      await this.flush();
    } catch (error) {
      this.end(error as Error);
      await this.closed;
      throw error;
    }
  }

  async #run(): Promise<Error | null> {
    const { transport, reader } = this.#dialled;
    const message = new Delivery((...message) =>
      this.handler.publish(...message)
    );
    try {
      while (!this.#ended) {
        const frame = reader.next(message);
        if (frame === "message") this.handler.onMessage(reader.sid, message);
        else if (frame === "line") this.#heard(reader.line);
        else {
          const count = await transport.read(reader.window());
          if (count === null) throw new ClosedError("Server closed");
          reader.filled(count);
        }
      }
    } catch (error) {
      this.end(error as Error);
    }
    await this.#outbox.end();
    return this.#failure;
  }

  #heard(line: string): void {
    const [verb] = line.split(" ", 1);
    if (verb === "PING") this.send("PONG");
    else if (verb === "PONG") this.#pongs.shift()?.resolve();
    else if (verb === "INFO") this.info = parseInfo(line);
    else if (verb === "-ERR") this.#refused(parseRefusal(line));
    else if (verb !== "+OK") throw new FrameError(`Cannot parse "${verb}"`);
  }

  #refused(error: ServerError): void {
    if (error.fatal) this.end(error);
    else this.handler.onRefusal(error);
  }
}

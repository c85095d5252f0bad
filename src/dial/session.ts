/**
 * The dialling end of a connection: logs in, answers PING, says how far the
 * server has got, and ends once. Knows neither subscriptions nor requests.
 */

import type { ServerError } from "../errors.ts";
import { ClosedError, FrameError } from "../errors.ts";
import { Outbox } from "../transport/outbox.ts";
import { encodeUtf8 } from "../wire/ascii.ts";
import type { PublishOptions } from "../wire/delivery.ts";
import { Message } from "../wire/delivery.ts";
import { headerBlock } from "../wire/headers.ts";
import type { Info, Login } from "../wire/info.ts";
import { connectLine, parseInfo } from "../wire/info.ts";
import { PublishWriter } from "../wire/publish_writer.ts";
import { parseRefusal } from "../wire/refusal.ts";
import { Deadlines } from "./deadlines.ts";
import type { Dialled, DialOptions } from "./dial_server.ts";
import { dialServer, parseServer } from "./dial_server.ts";

/** How to connect and log in. */
export interface ConnectOptions extends DialOptions, Login {
  /** More fields for CONNECT: `nkey`, `jwt`, `sig` (of `info.nonce`), …. */
  readonly authenticate?:
    | ((info: Info) => Credentials | Promise<Credentials>)
    | undefined;
  /** Longest that connecting and, by default, a request take, in milliseconds. Default 5000. */
  readonly timeoutMs?: number | undefined;
  /**
   * Told what no call or iterator can be: a refused publish, a callback that
   * threw. Without it such an error closes the client.
   */
  readonly onError?: ((error: Error) => void) | undefined;
}

/** Fields of CONNECT. */
export type Credentials = Readonly<Record<string, unknown>>;

const DEFAULT_TIMEOUT_MS = 5000;
const NOTHING = new Uint8Array(0);
const NO_OPTIONS: PublishOptions = {};

/** What a session tells its owner. */
export interface SessionHandler {
  /** A message has come, valid during the call, for subscription `sid`. */
  onMessage(sid: number, message: Message): void;
  /**
   * The server refused something and goes on, or `onMessage` threw. Returns
   * whether somebody could be told.
   */
  onError(error: Error): boolean;
  /** Nothing more can be said: why, and `null` if that was wanted here. */
  onEnd(reason: Error, error: Error | null): void;
}

const NOBODY: SessionHandler = {
  onMessage() {},
  onError: () => false,
  onEnd() {},
};

/** See the module. */
export class Session {
  /** What the server said last about itself. */
  info: Info;
  /** Resolves with what `end` was told, once nothing is under way. */
  readonly closed: Promise<Error | null>;
  /** To be set before there are subscriptions. */
  handler: SessionHandler = NOBODY;
  readonly #dialled: Dialled;
  readonly #options: ConnectOptions;
  readonly #outbox: Outbox;
  readonly #writer = new PublishWriter();
  readonly #deadlines = new Deadlines();
  readonly #pongs: PromiseWithResolvers<void>[] = [];
  #ended = false;
  #failure: Error | null = null;

  private constructor(dialled: Dialled, options: ConnectOptions) {
    this.#dialled = dialled;
    this.#options = options;
    this.info = dialled.info;
    this.#outbox = new Outbox(dialled.transport, (error) => this.end(error));
    this.closed = this.#run();
  }

  /** Dials and logs in. Rejects as `dialServer` and with `TimeoutError`. */
  static async start(options: ConnectOptions): Promise<Session> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const late = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<Session>();
    Session.#start(options, late.signal).then(resolve, reject);
    const expire = (error: Error) => {
      late.abort(error);
      reject(error); // Whatever does not heed the signal.
    };
    using deadlines = new Deadlines();
    const outcome = { promise, reject: expire };
    return await deadlines.wait(outcome, "connect", timeoutMs);
  }

  static async #start(
    options: ConnectOptions,
    signal: AbortSignal,
  ): Promise<Session> {
    const session = new Session(await dialServer(options, signal), options);
    signal.addEventListener("abort", () => session.end(signal.reason));
    await session.#login();
    return session;
  }

  /** Queues a line, given without its end. Throws `ClosedError` afterwards. */
  send(line: string): void {
    this.#checkOpen();
    this.#outbox.append(encodeUtf8(`${line}\r\n`));
  }

  /** See `Client.publish`. */
  publish(
    subject: string,
    payload: Uint8Array | string = NOTHING,
    { reply = "", headers }: PublishOptions = NO_OPTIONS,
  ): void {
    this.#checkOpen();
    const data = typeof payload === "string" ? encodeUtf8(payload) : payload;
    const block = headers === undefined ? NOTHING : headerBlock(headers);
    const size = block.length + data.length;
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
      this.#writer.write(target, start, subject, reply, block, data),
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

  /** See `Deadlines.wait`; the default is what connecting may take. */
  wait<T>(
    outcome: Omit<PromiseWithResolvers<T>, "resolve">,
    action: string,
    timeoutMs: number = this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  ): Promise<T> {
    return this.#deadlines.wait(outcome, action, timeoutMs);
  }

  /** Ends it now; what is queued is lost. Only the first call counts. */
  end(error: Error | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = error;
    this.#deadlines[Symbol.dispose]();
    this.#dialled.transport.close();
    const reason = error ?? new ClosedError("Client is closed");
    for (const pong of this.#pongs) pong.reject(reason);
    this.handler.onEnd(reason, error);
  }

  async #login(): Promise<void> {
    try {
      const options = this.#options;
      const extra = await options.authenticate?.(this.info) ?? {};
      const url = parseServer(options.server);
      this.send(connectLine(options, url, {
        tls_required: this.#dialled.transport.tls !== undefined,
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
    const message = new Message((...message) => this.publish(...message));
    try {
      while (!this.#ended) {
        const frame = reader.next(message);
        if (frame === "message") this.#deliver(reader.sid, message);
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

  #deliver(sid: number, message: Message): void {
    try {
      this.handler.onMessage(sid, message);
    } catch (error) {
      this.#report(error as Error);
    }
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
    else this.#report(error);
  }

  #report(error: Error): void {
    if (this.handler.onError(error)) return;
    if (this.#options.onError) this.#options.onError(error);
    else this.end(error);
  }

  #checkOpen(): void {
    if (this.#ended) throw new ClosedError("Client is closed");
  }
}

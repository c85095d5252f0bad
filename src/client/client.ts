/**
 * A small NATS client over any byte stream: publish, subscribe, request. One
 * connection and its end; connecting again is left to who uses it.
 */

import { ClosedError } from "../errors.ts";
import type { ClientTls } from "../transport/tls_dial.ts";
import type { Transport } from "../transport/transport.ts";
import { VERSION } from "../version.ts";
import { encodeUtf8 } from "../wire/ascii.ts";
import type { Info } from "../wire/info.ts";
import type {
  ConnectOptions,
  Credentials,
  RequestOptions,
} from "./connect_options.ts";
import { DEFAULT_TIMEOUT_MS, dial, parseServer } from "./connect_options.ts";
import {
  isFatal,
  NoRespondersError,
  PermissionError,
  serverError,
  TimeoutError,
} from "./errors.ts";
import type { FrameHandler } from "./frame_reader.ts";
import { FrameError, FrameReader } from "./frame_reader.ts";
import type { HeaderPairs, Message, PublishOptions } from "./message.ts";
import { headerBlock } from "./message.ts";
import { checkToken, Outbox } from "./outbox.ts";
import type { SubscribeOptions, SubscriptionHost } from "./subscription.ts";
import { Subscription } from "./subscription.ts";

export type {
  ClientTls,
  ConnectOptions,
  Credentials,
  HeaderPairs,
  Info,
  Message,
  PublishOptions,
  RequestOptions,
  SubscribeOptions,
  Subscription,
  Transport,
};
export { ClosedError, NoRespondersError, PermissionError, TimeoutError };
export { ServerError } from "./errors.ts";
export type { Publisher } from "./message.ts";
export type {
  Address,
  PeerCertificate,
  TlsFacts,
} from "../transport/transport.ts";

/** A request under way. */
interface Pending extends PromiseWithResolvers<Message> {
  readonly subject: string;
}

/** What the parts of a client see of it. */
type Host = FrameHandler & SubscriptionHost;

const NO_OPTIONS: PublishOptions = {};
const NO_RESPONDERS = 503;
const NOTHING = new Uint8Array(0);

/**
 * A connection to a NATS server.
 *
 * @example Publish, subscribe and request within the process
 * ```ts
 * import { Server } from "@midge/server";
 * import { Client } from "@midge/server/client";
 *
 * await using server = await Server.start({ dontListen: true });
 * await using client = await Client.connect({
 *   transport: server.inProcessConn(),
 * });
 * client.subscribe("greet", { callback: (m) => m.respond("hello") });
 * const answer = await client.request("greet");
 * console.log(new TextDecoder().decode(answer.data));
 * ```
 */
export class Client implements AsyncDisposable {
  /** Why the connection ended; `null` when it was closed or drained here. */
  readonly closed: Promise<Error | null>;
  readonly #transport: Transport;
  readonly #host: Host;
  readonly #reader: FrameReader;
  readonly #outbox: Outbox;
  readonly #timeoutMs: number;
  readonly #onError: (error: Error) => void;
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #requests = new Map<string, Pending>();
  readonly #pongs: PromiseWithResolvers<void>[] = [];
  readonly #finished = Promise.withResolvers<Error | null>();
  readonly #inboxPrefix = `_INBOX.${crypto.randomUUID()}.`;
  #inbox: Subscription | null = null;
  #lastSid = 0;
  #lastRequest = 0;
  #info: Info | null = null;
  #maxPayload = Infinity;
  #ended = false;
  #failure: Error | null = null;

  private constructor(transport: Transport, options: ConnectOptions) {
    this.#transport = transport;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#onError = options.onError ?? ((error) => this.#end(error));
    this.closed = this.#finished.promise;
    this.#host = this.#hosting();
    this.#reader = new FrameReader(this.#host);
    this.#outbox = new Outbox(transport, (error) => this.#end(error));
    this.#read();
  }

  /**
   * Connects and logs in. Rejects with `ServerError` when the server refuses,
   * `TimeoutError` when it takes too long, `TlsError` when it insists on TLS
   * and the transport has none, and the platform's error when it is not there.
   */
  static async connect(options: ConnectOptions = {}): Promise<Client> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const url = parseServer(options.server ?? "nats://127.0.0.1:4222");
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new TimeoutError("connect", timeoutMs)),
      timeoutMs,
    );
    try {
      const greeted = await dial(options, url, late.signal);
      const client = new Client(greeted.transport, options);
      try {
        await client.#login(greeted.info, options, url);
        return client;
      } catch (error) {
        await client.close();
        throw error;
      }
    } catch (error) {
      throw late.signal.aborted ? late.signal.reason : error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** What the server said last about itself. */
  get info(): Info {
    if (this.#info === null) throw new ClosedError("Not connected");
    return this.#info;
  }

  /**
   * Queues a message, which leaves at the end of this turn; `payload` may be
   * reused at once. Await `ready` or `flush` now and then, or what is queued
   * grows without bound. Throws `RangeError` above the server's max payload,
   * `TypeError` for a subject with blanks, `ClosedError` after the end.
   */
  publish(
    subject: string,
    payload: Uint8Array | string = NOTHING,
    options: PublishOptions = NO_OPTIONS,
  ): void {
    this.#checkOpen();
    const { reply = "", headers } = options;
    const data = typeof payload === "string" ? encodeUtf8(payload) : payload;
    const block = headers === undefined ? NOTHING : headerBlock(headers);
    const size = data.length + block.length;
    if (size > this.#maxPayload) {
      throw new RangeError(
        `Cannot publish ${size} bytes: at most ${this.#maxPayload}`,
      );
    }
    this.#outbox.message(subject, reply, block, data);
  }

  /** Subscribes. Throws `TypeError` for a subject or queue with blanks. */
  subscribe(subject: string, options: SubscribeOptions = {}): Subscription {
    this.#checkOpen();
    checkToken(subject);
    if (options.queue !== undefined) checkToken(options.queue);
    const sid = ++this.#lastSid;
    const subscription = new Subscription(this.#host, sid, subject, options);
    this.#subscriptions.set(sid, subscription);
    this.#outbox.line(`SUB ${subject} ${subscription.queue} ${sid}\r\n`);
    if (options.max !== undefined) subscription.unsubscribe(options.max);
    return subscription;
  }

  /**
   * Publishes and resolves with the first answer. Rejects with
   * `NoRespondersError`, `TimeoutError`, `PermissionError` or, when the
   * connection ends, `ClosedError`.
   */
  async request(
    subject: string,
    payload: Uint8Array | string = NOTHING,
    options: RequestOptions = {},
  ): Promise<Message> {
    const { timeoutMs = this.#timeoutMs, headers } = options;
    this.#checkOpen();
    this.#inbox ??= this.subscribe(`${this.#inboxPrefix}*`, {
      callback: (message) => this.#answered(message),
    });
    const reply = `${this.#inboxPrefix}${++this.#lastRequest}`;
    const pending = { subject, ...Promise.withResolvers<Message>() };
    this.publish(subject, payload, { reply, headers });
    this.#requests.set(reply, pending);
    const timer = setTimeout(
      () => pending.reject(new TimeoutError(`request "${subject}"`, timeoutMs)),
      timeoutMs,
    );
    try {
      return await pending.promise;
    } finally {
      clearTimeout(timer);
      this.#requests.delete(reply);
    }
  }

  /** Resolves when the server has handled all that was queued until now. */
  async flush(): Promise<void> {
    this.#checkOpen();
    const pong = Promise.withResolvers<void>();
    this.#pongs.push(pong);
    this.#outbox.line("PING\r\n");
    await pong.promise;
  }

  /** Resolves when so little is queued that more can be published. */
  ready(): Promise<void> {
    return this.#outbox.ready();
  }

  /**
   * Ends all subscriptions, waits for what was sent to them until then and for
   * what callbacks answered to arrive, then closes.
   */
  async drain(): Promise<void> {
    this.#checkOpen();
    await Promise.all([...this.#subscriptions.values()].map((s) => s.drain()));
    await this.flush();
    await this.close();
  }

  /** Closes now; what is queued is lost. Resolves when all is over. */
  async close(): Promise<void> {
    this.#end(null);
    await this.closed;
  }

  /** Closes: `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #login(info: string, options: ConnectOptions, url: URL): Promise<void> {
    this.#informed(info);
    const [user, pass] = [url.username, url.password].map(decodeURIComponent);
    const connect = {
      ...{ verbose: false, pedantic: false, headers: true, protocol: 1 },
      ...{ no_responders: true, lang: "midge", version: VERSION },
      ...{ echo: options.echo ?? true, name: options.name },
      user: options.user ?? (pass ? user : undefined),
      pass: options.pass ?? (pass || undefined),
      auth_token: options.token ?? (pass ? undefined : user || undefined),
      tls_required: this.#transport.tls === undefined ? undefined : true,
      ...await options.authenticate?.(this.info),
    };
    this.#outbox.line(`CONNECT ${JSON.stringify(connect)}\r\n`);
    await this.flush();
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const count = await this.#transport.read(this.#reader.window());
        if (count === null) throw new ClosedError("Server closed");
        this.#reader.filled(count);
        this.#parse();
      }
    } catch (error) {
      this.#end(error as Error);
    }
    await this.#outbox.end();
    this.#finished.resolve(this.#failure);
  }

  #parse(): void {
    while (!this.#ended) {
      try {
        return this.#reader.parse();
      } catch (error) {
        if (error instanceof FrameError) throw error;
        this.#onError(error as Error);
      }
    }
  }

  /** What readers and subscriptions may do that users may not. */
  #hosting(): Host {
    return {
      ended: () => this.#ended,
      publish: (...message) => this.publish(...message),
      onMessage: (sid, message) =>
        this.#subscriptions.get(sid)?.deliver(message),
      onLine: (line) => this.#heard(line),
      unsubscribe: (subscription, max) => this.#unsubscribe(subscription, max),
      drain: async (subscription) => {
        this.#outbox.line(`UNSUB ${subscription.sid}\r\n`);
        await this.flush();
        this.#forget(subscription, null);
      },
      forget: (subscription) => this.#forget(subscription, null),
    };
  }

  #heard(line: string): void {
    const [verb] = line.split(" ", 1);
    if (verb === "PING") this.#outbox.line("PONG\r\n");
    else if (verb === "PONG") this.#pongs.shift()?.resolve();
    else if (verb === "INFO") this.#informed(line.slice(5));
    else if (verb === "-ERR") this.#refused(line.slice(6, -1));
    else if (verb !== "+OK") throw new FrameError(`Cannot parse "${verb}"`);
  }

  #informed(json: string): void {
    try {
      this.#info = JSON.parse(json);
    } catch (cause) {
      throw new FrameError("Cannot parse INFO", { cause });
    }
    this.#maxPayload = this.#info?.max_payload ?? Infinity;
  }

  #refused(text: string): void {
    const error = serverError(text);
    if (isFatal(error)) this.#end(error);
    else if (!this.#blame(error)) this.#onError(error);
  }

  /** Tells whoever asked for what was refused; `false` if nobody can be told. */
  #blame(error: Error): boolean {
    if (!(error instanceof PermissionError)) return false;
    let told = false;
    for (const one of this.#subscriptions.values()) {
      if (error.operation !== "subscription") break;
      if (one.subject !== error.subject || one.queue !== error.queue) continue;
      told = this.#forget(one, error) || told;
      if (one === this.#inbox) return this.#failRequests(error);
    }
    for (const one of this.#requests.values()) {
      if (error.operation !== "publish" || one.subject !== error.subject) {
        continue;
      }
      one.reject(error);
      told = true;
    }
    return told;
  }

  #failRequests(error: Error): true {
    this.#inbox = null;
    for (const request of this.#requests.values()) request.reject(error);
    return true;
  }

  #answered(message: Message): void {
    const request = this.#requests.get(message.subject);
    if (request === undefined) return; // Too late.
    if (message.status !== NO_RESPONDERS) request.resolve(message.copy());
    else request.reject(new NoRespondersError(request.subject));
  }

  #unsubscribe(subscription: Subscription, max = 0): void {
    const { sid, delivered } = subscription;
    const later = max > delivered;
    if (later) subscription.max = max;
    else this.#forget(subscription, null);
    if (this.#ended) return;
    this.#outbox.line(`UNSUB ${sid}${later ? ` ${max}` : ""}\r\n`);
  }

  #forget(subscription: Subscription, error: Error | null): boolean {
    this.#subscriptions.delete(subscription.sid);
    return subscription.end(error);
  }

  #checkOpen(): void {
    if (this.#ended) throw new ClosedError("Client is closed");
  }

  #end(error: Error | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = error;
    this.#transport.close();
    const reason = error ?? new ClosedError("Client is closed");
    for (const pong of this.#pongs) pong.reject(reason);
    this.#failRequests(reason);
    for (const one of this.#subscriptions.values()) this.#forget(one, error);
  }
}

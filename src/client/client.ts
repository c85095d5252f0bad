/**
 * A small NATS client over any byte stream: publish, subscribe, request. One
 * connection and its end; connecting again is left to who uses it.
 *
 * @module
 */

import { DEFAULT_TIMEOUT_MS, Session } from "../dial/session.ts";
import type { ServerError } from "../errors.ts";
import {
  ClosedError,
  NoRespondersError,
  PermissionError,
  TimeoutError,
} from "../errors.ts";
import { encodeUtf8 } from "../wire/ascii.ts";
import type { Delivery, PublishOptions } from "../wire/delivery.ts";
import { headerBlock } from "../wire/headers.ts";
import type { Info } from "../wire/info.ts";
import { checkToken } from "../wire/publish_writer.ts";
import type {
  ConnectOptions,
  RequestOptions,
  SubscribeOptions,
} from "./connect_options.ts";
import { Subscription } from "./subscription.ts";

export type { Credentials, SessionOptions } from "../dial/session.ts";
export type { DialOptions } from "../dial/dial_server.ts";
export { ServerError } from "../errors.ts";
export { ClosedError, NoRespondersError, PermissionError, TimeoutError };
export type { ClientTls } from "../transport/tls_dial.ts";
export type * from "../transport/transport.ts";
export type { Delivery as Message, PublishOptions };
export type { Publish } from "../wire/delivery.ts";
export type { HeaderPairs } from "../wire/headers.ts";
export type { Login } from "../wire/info.ts";
export type { ConnectOptions, Info, RequestOptions };
export type { SubscribeOptions, Subscription };

const NOTHING = new Uint8Array(0);
const NO_OPTIONS: PublishOptions = {};
const NO_RESPONDERS = 503;

/** A request under way. */
interface Pending extends PromiseWithResolvers<Delivery> {
  readonly subject: string;
}

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
  readonly #session: Session;
  readonly #options: ConnectOptions;
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #requests = new Map<string, Pending>();
  readonly #inbox = `_INBOX.${crypto.randomUUID()}.`;
  /** `sid` that answers come to; 0 before the first request. */
  #inboxSid = 0;
  #lastSid = 0;
  #lastRequest = 0;

  private constructor(session: Session, options: ConnectOptions) {
    this.#session = session;
    this.#options = options;
    session.handler = {
      publish: (...message) => this.publish(...message),
      onMessage: (sid, message) => this.#deliver(sid, message),
      onRefusal: (error) => this.#refused(error),
      onEnd: (error) => this.#ended(error),
    };
  }

  /**
   * Connects and logs in. Rejects with `ServerError` when the server refuses,
   * `TimeoutError` when it takes too long, `TlsError` when TLS is wanted and
   * cannot be had, and the platform's error when the server is not there.
   */
  static async connect(options: ConnectOptions = {}): Promise<Client> {
    return new Client(await Session.start(options), options);
  }

  /** Why the connection ended; `null` when it was closed or drained here. */
  get closed(): Promise<Error | null> {
    return this.#session.closed;
  }

  /** What the server said last about itself. */
  get info(): Info {
    return this.#session.info;
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
    { reply = "", headers }: PublishOptions = NO_OPTIONS,
  ): void {
    const data = typeof payload === "string" ? encodeUtf8(payload) : payload;
    const block = headers === undefined ? NOTHING : headerBlock(headers);
    this.#session.publish(subject, reply, block, data);
  }

  /** Subscribes. Throws `TypeError` for a subject or queue with blanks. */
  subscribe(subject: string, options: SubscribeOptions = {}): Subscription {
    const { queue = "", max } = options;
    checkToken(subject);
    if (queue !== "") checkToken(queue);
    const sid = ++this.#lastSid;
    this.#session.send(`SUB ${subject} ${queue} ${sid}`);
    if (max !== undefined) this.#session.send(`UNSUB ${sid} ${max}`);
    const leave = (drained: boolean) => this.#leave(sid, drained);
    const subscription = new Subscription(subject, options, leave);
    this.#subscriptions.set(sid, subscription);
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
  ): Promise<Delivery> {
    const { timeoutMs = this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS } =
      options;
    if (!this.#subscriptions.has(this.#inboxSid)) {
      const callback = (message: Delivery) => this.#answered(message);
      this.subscribe(`${this.#inbox}*`, { callback });
      this.#inboxSid = this.#lastSid;
    }
    const reply = `${this.#inbox}${++this.#lastRequest}`;
    this.publish(subject, payload, { headers: options.headers, reply });
    const pending = { subject, ...Promise.withResolvers<Delivery>() };
    this.#requests.set(reply, pending);
    const late = new TimeoutError(`request "${subject}"`, timeoutMs);
    const timer = setTimeout(() => pending.reject(late), timeoutMs);
    try {
      return await pending.promise;
    } finally {
      clearTimeout(timer);
      this.#requests.delete(reply);
    }
  }

  /** Resolves when the server has handled all that was queued until now. */
  async flush(): Promise<void> {
    await this.#session.flush();
  }

  /** Resolves when so little is queued that more can be published. */
  async ready(): Promise<void> {
    await this.#session.ready();
  }

  /**
   * Ends all subscriptions, waits for what was sent to them until then and for
   * what callbacks answered to arrive, then closes.
   */
  async drain(): Promise<void> {
    await Promise.all(this.#subscriptions.values().map((s) => s.drain()));
    await this.flush();
    await this.close();
  }

  /** Closes now; what is queued is lost. Resolves when all is over. */
  async close(): Promise<void> {
    this.#session.end(null);
    await this.closed;
  }

  /** Closes: `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #deliver(sid: number, message: Delivery): void {
    try {
      this.#subscriptions.get(sid)?.deliver(message);
    } catch (error) {
      this.#report(error as Error);
    }
  }

  #answered(message: Delivery): void {
    const pending = this.#requests.get(message.subject);
    if (pending === undefined) return; // Too late.
    if (message.status !== NO_RESPONDERS) pending.resolve(message.copy());
    else pending.reject(new NoRespondersError(pending.subject));
  }

  /** Tells whoever asked for what was refused. */
  #refused(error: ServerError): void {
    if (!(error instanceof PermissionError)) return this.#report(error);
    let told = false;
    for (const [sid, { subject, queue }] of this.#subscriptions) {
      if (!error.concerns("subscription", subject, queue)) continue;
      told = this.#forget(sid, error) || told;
    }
    const noAnswers = error.concerns("subscription", `${this.#inbox}*`);
    for (const pending of this.#requests.values()) {
      if (!noAnswers && !error.concerns("publish", pending.subject)) continue;
      pending.reject(error);
      told = true;
    }
    if (!told) this.#report(error);
  }

  #report(error: Error): void {
    if (this.#options.onError) this.#options.onError(error);
    else this.#session.end(error);
  }

  async #leave(sid: number, drained: boolean): Promise<void> {
    if (!this.#subscriptions.has(sid)) return;
    this.#session.send(`UNSUB ${sid}`);
    if (drained) await this.flush();
    this.#forget(sid, null);
  }

  /** Returns whether somebody iterates to see why. */
  #forget(sid: number, error: Error | null): boolean {
    const subscription = this.#subscriptions.get(sid);
    this.#subscriptions.delete(sid);
    return subscription?.end(error) ?? false;
  }

  #ended(error: Error | null): void {
    const reason = error ?? new ClosedError("Client is closed");
    for (const pending of this.#requests.values()) pending.reject(reason);
    for (const sid of this.#subscriptions.keys()) this.#forget(sid, error);
  }
}

/**
 * A small NATS client over any byte stream: publish, subscribe, request. One
 * connection and its end; connecting again is left to who uses it.
 *
 * @module
 */

import type { ConnectOptions } from "../dial/session.ts";
import { Session } from "../dial/session.ts";
import { NoRespondersError, PermissionError } from "../errors.ts";
import type { Message, Publish, PublishOptions } from "../wire/delivery.ts";
import { NO_RESPONDERS } from "../wire/delivery.ts";
import type { Info } from "../wire/info.ts";
import { checkToken } from "../wire/publish_writer.ts";
import type { SubscribeOptions } from "./subscription.ts";
import { Subscription } from "./subscription.ts";

export type { DialOptions } from "../dial/dial_server.ts";
export type { Credentials } from "../dial/session.ts";
export { ClosedError, ServerError, TimeoutError, TlsError } from "../errors.ts";
export { NoRespondersError, PermissionError };
export type { ClientTls } from "../transport/tls_dial.ts";
export type * from "../transport/transport.ts";
export type { HeaderPairs } from "../wire/headers.ts";
export type { Info, Login } from "../wire/info.ts";
export type { Message, Publish, PublishOptions };
export type { ConnectOptions, SubscribeOptions, Subscription };

/** How to request. */
export interface RequestOptions extends Omit<PublishOptions, "reply"> {
  /** Longest to wait for the answer, in milliseconds. */
  readonly timeoutMs?: number | undefined;
}

/** A request under way. */
type Request = PromiseWithResolvers<Message> & { readonly subject: string };

/**
 * A connection to a NATS server.
 *
 * @example Publish, subscribe and request within the process
 * ```ts
 * import { Server } from "@midge/server";
 * import { Client } from "@midge/server/client";
 *
 * await using server = await Server.start({ dontListen: true });
 * const transport = server.inProcessConn();
 * await using client = await Client.connect({ transport });
 * client.subscribe("greet", { callback: (m) => m.respond("hello") });
 * const answer = await client.request("greet");
 * console.log(new TextDecoder().decode(answer.data));
 * ```
 */
export class Client implements AsyncDisposable {
  readonly #session: Session;
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #requests = new Map<number, Request>();
  readonly #inbox = `_INBOX.${crypto.randomUUID()}.`;
  #answers: Subscription | null = null;
  #lastNumber = 0;

  private constructor(session: Session) {
    this.#session = session;
    session.handler = {
      onMessage: (sid, message) =>
        this.#subscriptions.get(sid)?.deliver(message),
      onError: (error) => this.#blame(error),
      onEnd: (reason, error) => this.#ended(reason, error),
    };
  }

  /**
   * Connects and logs in. Rejects with `ServerError` when the server refuses,
   * `TimeoutError` when it takes too long, `TlsError` when TLS is wanted and
   * cannot be had, and the platform's error when the server is not there.
   */
  static async connect(options: ConnectOptions = {}): Promise<Client> {
    return new Client(await Session.start(options));
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
    payload?: Uint8Array | string,
    options?: PublishOptions,
  ): void {
    this.#session.publish(subject, payload, options);
  }

  /** Subscribes. Throws `TypeError` for a subject or queue with blanks. */
  subscribe(subject: string, options: SubscribeOptions = {}): Subscription {
    const { queue = "", max } = options;
    checkToken(subject);
    if (queue !== "") checkToken(queue);
    const sid = ++this.#lastNumber;
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
    payload?: Uint8Array | string,
    { timeoutMs, headers }: RequestOptions = {},
  ): Promise<Message> {
    if (this.#answers?.ended !== false) {
      const callback = (message: Message) => this.#answered(message);
      this.#answers = this.subscribe(`${this.#inbox}*`, { callback });
    }
    const number = ++this.#lastNumber;
    const reply = `${this.#inbox}${number}`;
    this.publish(subject, payload, { reply, headers });
    const call = { subject, ...Promise.withResolvers<Message>() };
    this.#requests.set(number, call);
    try {
      return await this.#session.wait(call, `request "${subject}"`, timeoutMs);
    } finally {
      this.#requests.delete(number);
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

  #answered(message: Message): void {
    const pending = this.#requests.get(message.numberAfter(this.#inbox.length));
    if (pending === undefined) return; // Too late.
    if (message.status !== NO_RESPONDERS) pending.resolve(message.copy());
    else pending.reject(new NoRespondersError(pending.subject));
  }

  /** Tells whoever asked for what was refused; `false` if that was nobody. */
  #blame(error: Error): boolean {
    if (!(error instanceof PermissionError)) return false;
    let told = false;
    for (const [sid, { subject, options }] of this.#subscriptions) {
      if (!error.concerns("subscription", subject, options.queue)) continue;
      told = this.#forget(sid, error) || told;
    }
    const noAnswers = error.concerns("subscription", `${this.#inbox}*`);
    for (const pending of this.#requests.values()) {
      if (!noAnswers && !error.concerns("publish", pending.subject)) continue;
      pending.reject(error);
      told = true;
    }
    return told;
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

  #ended(reason: Error, error: Error | null): void {
    for (const pending of this.#requests.values()) pending.reject(reason);
    for (const sid of this.#subscriptions.keys()) this.#forget(sid, error);
  }
}

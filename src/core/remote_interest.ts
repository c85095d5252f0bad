/**
 * What another server is interested in, in one account: its subscriptions in
 * that account's sublist, and how it is sent messages. Which server that is,
 * and how it says so, is up to the peer.
 */

import { decodeUtf8, fromLatin1, latin1 } from "../wire/ascii.ts";
import type { Message } from "../wire/message.ts";
import {
  routedHead,
  routedLength,
  RouteFrame,
  writeRouted,
} from "../wire/route_encoder.ts";
import type { Account } from "./account.ts";
import type { Connection } from "./connection.ts";
import type { OtherServer, SubscriptionOwner } from "./subscription.ts";
import { CHECK_CLOSED, CHECK_REMOTE, Subscription } from "./subscription.ts";

/** Subscriptions have names for their own connection only. */
const NO_SID = "";

/** See the module. */
export class RemoteInterest implements OtherServer, SubscriptionOwner {
  /** `OtherServer` */
  readonly connection: Connection;
  /** Name of the account. */
  readonly name: string;
  /** `OtherServer` */
  readonly takesBack: boolean;
  /** `null` as long as there is no account of that name here. */
  #account: Account | null = null;
  readonly #frame: RouteFrame;
  /** By subject and queue. */
  readonly #entries = new Map<string, Subscription>();

  /** Nothing yet, in no account. */
  constructor(connection: Connection, name: string, takesBack: boolean) {
    this.connection = connection;
    this.name = name;
    this.takesBack = takesBack;
    this.#frame = new RouteFrame(name);
  }

  /** Subscriptions held. */
  get size(): number {
    return this.#entries.size;
  }

  /** All of them. */
  values(): Iterable<Subscription> {
    return this.#entries.values();
  }

  /** What there is, and what is to come, counts in `account`. */
  attach(account: Account): void {
    if (this.#account === account) return;
    this.#account = account;
    for (const entry of this.#entries.values()) account.insert(entry);
  }

  /**
   * There is interest in `subject`. Saying so twice changes nothing; of a queue
   * group the last weight counts, and 0 is none. Copies `subject`.
   */
  add(subject: Uint8Array, queue: string | null, weight: number): void {
    const key = keyOf(subject, queue);
    const known = this.#entries.get(key);
    if (known !== undefined) {
      if (known.weight === weight) return;
      this.#drop(key, known);
    }
    if (weight === 0) return;
    const entry = new Subscription(
      this,
      this.connection,
      subject,
      queue === null ? null : fromLatin1(queue),
      NO_SID,
      this,
      weight,
    );
    entry.checks = CHECK_REMOTE;
    // A subject that nothing can match is of no interest.
    if (this.#account?.insert(entry) === false) return;
    this.#entries.set(key, entry);
  }

  /** There is no interest any more; none to begin with is let pass. */
  remove(subject: Uint8Array, queue: string | null): void {
    const key = keyOf(subject, queue);
    const known = this.#entries.get(key);
    if (known !== undefined) this.#drop(key, known);
  }

  /** The server is gone, and all its interest. */
  clear(): void {
    for (const [key, entry] of this.#entries) this.#drop(key, entry);
  }

  /** `OtherServer` */
  send(message: Message, queues: readonly string[] | null): boolean {
    const { connection } = this;
    const { outbound } = connection;
    let size = message.end - 2 - message.payloadStart;
    const cut = message.headerSize >= 0 && !connection.headers;
    const length = routedLength(message, this.#frame);
    if (queues === null && !cut && outbound.reserve(length)) {
      const { segment, used } = outbound;
      outbound.used = writeRouted(segment, used, message, this.#frame);
    } else {
      const skipped = cut ? message.headerSize : 0;
      const { bytes } = message.buffer;
      outbound.append(
        routedHead(message, this.#frame, queues, connection.headers),
      );
      outbound.append(bytes, message.payloadStart + skipped, message.end);
      size -= skipped;
    }
    if (outbound.closed) return false;
    outbound.mark();
    connection.outMsgs++;
    connection.outBytes += size;
    return true;
  }

  /** `OtherServer`: the way nats-server logs it. */
  trace(message: Message, queues: readonly string[] | null): void {
    const { connection } = this;
    const head = routedHead(message, this.#frame, queues, connection.headers);
    connection.trace(`->> [${decodeUtf8(head).trimEnd()}]`);
  }

  /** `SubscriptionOwner` */
  mayReceive(): boolean {
    return true;
  }

  /** `SubscriptionOwner`: servers end their interest themselves. */
  exhausted(): void {}

  #drop(key: string, entry: Subscription): void {
    this.#entries.delete(key);
    entry.checks |= CHECK_CLOSED;
    this.#account?.remove(entry);
  }
}

function keyOf(subject: Uint8Array, queue: string | null): string {
  const text = latin1(subject);
  return queue === null ? text : `${text} ${queue}`;
}

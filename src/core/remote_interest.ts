/**
 * What another server is interested in, in one account: its subscriptions in
 * that account's sublist, and how it is sent messages. Which server that is,
 * and how it says so, is up to the peer.
 */

import { decodeUtf8, fromLatin1 } from "../wire/ascii.ts";
import type { InboundMessage } from "../wire/inbound_message.ts";
import {
  routedHead,
  routedLength,
  routedToLength,
  RouteFrame,
  writeRouted,
  writeRoutedTo,
} from "../wire/route_encoder.ts";
import type { Account } from "./account.ts";
import type { Connection } from "./connection.ts";
import type { Outbound } from "./outbound.ts";
import type { OtherServer, SubscriptionOwner } from "./subscription.ts";
import {
  CHECK_CLOSED,
  CHECK_REMOTE,
  interestKey,
  Subscription,
} from "./subscription.ts";

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
    const key = interestKey(subject, queue);
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
      // Where frames to clients have a sid, those to servers have the group.
      queue ?? "",
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
    const key = interestKey(subject, queue);
    const known = this.#entries.get(key);
    if (known !== undefined) this.#drop(key, known);
  }

  /** The server is gone, and all its interest. */
  clear(): void {
    for (const [key, entry] of this.#entries) this.#drop(key, entry);
  }

  /** `OtherServer` */
  send(message: InboundMessage, members: readonly Subscription[]): boolean {
    const { connection } = this;
    const { outbound } = connection;
    const cut = message.headerSize >= 0 && !connection.headers;
    let size = message.end - 2 - message.payloadStart;
    if (cut || !this.#write(outbound, message, members)) {
      const skipped = cut ? message.headerSize : 0;
      outbound.append(this.#head(message, members));
      outbound.append(
        message.buffer.bytes,
        message.payloadStart + skipped,
        message.end,
      );
      size -= skipped;
    }
    if (outbound.closed) return false;
    outbound.mark();
    connection.outMsgs++;
    connection.outBytes += size;
    return true;
  }

  /** `OtherServer`: the way nats-server logs it. */
  trace(message: InboundMessage, members: readonly Subscription[]): void {
    const head = decodeUtf8(this.#head(message, members)).trimEnd();
    this.connection.trace(`->> [${head}]`);
  }

  /** `SubscriptionOwner` */
  mayReceive(): boolean {
    return true;
  }

  /** `SubscriptionOwner`: servers end their interest themselves. */
  exhausted(): void {}

  /** Writes the frame in one piece; `false` if it is larger than a segment. */
  #write(
    outbound: Outbound,
    message: InboundMessage,
    members: readonly Subscription[],
  ): boolean {
    const frame = this.#frame;
    if (members.length === 0) {
      if (!outbound.reserve(routedLength(message, frame))) return false;
      const { segment, used } = outbound;
      outbound.used = writeRouted(segment, used, message, frame);
      return true;
    }
    if (!outbound.reserve(routedToLength(message, frame, members))) {
      return false;
    }
    const { segment, used } = outbound;
    outbound.used = writeRoutedTo(segment, used, message, frame, members);
    return true;
  }

  #head(message: InboundMessage, members: readonly Subscription[]): Uint8Array {
    const queues = members.map(({ queue }) => queue ?? "");
    const { headers } = this.connection;
    return routedHead(message, this.#frame, queues, headers);
  }

  #drop(key: string, entry: Subscription): void {
    this.#entries.delete(key);
    entry.checks |= CHECK_CLOSED;
    this.#account?.remove(entry);
  }
}

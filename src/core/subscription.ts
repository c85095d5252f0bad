/**
 * One subscription: what was asked for, by which connection, and how much of
 * it has been delivered.
 */

import type { Interest } from "../subject/trie.ts";
import { latin1 } from "../wire/ascii.ts";
import { SidFrame } from "../wire/encoder.ts";
import type { InboundMessage } from "../wire/inbound_message.ts";
import type { Connection } from "./connection.ts";

/** Bits of `Subscription.checks`: what delivery must look at first. */
export const CHECK_CLOSED = 1;
/** It ends after `max` messages. */
export const CHECK_MAX = 2;
/** Its connection does not want its own messages. */
export const CHECK_ECHO = 4;
/** It is wider than what its owner may see. */
export const CHECK_DENY = 8;
/** Its owner may answer what it gets, and keeps account of that. */
export const CHECK_REPLY = 16;
/** It has no connection: its owner is a `Crossing` to another account. */
export const CHECK_CROSSING = 32;
/** It stands for interest at another server: see `via`. */
export const CHECK_REMOTE = 64;
/** Other servers are not to know of it: they have the same themselves. */
export const CHECK_UNTOLD = 128;

/** Has a say in what a subscription gets, and is told of its last message. */
export interface SubscriptionOwner {
  /**
   * Whether the message in hand may be delivered, which then follows. Asked
   * where `CHECK_DENY` or `CHECK_REPLY` is set; `now` is when it was received.
   */
  mayReceive(
    subscription: Subscription,
    message: InboundMessage,
    now: number,
  ): boolean;
  /** `max` is reached; the last message has been appended. */
  exhausted(subscription: Subscription): void;
}

/** Another server, as far as messages of one account are concerned. */
export interface OtherServer {
  /** The route to it. */
  readonly connection: Connection;
  /** It takes back messages for queue groups it has just sent. */
  readonly takesBack: boolean;
  /**
   * Appends a message for it: for its plain subscriptions and for one member of
   * each of the queue groups that `members` are in. Whether the connection took
   * it.
   */
  send(message: InboundMessage, members: readonly Subscription[]): boolean;
  /** Logs what `send` sent. */
  trace(message: InboundMessage, members: readonly Subscription[]): void;
}

/**
 * What tells interest of one account from other interest: its subject and queue
 * group, one character per byte.
 */
export function interestKey(subject: Uint8Array, queue: string | null): string {
  const text = latin1(subject);
  return queue === null ? text : `${text} ${queue}`;
}

/** Held by a client and by the sublist of its account. */
export class Subscription implements Interest {
  /** Who made it. */
  readonly owner: SubscriptionOwner;
  /** Who gets the messages. */
  readonly connection: Connection;
  /** The subject, wildcards and all. */
  readonly subject: Uint8Array;
  /** Queue group, one character per byte; `null` for a plain one. */
  readonly queue: string | null;
  /** The subscriber's name for it, one character per byte. */
  readonly sid: string;
  /** The sid as it stands in frames. */
  readonly frame: SidFrame;
  /** `Interest` */
  readonly via: OtherServer | null;
  /** `Interest` */
  readonly weight: number;
  /** `Interest` */
  slot = -1;
  /** `CHECK_` bits; 0 lets a message straight through. */
  checks = 0;
  /** Messages delivered since it was made. */
  delivered = 0;
  /** Deliveries after which it ends; 0 = never. */
  max = 0;

  /**
   * Copies `subject`, `queue` and `sid`. The last two are for interest at
   * another server, which `RemoteInterest` makes.
   */
  constructor(
    owner: SubscriptionOwner,
    connection: Connection,
    subject: Uint8Array,
    queue: Uint8Array | null,
    sid: string,
    via: OtherServer | null = null,
    weight = 1,
  ) {
    this.owner = owner;
    this.connection = connection;
    this.subject = subject.slice();
    this.queue = queue === null ? null : latin1(queue);
    this.sid = sid;
    this.frame = new SidFrame(sid);
    this.via = via;
    this.weight = weight;
  }
}

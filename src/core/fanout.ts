/**
 * From one publisher to everyone interested: match, pick the queue members,
 * append a frame to each connection. The hot path of the server.
 */

import type { MatchResult, QueueShare } from "../subject/match_result.ts";
import {
  frameLength,
  headLength,
  headWithoutHeaders,
  writeFrame,
  writeHead,
} from "../wire/encoder.ts";
import type { SidFrame } from "../wire/encoder.ts";
import { ByteBuffer } from "../wire/buffer.ts";
import { decodeUtf8 } from "../wire/ascii.ts";
import { InboundMessage } from "../wire/inbound_message.ts";
import type { Account, LastMatch } from "./account.ts";
import type { Connection } from "./connection.ts";
import type { Carrier, Crossing } from "./crossing.ts";
import { Passage } from "./crossing.ts";
import { Draft } from "./draft.ts";
import type { Outbound } from "./outbound.ts";
import { RouteList } from "./route_list.ts";
import type { OtherServer, Subscription } from "./subscription.ts";
import {
  CHECK_CLOSED,
  CHECK_CROSSING,
  CHECK_DENY,
  CHECK_ECHO,
  CHECK_MAX,
  CHECK_REMOTE,
  CHECK_REPLY,
} from "./subscription.ts";

/**
 * Bytes appended in one go after which the publisher should pause, so that
 * they are written, and their memory is used again, before more is made.
 */
const BATCH_BYTES = 1024 * 1024;
/** As much as this for each copy, though, within reason: small writes cost too. */
const BATCH_BYTES_EACH = 8 * 1024;
/** Most bytes appended in one go. */
const MAX_BATCH_BYTES = 16 * 1024 * 1024;

/** Imports in a row a message may pass through. */
const MAX_CROSSINGS = 8;

/** Delivers the messages of one server. */
export class Fanout implements Carrier {
  /** The message in hand; parsers fill it, `publish` delivers it. */
  readonly message: InboundMessage = new InboundMessage();
  /** Log every frame delivered. */
  tracing = false;
  /**
   * So much was appended that the publisher should pause: whoever reads this
   * as `true` sets it back.
   */
  batchFull = false;
  /** `Carrier` */
  passage: Passage = Passage.Own;
  /** `Carrier` */
  requester: Account | null = null;

  #appended = 0;
  #random: number;
  /** What is being delivered: `message`, or on the way across accounts a draft. */
  #inHand: InboundMessage = this.message;
  /** Imports it has passed through. */
  #crossings = 0;
  /** One for each crossing in a row. */
  readonly #drafts: Draft[] = [];
  /** Other servers that the message in hand goes to. */
  readonly #routes = new RouteList();

  /** `seed` starts the choice of queue members; any number. */
  constructor(seed: number) {
    this.#random = seed | 1;
  }

  /** `Carrier` */
  get inHand(): InboundMessage {
    return this.#inHand;
  }

  /**
   * Delivers the message in hand to all of `account` and returns how many
   * copies were made. `publisher` is who sent it, `lastMatch` its own.
   */
  publish(
    account: Account,
    publisher: Connection,
    lastMatch: LastMatch,
  ): number {
    const result = account.match(this.message, lastMatch);
    return this.#spread(result, publisher);
  }

  /**
   * Delivers the message in hand, sent by another server over `route`, to those
   * of `account` here: all plain subscriptions, and one member of each of the
   * queue groups named (cluster-protocol §2.5).
   */
  publishRouted(
    account: Account,
    route: OtherServer,
    lastMatch: LastMatch,
    queues: readonly string[] | null,
  ): void {
    const result = account.match(this.message, lastMatch);
    this.passage = Passage.Route;
    try {
      this.#spread(result, route.connection);
      for (let i = 0; queues !== null && i < queues.length; i++) {
        this.#deliverToNamed(queues[i], result, route);
      }
      this.#sendToRoutes();
    } finally {
      this.passage = Passage.Own;
    }
  }

  /** `Carrier` */
  draft(): Draft {
    return this.#drafts[this.#crossings] ??= new Draft(this.#random);
  }

  /** `Carrier`; within a `publish`, which then goes on with its own message. */
  forward(
    result: MatchResult<Subscription>,
    publisher: Connection,
    draft: Draft,
    passage: Passage,
  ): number {
    if (this.#crossings === MAX_CROSSINGS) return 0;
    const inHand = this.#inHand;
    const cameBy = this.passage;
    this.#inHand = draft.message;
    this.passage = passage;
    this.#crossings++;
    const outer = this.#routes.begin();
    try {
      return this.#spread(result, publisher);
    } finally {
      this.#routes.end(outer);
      this.#inHand = inHand;
      this.passage = cameBy;
      this.#crossings--;
      draft.done();
    }
  }

  /** Delivers what is in hand to all of `result`; how many copies that made. */
  #spread(result: MatchResult<Subscription>, publisher: Connection): number {
    const { plain, queues } = result;
    let copies = 0;
    for (let i = 0; i < plain.length; i++) {
      if (this.#deliver(plain[i], publisher)) copies++;
    }
    if (queues.length !== 0) copies += this.#deliverToQueues(result, publisher);
    if (!this.#routes.empty) this.#sendToRoutes();
    if (copies !== 0) {
      this.#appended += copies *
        (this.#inHand.end - this.#inHand.subjectStart);
      if (
        this.#appended > BATCH_BYTES &&
        this.#appended > Math.min(copies * BATCH_BYTES_EACH, MAX_BATCH_BYTES)
      ) {
        this.#appended = 0;
        this.batchFull = true;
      }
    }
    return copies;
  }

  /** One member of each queue group, uniformly at random. */
  #deliverToQueues(
    { queues, shares }: MatchResult<Subscription>,
    publisher: Connection,
  ): number {
    // Other servers say which groups a message of theirs is for.
    if (this.passage === Passage.Route) return 0;
    let copies = 0;
    for (let i = 0; i < queues.length; i++) {
      const members = queues[i];
      const count = members.length;
      const pick = shares !== null
        ? this.#pick(members, shares[i])
        : count === 1
        ? 0
        : this.#below(count);
      if (this.#deliverToOne(members, pick, count, publisher)) copies++;
    }
    return copies;
  }

  /** Offers it to `count` members from `pick` on, until one takes it. */
  #deliverToOne(
    members: readonly Subscription[],
    pick: number,
    count: number,
    publisher: Connection,
  ): boolean {
    let at = pick;
    for (let tried = 0; tried < count; tried++) {
      if (this.#deliver(members[at], publisher)) return true;
      if (++at === count) at = 0;
    }
    return false;
  }

  /** As likely each member of this server as each one of the others. */
  #pick(
    members: readonly Subscription[],
    { local, total }: QueueShare,
  ): number {
    let left = this.#below(total);
    if (left < local) return left;
    left -= local;
    let at = local;
    while (left >= members[at].weight) left -= members[at++].weight;
    return at;
  }

  /**
   * A queue group that another server chose this one for. Members here come
   * first; when the last has just left, one more server gets a try, maybe the
   * one it came from (cluster-protocol §2.6).
   */
  #deliverToNamed(
    name: string,
    { queues, shares }: MatchResult<Subscription>,
    origin: OtherServer,
  ): void {
    let index = 0;
    while (index < queues.length && queues[index][0].queue !== name) index++;
    if (index === queues.length) return;
    const members = queues[index];
    const share = shares?.[index];
    const local = share?.local ?? members.length;
    const pick = local > 1 ? this.#below(local) : 0;
    if (this.#deliverToOne(members, pick, local, origin.connection)) return;
    if (share === undefined || share.total === local) return;
    for (let at = local; at < members.length; at++) {
      const { via, checks } = members[at];
      if (via === null || (checks & CHECK_CLOSED) !== 0) continue;
      if (via.connection === origin.connection && !via.takesBack) continue;
      this.#routes.add(via, members[at]);
      return;
    }
  }

  /** One frame for each server, with all the groups it was chosen for. */
  #sendToRoutes(): void {
    this.#routes.send(this.#inHand, this.tracing);
  }

  /** Notes that a server is to get the message in hand; whether it may. */
  #addRoute(subscription: Subscription): boolean {
    const { via } = subscription;
    // From one server to the next, and no further.
    if (
      via === null || this.passage === Passage.Route ||
      this.passage === Passage.Stream
    ) return false;
    this.#routes.add(via, subscription);
    return true;
  }

  /** Appends the message to one subscriber's connection; whether it did. */
  #deliver(subscription: Subscription, publisher: Connection): boolean {
    const message = this.#inHand;
    if (subscription.checks !== 0) {
      if (!mayReceive(subscription, message, publisher)) return false;
      if ((subscription.checks & (CHECK_CROSSING | CHECK_REMOTE)) !== 0) {
        return (subscription.checks & CHECK_REMOTE) !== 0
          ? this.#addRoute(subscription)
          : cross(subscription, this, publisher);
      }
    }
    const { connection, frame } = subscription;
    const { outbound } = connection;
    let size = message.end - 2 - message.payloadStart;
    if (message.headerSize >= 0 && !connection.headers) {
      if (!appendWithoutHeaders(outbound, message, frame)) return false;
      size -= message.headerSize;
    } else {
      const length = frameLength(message, frame);
      if (
        outbound.used + length <= outbound.segment.capacity ||
        outbound.reserve(length)
      ) {
        const { segment, used } = outbound;
        outbound.used = writeFrame(segment, used, message, frame);
      } else if (!appendInParts(outbound, message, frame)) return false;
    }
    if (!outbound.marked) outbound.mark();
    connection.outMsgs++;
    connection.outBytes += size;
    subscription.delivered++;
    if (this.tracing) trace(subscription, message);
    if (subscription.delivered === subscription.max) {
      subscription.owner.exhausted(subscription);
    }
    return true;
  }

  /** A number from 0 up to but without `limit`. */
  #below(limit: number): number {
    // xorshift32; the product takes its high bits, which are the good ones.
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x;
    return Math.floor((x >>> 0) / 0x100000000 * limit);
  }
}

/** Hands the message over to another account; whether anybody got it there. */
function cross(
  { owner }: Subscription,
  carrier: Carrier,
  publisher: Connection,
): boolean {
  return (owner as Crossing).cross(carrier, publisher);
}

/** For subscriptions whose `checks` are set. */
function mayReceive(
  subscription: Subscription,
  message: InboundMessage,
  publisher: Connection,
): boolean {
  const { checks, delivered, max, connection, owner } = subscription;
  if ((checks & CHECK_CLOSED) !== 0) return false;
  if ((checks & CHECK_ECHO) !== 0 && connection === publisher) return false;
  if ((checks & CHECK_MAX) !== 0 && delivered >= max) return false;
  return (checks & (CHECK_DENY | CHECK_REPLY)) === 0 ||
    owner.mayReceive(subscription, message, publisher.lastReadAt);
}

/** A frame larger than any segment; whether the connection took it. */
function appendInParts(
  outbound: Outbound,
  message: InboundMessage,
  sid: SidFrame,
): boolean {
  const head = new ByteBuffer(headLength(message, sid));
  writeHead(head, 0, message, sid);
  outbound.append(head.room);
  outbound.append(message.buffer.bytes, message.tailStart, message.end);
  return !outbound.closed;
}

/** To someone without headers; whether the connection took it. */
function appendWithoutHeaders(
  outbound: Outbound,
  message: InboundMessage,
  sid: SidFrame,
): boolean {
  outbound.append(headWithoutHeaders(message, sid));
  outbound.append(
    message.buffer.bytes,
    message.payloadStart + message.headerSize,
    message.end,
  );
  return !outbound.closed;
}

/** Logs a delivery the way nats-server does: `->> [MSG foo 1 5]`. */
function trace(
  { connection, sid }: Subscription,
  message: InboundMessage,
): void {
  const { bytes } = message.buffer;
  const plain = message.headerSize < 0 || !connection.headers;
  const args = decodeUtf8(
    bytes.subarray(message.tailStart, message.payloadStart - 2),
  );
  connection.trace(
    `->> [${plain ? "MSG" : "HMSG"} ${
      decodeUtf8(message.subject())
    } ${sid} ${args}]`,
  );
}

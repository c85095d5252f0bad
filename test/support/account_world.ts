/** Accounts, a fan-out and connections without a server: deliveries at once. */

import type { AccountOptions } from "../../src/auth_options.ts";
import type { Account } from "../../src/core/account.ts";
import { LastMatch } from "../../src/core/account.ts";
import { Connection } from "../../src/core/connection.ts";
import { Fanout } from "../../src/core/fanout.ts";
import { FlushList } from "../../src/core/outbound.ts";
import type { SubscriptionOwner } from "../../src/core/subscription.ts";
import {
  CHECK_CLOSED,
  CHECK_ECHO,
  CHECK_MAX,
  Subscription,
} from "../../src/core/subscription.ts";
import { Turn } from "../../src/core/turn.ts";
import { resolveOptions } from "../../src/options.ts";
import { Accounts } from "../../src/server/accounts.ts";
import { memoryPair } from "../../src/transport/memory.ts";
import { fromLatin1, latin1 } from "../../src/wire/ascii.ts";
import { BufferPool, ByteBuffer } from "../../src/wire/buffer.ts";
import { hashWords } from "../../src/wire/words.ts";
import { FakeClock } from "./clock.ts";

const SEED = 7;
/** Bytes a party may be given before it takes them. */
const ROOM = 16_000;

/** What a publish may have besides subject and payload. */
export interface PublishExtras {
  reply?: string;
  headers?: string;
}

/** One server's accounts and those connected to them. */
export class AccountWorld {
  readonly clock = new FakeClock();
  readonly accounts: Accounts;
  readonly fanout = new Fanout(SEED);
  readonly #options = resolveOptions({ clock: this.clock });
  readonly #pool = new BufferPool();
  #ids = 0;
  #serial = 0;

  constructor(accounts: readonly AccountOptions[]) {
    const { systemAccount } = this.#options;
    this.accounts = new Accounts(
      { accounts, systemAccount, clock: this.clock },
      SEED,
    );
  }

  account(name: string): Account {
    const account = this.accounts.get(name);
    if (account === undefined) throw new Error(`no account ${name}`);
    return account;
  }

  /** Somebody connected to an account; understands headers unless told not to. */
  join(name: string, headers = true): Party {
    const connection = new Connection(++this.#ids, memoryPair()[0], {
      options: this.#options,
      pool: this.#pool,
      flushes: new FlushList(this.clock),
      turn: new Turn(this.clock),
      busyWait: null,
    });
    connection.headers = headers;
    connection.outbound.reserve(ROOM);
    return new Party(this, this.account(name), connection);
  }

  /** Publishes as `party`; the number of copies. */
  publish(
    party: Party,
    subject: string,
    payload: string,
    { reply = "", headers = "" }: PublishExtras,
  ): number {
    const size = headers.length + payload.length;
    const sizes = headers === "" ? `${size}` : `${headers.length} ${size}`;
    const front = `${subject} ${reply === "" ? "" : `${reply} `}${sizes}\r\n`;
    const text = `${front}${headers}${payload}\r\n`;
    const buffer = new ByteBuffer(text.length);
    buffer.bytes.set(fromLatin1(text));
    const { message } = this.fanout;
    message.buffer = buffer;
    message.subjectStart = 0;
    message.subjectEnd = subject.length;
    message.subjectHash = hashWords(buffer.view, 0, subject.length, SEED);
    message.subjectSerial = ++this.#serial;
    message.replyEnd = subject.length + 1 + reply.length;
    message.headerSize = headers === "" ? -1 : headers.length;
    message.payloadStart = front.length;
    message.end = text.length;
    party.connection.lastReadAt = this.clock.now();
    return this.fanout.publish(
      party.account,
      party.connection,
      new LastMatch(),
    );
  }
}

/** Somebody connected; also owns its subscriptions. */
export class Party implements SubscriptionOwner {
  constructor(
    readonly world: AccountWorld,
    readonly account: Account,
    readonly connection: Connection,
  ) {}

  subscribe(
    subject: string,
    sid: string,
    { queue = "", max = 0, echo = true } = {},
  ): Subscription {
    const subscription = new Subscription(
      this,
      this.connection,
      fromLatin1(subject),
      queue === "" ? null : fromLatin1(queue),
      sid,
    );
    subscription.max = max;
    if (max > 0) subscription.checks |= CHECK_MAX;
    if (!echo) subscription.checks |= CHECK_ECHO;
    this.account.insert(subscription);
    return subscription;
  }

  publish(subject: string, payload = "", extras: PublishExtras = {}): number {
    return this.world.publish(this, subject, payload, extras);
  }

  /** What was delivered since the last time. */
  take(): string {
    const { outbound } = this.connection;
    const text = latin1(outbound.segment.bytes.subarray(0, outbound.used));
    outbound.used = 0;
    return text;
  }

  mayReceive(): boolean {
    return true;
  }

  exhausted(subscription: Subscription): void {
    subscription.checks |= CHECK_CLOSED;
    this.account.remove(subscription);
  }
}

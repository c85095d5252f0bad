/**
 * Answers that services of one account owe to requesters of others. Each
 * request gets a reply subject of its own, `_R_.<6 characters>.<6 characters>`,
 * and what is published there goes back to where the requester waits.
 */

import { NO_MATCH } from "../subject/match_result.ts";
import { encodeUtf8, latin1 } from "../wire/ascii.ts";
import type { Account } from "./account.ts";
import type { Connection } from "./connection.ts";
import type { Carrier } from "./crossing.ts";
import { Crossing, crossingSubscription, Passage } from "./crossing.ts";
import { randomWord } from "./random_word.ts";

/** Requests without an answer that one account remembers. */
const MAX_PENDING = 65_536;
/**
 * How long to wait for an answer where nothing else is said, as for the answer
 * to an answer, in milliseconds.
 */
export const DEFAULT_THRESHOLD_MS = 120_000;

/** Letters in each of the two random words of a reply subject. */
const WORD_LENGTH = 6;

const NO_BLOCK = new Uint8Array(0);

/** How a service answers. */
export interface ResponseTerms {
  /** One answer per request; else any number, ended by an empty one. */
  readonly single: boolean;
  /** Longest pause before an answer, in milliseconds. */
  readonly thresholdMs: number;
}

const ONE_ANSWER: ResponseTerms = {
  single: true,
  thresholdMs: DEFAULT_THRESHOLD_MS,
};

/** Where an answer goes. */
interface Pending {
  /** Of the requester's account. */
  readonly requester: Responses;
  /** The reply subject the requester waits on. */
  readonly reply: Uint8Array;
  readonly terms: ResponseTerms;
  /** On the server's monotonic clock. */
  expiresAt: number;
}

/** The answers one account owes. */
export class Responses extends Crossing {
  /** Where the services are. */
  readonly account: Account;
  readonly #prefix = `_R_.${randomWord(WORD_LENGTH)}.`;
  /** By the last token of the reply subject, the oldest first. */
  readonly #pending = new Map<string, Pending>();
  readonly #maxPending: number;
  /** Subscribed to all the reply subjects, from the first request on. */
  #subscribed = false;

  /** When more requests than `maxPending` wait, the oldest is given up. */
  constructor(account: Account, maxPending: number = MAX_PENDING) {
    super();
    this.account = account;
    this.#maxPending = maxPending;
  }

  /** Requests that wait for an answer. */
  get size(): number {
    return this.#pending.size;
  }

  /**
   * A request of `requester`'s account is about to be delivered: returns its
   * reply subject here. Copies `reply`; `now` is when it was received.
   */
  expect(
    requester: Responses,
    reply: Uint8Array,
    terms: ResponseTerms,
    now: number,
  ): Uint8Array {
    if (!this.#subscribed) {
      this.#subscribed = true;
      this.account.insert(
        crossingSubscription(this, encodeUtf8(`${this.#prefix}*`)),
      );
    }
    if (this.#pending.size >= this.#maxPending) {
      for (const [oldest] of this.#pending) {
        this.#pending.delete(oldest);
        break;
      }
    }
    let word = randomWord(WORD_LENGTH);
    while (this.#pending.has(word)) word = randomWord(WORD_LENGTH);
    this.#pending.set(word, {
      requester,
      reply: reply.slice(),
      terms,
      expiresAt: now + terms.thresholdMs,
    });
    return encodeUtf8(this.#prefix + word);
  }

  /** Nobody got the request with this reply subject. */
  forget(reply: Uint8Array): void {
    this.#pending.delete(latin1(reply.subarray(this.#prefix.length)));
  }

  /** Gives up on answers that take too long. */
  tidy(now: number): void {
    for (const [word, { expiresAt }] of this.#pending) {
      if (expiresAt <= now) this.#pending.delete(word);
    }
  }

  /** `Crossing`: an answer goes back. */
  cross(carrier: Carrier, publisher: Connection): boolean {
    const { inHand, passage } = carrier;
    if (passage === Passage.Stream || passage === Passage.Request) return false;
    const now = publisher.lastReadAt;
    const pending = this.#use(
      latin1(inHand.subject().subarray(this.#prefix.length)),
      inHand.size,
      now,
    );
    if (pending === null) return false;
    const { requester, reply } = pending;
    const draft = carrier.draft();
    draft.beginAs(reply);
    const result = requester.account.find(draft.message);
    if (result === NO_MATCH) return false;
    if (inHand.hasReply) {
      const back = requester.expect(this, inHand.reply(), ONE_ANSWER, now);
      draft.finishWith(inHand, back, NO_BLOCK);
    } else draft.finish(inHand);
    return carrier.forward(result, publisher, draft, Passage.Reply) > 0;
  }

  /** What an answer of `size` bytes belongs to, if it is still waited for. */
  #use(word: string, size: number, now: number): Pending | null {
    const pending = this.#pending.get(word);
    if (pending === undefined) return null;
    const { terms, expiresAt } = pending;
    const late = expiresAt <= now;
    if (late || terms.single || size === 0) this.#pending.delete(word);
    else pending.expiresAt = now + terms.thresholdMs;
    return late ? null : pending;
  }
}

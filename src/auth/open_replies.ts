/**
 * The reply subjects somebody may publish to because it was asked there
 * (`allow_responses`, client-protocol §5.5). One per client that may answer;
 * whoever delivers opens them, whoever publishes uses them up.
 */

import type { Responses } from "./permissions.ts";

/** Replies remembered; requests that are never answered take no more memory. */
const MAX_OPEN = 65_536;

/** What is left of the permission to answer one request. */
interface OpenReply {
  /** Messages that may still be published. */
  left: number;
  /** Last moment for it, on the server's monotonic clock. */
  readonly until: number;
}

/** Reply subjects that are open; see the module. */
export class OpenReplies {
  readonly #responses: Responses;
  /** In the order they end. */
  readonly #open = new Map<string, OpenReply>();

  /** None at first. */
  constructor(responses: Responses) {
    this.#responses = responses;
  }

  /** Those remembered, some of which may be over. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * A request with this reply (one character per byte) is delivered at `now`.
   * Another one with the same reply grants as much again, from now on.
   */
  open(reply: string, now: number): void {
    const { max, ttlMs } = this.#responses;
    this.#open.delete(reply);
    this.#prune(now);
    this.#open.set(reply, { left: max, until: now + ttlMs });
  }

  /** Publishes to `subject` once, if that is allowed. */
  use(subject: string, now: number): boolean {
    const reply = this.#open.get(subject);
    if (reply === undefined) return false;
    if (--reply.left <= 0 || now > reply.until) this.#open.delete(subject);
    return now <= reply.until;
  }

  /** Makes room: all that are over go, and the oldest if that is not enough. */
  #prune(now: number): void {
    for (const [subject, { until }] of this.#open) {
      if (until >= now && this.#open.size < MAX_OPEN) return;
      this.#open.delete(subject);
    }
  }
}

/**
 * What one client may do: the permissions of its user, and what it may answer
 * besides. Consulted for every message it publishes and, where its
 * subscriptions are marked so, for every one it is to get.
 */

import { OpenReplies } from "../auth/open_replies.ts";
import type { Permissions } from "../auth/permissions.ts";
import type { Subscription } from "../core/subscription.ts";
import { CHECK_DENY, CHECK_REPLY } from "../core/subscription.ts";
import { latin1 } from "../wire/ascii.ts";
import type { InboundMessage } from "../wire/inbound_message.ts";

/** See the module. A client that may do everything has none. */
export class Permit {
  /** Shared by all clients of the user. */
  readonly permissions: Permissions;

  /** Reply subjects it was asked to publish to; `null` if it may not. */
  readonly #replies: OpenReplies | null;
  /** `subjectSerial` of the message asked for last, and the answer. */
  #subjectSerial = -1;
  #admitted = false;

  /** Nothing to answer at first. */
  constructor(permissions: Permissions) {
    const { responses } = permissions;
    this.permissions = permissions;
    this.#replies = responses === null ? null : new OpenReplies(responses);
  }

  /** Whether the client may publish the message in hand, received at `now`. */
  mayPublish(message: InboundMessage, now: number): boolean {
    if (message.subjectSerial !== this.#subjectSerial) {
      this.#admitted = this.permissions.admits(message);
      this.#subjectSerial = message.subjectSerial;
    }
    return this.#admitted ||
      (this.#replies !== null &&
        this.#replies.use(latin1(message.subject()), now));
  }

  /** The `CHECK_` bits of a subscription that the client may have. */
  checksOf({ subject, queue }: Subscription): number {
    return (this.permissions.narrows(subject, queue) ? CHECK_DENY : 0) |
      (this.#replies === null ? 0 : CHECK_REPLY);
  }

  /**
   * Whether the message in hand may go to a subscription of the client's with
   * one of these bits. If so and it asks for an answer, that may be published.
   */
  mayReceive(
    { checks, queue }: Subscription,
    message: InboundMessage,
    now: number,
  ): boolean {
    if (
      (checks & CHECK_DENY) !== 0 && this.permissions.withholds(message, queue)
    ) return false;
    if (this.#replies !== null && message.hasReply) {
      const { bytes } = message.buffer;
      const { tailStart, replyEnd } = message;
      if (!this.permissions.mayPublish(bytes, tailStart, replyEnd)) {
        this.#replies.open(latin1(message.reply()), now);
      }
    }
    return true;
  }
}

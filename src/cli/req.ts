/** `midge req`: asks, and shows what is answered. */

import type { Client, Message, Subscription } from "../client/client.ts";
import { ClosedError } from "../errors.ts";
import { writeStderr } from "../log.ts";
import { NO_RESPONDERS } from "../wire/delivery.ts";
import type { ClientCommand } from "./client_command.ts";
import { messageWords, runCommand, UnansweredError } from "./client_command.ts";
import { HEADER_FLAG } from "./client_flags.ts";
import { checkHeaders, withClient } from "./client_session.ts";
import { countFlag, switchFlag } from "./flag_table.ts";
import { durationText, messageText } from "./message_text.ts";
import { payloadFrom, print } from "./standard_streams.ts";

const FLAGS = {
  headers: HEADER_FLAG,
  count: countFlag(["count"], "Times to ask, one after the other", {
    least: 1,
    initial: 1,
  }),
  replies: countFlag(
    ["replies"],
    "Answers to wait for, 0 for all there are in time (default 1)",
    { least: 0, initial: 1 },
  ),
  raw: switchFlag(
    ["raw", "r"],
    "Print the payload byte for byte, and nothing else",
  ),
};

const REQ: ClientCommand<typeof FLAGS> = {
  name: "req",
  usage: "SUBJECT [PAYLOAD | -]",
  about:
    `Publishes a request and shows the answer. Without PAYLOAD, or with -, the
payload is what is piped in.`,
  flags: FLAGS,
  async run({ flags, words }) {
    const { subject, payload } = messageWords(words);
    const { headers, count, replies, raw, timeoutMs } = flags;
    const data = await payloadFrom(payload);
    await withClient(flags, async (client) => {
      checkHeaders(client, headers);
      for (let i = 0; i < count; i++) {
        if (!raw) writeStderr(`Sending request on "${subject}"\n`);
        const request = new Request(client, subject, { replies, raw });
        client.publish(subject, data, {
          reply: request.inbox,
          headers: headers.length === 0 ? undefined : headers,
        });
        await request.answered(timeoutMs);
      }
    });
    return 0;
  },
};

/** Runs with the arguments behind the word `req`; returns the exit code. */
export function req(args: readonly string[]): Promise<number> {
  return runCommand(REQ, args);
}

/** How a request is answered. */
interface Expected {
  /** Answers; 0 for all that come. */
  readonly replies: number;
  /** Only payloads are printed. */
  readonly raw: boolean;
}

/** One request under way. */
class Request {
  /** Where answers go. */
  readonly inbox = `_INBOX.${crypto.randomUUID()}`;
  readonly #client: Client;
  readonly #subject: string;
  readonly #expected: Expected;
  readonly #subscription: Subscription;
  readonly #done = Promise.withResolvers<void>();
  readonly #startedAt = performance.now();
  #seen = 0;

  /** Listens for answers from now on. */
  constructor(client: Client, subject: string, expected: Expected) {
    this.#client = client;
    this.#subject = subject;
    this.#expected = expected;
    this.#subscription = client.subscribe(this.inbox, {
      callback: (message) => this.#answer(message),
      max: expected.replies || undefined,
    });
  }

  /** Rejects with `UnansweredError`, or when the connection ends. */
  async answered(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.#late(timeoutMs), timeoutMs);
    try {
      const ended = this.#client.closed.then(() => {
        throw new ClosedError("Client is closed");
      });
      await Promise.race([this.#done.promise, ended]);
    } finally {
      clearTimeout(timer);
      this.#subscription.unsubscribe();
    }
  }

  #answer(message: Message): void {
    const ms = performance.now() - this.#startedAt;
    if (message.status === NO_RESPONDERS) {
      this.#done.reject(
        new UnansweredError(`no responders on "${this.#subject}"`),
      );
      return;
    }
    const { raw, replies } = this.#expected;
    if (!raw) writeStderr(`Received with rtt ${ms.toFixed(3)}ms\n`);
    print(raw ? message.data : messageText(message));
    if (++this.#seen === replies) this.#done.resolve();
  }

  #late(timeoutMs: number): void {
    const { replies } = this.#expected;
    if (replies === 0 && this.#seen > 0) return this.#done.resolve();
    const what = this.#seen === 0
      ? "no answer"
      : `${this.#seen} of ${replies} answers`;
    this.#done.reject(
      new UnansweredError(
        `${what} on "${this.#subject}" within ${durationText(timeoutMs)}`,
      ),
    );
  }
}

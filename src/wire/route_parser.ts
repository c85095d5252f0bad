/**
 * Bytes of a route in, calls of a `RouteOpHandler` out: the operations only
 * servers have among themselves. Grammar: cluster-protocol §2.1.
 *
 * Leaf origins (LS+, LS-, LMSG) are unknown operations: nobody may send them
 * who has not been told that they are understood.
 */

import { latin1, parseSize, SPACE, split } from "./ascii.ts";
import type { ByteBuffer } from "./buffer.ts";
import type { Message } from "./message.ts";
import type { ParserLimits } from "./message_scanner.ts";
import type { Dialect, Step } from "./operation_parser.ts";
import { COMMON_OPERATIONS, OperationParser } from "./operation_parser.ts";
import { RecentToken } from "./recent_token.ts";
import type { RouteOpHandler } from "./route_op_handler.ts";

const ROUTE: Dialect = {
  operations: [
    { name: "RMSG", gap: "blank" },
    { name: "HMSG", gap: "blank" },
    { name: "RS+", gap: "blank" },
    { name: "RS-", gap: "blank" },
    ...COMMON_OPERATIONS,
    // Of gateways, and ignored as nats-server does.
    { name: "A+", gap: "ignored" },
    { name: "A-", gap: "ignored" },
  ],
  peer: "Router",
};

/** Clears bit 5 of four letters. */
const FOUR_LETTERS = 0xdfdfdfdf | 0;
/** `RMSG` as a little-endian word. */
const RMSG = 0x47534d52;
/** `HMSG` as a little-endian word. */
const HMSG = 0x47534d48;
const PLUS = 0x2b;
const BAR = 0x7c;

/** A resumable parser for one route. */
export class RouteParser extends OperationParser {
  readonly #handler: RouteOpHandler;
  readonly #message: Message;
  /** The account of the last message, as bytes and as a string. */
  readonly #lastAccount = new RecentToken();
  #account = "";

  /** See `OperationParser`. */
  constructor(
    handler: RouteOpHandler,
    message: Message,
    limits: ParserLimits,
    seed: number,
  ) {
    super(ROUTE, handler, message, limits, seed);
    this.#handler = handler;
    this.#message = message;
  }

  protected override messages(
    buffer: ByteBuffer,
    p: number,
    end: number,
  ): number {
    const handler = this.#handler;
    const message = this.#message;
    let at = p;
    while (at < end) {
      const next = this.#scan(buffer, at, end);
      if (next === 0) return at;
      at = next;
      if (handler.message(message, this.#account, null)) continue;
      this.waiting = false;
      return at;
    }
    return at;
  }

  protected override perform(
    name: string,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Step {
    // Unlike clients' messages, those of servers may have a stray `\r`.
    const args = split(bytes, start, end, true);
    switch (name) {
      case "RS+":
        return this.#interest(bytes, args);
      case "RS-":
        return this.#noInterest(bytes, args);
      default:
        return this.#routed(bytes, args, name === "HMSG");
    }
  }

  /** As `MessageScanner.scan`, for RMSG and HMSG without queues. */
  #scan(buffer: ByteBuffer, p: number, end: number): number {
    const { bytes, view } = buffer;
    const { scanner } = this;
    scanner.need = 0;
    const verb = view.getInt32(p, true) & FOUR_LETTERS;
    if ((verb !== RMSG && verb !== HMSG) || bytes[p + 4] !== SPACE) return 0;
    const start = p + 5;
    const accountEnd = this.#lastAccount.matches(view, start, end)
      ? start + this.#lastAccount.length
      : this.#scanAccount(buffer, start, end);
    if (accountEnd === 0) return 0;
    return scanner.scanArguments(buffer, p, accountEnd + 1, end, verb === HMSG);
  }

  /**
   * Makes the account at `start` the last one and returns its end; 0 unless
   * a single space stands there.
   */
  #scanAccount(buffer: ByteBuffer, start: number, end: number): number {
    const { bytes } = buffer;
    let i = start;
    while (i < end && bytes[i] > SPACE) i++;
    if (i >= end || i === start || bytes[i] !== SPACE) return 0;
    this.#setAccount(buffer, start, i);
    return i;
  }

  #setAccount(buffer: ByteBuffer, start: number, end: number): void {
    this.#account = latin1(buffer.bytes.subarray(start, end));
    if (buffer.bytes[end] === SPACE) {
      this.#lastAccount.keep(buffer.view, start, end);
    } else {
      this.#lastAccount.forget();
    }
  }

  #interest(bytes: Uint8Array, args: readonly number[]): Step {
    this.trace();
    if (args.length !== 4 && args.length !== 8) {
      return this.failArguments("processRemoteSub Parse Error");
    }
    let queue: string | null = null;
    let weight = 1;
    if (args.length === 8) {
      queue = token(bytes, args, 2);
      weight = parseSize(bytes, args[6], args[7]);
      if (weight < 0) {
        return this.failArguments("processRemoteSub Bad or Missing Weight");
      }
    }
    return this.proceed(this.#handler.interest(
      token(bytes, args, 0),
      bytes.subarray(args[2], args[3]),
      queue,
      weight,
    ));
  }

  #noInterest(bytes: Uint8Array, args: readonly number[]): Step {
    this.trace();
    if (args.length !== 4 && args.length !== 6) {
      return this.failArguments("processRemoteUnsub Parse Error");
    }
    return this.proceed(this.#handler.noInterest(
      token(bytes, args, 0),
      bytes.subarray(args[2], args[3]),
      args.length === 6 ? token(bytes, args, 2) : null,
    ));
  }

  /** RMSG and HMSG in any form and spacing. */
  #routed(bytes: Uint8Array, args: number[], withHeaders: boolean): Step {
    const what = withHeaders
      ? "processRoutedHeaderMsgArgs"
      : "processRoutedMsgArgs";
    const sizes = withHeaders ? 2 : 1;
    const count = args.length / 2;
    if (count < 2 + sizes) return this.failArguments(`${what} Parse Error`);

    // The count alone tells a reply called `+` or `|` from the mark.
    let firstQueue = count - sizes;
    if (count > 3 + sizes) {
      const mark = args[5] - args[4] === 1 ? bytes[args[4]] : 0;
      if (mark !== PLUS && mark !== BAR) {
        return this.failArguments(`${what} Bad or Missing Reply Indicator`);
      }
      firstQueue = mark === PLUS ? 4 : 3;
    }
    const { buffer } = this.#message;
    const last = this.#lastAccount;
    if (
      last.length !== args[1] - args[0] ||
      !last.matches(buffer.view, args[0], args[2])
    ) this.#setAccount(buffer, args[0], args[1]);
    // Taking the message may overwrite them.
    const queues: string[] = [];
    for (let k = firstQueue; k < count - sizes; k++) {
      queues.push(token(bytes, args, k));
    }
    // What counts: the subject, the reply if there is one, and the sizes.
    const parts = args.slice(2, 4);
    if (count === 3 + sizes) parts.push(args[4], args[5]);
    else if (firstQueue === 4) parts.push(args[6], args[7]);
    parts.push(...args.slice(-2 * sizes));

    const step = this.takeMessage(what, parts, withHeaders);
    if (step !== "next") return step;
    return this.proceed(this.#handler.message(
      this.#message,
      this.#account,
      queues.length === 0 ? null : queues,
    ));
  }
}

/** The argument number `k`, one character per byte. */
function token(bytes: Uint8Array, args: readonly number[], k: number): string {
  return latin1(bytes.subarray(args[2 * k], args[2 * k + 1]));
}

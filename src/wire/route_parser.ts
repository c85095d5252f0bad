/**
 * Bytes of a route in, calls of a `RouteOpHandler` out: the operations only
 * servers have among themselves. Grammar: cluster-protocol §2.1.
 *
 * Leaf origins (LS+, LS-, LMSG) are unknown operations: nobody may send them
 * who has not been told that they are understood.
 */

import { latin1, parseSize, split } from "./ascii.ts";
import type { ByteBuffer } from "./buffer.ts";
import type { InboundMessage } from "./inbound_message.ts";
import type { ParserLimits } from "./message_scanner.ts";
import type { Dialect, Step } from "./operation_parser.ts";
import { COMMON_OPERATIONS, OperationParser } from "./operation_parser.ts";
import type { RouteOpHandler } from "./route_op_handler.ts";
import { BAR, PLUS, RouteScanner } from "./route_scanner.ts";

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

/** A resumable parser for one route. */
export class RouteParser extends OperationParser {
  readonly #handler: RouteOpHandler;
  readonly #message: InboundMessage;
  readonly #routeScanner: RouteScanner;

  /** See `OperationParser`. */
  constructor(
    handler: RouteOpHandler,
    message: InboundMessage,
    limits: ParserLimits,
    seed: number,
  ) {
    super(ROUTE, handler, message, limits, seed);
    this.#handler = handler;
    this.#message = message;
    this.#routeScanner = new RouteScanner(this.scanner);
  }

  protected override messages(
    buffer: ByteBuffer,
    p: number,
    end: number,
  ): number {
    const handler = this.#handler;
    const message = this.#message;
    const scanner = this.#routeScanner;
    let at = p;
    while (at < end) {
      const next = scanner.scan(buffer, at, end);
      if (next === 0) return at;
      at = next;
      if (handler.message(message, scanner.account, scanner.queues)) continue;
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
    this.#routeScanner.setAccount(this.#message.buffer, args[0], args[1]);
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
      this.#routeScanner.account,
      queues.length === 0 ? null : queues,
    ));
  }
}

/** The argument number `k`, one character per byte. */
function token(bytes: Uint8Array, args: readonly number[], k: number): string {
  return latin1(bytes.subarray(args[2 * k], args[2 * k + 1]));
}

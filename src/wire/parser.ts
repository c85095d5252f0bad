/**
 * Bytes of a client connection in, calls of an `OpHandler` out: the operations
 * only clients have. Grammar: client-protocol §3.2 and §3.3.
 */

import { badArguments } from "../errors.ts";
import { parseSize, split } from "./ascii.ts";
import type { ByteBuffer } from "./buffer.ts";
import type { InboundMessage } from "./inbound_message.ts";
import type { ParserLimits } from "./message_scanner.ts";
import type { OpHandler } from "./op_handler.ts";
import type { Dialect, Step } from "./operation_parser.ts";
import { COMMON_OPERATIONS, OperationParser } from "./operation_parser.ts";

const CLIENT: Dialect = {
  operations: [
    { name: "PUB", gap: "blank" },
    { name: "SUB", gap: "blank" },
    ...COMMON_OPERATIONS,
    { name: "UNSUB", gap: "blank" },
    { name: "HPUB", gap: "blank" },
  ],
  peer: "Client",
};

/** A resumable parser for one client's connection. */
export class Parser extends OperationParser {
  readonly #handler: OpHandler;
  readonly #message: InboundMessage;

  /** See `OperationParser`. */
  constructor(
    handler: OpHandler,
    message: InboundMessage,
    limits: ParserLimits,
    seed: number,
  ) {
    super(CLIENT, handler, message, limits, seed);
    this.#handler = handler;
    this.#message = message;
  }

  protected override messages(
    buffer: ByteBuffer,
    p: number,
    end: number,
  ): number {
    const { scanner } = this;
    const handler = this.#handler;
    const message = this.#message;
    let at = p;
    while (at < end) {
      const next = scanner.scan(buffer, at, end);
      if (next === 0) return at;
      at = next;
      if (handler.publish(message)) continue;
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
    switch (name) {
      case "SUB":
        return this.#subscribe(bytes, start, end);
      case "UNSUB":
        return this.#unsubscribe(bytes, start, end);
      default:
        return this.#publish(bytes, start, end, name === "HPUB");
    }
  }

  #subscribe(bytes: Uint8Array, start: number, end: number): Step {
    this.trace();
    const args = split(bytes, start, end, true);
    if (args.length < 4 || args.length > 6) {
      return this.failArguments("processSub Parse Error");
    }
    const last = args.length - 2;
    return this.proceed(this.#handler.subscribe(
      bytes.subarray(args[0], args[1]),
      last === 4 ? bytes.subarray(args[2], args[3]) : null,
      bytes.subarray(args[last], args[last + 1]),
    ));
  }

  #unsubscribe(bytes: Uint8Array, start: number, end: number): Step {
    this.trace();
    const args = split(bytes, start, end, true);
    if (args.length < 2 || args.length > 4) {
      return this.failArguments("processUnsub Parse Error");
    }
    const max = args.length === 4 ? parseSize(bytes, args[2], args[3]) : -1;
    return this.proceed(
      this.#handler.unsubscribe(bytes.subarray(args[0], args[1]), max),
    );
  }

  /** PUB and HPUB in any spacing. */
  #publish(
    bytes: Uint8Array,
    start: number,
    end: number,
    withHeaders: boolean,
  ): Step {
    if (withHeaders && !this.scanner.headers) {
      return this.fail(badArguments("message headers not supported"));
    }
    const what = withHeaders ? "processHeaderPub" : "processPub";
    const args = split(bytes, start, end, false);
    const count = args.length / 2;
    const sizes = withHeaders ? 2 : 1;
    if (count !== 1 + sizes && count !== 2 + sizes) {
      return this.failArguments(`${what} Parse Error`);
    }
    const step = this.takeMessage(what, args, withHeaders);
    return step === "next"
      ? this.proceed(this.#handler.publish(this.#message))
      : step;
  }
}

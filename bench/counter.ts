/** Handles what parsers find by counting it, so that nothing is optimised away. */

import type { InboundMessage } from "../src/wire/inbound_message.ts";
import type { OpHandler } from "../src/wire/op_handler.ts";
import type { RouteOpHandler } from "../src/wire/route_op_handler.ts";

/** See the module. */
export class Counter implements OpHandler, RouteOpHandler {
  count = 0;
  publish(message: InboundMessage): boolean {
    this.count += message.end;
    return true;
  }
  message(message: InboundMessage, account: string): boolean {
    this.count += message.end + account.length;
    return true;
  }
  subscribe(): boolean {
    return this.#counted();
  }
  unsubscribe(): boolean {
    return this.#counted();
  }
  interest(): boolean {
    return this.#counted();
  }
  noInterest(): boolean {
    return this.#counted();
  }
  connect(): boolean {
    return this.#counted();
  }
  ping(): boolean {
    return this.#counted();
  }
  pong(): boolean {
    return this.#counted();
  }
  info(): boolean {
    return this.#counted();
  }
  violation(error: Error): void {
    throw error;
  }
  trace(): void {}
  #counted(): boolean {
    this.count++;
    return true;
  }
}

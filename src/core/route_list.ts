/**
 * The other servers a message goes to, each once, and the queue groups each
 * was chosen for. One list for all messages; deliveries within a delivery, on
 * the way to another account, have parts of their own.
 */

import type { InboundMessage } from "../wire/inbound_message.ts";
import type { OtherServer, Subscription } from "./subscription.ts";

/** See the module. */
export class RouteList {
  readonly #routes: OtherServer[] = [];
  /** Members of queue groups for each route; lists are used again. */
  readonly #members: Subscription[][] = [];
  /** Where the part in use starts. */
  #first = 0;

  /** Nobody in the part in use. */
  get empty(): boolean {
    return this.#routes.length === this.#first;
  }

  /**
   * A server gets the message: for the queue group that `subscription` is in,
   * or for its plain subscriptions.
   */
  add(route: OtherServer, subscription: Subscription): void {
    const routes = this.#routes;
    subscription.delivered++;
    let at = this.#first;
    while (at < routes.length && routes[at] !== route) at++;
    if (at === routes.length) routes.push(route);
    const members = this.#members[at] ??= [];
    if (subscription.queue !== null) members.push(subscription);
  }

  /** Sends the message to those of the part in use, and forgets them. */
  send(message: InboundMessage, tracing: boolean): void {
    const routes = this.#routes;
    for (let at = this.#first; at < routes.length; at++) {
      const route = routes[at];
      const members = this.#members[at];
      if (route.send(message, members) && tracing) {
        route.trace(message, members);
      }
    }
    this.#drop();
  }

  /** Starts a new, empty part; returns what to give to `end`. */
  begin(): number {
    const outer = this.#first;
    this.#first = this.#routes.length;
    return outer;
  }

  /** Goes back to the part there was before, and drops this one. */
  end(outer: number): void {
    this.#drop();
    this.#first = outer;
  }

  #drop(): void {
    const routes = this.#routes;
    while (routes.length > this.#first) {
      routes.pop();
      this.#members[routes.length].length = 0;
    }
  }
}

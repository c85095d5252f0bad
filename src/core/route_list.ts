/**
 * The other servers a message goes to, each once, and the queue groups each
 * was chosen for. One list for all messages; deliveries within a delivery, on
 * the way to another account, have parts of their own.
 */

import type { Message } from "../wire/message.ts";
import type { OtherServer } from "./subscription.ts";

/** See the module. */
export class RouteList {
  readonly #routes: OtherServer[] = [];
  /** Groups for each route; `null` for none. */
  readonly #queues: (string[] | null)[] = [];
  /** Where the part in use starts. */
  #first = 0;

  /** Nobody in the part in use. */
  get empty(): boolean {
    return this.#routes.length === this.#first;
  }

  /** `route` gets the message: for `queue`, or its plain subscriptions. */
  add(route: OtherServer, queue: string | null): void {
    const routes = this.#routes;
    let at = this.#first;
    while (at < routes.length && routes[at] !== route) at++;
    if (at === routes.length) {
      routes.push(route);
      this.#queues.push(queue === null ? null : [queue]);
    } else if (queue !== null) {
      (this.#queues[at] ??= []).push(queue);
    }
  }

  /** Sends the message to those of the part in use, and forgets them. */
  send(message: Message, tracing: boolean): void {
    const routes = this.#routes;
    for (let at = this.#first; at < routes.length; at++) {
      const queues = this.#queues[at];
      if (!routes[at].send(message, queues)) continue;
      if (tracing) routes[at].trace(message, queues);
    }
    routes.length = this.#first;
    this.#queues.length = this.#first;
  }

  /** Starts a new, empty part; returns what to give to `end`. */
  begin(): number {
    const outer = this.#first;
    this.#first = this.#routes.length;
    return outer;
  }

  /** Goes back to the part there was before, and drops this one. */
  end(outer: number): void {
    this.#routes.length = this.#first;
    this.#queues.length = this.#first;
    this.#first = outer;
  }
}

/**
 * Waiting that ends with `TimeoutError`: any number of promises by one timer,
 * since one each would take longer than an answer within the process.
 */

import { TimeoutError } from "../errors.ts";

/** Longest a timer runs; what is due later is looked at again then. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Somebody who waits. */
interface Waiter {
  /** By `performance.now()`. */
  readonly deadline: number;
  readonly expire: () => void;
}

/** See the module. Disposed of, it expires nothing any more. */
export class Deadlines implements Disposable {
  readonly #waiting = new Set<Waiter>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires: at the earliest deadline, or before. */
  #due = Infinity;

  /**
   * Waits for a promise that is rejected when `action` takes longer than
   * `timeoutMs`, which may be `Infinity`. Rejects with `RangeError` for what is
   * no time to wait.
   */
  async wait<T>(
    { promise, reject }: Omit<PromiseWithResolvers<T>, "resolve">,
    action: string,
    timeoutMs: number,
  ): Promise<T> {
    if (!(timeoutMs >= 0)) {
      throw new RangeError(`Cannot wait ${timeoutMs} milliseconds`);
    }
    const waiter: Waiter = {
      deadline: performance.now() + timeoutMs,
      expire: () => reject(new TimeoutError(action, timeoutMs)),
    };
    this.#enter(waiter);
    try {
      return await promise;
    } finally {
      this.#leave(waiter);
    }
  }

  /** Stops the timer. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = -Infinity;
  }

  #enter(waiter: Waiter): void {
    this.#waiting.add(waiter);
    if (waiter.deadline < this.#due) this.#setTimer(waiter.deadline);
    else if (this.#timer !== undefined) Deno.refTimer(this.#timer);
  }

  /** Nobody waits for a timer that nobody needs. */
  #leave(waiter: Waiter): void {
    this.#waiting.delete(waiter);
    if (this.#waiting.size > 0 || this.#timer === undefined) return;
    Deno.unrefTimer(this.#timer);
  }

  #setTimer(due: number): void {
    clearTimeout(this.#timer);
    const delay = Math.min(due - performance.now(), MAX_DELAY_MS);
    this.#timer = setTimeout(() => this.#expire(), Math.max(0, delay));
    this.#due = due;
  }

  #expire(): void {
    this.#timer = undefined;
    this.#due = Infinity;
    const now = performance.now();
    let next = Infinity;
    const late: Waiter[] = [];
    for (const waiter of this.#waiting) {
      if (waiter.deadline <= now) late.push(waiter);
      else next = Math.min(next, waiter.deadline);
    }
    late.sort((a, b) => a.deadline - b.deadline);
    for (const { expire } of late) expire();
    if (next < Infinity) this.#setTimer(next);
  }
}

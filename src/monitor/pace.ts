/**
 * Sees to it that monitoring never keeps messages waiting: work is done in
 * short slices, one at a time, however many requests there are, and each is
 * followed by a rest.
 */

import type { Clock } from "../options.ts";

/** How long a slice should last, in milliseconds. */
export const SLICE_MS = 0.25;

/** A rest, as a multiple of the work before it. */
const RESTS = 3;

/** The share of the event loop that monitoring takes. */
export class Pace {
  readonly #clock: Clock;
  /** Not before this may anybody work again. */
  #freeAt = -Infinity;
  /** Settles when everybody who asked so far has worked. */
  #last: Promise<void> = Promise.resolve();

  /** `clock` tells how long work takes, and times the rests. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does `work` when it is its turn; rejects with what it throws. */
  run<Result>(work: () => Result): Promise<Result> {
    const result = this.#last.then(async () => {
      await this.#rested();
      const start = this.#clock.now();
      try {
        return work();
      } finally {
        const end = this.#clock.now();
        this.#freeAt = end + (end - start) * RESTS;
      }
    });
    this.#last = result.then(() => {}, () => {});
    return result;
  }

  /** Resolves when nobody works or waits any more. */
  async idle(): Promise<void> {
    let last;
    do await (last = this.#last); while (last !== this.#last);
  }

  async #rested(): Promise<void> {
    const ms = this.#freeAt - this.#clock.now();
    if (ms <= 0) return;
    await new Promise<void>((resolve) => this.#clock.after(ms, resolve));
  }
}

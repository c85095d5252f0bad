/**
 * Sees to it that monitoring never keeps messages waiting: work is done in
 * short slices, one at a time, however many requests there are, and each is
 * followed by a rest.
 */

import type { Clock } from "../options.ts";

/**
 * How long a slice should last, in milliseconds: less than a message usually
 * takes from one client to another.
 */
export const SLICE_MS = 0.05;

/** Nobody to keep waiting after so long without a word, in milliseconds. */
const QUIET_MS = 50;

/** A rest, as a multiple of the work before it. */
const RESTS = 4;

/** The share of the event loop that monitoring takes. */
export class Pace {
  readonly #clock: Clock;
  readonly #heardAt: () => number;
  /** Not before this may anybody work again. */
  #freeAt = -Infinity;
  /** Settles when everybody who asked so far has worked. */
  #last: Promise<void> = Promise.resolve();

  /**
   * `clock` tells how long work takes, and times the rests; `heardAt`, when
   * anybody was last read from.
   */
  constructor(clock: Clock, heardAt: () => number) {
    this.#clock = clock;
    this.#heardAt = heardAt;
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
    const now = this.#clock.now();
    const ms = this.#freeAt - now;
    if (ms <= 0) return;
    if (now - this.#heardAt() > QUIET_MS) await this.#clock.breathe();
    else await new Promise<void>((resolve) => this.#clock.after(ms, resolve));
  }
}

/** Notices a write that makes no progress. Times are monotonic milliseconds. */

import type { Outbound } from "./outbound.ts";

/** Watches one connection. */
export class WriteWatch {
  /** Progress when last looked at, and since when it has been that. */
  #seen = 0;
  #since: number;

  /** `now` is when it begins. */
  constructor(now: number) {
    this.#since = now;
  }

  /** Whether a write in flight has not moved for `deadlineMs`. */
  stuck(outbound: Outbound, now: number, deadlineMs: number): boolean {
    if (!outbound.writing || this.#seen !== outbound.written) {
      this.#seen = outbound.written;
      this.#since = now;
    }
    return now - this.#since >= deadlineMs;
  }
}

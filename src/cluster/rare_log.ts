/**
 * Log lines about peers that keep coming back: each is an error once, then for
 * a while only for who debugs.
 */

import type { Log } from "../log.ts";
import type { Clock } from "../options.ts";

/** How long the same line is not repeated as an error, in milliseconds. */
const QUIET_MS = 10 * 60_000;
/** Lines remembered. */
const MAX_LINES = 100;

/** See the module. */
export class RareLog {
  readonly #log: Log;
  readonly #clock: Clock;
  /** When a line was last an error; the oldest first. */
  readonly #errors = new Map<string, number>();

  /** Writes to `log`. */
  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** `who` differs each time and does not make the line another one. */
  error(who: string, text: string): void {
    const now = this.#clock.now();
    const last = this.#errors.get(text);
    if (last !== undefined && now - last < QUIET_MS) {
      return this.debug(who, text);
    }
    this.#errors.delete(text);
    this.#errors.set(text, now);
    for (const oldest of this.#errors.keys()) {
      if (this.#errors.size <= MAX_LINES) break;
      this.#errors.delete(oldest);
    }
    this.#log.error(`${who} - ${text}`);
  }

  /** A line that is no error at all. */
  debug(who: string, text: string): void {
    this.#log.debug?.(`${who} - ${text}`);
  }
}

/**
 * Bounds what failing logins cost: an address that fails too often gets its
 * refusals late, and the log stops repeating them. Right credentials are never
 * held up: others may sit behind the same address.
 */

import type { Clock } from "../options.ts";

/** Time over which failures of an address are counted, in milliseconds. */
export const WINDOW_MS = 60_000;
/** Delays of refusals: the first, doubled each time, and the longest. */
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2000;
/** Addresses remembered; beyond that the oldest are forgotten. */
const MAX_ADDRESSES = 10_000;

/** What to do about a failed login. */
export interface Penalty {
  /** How long to wait with the refusal, in milliseconds. */
  readonly delayMs: number;
  /** `last`: log it, and that there will be no more; `none`: do not. */
  readonly log: "each" | "last" | "none";
}

interface Failures {
  count: number;
  /** When the window began. */
  readonly since: number;
}

/** See the module. */
export class LoginLimiter {
  readonly #clock: Clock;
  readonly #byAddress = new Map<string, Failures>();

  /** Nobody has failed yet. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A login from `address` failed; it may `max` times a minute, 0 = always. */
  failed(address: string, max: number): Penalty {
    if (max === 0) return { delayMs: 0, log: "each" };
    const failures = this.#failuresOf(address);
    const surplus = ++failures.count - max;
    if (surplus < 0) return { delayMs: 0, log: "each" };
    if (surplus === 0) return { delayMs: 0, log: "last" };
    const delayMs = Math.min(
      LONGEST_DELAY_MS,
      FIRST_DELAY_MS * 2 ** (surplus - 1),
    );
    return { delayMs, log: "none" };
  }

  #failuresOf(address: string): Failures {
    const now = this.#clock.now();
    const known = this.#byAddress.get(address);
    if (known !== undefined && now - known.since < WINDOW_MS) return known;
    this.#byAddress.delete(address);
    if (this.#byAddress.size >= MAX_ADDRESSES) {
      for (const oldest of this.#byAddress.keys()) {
        this.#byAddress.delete(oldest);
        break;
      }
    }
    const fresh = { count: 0, since: now };
    this.#byAddress.set(address, fresh);
    return fresh;
  }
}

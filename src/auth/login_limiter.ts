/**
 * Bounds what failing logins cost: an address that fails too often gets its
 * refusals late, and the log stops repeating them. Right credentials are never
 * held up: others may sit behind the same address. With IPv6 a network of 64
 * bits counts as one, since whoever has one address has all of those.
 */

import { isIPv6 } from "node:net";
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
    const failures = this.#failuresOf(networkOf(address));
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

/** What counts as one: an IPv4 address, or the first half of an IPv6 one. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [front, back] = address.split("::", 2);
  const groups = front === "" ? [] : front.split(":");
  if (back !== undefined) {
    const known = back === "" ? 0 : back.split(":").length;
    groups.push(...Array(Math.max(0, 8 - groups.length - known)).fill("0"));
    groups.push(...back.split(":"));
  }
  return groups.slice(0, 4).join(":");
}

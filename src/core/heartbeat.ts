/**
 * When a connection is due a PING, and when it counts as stale. Pure decisions
 * on times it is given (client-protocol §2.1); the connection acts on them.
 */

/** Longest a connected client waits for its first PING, in milliseconds. */
const FIRST_PING_MS = 2000;
/** The first PING is put off by up to this part of its time. */
const FIRST_PING_JITTER = 0.2;
/** A round trip older than this is measured again, activity or not. */
const ROUND_TRIP_AGE_MS = 60 * 60 * 1000;

/** What is due. */
export type Beat = "nothing" | "ping" | "stale";

/** How often to ask, and how long to wait. */
export interface HeartbeatLimits {
  /** Pause between PINGs, in milliseconds. */
  readonly pingIntervalMs: number;
  /** PINGs that may go unanswered. */
  readonly pingMax: number;
}

/** The heartbeat of one connection. Times are monotonic milliseconds. */
export class Heartbeat {
  /** When the connection began. */
  readonly startedAt: number;
  /** When to ask again. */
  dueAt: number;
  /** When messages or operations were last seen, either way; for all we were told. */
  activeAt: number;
  /** Time between the last PING and its PONG, -1 before the first. */
  roundTripMs = -1;

  readonly #limits: HeartbeatLimits;
  readonly #maxIntervalMs: number;
  #outstanding = 0;
  #sentAt = -Infinity;
  #activitySeen = 0;
  #received = 0;
  #sent = 0;

  /**
   * Before `connected`, PINGs come at the plain interval. `limits` are read
   * anew each time: a reload may change them.
   */
  constructor(now: number, limits: HeartbeatLimits, maxIntervalMs = Infinity) {
    this.#limits = limits;
    this.#maxIntervalMs = maxIntervalMs;
    this.startedAt = now;
    this.dueAt = now + this.#intervalMs;
    this.activeAt = now;
  }

  /** So much has been received, the last of it at `at` if that is news. */
  received(count: number, at: number): void {
    if (count === this.#received) return;
    this.#received = count;
    this.activeAt = Math.max(this.activeAt, at);
  }

  /** As `received`, of what was sent. */
  sent(count: number, at: number): void {
    if (count === this.#sent) return;
    this.#sent = count;
    this.activeAt = Math.max(this.activeAt, at);
  }

  /** CONNECT came: measure the round trip soon. `random` is from 0 to 1. */
  connected(now: number, random: number): void {
    const first = Math.min(this.#intervalMs, FIRST_PING_MS);
    this.dueAt = now + first * (1 + FIRST_PING_JITTER * random);
  }

  /** The round trip was never measured, and no PING is on its way. */
  get unmeasured(): boolean {
    return this.roundTripMs < 0 && this.#outstanding === 0;
  }

  /** A PING is sent now, before its time. */
  asked(now: number): void {
    this.#outstanding++;
    this.#sentAt = now;
  }

  /** A PONG came, asked for or not. */
  answered(now: number): void {
    if (this.#outstanding > 0) this.roundTripMs = now - this.#sentAt;
    this.#outstanding = 0;
  }

  /**
   * What to do now. `activity` counts operations that show the peer alive: if
   * it moved since last asked and the round trip is known, no PING is due.
   */
  beat(now: number, activity: number): Beat {
    if (now < this.dueAt) return "nothing";
    this.dueAt = now + this.#intervalMs;
    const active = activity !== this.#activitySeen;
    this.#activitySeen = activity;
    if (active && now - this.#sentAt < ROUND_TRIP_AGE_MS) return "nothing";
    if (this.#outstanding + 1 > this.#limits.pingMax) return "stale";
    this.#outstanding++;
    this.#sentAt = now;
    return "ping";
  }

  get #intervalMs(): number {
    return Math.min(this.#limits.pingIntervalMs, this.#maxIntervalMs);
  }
}

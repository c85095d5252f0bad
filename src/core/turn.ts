/**
 * Sees to it that one connection with much to say does not keep the others
 * from being heard.
 *
 * A read that fills its whole window is followed by one that is ready at once,
 * and so on, without the event loop ever asking which other sockets have
 * something: for hundreds of milliseconds, if nobody minds. So whoever has kept
 * the loop busy for a while lets it breathe, and sooner while others talk too.
 */

import type { Clock } from "../options.ts";

/** Longest turn while other connections are active, in milliseconds. */
const SHARED_TURN_MS = 1;
/** Longest turn of a connection that has had the server to itself. */
const LONE_TURN_MS = 20;
/** Others count as active this long after they were last heard. */
const ACTIVE_MS = 100;

/** The event loop's time, shared by the connections of one server. */
export class Turn {
  /** When anybody was last heard. */
  heardAt = -Infinity;

  readonly #clock: Clock;
  #startedAt = 0;
  /** Who was heard last, and when somebody else was before that. */
  #speaker: unknown = null;
  #sharedAt = -Infinity;
  /** Everyone whose turn is over waits for the same breath. */
  #breath: Promise<void> | null = null;

  /** `clock` tells the time and knows how to breathe. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * `speaker` was read from. `waited` says that its last read had taken all
   * there was: then the loop has just looked at all sockets, and a turn starts.
   */
  heard(speaker: unknown, waited: boolean, now: number): void {
    this.heardAt = now;
    if (waited) this.#startedAt = now;
    if (speaker === this.#speaker) return;
    this.#speaker = speaker;
    this.#sharedAt = now;
  }

  /** What to await before going on, or `null` if there is no need. */
  yield(): Promise<void> | null {
    if (this.#breath !== null) return this.#breath;
    const now = this.#clock.now();
    const turnMs = now - this.#sharedAt < ACTIVE_MS
      ? SHARED_TURN_MS
      : LONE_TURN_MS;
    if (now - this.#startedAt < turnMs) return null;
    this.#breath = this.#clock.breathe().then(() => {
      this.#breath = null;
      this.#startedAt = this.#clock.now();
    });
    return this.#breath;
  }
}

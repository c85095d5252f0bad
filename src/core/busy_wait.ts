/**
 * Waits a few microseconds for the next bytes before the event loop goes to
 * sleep for them, while that keeps paying off.
 *
 * Going to sleep and being woken costs more than handling a request does. When
 * connections take turns, each soon after the last was handled (a request, its
 * reply, the next request), staying awake takes a third off the round trip
 * (114 µs → 75 µs, one request in flight over loopback) for a quarter more CPU.
 * A wait that was in vain costs confidence; without it there is none.
 */

/** How long to stay awake, in milliseconds. */
const WAIT_MS = 0.02;
/** Bytes that come this soon after the wait came because of it. */
const PROMPT_MS = 0.01;
/** Bytes that come sooner after the last than this were not waited for. */
const TOGETHER_MS = 0.006;
/** Bytes that come later than this would not have been worth waiting for. */
const LATE_MS = 0.06;

/** Chunks in a row that came alone, at the right distance, before it is tried. */
const ENOUGH = 16;
/** Confidence beyond that, as successes bring it. */
const MOST = 48;
/** What a wait in vain takes away. */
const PENALTY = 8;

/**
 * Whether waiting awake can help here: on a single processor it would only keep
 * the other side from running.
 */
export const BUSY_WAIT_HELPS: boolean = navigator.hardwareConcurrency > 1;

/** Shared by the connections of one server. */
export class BusyWait {
  readonly #now: () => number;
  /** When the last chunk had been handled. */
  #idleAt = -Infinity;
  /** Above `ENOUGH`, waiting is expected to pay off. */
  #confidence = 0;
  #waited = false;
  #speaker: unknown = null;

  /** `now` is monotonic, in milliseconds, and must move while we wait. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Bytes came from `speaker`. */
  heard(speaker: unknown): void {
    const gap = this.#now() - this.#idleAt;
    const answer = speaker !== this.#speaker;
    this.#speaker = speaker;
    if (this.#waited) {
      this.#waited = false;
      if (answer && gap < WAIT_MS + PROMPT_MS) {
        this.#confidence = Math.min(this.#confidence + 1, MOST);
      } else {
        this.#confidence -= PENALTY;
      }
    } else if (!answer || gap < TOGETHER_MS || gap > LATE_MS) {
      this.#confidence = 0;
    } else {
      this.#confidence++;
    }
  }

  /** All bytes at hand are handled: stays awake if that seems worth it. */
  idle(): void {
    const now = this.#now();
    this.#idleAt = now;
    if (this.#confidence < ENOUGH) return;
    this.#waited = true;
    const until = now + WAIT_MS;
    while (this.#now() < until);
  }
}

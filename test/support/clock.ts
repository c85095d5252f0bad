/** A clock that stands still until it is told to move. */

import type { Clock } from "../../src/options.ts";

interface Alarm {
  readonly at: number;
  readonly callback: () => void;
}

/** See the module. */
export class FakeClock implements Clock {
  /** How often somebody let others go first. */
  breaths = 0;
  #now = 1_000_000;
  #alarms: Alarm[] = [];

  now(): number {
    return this.#now;
  }

  epochMs(): number {
    return 1_700_000_000_000 + this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const alarm = { at: this.#now + ms, callback };
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  }

  breathe(): Promise<void> {
    this.breaths++;
    return Promise.resolve();
  }

  /** Moves time on, calling back what is due in order. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const due = this.#alarms
        .filter(({ at }) => at <= until)
        .sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#alarms = this.#alarms.filter((alarm) => alarm !== due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
    }
    this.#now = until;
  }

  /** Alarms set and not yet due. */
  get pending(): number {
    return this.#alarms.length;
  }
}

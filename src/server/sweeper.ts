/**
 * Looks after a server's connections while there are any: PINGs, deadlines,
 * and memory that is no longer of use. One timer for all of them.
 */

import type { Connection } from "../core/connection.ts";
import type { ConnectionContext } from "../core/connection_context.ts";

/** How often connections are looked after, in milliseconds. */
const SWEEP_MS = 250;
/** How often memory that is no longer of use is let go, in milliseconds. */
const TIDY_MS = 10_000;

/** Connections of one kind, by number. */
export type Live = ReadonlyMap<number, { readonly connection: Connection }>;

/** See the module. */
export class Sweeper {
  readonly #context: ConnectionContext;
  readonly #live: readonly Live[];
  readonly #tidy: () => void;
  #cancel: (() => void) | null = null;
  #tidiedAt = 0;

  /** Idle until woken; `tidy` lets go of memory beyond the pool's. */
  constructor(
    context: ConnectionContext,
    live: readonly Live[],
    tidy: () => void,
  ) {
    this.#context = context;
    this.#live = live;
    this.#tidy = tidy;
  }

  /** There is a connection: goes on until there is none. */
  wake(): void {
    if (this.#cancel !== null) return;
    const { clock, pingIntervalMs, writeDeadlineMs } = this.#context.options;
    const periodMs = Math.min(
      SWEEP_MS,
      pingIntervalMs / 4,
      writeDeadlineMs / 4,
    );
    this.#cancel = clock.after(periodMs, () => {
      this.#cancel = null;
      this.#sweep(clock.now());
    });
  }

  /** Stops until woken again. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #sweep(now: number): void {
    let count = 0;
    for (const live of this.#live) {
      for (const { connection } of live.values()) connection.sweep(now);
      count += live.size;
    }
    if (now - this.#tidiedAt >= TIDY_MS || count === 0) {
      this.#tidiedAt = now;
      this.#context.pool.trim();
      this.#tidy();
    }
    if (count > 0) this.wake();
  }
}

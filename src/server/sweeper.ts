/**
 * Looks after a server's connections while there are any: PINGs, deadlines,
 * and memory that is no longer of use. One timer for all of them.
 */

import type { ConnectionContext } from "../core/connection.ts";
import type { Connections } from "./connections.ts";

/** How often connections are looked after, in milliseconds. */
const SWEEP_MS = 250;
/** How often memory that is no longer of use is let go, in milliseconds. */
const TIDY_MS = 10_000;

/** See the module. */
export class Sweeper {
  readonly #context: ConnectionContext;
  readonly #connections: Connections;
  readonly #tidy: () => void;
  #cancel: (() => void) | null = null;
  #tidiedAt = 0;

  /** Idle until woken; `tidy` lets go of memory beyond the pool's. */
  constructor(
    context: ConnectionContext,
    connections: Connections,
    tidy: () => void,
  ) {
    this.#context = context;
    this.#connections = connections;
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
    const { live } = this.#connections;
    for (const { connection } of live.values()) connection.sweep(now);
    if (now - this.#tidiedAt >= TIDY_MS || live.size === 0) {
      this.#tidiedAt = now;
      this.#context.pool.trim();
      this.#tidy();
    }
    if (live.size > 0) this.wake();
  }
}

/**
 * What the process uses, for monitoring. Memory and processor time are the
 * whole process's, other servers in it included; neither takes a permission.
 */

import type { Clock } from "../options.ts";
import type { ProcessSnapshot } from "../monitor/snapshots.ts";

/** Time over which the use of the processor is averaged, in milliseconds. */
const SAMPLE_MS = 1000;

/** Processor time used so far, in microseconds. */
type CpuUsage = () => { user: number; system: number };

/** See the module. */
export class ProcessMeter {
  readonly #clock: Clock;
  #cpuUsage: CpuUsage | null = null;
  #cancel: () => void = () => {};
  #sampledAt = 0;
  #usedMs = 0;
  #cpuPercent = 0;

  /** Measures nothing yet. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Looks once a second from now on, if it does not yet. */
  async start(): Promise<void> {
    const { cpuUsage } = await import("node:process");
    if (this.#cpuUsage !== null) return;
    this.#cpuUsage = cpuUsage;
    this.#sampledAt = this.#clock.now();
    this.#usedMs = this.#used(cpuUsage);
    this.#wait();
  }

  /** Stops looking. */
  stop(): void {
    this.#cancel();
    this.#cpuUsage = null;
  }

  /** What it uses now. */
  read(): ProcessSnapshot {
    return {
      memoryBytes: Deno.memoryUsage().rss,
      cpuPercent: this.#cpuPercent,
      cpuSeconds: this.#cpuUsage === null
        ? 0
        : this.#used(this.#cpuUsage) / 1000,
      startedAt: performance.timeOrigin,
      cores: navigator.hardwareConcurrency,
    };
  }

  #wait(): void {
    this.#cancel = this.#clock.after(SAMPLE_MS, () => this.#sample());
  }

  #sample(): void {
    if (this.#cpuUsage === null) return;
    const now = this.#clock.now();
    const usedMs = this.#used(this.#cpuUsage);
    const share = (usedMs - this.#usedMs) / (now - this.#sampledAt);
    this.#cpuPercent = Math.round(share * 1000) / 10;
    this.#sampledAt = now;
    this.#usedMs = usedMs;
    this.#wait();
  }

  #used(cpuUsage: CpuUsage): number {
    const { user, system } = cpuUsage();
    return (user + system) / 1000;
  }
}

/**
 * Lets the clients of a server go one by one, so that the others of a cluster
 * are not overrun by all of them at once (client-protocol §7).
 */

import type { ResolvedOptions } from "../options.ts";
import { sleep } from "./accept_loop.ts";
import type { Connections } from "./connections.ts";

/** Longest pause between two clients. */
const PAUSE_MS = 1000;

/** What it depends on. */
export interface DepartureOptions {
  /** The server's options. */
  readonly options: ResolvedOptions;
  /** Cuts it short. */
  readonly signal: AbortSignal;
  /** A number from 0 up to 1. */
  readonly random: () => number;
}

/**
 * Waits for the grace period and closes the clients spread over the time that
 * is left. Resolves when none is, or when `signal` is aborted.
 */
export async function letGo(
  { live }: Connections,
  { options, signal, random }: DepartureOptions,
): Promise<void> {
  const { clock, lameDuckDurationMs, lameDuckGracePeriodMs, log } = options;
  if (live.size > 0) await sleep(lameDuckGracePeriodMs, clock, signal);
  if (live.size > 0 && !signal.aborted) log.info("Closing existing clients");
  const pauseMs = Math.min(
    (lameDuckDurationMs - lameDuckGracePeriodMs) / live.size,
    PAUSE_MS,
  );
  for (const { connection } of [...live.values()]) {
    if (signal.aborted) break;
    connection.close("Server Shutdown");
    if (live.size === 0) break;
    await sleep(pauseMs * (1 + random()) / 2, clock, signal);
  }
}

/**
 * Accepts connections until the listener is closed. Errors such as too many
 * open files are waited out: they must not end the server.
 */

import { errorText } from "../error_text.ts";
import type { Clock, ResolvedOptions } from "../options.ts";
import type { Listener, Transport } from "../transport/transport.ts";

/** First pause after a failed accept, in milliseconds; doubles each time. */
const MIN_PAUSE_MS = 10;
/** Longest pause, in milliseconds. */
const MAX_PAUSE_MS = 1000;

/** What the loop needs. */
export interface AcceptOptions {
  /** Gets each transport. */
  readonly accept: (transport: Transport) => void;
  /** Says when to stop. */
  readonly signal: AbortSignal;
  /** Where failures are logged, and what times the pauses. */
  readonly options: Pick<ResolvedOptions, "log" | "clock">;
}

/** Resolves once `signal` is aborted and the listener closed; never rejects. */
export async function acceptLoop(
  listener: Listener,
  { accept, signal, options }: AcceptOptions,
): Promise<void> {
  let pauseMs = MIN_PAUSE_MS;
  while (!signal.aborted) {
    try {
      accept(await listener.accept());
      pauseMs = MIN_PAUSE_MS;
    } catch (error) {
      if (signal.aborted) return;
      options.log.error(
        `Temporary Client Accept Error (${
          errorText(error)
        }), sleeping ${pauseMs}ms`,
      );
      await sleep(pauseMs, options.clock, signal);
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    }
  }
}

/** Waits `ms`, or until `signal` is aborted. */
export function sleep(
  ms: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener("abort", done);
  });
}

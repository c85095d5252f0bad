/**
 * How a connection ends: what is queued leaves, the peer gets to read why it
 * ends, the transport is closed, and nobody waits for any of it for ever.
 */

import { errorText } from "../error_text.ts";
import type { Log } from "../log.ts";
import type { Clock } from "../options.ts";
import type { Transport } from "../transport/transport.ts";
import type { Outbound } from "./outbound.ts";

/** Longest a closing connection waits for queued bytes to leave. */
const FLUSH_BOUND_MS = 1000;

/**
 * Longest a closed connection goes on reading what the peer still sends.
 * Closing a socket with unread bytes resets it, and the reset would overtake
 * the `-ERR` that says why.
 */
const LINGER_MS = 500;

/** What ends of a connection. */
export interface Leaving {
  /** Closed at the end. */
  readonly transport: Transport;
  /** Flushed, then closed. */
  readonly outbound: Outbound;
  /** Told what fails. */
  readonly log: Log;
  /** How the log names it. */
  readonly label: string;
}

/**
 * Closes the transport, after what is queued has left unless it is not to be
 * flushed. `reading` is the read loop, which ends by that.
 */
export async function sayFarewell(
  connection: Leaving,
  { flush, reading, clock }: {
    readonly flush: boolean;
    readonly reading: () => Promise<void>;
    readonly clock: Clock;
  },
): Promise<void> {
  const { transport, outbound } = connection;
  if (flush) {
    outbound.flush();
    await within(
      clock,
      FLUSH_BOUND_MS,
      new Promise<void>((resolve) => outbound.whenBelow(0, resolve)),
    );
    const emptied = outbound.pending === 0;
    outbound.close();
    if (emptied) {
      // Fails when the peer is gone, which is just as well.
      transport.closeWrite().catch(() => {});
      await within(clock, LINGER_MS, reading());
    }
  }
  outbound.close();
  try {
    transport.close();
  } catch (error) {
    const { log, label } = connection;
    log.debug?.(`${label} - Error closing: ${errorText(error)}`);
  }
  await within(clock, LINGER_MS, reading());
}

/** Waits for `done`, but no longer than `ms`. */
function within(clock: Clock, ms: number, done: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve);
    done.then(() => {
      cancel();
      resolve();
    });
  });
}

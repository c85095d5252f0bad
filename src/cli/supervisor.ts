/**
 * Tells the supervisor that started this process, systemd or one that does as
 * it does, that the server is ready, and while it asks for that, that it is
 * alive (sd_notify). Knows nothing of what a server does.
 */

import type { SyslogSocket } from "../logging/syslog_socket.ts";
import { environment } from "../permission.ts";

/** Whoever waits to hear of this process. */
export interface Supervisor {
  /** The server is ready; from now on it is alive as often as that is asked for. */
  ready(): void;
  /** Says nothing more. Idempotent. */
  close(): void;
}

/** Most that a timer can wait, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The supervisor that the environment names; `null` if it names none, or may
 * not be looked at. `failed` is told why one that is named hears nothing.
 */
export async function findSupervisor(
  failed: (reason: string) => void,
): Promise<Supervisor | null> {
  const path = environment("NOTIFY_SOCKET");
  if (path === undefined) return null;
  const { dialUnix } = await import("../logging/syslog_socket.ts");
  const fail = (error: Error) => failed(`${path}: ${error.message}`);
  try {
    return new NotifySocket(await dialUnix(path), watchdogMs(), fail);
  } catch (error) {
    fail(error as Error);
    return null;
  }
}

class NotifySocket implements Supervisor {
  readonly #socket: SyslogSocket;
  readonly #everyMs: number;
  readonly #failed: (error: Error) => void;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    socket: SyslogSocket,
    everyMs: number,
    failed: (error: Error) => void,
  ) {
    this.#socket = socket;
    this.#everyMs = everyMs;
    this.#failed = failed;
  }

  ready(): void {
    this.#send("READY=1");
    if (this.#everyMs === Infinity) return;
    this.#timer = setInterval(() => this.#send("WATCHDOG=1"), this.#everyMs);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #send(text: string): void {
    this.#socket.send(new TextEncoder().encode(text)).catch((error) => {
      clearInterval(this.#timer);
      this.#failed(error);
    });
  }
}

/** How often to be alive: twice as often as asked for; never if nobody asks. */
function watchdogMs(): number {
  const ms = Number(environment("WATCHDOG_USEC") ?? NaN) / 2000;
  return ms >= 1 ? Math.min(ms, MAX_TIMER_MS) : Infinity;
}

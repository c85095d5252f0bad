/**
 * One address where another server is: dials it, again and again while there is
 * reason to, less and less often (cluster-protocol §1.7). What comes of the
 * connections is up to the mesh.
 */

import { errorText } from "../error_text.ts";
import type { Log } from "../log.ts";
import type { Clock } from "../options.ts";
import type { Transport } from "../transport/transport.ts";
import type { RouteTarget, RouteUrl } from "./route_url.ts";

/** Shortest pause between two attempts, in milliseconds. */
const RETRY_MS = 1000;
/** Random share on top of each pause, in milliseconds. */
export const JITTER_MS = 100;
/** Longest pause while nobody answers, in milliseconds. */
const MAX_UNREACHABLE_MS = 10_000;
/** Longest pause while somebody answers but sends us away, in milliseconds. */
const MAX_REFUSED_MS = 30_000;
/** A pause is this share of the outage so far: so is what it adds to it. */
const OUTAGE_SHARE = 0.1;
/** Attempts in a row after which a hasty one is no use. */
const MAX_HASTE = 3;
/** How long a discovered server is looked for, in milliseconds. */
const LOOK_FOR_MS = 5 * 60_000;
/** Every so many failures in a row are worth another error in the log. */
const REPORT_EVERY = 100;

/** What a dialer needs of the mesh. */
export interface DialerHost {
  /** Times the attempts. */
  readonly clock: Clock;
  /** Told of them. */
  readonly log: Log;
  /** A number from 0 up to 1. */
  random(): number;
  /** Opens a byte stream. */
  dial(url: RouteUrl, signal: AbortSignal): Promise<Transport>;
  /** Whether there is still reason to dial. */
  wanted(dialer: Dialer): boolean;
  /** It is through: `closed` is to be called in the end. */
  connected(dialer: Dialer, transport: Transport): void;
  /** How often a discovered server is dialled again at least. */
  retries(): number;
  /** A discovered server is not looked for any longer. */
  gaveUp(dialer: Dialer): void;
}

/** What a dialer is at. */
type State = "idle" | "waiting" | "dialling" | "open" | "ended";

/** See the module. */
export class Dialer {
  /** What it dials. A reload may make a discovered address a configured one. */
  target: RouteTarget;
  /** Id of the server there as far as is known; empty if it is not. */
  peerId: string;
  /** This very server is there. */
  self = false;
  /** What the gossip about the server said of its mode. */
  gossipMode: number | undefined;

  readonly #host: DialerHost;
  #state: State = "idle";
  /** Attempts since there was last a lasting route. */
  #attempts = 0;
  /** When the first of them failed; -1: none has. */
  #failingSince = -1;
  #cancel: () => void = () => {};

  /** Does nothing until told. */
  constructor(target: RouteTarget, peerId: string, host: DialerHost) {
    this.target = target;
    this.peerId = peerId;
    this.#host = host;
  }

  /** It neither dials nor has a connection, nor is going to by itself. */
  get idle(): boolean {
    return this.#state === "idle";
  }

  /** How often it has dialled since there was last a lasting route. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Dials in `ms`, unless it is at it already. */
  dialIn(ms: number): void {
    if (this.#state !== "idle") return;
    this.#state = "waiting";
    this.#cancel = this.#host.clock.after(ms, () => this.#attempt());
  }

  /** Dials soon, unless that has not helped before. */
  dialSoon(): void {
    if (this.#attempts > MAX_HASTE) return this.retry();
    this.dialIn(this.#host.random() * JITTER_MS);
  }

  /** Dials now rather than after the pause it is in. */
  hurry(): void {
    if (this.#state !== "waiting") return;
    this.#cancel();
    this.#attempt();
  }

  /** Its connection has closed. */
  closed(): void {
    if (this.#state === "open") this.#state = "idle";
  }

  /**
   * Pauses and dials again, if there is reason; gives up a discovered server in
   * the end.
   */
  retry(maxPauseMs: number = MAX_REFUSED_MS): void {
    if (this.#state !== "idle" || !this.#host.wanted(this)) return;
    const now = this.#host.clock.now();
    if (this.#failingSince < 0) this.#failingSince = now;
    const outageMs = now - this.#failingSince;
    const due = this.target.explicit || outageMs < LOOK_FOR_MS ||
      this.#attempts <= this.#host.retries();
    if (!due) return this.#host.gaveUp(this);
    const pauseMs = Math.min(outageMs * OUTAGE_SHARE, maxPauseMs);
    this.dialIn(
      Math.max(pauseMs, RETRY_MS) + this.#host.random() * JITTER_MS,
    );
  }

  /** There was a lasting route: what failed before does not count any more. */
  succeeded(): void {
    this.#attempts = 0;
    this.#failingSince = -1;
  }

  /** Ends it for good; its connection stays. */
  end(): void {
    this.#state = "ended";
    this.#cancel();
  }

  #attempt(): void {
    this.#state = "idle";
    if (!this.#host.wanted(this)) return;
    this.#state = "dialling";
    this.#attempts++;
    const { log } = this.#host;
    const { url } = this.target;
    const abort = new AbortController();
    this.#cancel = () => abort.abort();
    log.debug?.(`Trying to connect to route on ${url.text}`);
    this.#host.dial(url, abort.signal).then(
      (transport) => this.#connected(transport),
      (error) => this.#failed(error),
    );
  }

  #connected(transport: Transport): void {
    // What happened meanwhile may have ended the need for it.
    const needed = this.#state === "dialling" && this.#host.wanted(this);
    if (this.#state === "dialling") this.#state = needed ? "open" : "idle";
    if (needed) this.#host.connected(this, transport);
    else transport.close();
  }

  #failed(error: unknown): void {
    if (this.#state !== "dialling") return;
    this.#state = "idle";
    const { log } = this.#host;
    const text =
      `Error trying to connect to route (attempt ${this.#attempts}): dial ${this.target.url.text}: ${
        errorText(error)
      }`;
    if (this.#attempts % REPORT_EVERY === 1) log.error(text);
    else log.debug?.(text);
    this.retry(MAX_UNREACHABLE_MS);
  }
}

/**
 * One connection of any kind: its transport, its read loop, its outbound side,
 * its counters, and why it ends. What the operations on it mean is up to the
 * `Peer` it runs for; how it is accepted and remembered, to the server.
 */

import { errorText, errorTrace } from "../error_text.ts";
import type { CloseReason, ProtocolError } from "../errors.ts";
import { staleConnection } from "../errors.ts";
import { hostPort } from "../host_port.ts";
import type { Log } from "../log.ts";
import type { Transport } from "../transport/transport.ts";
import { errorLine, PING } from "../wire/encoder.ts";
import type { ByteParser } from "../wire/op_handler.ts";
import type {
  ConnectionContext,
  ConnectionKind,
  Traffic,
} from "./connection_context.ts";
import { CLIENT_KIND } from "./connection_context.ts";
import { sayFarewell } from "./farewell.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { OutboundOwner } from "./outbound.ts";
import { Outbound } from "./outbound.ts";
import type { Peer, Upgrade } from "./peer.ts";
import { ReadBuffer } from "./read_buffer.ts";
import { WriteWatch } from "./write_watch.ts";

/** A connection; see the module. */
export class Connection implements OutboundOwner, Traffic {
  /** Unique in the server, counted from 1: `cid` in monitoring. */
  readonly id: number;
  /** The byte stream under it; changes once at most, in an upgrade. */
  transport: Transport;
  /** Its sending half. */
  readonly outbound: Outbound;
  /** Pings, and the measured round trip. */
  readonly heartbeat: Heartbeat;
  /** When it was accepted, wall-clock milliseconds. */
  readonly startedAt: number;
  /** Messages received. */
  inMsgs = 0;
  /** Payload bytes received. */
  inBytes = 0;
  /** Messages delivered. */
  outMsgs = 0;
  /** Payload bytes delivered. */
  outBytes = 0;
  /** Both sides agreed to message headers. */
  headers = false;
  /** Takes part in nothing any more. */
  closed = false;
  /** Why; `null` while open. */
  closeReason: CloseReason | null = null;
  /** When bytes last came in, on the server's monotonic clock. */
  lastReadAt: number;
  /** What the peer calls itself, quoted for the log; empty if nothing. */
  peerName = "";
  /**
   * Set by the peer when its handler stopped the parser over something that
   * takes time: what was read waits until this settles. Must not reject.
   */
  pause: Promise<void> | null = null;

  readonly #context: ConnectionContext;
  readonly #kind: ConnectionKind;
  #peer: Peer | null = null;
  #reading: Promise<void> = Promise.resolve();
  #ended: Promise<void> | null = null;
  /** On its way to another transport: nothing of ours may be sent meanwhile. */
  #upgrading = false;
  readonly #writes: WriteWatch;

  /** Takes over `transport`; nothing happens before `run`. */
  constructor(
    id: number,
    transport: Transport,
    context: ConnectionContext,
    kind: ConnectionKind = CLIENT_KIND,
  ) {
    const { options, pool, flushes } = context;
    this.id = id;
    this.transport = transport;
    this.#context = context;
    this.#kind = kind;
    this.startedAt = options.clock.epochMs();
    this.lastReadAt = options.clock.now();
    this.#writes = new WriteWatch(this.lastReadAt);
    this.outbound = new Outbound(
      transport,
      this,
      pool,
      flushes,
      options.maxPendingBytes * kind.pendingFactor,
    );
    this.heartbeat = new Heartbeat(
      this.lastReadAt,
      options,
      kind.maxPingIntervalMs,
    );
  }

  /**
   * Starts reading operations for `peer`, over the transport that `upgrade`
   * makes if there is one. What was flushed before still goes out over the old
   * transport, what is sent meanwhile over the new one.
   */
  run(peer: Peer, upgrade: Upgrade | null = null): void {
    this.#peer = peer;
    this.#reading = upgrade === null
      ? this.#read(peer.parser)
      : this.#upgrade(peer, upgrade);
  }

  /** Queues a line of the protocol: it leaves with the next flush. */
  send(line: Uint8Array): void {
    this.outbound.append(line);
  }

  /** Sends a line at once: for whoever is not handling bytes just read. */
  sendNow(line: Uint8Array): void {
    this.outbound.append(line);
    this.#context.flushes.flush();
  }

  /** Tells the peer what it did wrong and stays. */
  sendError(text: string): void {
    this.trace(`->> [-ERR ${text}]`);
    this.send(errorLine(text));
  }

  /** Tells the peer what it did wrong, and closes if the error does. */
  fail(error: ProtocolError): void {
    if (this.closed) return;
    if (error.wireText !== null) this.sendError(error.wireText);
    if (error.closeReason !== null) this.close(error.closeReason);
  }

  /**
   * Ends the connection: what is queued still goes out, within a bound.
   * Resolves when the transport is closed. Idempotent; the first reason stays.
   */
  close(reason: CloseReason): Promise<void> {
    return this.#end(reason, true);
  }

  /** Ends the connection at once; what is queued is lost. */
  abort(reason: CloseReason): Promise<void> {
    return this.#end(reason, false);
  }

  /** Resolves once the transport is closed; `null` while open. */
  get ended(): Promise<void> | null {
    return this.#ended;
  }

  /** `OutboundOwner` */
  pendingExceeded(): void {
    const limit = this.outbound.maxPendingBytes;
    this.log.info(
      `${this.label} - Slow Consumer Detected: MaxPending of ${limit} Exceeded`,
    );
    this.abort("Slow Consumer (Pending Bytes)");
  }

  /** `OutboundOwner` */
  writeFailed(error: unknown): void {
    this.log.debug?.(`${this.label} - Error flushing: ${errorText(error)}`);
    this.abort("Write Error");
  }

  /**
   * Looks after everything that depends on time: PINGs, stale peers, writes
   * that make no progress. Called a few times a second with the monotonic time.
   */
  sweep(now: number): void {
    if (this.closed || this.#upgrading) return;
    const { writeDeadlineMs } = this.#context.options;
    if (this.#writes.stuck(this.outbound, now, writeDeadlineMs)) {
      const seconds = writeDeadlineMs / 1000;
      this.log.info(
        `${this.label} - Slow Consumer Detected: WriteDeadline of ${seconds}s exceeded with ${this.outbound.pending} bytes pending`,
      );
      this.abort("Slow Consumer (Write Deadline)");
      return;
    }
    this.#noteActivity(now);
    const activity = this.#kind.pingsAlways ? 0 : this.#peer?.activity ?? 0;
    switch (this.heartbeat.beat(now, activity)) {
      case "ping":
        this.trace("->> [PING]");
        this.sendNow(PING);
        break;
      case "stale":
        this.log.debug?.(`${this.label} - Stale Client Connection - Closing`);
        this.fail(staleConnection());
    }
  }

  /** When it last carried messages or operations, wall-clock milliseconds. */
  lastActivityAt(): number {
    this.#noteActivity(this.#context.options.clock.now());
    // By the start, not by now: two readings of two clocks never quite agree.
    const { activeAt, startedAt } = this.heartbeat;
    return this.startedAt + (activeAt - startedAt);
  }

  /** How the log names it: `127.0.0.1:4000 - cid:5 - "v1:go:name"`. */
  get label(): string {
    const { hostname, port } = this.transport.remoteAddress;
    const name = this.peerName === "" ? "" : ` - ${this.peerName}`;
    return `${
      hostPort(hostname, port)
    } - ${this.#kind.prefix}:${this.id}${name}`;
  }

  /** The server's log. */
  get log(): Log {
    return this.#context.options.log;
  }

  /** Logs a line about this connection at trace level. */
  trace(text: string): void {
    this.log.trace?.(`${this.label} - ${text}`);
  }

  /** Sends what was held back, and what follows, over `transport`. */
  resume(transport: Transport): void {
    this.outbound.resume(transport);
    this.#context.flushes.flush();
  }

  #noteActivity(now: number): void {
    const { activity, pings } = this.#peer ?? { activity: 0, pings: 0 };
    this.heartbeat.received(activity - pings, this.lastReadAt);
    this.heartbeat.sent(this.outMsgs, now);
  }

  async #upgrade(peer: Peer, upgrade: Upgrade): Promise<void> {
    this.#upgrading = true;
    await this.outbound.hold();
    const transport = this.closed ? null : await upgrade();
    if (transport === null) return;
    if (this.closed) {
      transport.close();
      return;
    }
    this.#upgrading = false;
    this.transport = transport;
    this.lastReadAt = this.#context.options.clock.now();
    this.resume(transport);
    await this.#read(peer.parser);
  }

  async #read(parser: ByteParser): Promise<void> {
    const { flushes, pool, turn, options: { clock } } = this.#context;
    const { transport } = this;
    const separate = transport.separate === true;
    // What goes out over TLS is written a moment later, which staying awake
    // would only put off.
    const busyWait = separate && transport.tls === undefined
      ? this.#context.busyWait
      : null;
    const input = new ReadBuffer(pool);
    /** The last read took all there was: the next one has to wait. */
    let drained = separate;
    try {
      for (;;) {
        // Not in a function of its own: a connection spends its life in this
        // `await`, and each frame of it costs memory.
        let count: number | null;
        try {
          count = await transport.read(input.window());
        } catch (error) {
          this.#readFailed(error);
          break;
        }
        if (count === null) {
          if (!this.closed) this.close("Client Closed");
          break;
        }
        if (this.closed) {
          // Lingering: nothing counts any more, and nobody is to wait for it.
          await clock.breathe();
          continue;
        }
        const now = clock.now();
        turn.heard(this, drained, now);
        busyWait?.heard(this);
        input.filled(count, now - this.lastReadAt);
        drained = separate && input.drained && transport.unread !== true;
        this.lastReadAt = now;
        for (;;) {
          input.start = parser.parse(input.buffer, input.start, input.end);
          if (this.pause !== null) await this.#paused(this.pause);
          const hold = flushes.flush();
          if (hold !== null) await hold;
          const done = parser.waiting || input.start === input.end;
          if (this.closed || (done && drained)) break;
          const breath = turn.yield();
          if (breath !== null) await breath;
          if (this.closed || done) break;
        }
        if (this.closed) input.discard();
        else input.compact(parser.waiting ? parser.need : 0);
        if (drained) busyWait?.idle();
      }
    } catch (error) {
      // A defect of ours: it costs this connection, and nobody else.
      this.log.error(`${this.label} - Internal error: ${errorTrace(error)}`);
      this.abort("Internal Error");
      flushes.flush();
    } finally {
      input.release();
    }
  }

  async #paused(pause: Promise<void>): Promise<void> {
    this.#context.flushes.flush();
    await pause;
    this.pause = null;
  }

  #readFailed(error: unknown): void {
    if (this.closed) return;
    this.log.debug?.(`${this.label} - Error reading: ${errorText(error)}`);
    this.abort("Read Error");
  }

  #end(reason: CloseReason, flush: boolean): Promise<void> {
    if (this.#ended === null) {
      this.closed = true;
      this.closeReason = reason;
      this.log.debug?.(
        `${this.label} - ${this.#kind.noun} connection closed: ${reason}`,
      );
      this.#ended = sayFarewell(this, {
        flush: flush && !this.#upgrading,
        reading: () => this.#reading,
        clock: this.#context.options.clock,
      });
      this.#peer?.connectionClosed(reason);
    }
    return this.#ended;
  }
}

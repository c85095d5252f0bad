/**
 * What the system account is told unasked: clients that come and go, figures
 * every ten seconds, and that the server leaves. Nothing is made, or sent, as
 * long as nobody listens.
 */

import type { Account } from "../core/account.ts";
import { randomWord } from "../core/random_word.ts";
import { timeText } from "../monitor/text_forms.ts";
import type { Snapshots } from "../monitor/snapshots.ts";
import type { Client } from "../peer/client.ts";
import { encodeUtf8 } from "../wire/ascii.ts";
import type { ClosedConnection } from "./connections.ts";
import { statsz } from "./system_statsz.ts";
import type { SystemSender } from "./system_sender.ts";

const ADVISORY = "io.nats.server.advisory.v1";
/** Letters in the id of an event. */
const ID_LENGTH = 22;

/** What events are made of. */
export interface EventSource {
  /** The server's public nkey. */
  readonly id: string;
  /** Where they are published. */
  account(): Account;
  /** Figures of the server. */
  snapshots(): Promise<Snapshots>;
  /** Wall-clock time in milliseconds. */
  epochMs(): number;
}

/** See the module. */
export class SystemEvents {
  readonly #sender: SystemSender;
  readonly #source: EventSource;

  /** Tells nothing yet. */
  constructor(sender: SystemSender, source: EventSource) {
    this.#sender = sender;
    this.#source = source;
  }

  /** A client was let in. */
  connected({ account, connection, login, options }: Client): void {
    this.#send(`$SYS.ACCOUNT.${account.name}.CONNECT`, () => ({
      ...this.#head("client_connect"),
      client: {
        start: timeText(connection.startedAt),
        host: connection.transport.remoteAddress.hostname,
        id: connection.id,
        acc: account.name,
        user: login.identity?.user || login.identity?.nkey || undefined,
        name: options.name || undefined,
        lang: options.lang || undefined,
        ver: options.version || undefined,
        name_tag: account.name,
        kind: "Client",
        client_type: "nats",
      },
    }));
  }

  /** A client that was let in is gone. */
  disconnected(closed: ClosedConnection): void {
    this.#send(`$SYS.ACCOUNT.${closed.account}.DISCONNECT`, () => ({
      ...this.#head("client_disconnect"),
      client: {
        start: timeText(closed.startedAt),
        host: closed.hostname,
        id: closed.id,
        acc: closed.account,
        user: closed.user || closed.nkey || undefined,
        name: closed.name || undefined,
        lang: closed.lang || undefined,
        ver: closed.version || undefined,
        rtt: nanoseconds(closed.roundTripMs),
        stop: timeText(closed.stoppedAt),
        name_tag: closed.account,
        kind: "Client",
        client_type: "nats",
      },
      sent: { msgs: closed.inMsgs, bytes: closed.inBytes },
      received: { msgs: closed.outMsgs, bytes: closed.outBytes },
      reason: closed.reason,
    }));
  }

  /** Ten seconds have passed, or somebody asked for it. */
  async heartbeat(): Promise<void> {
    const subject = `$SYS.SERVER.${this.#source.id}.STATSZ`;
    if (!this.#sender.interest(this.#source.account(), subject)) return;
    const snapshots = await this.#source.snapshots();
    this.#send(subject, () => ({
      server: this.#sender.facts(),
      statsz: statsz(snapshots),
    }));
  }

  /** The server lets its clients go one by one. */
  lameDuck(): void {
    this.#leaving("LAMEDUCK");
  }

  /** The server is about to close everything. */
  shutdown(): void {
    this.#leaving("SHUTDOWN");
  }

  #leaving(how: string): void {
    const subject = `$SYS.SERVER.${this.#source.id}.${how}`;
    this.#send(subject, () => this.#sender.facts());
  }

  #head(type: string): object {
    return {
      type: `${ADVISORY}.${type}`,
      id: randomWord(ID_LENGTH),
      timestamp: timeText(this.#source.epochMs()),
      server: this.#sender.facts(),
    };
  }

  #send(subject: string, body: () => object): void {
    const account = this.#source.account();
    if (!this.#sender.interest(account, subject)) return;
    const payload = encodeUtf8(JSON.stringify(body()));
    // Whatever it tells of happens amid other messages: after those.
    queueMicrotask(() =>
      this.#sender.send(account, encodeUtf8(subject), payload)
    );
  }
}

/** Left out when it was never measured. */
function nanoseconds(ms: number): number | undefined {
  return ms > 0 ? Math.round(ms * 1e6) : undefined;
}

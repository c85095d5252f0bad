/**
 * The services every server offers in the system account, to be asked by tools
 * wherever in the cluster they are connected. Requests are noted as they come
 * and answered when there is time: no message waits for that.
 */

import type { Account } from "../core/account.ts";
import type { Connection } from "../core/connection.ts";
import type { Carrier } from "../core/crossing.ts";
import { Crossing, crossingSubscription, Passage } from "../core/crossing.ts";
import type { Clock, ResolvedOptions } from "../options.ts";
import { Pace, SLICE_MS } from "../monitor/pace.ts";
import type { Client } from "../peer/client.ts";
import { decodeUtf8, encodeUtf8 } from "../wire/ascii.ts";
import type { Monitoring } from "./monitoring.ts";
import type { AnswerSource } from "./system_answers.ts";
import type { SystemRequest } from "./system_request.ts";
import { readSubject, requestSubjects, USER_INFO } from "./system_request.ts";
import type { SystemSender } from "./system_sender.ts";

/** Requests that may wait; more are not taken. */
const MAX_WAITING = 256;
/** Longest options, in bytes. */
const MAX_BODY = 64 * 1024;

/** What the services need of their server. */
export interface ServiceHost {
  /** The server's public nkey. */
  readonly id: string;
  /** The server's options. */
  readonly options: Pick<ResolvedOptions, "log" | "clock">;
  /** The figures. */
  monitoring(): Pick<Monitoring, "snapshots" | "requests">;
  /** The client with this number. */
  client(id: number): Client | undefined;
  /** When a client was last read from. */
  heardAt(): number;
  /** Figures are to be published as they are every ten seconds. */
  heartbeat(): void;
}

/** A request, and where its answer is published. */
interface Waiting extends SystemRequest {
  readonly account: Account;
}

/** See the module. */
export class SystemServices extends Crossing {
  readonly #host: ServiceHost;
  readonly #sender: SystemSender;
  #system: Account | null = null;
  #stopped = false;
  #waiting: Waiting[] = [];
  /** Settles when nothing waits any more; `null` while nothing does. */
  #working: Promise<void> | null = null;

  /** Serves nobody yet. */
  constructor(sender: SystemSender, host: ServiceHost) {
    super();
    this.#sender = sender;
    this.#host = host;
  }

  /** Clients of this account may ask who they are. */
  serveUsers(account: Account): void {
    this.#subscribe(account, USER_INFO, true);
  }

  /** Serves requests in the system account, which this is. */
  serve(system: Account): void {
    this.#system = system;
    for (const subject of requestSubjects(this.#host.id)) {
      this.#subscribe(system, subject, false);
    }
  }

  /** `Crossing`: takes a request; whether it is one. */
  cross({ inHand, passage }: Carrier, publisher: Connection): boolean {
    if (passage === Passage.Stream || this.#stopped) return false;
    const request = readSubject(decodeUtf8(inHand.subject()));
    if (request === null) return false;
    if (!inHand.hasReply) {
      if (request.what === "STATSZ") this.#host.heartbeat();
      return true;
    }
    const account = request.what === "USER.INFO"
      ? passage === Passage.Own
        ? this.#host.client(publisher.id)?.account
        : undefined
      : this.#system;
    const body = inHand.payload().subarray(Math.max(inHand.headerSize, 0));
    if (
      !account || body.length > MAX_BODY || this.#waiting.length >= MAX_WAITING
    ) return false;
    this.#waiting.push({
      ...request,
      account,
      reply: inHand.reply().slice(),
      body: body.slice(),
      requester: publisher.id,
    });
    this.#working ??= this.#work();
    return true;
  }

  /** Answers nobody any more; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting = [];
    await this.#working;
  }

  #subscribe(account: Account, subject: string, untold: boolean): void {
    account.insert(crossingSubscription(this, encodeUtf8(subject), untold));
    account.services++;
  }

  async #work(): Promise<void> {
    const { clock, log } = this.#host.options;
    const monitoring = this.#host.monitoring();
    const [{ answer }, snapshots] = await Promise.all([
      import("./system_answers.ts"),
      monitoring.snapshots(),
    ]);
    const pace = new Pace(clock, () => this.#host.heardAt());
    const source: AnswerSource = {
      snapshots,
      requests: monitoring.requests,
      client: (id) => this.#host.client(id),
      facts: () => this.#sender.facts(),
    };
    for (;;) {
      const request = this.#waiting.shift();
      if (request === undefined) break;
      try {
        const pieces = await pace.run(() => answer(request, source));
        if (pieces === null) continue;
        const text = encodeUtf8(await gathered(pieces, pace, clock));
        this.#sender.send(request.account, request.reply, text);
      } catch (error) {
        log.error(`Error answering ${request.what}: ${error}`);
      }
    }
    this.#working = null;
  }
}

/** All pieces, made a few at a time. */
async function gathered(
  pieces: Iterable<string>,
  pace: Pace,
  clock: Clock,
): Promise<string> {
  const iterator = pieces[Symbol.iterator]();
  let text = "";
  let done = false;
  const slice = () => {
    const end = clock.now() + SLICE_MS;
    do {
      const next = iterator.next();
      done = next.done === true;
      if (!done) text += next.value;
    } while (!done && clock.now() < end);
  };
  while (!done) await pace.run(slice);
  return text;
}

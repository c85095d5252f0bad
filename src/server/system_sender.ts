/**
 * What the server itself says in its accounts: messages under any subject, told
 * to whoever listens, here or at other servers.
 */

import type { Account } from "../core/account.ts";
import type { ConnectionContext } from "../core/connection_context.ts";
import { Connection } from "../core/connection.ts";
import { Passage } from "../core/crossing.ts";
import type { Draft } from "../core/draft.ts";
import type { Fanout } from "../core/fanout.ts";
import { splitHostPort } from "../host_port.ts";
import { timeText } from "../monitor/text_forms.ts";
import type { ResolvedOptions } from "../options.ts";
import type { MatchResult } from "../subject/match_result.ts";
import type { Subscription } from "../core/subscription.ts";
import { memoryPair } from "../transport/memory.ts";
import { NATS_VERSION } from "../version.ts";
import { encodeUtf8 } from "../wire/ascii.ts";

/** What it needs of its server. */
export interface SenderHost {
  /** The server's public nkey. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** What all its connections share. */
  readonly context: ConnectionContext;
  /** Delivers messages. */
  readonly fanout: Fanout;
  /** Name of the cluster it is in; empty if it stands alone. */
  clusterName(): string;
}

/** What a message says of the server that sends it. */
export interface ServerFacts {
  /** Its name. */
  readonly name: string;
  /** Address it listens on, or is advertised under. */
  readonly host: string;
  /** Its public nkey. */
  readonly id: string;
  /** Its cluster, if it is in one. */
  readonly cluster?: string;
  /** Level of the protocol. */
  readonly ver: string;
  /** Its tags, if it has any. */
  readonly tags?: readonly string[];
  /** Not here. */
  readonly jetstream: boolean;
  /** Nothing of what they stand for is here. */
  readonly flags: number;
  /** Goes up with every message. */
  readonly seq: number;
  /** When it was sent. */
  readonly time: string;
}

/** See the module. */
export class SystemSender {
  readonly #host: SenderHost;
  /** Stands for the server where messages have a publisher. */
  readonly #publisher: Connection;
  #seq = 0;

  /** Says nothing yet. */
  constructor(host: SenderHost) {
    this.#host = host;
    this.#publisher = new Connection(0, memoryPair()[0], host.context);
  }

  /** This server, in the message to be sent next. */
  facts(): ServerFacts {
    const { id, name } = this.#host;
    const options = this.#options;
    const cluster = this.#host.clusterName();
    const { serverTags: tags } = options;
    return {
      name,
      host: splitHostPort(options.clientAdvertise)[0] || options.host,
      id,
      ...(cluster === "" ? {} : { cluster }),
      ver: NATS_VERSION,
      ...(tags.length === 0 ? {} : { tags }),
      jetstream: false,
      flags: 0,
      seq: ++this.#seq,
      time: timeText(options.clock.epochMs()),
    };
  }

  /** Whether anybody would get a message on `subject`. */
  interest(account: Account, subject: string): boolean {
    const { plain, queues } = this.#begin(account, encodeUtf8(subject)).result;
    return plain.length + queues.length > 0;
  }

  /** Publishes; nothing happens when nobody listens. */
  send(account: Account, subject: Uint8Array, payload: Uint8Array): void {
    const { fanout, context } = this.#host;
    const { draft, result } = this.#begin(account, subject);
    const { plain, queues } = result;
    if (plain.length + queues.length === 0) return;
    draft.finishAs(payload);
    this.#publisher.lastReadAt = this.#options.clock.now();
    fanout.forward(result, this.#publisher, draft, Passage.Own);
    context.flushes.flush();
  }

  get #options(): ResolvedOptions {
    return this.#host.context.options;
  }

  #begin(
    account: Account,
    subject: Uint8Array,
  ): { draft: Draft; result: MatchResult<Subscription> } {
    const draft = this.#host.fanout.draft();
    draft.beginAs(subject);
    return { draft, result: account.find(draft.message) };
  }
}

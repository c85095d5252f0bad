/**
 * What the operations of a client mean: the client side of the protocol
 * (client-protocol §2–§4). One per client connection; wired up by the server.
 */

import type { CloseReason, ProtocolError } from "../errors.ts";
import {
  authorizationViolation,
  badArguments,
  badClientProtocol,
  INVALID_PUBLISH_SUBJECT,
  INVALID_SUBJECT,
  noRespondersRequiresHeaders,
  publishViolation,
  replyViolation,
} from "../errors.ts";
import type { ResolvedOptions } from "../options.ts";
import { isLiteralSubject } from "../subject/subject.ts";
import { decodeUtf8, quote } from "../wire/ascii.ts";
import { noResponders, OK, PONG } from "../wire/encoder.ts";
import type { ConnectOptions, Info } from "../wire/info.ts";
import {
  DEFAULT_CONNECT,
  infoLine,
  isJson,
  parseConnect,
} from "../wire/info.ts";
import type { Message } from "../wire/message.ts";
import type { OpHandler } from "../wire/op_handler.ts";
import { Parser } from "../wire/parser.ts";
import type { Account } from "../core/account.ts";
import { LastMatch } from "../core/account.ts";
import type { Connection, Peer } from "../core/connection.ts";
import type { Fanout } from "../core/fanout.ts";
import { hasReservedReply, hasReservedSubject } from "./reserved.ts";
import type { SubscriberPeer } from "./subscriptions.ts";
import { ClientSubscriptions } from "./subscriptions.ts";
import { peerName, redact, tracedPayload } from "./trace.ts";

/** What a client needs of the server it is connected to. */
export interface ClientHost {
  /** The server's options. */
  readonly options: ResolvedOptions;
  /** Delivers what the client publishes. */
  readonly fanout: Fanout;
  /** Starts the hash of every subject. */
  readonly subjectSeed: number;
  /** Where a client lives that has not said who it is. */
  readonly globalAccount: Account;
  /** INFO for this client, complete, as of now. */
  info(client: Client): Info;
  /** The account these credentials belong to; `null` refuses them. */
  authenticate(credentials: ConnectOptions): Account | null;
  /** A number from 0 up to 1. */
  random(): number;
  /** The client is gone. */
  clientClosed(client: Client, reason: CloseReason): void;
}

/** Refusals logged per connection; one that goes on is not worth more. */
const LOGGED_REFUSALS = 10;

/** A client connection's share of the protocol. */
export class Client implements OpHandler, Peer, SubscriberPeer {
  /** The connection it talks over. */
  readonly connection: Connection;
  /** `Peer` */
  readonly parser: Parser;
  /** What it has subscribed to. */
  readonly subscriptions: ClientSubscriptions;
  /** The subject space it publishes and subscribes in. */
  account: Account;
  /** What it said in CONNECT. */
  options: Readonly<ConnectOptions> = DEFAULT_CONNECT;
  /** It sent a CONNECT that was accepted. */
  connected = false;

  readonly #host: ClientHost;
  readonly #fanout: Fanout;
  readonly #lastMatch = new LastMatch();
  #verbose = true;
  #pedantic = true;
  /** Pedantic or traced: messages are looked at before they are delivered. */
  #attentive = true;
  #noResponders = false;
  /** Its first PING was answered: it may be sent INFO from now on. */
  #greeted = false;
  /** SUB, UNSUB and PING operations so far. */
  #operations = 0;
  /** Operations refused so far. */
  #refusals = 0;

  /** `connection` must not run yet. */
  constructor(connection: Connection, host: ClientHost) {
    this.connection = connection;
    this.#host = host;
    this.#fanout = host.fanout;
    this.account = host.globalAccount;
    this.subscriptions = new ClientSubscriptions(this, host.options);
    this.parser = new Parser(
      this,
      host.fanout.message,
      host.options,
      host.subjectSeed,
    );
    this.parser.tracing = host.options.log.trace !== undefined;
  }

  /** Obeys limits and tracing as they are now in the server's options. */
  reloaded(): void {
    const { log, maxControlLine, maxPayload } = this.#host.options;
    const { parser } = this;
    parser.scanner.maxControlLine = maxControlLine;
    parser.scanner.maxPayload = maxPayload;
    parser.tracing = log.trace !== undefined;
    this.#attentive = this.#pedantic || parser.tracing;
  }

  /** `Peer` */
  get activity(): number {
    return this.connection.inMsgs + this.#operations;
  }

  /** Whether INFO may be sent unasked: it was greeted and understands that. */
  get takesInfo(): boolean {
    return this.#greeted && this.options.protocol >= 1;
  }

  /** Sends a complete INFO with the next flush. */
  sendInfo(changes: Partial<Info> = {}): void {
    this.connection.send(infoLine({ ...this.#host.info(this), ...changes }));
  }

  /** `OpHandler` */
  connect(json: Uint8Array): boolean {
    const options = parseConnect(json, this.options);
    if (typeof options === "string") {
      return this.#refuse(badArguments(options));
    }
    const first = !this.connected;
    this.connected = true;
    this.options = options;
    this.connection.heartbeat.connected(
      this.connection.lastReadAt,
      this.#host.random(),
    );
    const account = this.#host.authenticate(options);
    if (
      account === null || options.account !== "" || options.new_account
    ) return this.#refuse(authorizationViolation());
    this.account = account;
    this.#apply(options);
    if (first) this.connection.peerName = peerName(options);
    if (options.protocol < 0 || options.protocol > 1) {
      return this.#refuse(badClientProtocol());
    }
    if (options.no_responders && !this.connection.headers) {
      return this.#refuse(noRespondersRequiresHeaders());
    }
    this.#ok();
    return true;
  }

  /** `OpHandler` */
  ping(): boolean {
    this.#operations++;
    this.connection.trace("->> [PONG]");
    this.connection.send(PONG);
    if (this.connected && !this.#greeted) {
      this.#greeted = true;
      if (this.takesInfo) {
        // In one write with the PONG: clients must not see INFO before it.
        this.sendInfo({
          connect_info: true,
          remote_account: this.account.name,
        });
      }
    }
    return true;
  }

  /** `OpHandler` */
  pong(): boolean {
    this.connection.heartbeat.answered(this.connection.lastReadAt);
    return true;
  }

  /** `OpHandler` */
  subscribe(
    subject: Uint8Array,
    queue: Uint8Array | null,
    sid: Uint8Array,
  ): boolean {
    this.#operations++;
    const refusal = this.subscriptions.add(subject, queue, sid);
    if (refusal === null) this.#ok();
    else if (refusal === INVALID_SUBJECT) this.connection.sendError(refusal);
    else this.#deny(refusal);
    return true;
  }

  /** `OpHandler` */
  unsubscribe(sid: Uint8Array, max: number): boolean {
    this.#operations++;
    this.subscriptions.end(sid, max);
    this.#ok();
    return true;
  }

  /** `OpHandler` */
  publish(message: Message): boolean {
    const { connection } = this;
    connection.inMsgs++;
    connection.inBytes += message.end - 2 - message.payloadStart;
    if (this.#attentive) this.#attend(message);
    if (this.#mayPublish(message)) {
      if (this.#verbose) this.#ok();
      const copies = this.#fanout.publish(
        this.account,
        connection,
        this.#lastMatch,
      );
      if (copies === 0 && this.#noResponders && message.hasReply) {
        this.#answerNoResponders(message);
      }
    }
    if (this.#fanout.batchFull) {
      this.#fanout.batchFull = false;
      return false;
    }
    return !connection.closed;
  }

  /** `OpHandler` */
  info(json: Uint8Array): boolean {
    // Clients have no business sending INFO, but the official server reads it.
    return isJson(json) || this.#refuse(badArguments("invalid INFO"));
  }

  /** `OpHandler` */
  violation(error: ProtocolError): void {
    this.#refuse(error);
  }

  /** `OpHandler` */
  trace(operation: string): void {
    this.connection.trace(`<<- [${redact(operation)}]`);
  }

  /** `Peer` */
  closed(reason: CloseReason): void {
    this.subscriptions.removeAll();
    this.#host.clientClosed(this, reason);
    this.subscriptions.clear();
  }

  /** Makes what CONNECT asked for take effect. */
  #apply(options: ConnectOptions): void {
    const { connection, parser } = this;
    const headers = options.headers && !this.#host.options.noHeaderSupport;
    connection.headers = headers;
    parser.scanner.headers = headers;
    this.#verbose = options.verbose;
    this.#pedantic = options.pedantic;
    this.#attentive = options.pedantic || parser.tracing;
    this.#noResponders = options.no_responders;
    this.subscriptions.echo = options.echo;
  }

  /** Refuses what no client may publish; here permissions will be asked too. */
  #mayPublish(message: Message): boolean {
    if (hasReservedSubject(message)) {
      this.#deny(publishViolation(quote(message.subject())));
      return false;
    }
    if (message.hasReply && hasReservedReply(message)) {
      this.#deny(replyViolation(quote(message.reply())));
      return false;
    }
    return true;
  }

  /** Tells a requester that waits on a reply that nobody got its request. */
  #answerNoResponders(message: Message): void {
    const reply = message.reply();
    const { plain } = this.account.sublist.match(reply, 0, reply.length);
    const own = plain.find(({ owner }) => owner === this.subscriptions);
    if (own === undefined) return;
    this.connection.trace(
      `->> [HMSG ${decodeUtf8(reply)} ${own.sid} (no responders)]`,
    );
    this.connection.send(noResponders(reply, own.frame, message.subject()));
  }

  #ok(): void {
    if (!this.#verbose) return;
    this.connection.trace("->> [OK]");
    this.connection.send(OK);
  }

  /** Refuses one operation and goes on with the next. */
  #deny(text: string): true {
    const { connection } = this;
    if (++this.#refusals <= LOGGED_REFUSALS) {
      const last = this.#refusals === LOGGED_REFUSALS
        ? " (further refusals are not logged)"
        : "";
      connection.log.error(`${connection.label} - ${text}${last}`);
    }
    connection.sendError(text);
    return true;
  }

  /** Ends the connection over something the client did. */
  #refuse(error: ProtocolError): false {
    this.connection.log.error(`${this.connection.label} - ${error.message}`);
    this.connection.fail(error);
    return false;
  }

  #attend(message: Message): void {
    if (this.parser.tracing && message.size > 0) {
      const shown = tracedPayload(message, this.#host.options.maxTracedMsgLen);
      this.connection.trace(`<<- MSG_PAYLOAD: [${shown}]`);
    }
    if (this.#pedantic && !isLiteralSubject(message.subject())) {
      this.connection.sendError(INVALID_PUBLISH_SUBJECT);
    }
  }
}

/**
 * What the operations of a client mean: the client side of the protocol
 * (client-protocol §2–§4). One per client connection; wired up by the server.
 */

import type { PermissionOptions } from "../auth_options.ts";
import type { Identity, Verdict } from "../auth/identity.ts";
import { compilePermissions } from "../auth/permissions.ts";
import type { CloseReason, ProtocolError } from "../errors.ts";
import {
  authorizationViolation,
  badArguments,
  badClientProtocol,
  INVALID_PUBLISH_SUBJECT,
  noRespondersRequiresHeaders,
} from "../errors.ts";
import { isLiteralSubject } from "../subject/subject.ts";
import { decodeUtf8 } from "../wire/ascii.ts";
import { noResponders, OK, PONG } from "../wire/encoder.ts";
import type { InboundMessage } from "../wire/inbound_message.ts";
import type { ClientConnect, Info } from "../wire/info.ts";
import {
  DEFAULT_CONNECT,
  infoLine,
  isJson,
  parseConnect,
} from "../wire/info.ts";
import type { OpHandler } from "../wire/op_handler.ts";
import { Parser } from "../wire/parser.ts";
import type { Account } from "../core/account.ts";
import { LastMatch } from "../core/account.ts";
import type { Connection } from "../core/connection.ts";
import type { Peer } from "../core/peer.ts";
import type { Fanout } from "../core/fanout.ts";
import type { LoginHost } from "./login.ts";
import { ClientLogin } from "./login.ts";
import { Permit } from "./permit.ts";
import { Refusals } from "./refusals.ts";
import { hasReservedReply, hasReservedSubject } from "./reserved.ts";
import type { SubscriberPeer } from "./subscriptions.ts";
import { ClientSubscriptions } from "./subscriptions.ts";
import { peerName, redact, tracedPayload } from "./trace.ts";

/** What a client needs of the server it is connected to. */
export interface ClientHost extends LoginHost {
  /** Delivers what the client publishes. */
  readonly fanout: Fanout;
  /** Starts the hash of every subject. */
  readonly subjectSeed: number;
  /** Where a client lives that has not said who it is. */
  readonly globalAccount: Account;
  /** INFO for this client, complete, as of now. */
  info(client: Client): Info;
  /** Who the client is with these credentials; `null` refuses them. */
  authenticate(client: Client, credentials: ClientConnect): Verdict;
  /** A number from 0 up to 1. */
  random(): number;
  /** The client was let in. */
  clientConnected(client: Client): void;
  /** The client is gone. */
  clientClosed(client: Client, reason: CloseReason): void;
}

/** A client connection's share of the protocol. */
export class Client implements OpHandler, Peer, SubscriberPeer {
  /** The connection it talks over. */
  readonly connection: Connection;
  /** `Peer` */
  readonly parser: Parser;
  /** What it has subscribed to. */
  readonly subscriptions: ClientSubscriptions;
  /** Who it is, and how it came to be that. */
  readonly login: ClientLogin;
  /** The subject space it publishes and subscribes in. */
  account: Account;
  /** What it said in CONNECT. */
  options: Readonly<ClientConnect> = DEFAULT_CONNECT;
  /** It sent a CONNECT that was accepted. */
  connected = false;
  /** `Peer` */
  pings = 0;

  readonly #host: ClientHost;
  readonly #fanout: Fanout;
  readonly #lastMatch = new LastMatch();
  readonly #refusals: Refusals;
  #verbose = true;
  #pedantic = true;
  /** Pedantic or traced: messages are looked at before they are delivered. */
  #attentive = true;
  #noResponders = false;
  /** What it may do; `null` for everything. */
  #permit: Permit | null = null;
  /** It was sent INFO. */
  #informed = false;
  /** Its first PING was answered: it may be sent INFO from now on. */
  #greeted = false;
  /** SUB, UNSUB and PING operations so far. */
  #operations = 0;

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
    this.login = new ClientLogin(this, host);
    this.#refusals = new Refusals(connection);
  }

  /** Obeys limits and tracing as they are now in the server's options. */
  reloaded(): void {
    const { log, maxControlLine, maxPayload } = this.#host.options;
    const { parser } = this;
    parser.scanner.maxControlLine = maxControlLine;
    parser.scanner.maxPayload = this.account.payloadLimit(maxPayload);
    parser.tracing = log.trace !== undefined;
    this.#attentive = this.#pedantic || parser.tracing;
  }

  /**
   * From now on the client has these permissions, `null` for all; what it has
   * subscribed to and may not any more ends. Throws `ConfigError` as
   * `compilePermissions`; not flushed.
   */
  permit(permissions: PermissionOptions | null): void {
    const compiled = permissions && compilePermissions(permissions);
    if (compiled === (this.#permit?.permissions ?? null)) return;
    this.#permit = compiled && new Permit(compiled);
    this.subscriptions.enforce(this.#permit);
  }

  /** `Peer` */
  get activity(): number {
    return this.connection.inMsgs + this.#operations;
  }

  /** Whether INFO may be sent unasked: it was greeted and understands that. */
  get takesInfo(): boolean {
    return this.#greeted && this.options.protocol >= 1;
  }

  /** Sends a complete INFO with the next flush; the first has the nonce. */
  sendInfo(changes: Partial<Info> = {}): void {
    const info = { ...this.#host.info(this), ...changes };
    if (!this.#informed && this.login.nonce !== "") {
      info.nonce = this.login.nonce;
    }
    this.#informed = true;
    this.connection.send(infoLine(info));
  }

  /** `OpHandler` */
  connect(json: Uint8Array): boolean {
    const { connection } = this;
    const options = parseConnect(json, this.options);
    if (typeof options === "string") {
      return this.#refusals.end(badArguments(options));
    }
    this.options = options;
    connection.heartbeat.connected(
      connection.lastReadAt,
      this.#host.random(),
    );
    this.login.begun();
    const verdict = this.#host.authenticate(this, options);
    if (!(verdict instanceof Promise)) return this.#admit(verdict);
    connection.pause = verdict.then((identity) => {
      this.#admit(identity);
    });
    return false;
  }

  /** `OpHandler` */
  ping(): boolean {
    this.#operations++;
    this.pings++;
    this.connection.trace("->> [PONG]");
    this.connection.send(PONG);
    if (this.connected && !this.#greeted) {
      this.#greeted = true;
      if (this.takesInfo) {
        // In one write with the PONG: clients must not see INFO before it.
        this.sendInfo({
          connect_info: true,
          remote_account: this.account.name,
          acc_is_sys: this.account.name === this.#host.options.systemAccount ||
            undefined,
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
    else this.#refusals.deny(refusal.text, refusal.logged);
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
  publish(message: InboundMessage): boolean {
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
    return isJson(json) || this.#refusals.end(badArguments("invalid INFO"));
  }

  /** `OpHandler` */
  violation(error: ProtocolError): void {
    this.#refusals.end(error);
  }

  /** `OpHandler` */
  trace(operation: string): void {
    this.connection.trace(`<<- [${redact(operation)}]`);
  }

  /** `Peer` */
  connectionClosed(reason: CloseReason): void {
    this.subscriptions.removeAll();
    this.#host.clientClosed(this, reason);
    this.subscriptions.clear();
    this.login.leave();
  }

  /** Goes on with a CONNECT once it is known whose it is. */
  #admit(identity: Identity | null): boolean {
    const { connection, options } = this;
    if (connection.closed) return false;
    if (identity === null) {
      // The log has it from whoever decided.
      connection.fail(authorizationViolation());
      return false;
    }
    if (options.account !== "" || options.new_account) {
      return this.#refusals.end(authorizationViolation());
    }
    const refusal = this.login.enter(identity);
    if (refusal !== null) return this.#refusals.end(refusal);
    this.#apply(options);
    if (!this.connected) {
      connection.peerName = peerName(options);
      this.connected = true;
      this.#host.clientConnected(this);
    }
    if (options.protocol < 0 || options.protocol > 1) {
      return this.#refusals.end(badClientProtocol());
    }
    if (options.no_responders && !connection.headers) {
      return this.#refusals.end(noRespondersRequiresHeaders());
    }
    this.#ok();
    return true;
  }

  /** Makes what CONNECT asked for take effect. */
  #apply(options: ClientConnect): void {
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

  /** Refuses what no client may publish, and what this one may not. */
  #mayPublish(message: InboundMessage): boolean {
    const permit = this.#permit;
    if (
      hasReservedSubject(message) ||
      (permit !== null &&
        !permit.mayPublish(message, this.connection.lastReadAt))
    ) return this.#refusals.denyPublish(message);
    if (message.hasReply && hasReservedReply(message)) {
      return this.#refusals.denyReply(message);
    }
    return true;
  }

  /** Tells a requester that waits on a reply that nobody got its request. */
  #answerNoResponders(message: InboundMessage): void {
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

  #attend(message: InboundMessage): void {
    if (this.parser.tracing && message.size > 0) {
      const shown = tracedPayload(message, this.#host.options.maxTracedMsgLen);
      this.connection.trace(`<<- MSG_PAYLOAD: [${shown}]`);
    }
    if (this.#pedantic && !isLiteralSubject(message.subject())) {
      this.connection.sendError(INVALID_PUBLISH_SUBJECT);
    }
  }
}

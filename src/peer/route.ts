/**
 * What the operations of another server mean: one end of a route
 * (cluster-protocol §1, §2). Which servers there are routes to is up to the
 * mesh; what is sent over them, to the fan-out and the interest of both.
 */

import type { CloseReason, ProtocolError } from "../errors.ts";
import { authenticationTimeout, badArguments } from "../errors.ts";
import type { Account } from "../core/account.ts";
import { LastMatch } from "../core/account.ts";
import type { Connection } from "../core/connection.ts";
import type { Peer } from "../core/peer.ts";
import type { Fanout } from "../core/fanout.ts";
import { RemoteInterest } from "../core/remote_interest.ts";
import type { ResolvedOptions } from "../options.ts";
import type { Address } from "../transport/transport.ts";
import { PING, PONG } from "../wire/encoder.ts";
import type { InboundMessage } from "../wire/inbound_message.ts";
import type { RouteConnect, RouteInfo } from "../wire/route_info.ts";
import {
  parseRouteConnect,
  parseRouteInfo,
  routeConnectLine,
  routeInfoLine,
} from "../wire/route_info.ts";
import type { RouteOpHandler } from "../wire/route_op_handler.ts";
import { RouteParser } from "../wire/route_parser.ts";
import { redact, tracedPayload } from "./trace.ts";

/** Longest line between servers, in bytes; clients have a limit of their own. */
const MAX_CONTROL_LINE = 64 * 1024;
/** Largest message taken from another server, in bytes: more than any may send. */
const MAX_PAYLOAD = 64 * 1024 * 1024;

/** What a route needs of the server it belongs to. */
export interface RouteHost<Target = unknown> {
  /** The server's options. */
  readonly options: ResolvedOptions;
  /** Delivers what comes over the route. */
  readonly fanout: Fanout;
  /** Starts the hash of every subject. */
  readonly subjectSeed: number;
  /** Longest an accepted route may take to say who it is, in milliseconds. */
  loginTimeoutMs(): number;
  /** The account of this name, one character per byte. */
  account(name: string): Account | undefined;
  /** Whether other servers may be interested in this subject. */
  mayExport(subject: Uint8Array): boolean;
  /** Logs why a route fails: whoever it is may come back again and again. */
  routeRefused(route: Route<Target>, why: string): void;
  /** A server introduced itself: why it is sent away; `null` if it is not. */
  routeConnecting(
    route: Route<Target>,
    connect: RouteConnect,
  ): ProtocolError | null | Promise<ProtocolError | null>;
  /** A server told about itself, or about another one. */
  routeInformed(route: Route<Target>, info: RouteInfo): void;
  /** The other server has begun to use the route; may register it. */
  routeUsed(route: Route<Target>): void;
  /** Interest flows from now on, both ways. */
  routeRegistered(route: Route<Target>): void;
  /** The route is gone. */
  routeClosed(route: Route<Target>, reason: CloseReason): void;
  /** A number from 0 up to 1. */
  random(): number;
}

/** A route's share of the protocol; `Target` is what was dialled. */
export class Route<Target = unknown> implements RouteOpHandler, Peer {
  /** The connection it talks over. */
  readonly connection: Connection;
  /** `Peer` */
  readonly parser: RouteParser;
  /** Where it was dialled; `null` if it was accepted. */
  readonly target: Target | null;
  /** `Peer` */
  pings = 0;
  /** Who is at the other end; `null` until it is registered. */
  peer: RouteInfo | null = null;

  readonly #host: RouteHost<Target>;
  readonly #interest = new Map<string, RemoteInterest>();
  readonly #lastMatch = new LastMatch();
  /** Takes back messages for queue groups it was wrongly chosen for. */
  #echo = true;
  /** Where the last message went, as the next one mostly does. */
  #lastName = "";
  #lastAccount: Account | undefined;
  #lastInterest: RemoteInterest | undefined;
  /** The other server has sent interest or messages. */
  #used = false;
  /** Interest and PING operations so far. */
  #operations = 0;
  #cancelTimeout: () => void = () => {};

  /** `connection` must not run yet. */
  constructor(
    connection: Connection,
    target: Target | null,
    host: RouteHost<Target>,
  ) {
    this.connection = connection;
    this.target = target;
    this.#host = host;
    this.parser = new RouteParser(
      this,
      host.fanout.message,
      { maxControlLine: MAX_CONTROL_LINE, maxPayload: MAX_PAYLOAD },
      host.subjectSeed,
    );
    this.parser.tracing = host.options.log.trace !== undefined;
    this.parser.scanner.headers = true;
    if (target === null) this.#awaitConnect();
  }

  /** Its number. */
  get rid(): number {
    return this.connection.id;
  }

  /** Where the other server is. */
  get remoteAddress(): Address {
    return this.connection.transport.remoteAddress;
  }

  /** Takes part in nothing any more. */
  get closed(): boolean {
    return this.connection.closed;
  }

  /** `Peer` */
  get activity(): number {
    return this.connection.inMsgs + this.#operations;
  }

  /** How the log names it. */
  get label(): string {
    return this.connection.label;
  }

  /** What the other server is interested in, by account. */
  get remoteInterest(): Iterable<RemoteInterest> {
    return this.#interest.values();
  }

  /** Subscriptions the other server has announced. */
  get subscriptions(): number {
    let count = 0;
    for (const { size } of this.#interest.values()) count += size;
    return count;
  }

  /** Says who this server is. */
  sendConnect(connect: RouteConnect): void {
    this.connection.sendNow(routeConnectLine(connect));
  }

  /** Tells about this server, or about another one. */
  sendInfo(info: RouteInfo): void {
    this.connection.sendNow(routeInfoLine(info));
  }

  /** Sends a line with the next flush. */
  send(line: Uint8Array): void {
    this.connection.send(line);
  }

  /** Sends the other server away. */
  fail(error: ProtocolError): void {
    this.connection.fail(error);
  }

  /** Ends the route; what was sent still arrives. */
  close(reason: CloseReason): void {
    this.connection.close(reason);
  }

  /** It is the route to this server: from now on its interest counts. */
  register(peer: RouteInfo): void {
    const { connection } = this;
    this.peer = peer;
    this.#cancelTimeout();
    connection.headers = peer.headers && !this.#host.options.noHeaderSupport;
    this.attach();
    this.#host.routeRegistered(this);
    connection.log.debug?.(`${this.label} - Route sent local subscriptions`);
    connection.send(PING);
    connection.heartbeat.asked(this.#host.options.clock.now());
  }

  /** Takes interest to accounts that were not there when it was announced. */
  attach(): void {
    if (this.peer === null) return;
    this.#lastName = "";
    for (const interest of this.#interest.values()) {
      const account = this.#host.account(interest.name);
      if (account !== undefined) interest.attach(account);
    }
  }

  /** Obeys tracing as it is now in the server's options. */
  reloaded(): void {
    this.parser.tracing = this.#host.options.log.trace !== undefined;
  }

  /** `RouteOpHandler` */
  connect(json: Uint8Array): boolean {
    const { connection } = this;
    const connect = parseRouteConnect(json);
    if (typeof connect === "string") return this.#refuse(badArguments(connect));
    this.#echo = connect.echo;
    const answer = this.#host.routeConnecting(this, connect);
    if (!(answer instanceof Promise)) return this.#admit(answer);
    connection.pause = answer.then((error) => {
      this.#admit(error);
    });
    return false;
  }

  /** `RouteOpHandler` */
  info(json: Uint8Array): boolean {
    const info = parseRouteInfo(json);
    if (typeof info === "string") return this.#refuse(badArguments(info));
    this.#host.routeInformed(this, info);
    return !this.closed;
  }

  /** `RouteOpHandler` */
  ping(): boolean {
    this.pings++;
    this.#operations++;
    this.connection.trace("->> [PONG]");
    this.connection.send(PONG);
    return true;
  }

  /** `RouteOpHandler` */
  pong(): boolean {
    this.connection.heartbeat.answered(this.connection.lastReadAt);
    return true;
  }

  /** `RouteOpHandler` */
  interest(
    account: string,
    subject: Uint8Array,
    queue: string | null,
    weight: number,
  ): boolean {
    this.#operations++;
    if (!this.#used) this.#use();
    if (this.#host.mayExport(subject)) {
      this.#interestIn(account).add(subject, queue, weight);
    }
    return true;
  }

  /** `RouteOpHandler` */
  noInterest(
    account: string,
    subject: Uint8Array,
    queue: string | null,
  ): boolean {
    this.#operations++;
    if (!this.#used) this.#use();
    this.#interest.get(account)?.remove(subject, queue);
    return true;
  }

  /** `RouteOpHandler` */
  message(
    message: InboundMessage,
    account: string,
    queues: readonly string[] | null,
  ): boolean {
    const { connection } = this;
    const { fanout } = this.#host;
    connection.inMsgs++;
    connection.inBytes += message.end - 2 - message.payloadStart;
    if (!this.#used) this.#use();
    if (this.parser.tracing) this.#tracePayload(message);
    if (account !== this.#lastName) this.#look(account);
    if (this.#lastAccount !== undefined && this.#lastInterest !== undefined) {
      fanout.publishRouted(
        this.#lastAccount,
        this.#lastInterest,
        this.#lastMatch,
        queues,
      );
    }
    if (fanout.batchFull) {
      fanout.batchFull = false;
      return false;
    }
    return !connection.closed;
  }

  /** `RouteOpHandler` */
  violation(error: ProtocolError): void {
    this.#refuse(error);
  }

  /** `RouteOpHandler` */
  trace(operation: string): void {
    this.connection.trace(`<<- [${redact(operation)}]`);
  }

  /** `Peer` */
  connectionClosed(reason: CloseReason): void {
    this.#cancelTimeout();
    for (const interest of this.#interest.values()) interest.clear();
    this.#host.routeClosed(this, reason);
  }

  #use(): void {
    this.#used = true;
    this.#host.routeUsed(this);
  }

  /** Goes on with a CONNECT once it is known whether it will do. */
  #admit(error: ProtocolError | null): boolean {
    if (this.closed) return false;
    if (error !== null) {
      // The log has it from whoever decided.
      this.connection.fail(error);
      return false;
    }
    this.parser.awaitingConnect = false;
    this.#cancelTimeout();
    const { clock } = this.#host.options;
    this.connection.heartbeat.connected(clock.now(), this.#host.random());
    return true;
  }

  /** Its interest in this account, which may not exist here yet. */
  #interestIn(name: string): RemoteInterest {
    const known = this.#interest.get(name);
    if (known !== undefined) return known;
    const interest = new RemoteInterest(this.connection, name, this.#echo);
    this.#interest.set(name, interest);
    const account = this.#host.account(name);
    if (this.peer !== null && account !== undefined) interest.attach(account);
    return interest;
  }

  /** Finds where messages of this account go. */
  #look(name: string): void {
    this.#lastName = name;
    this.#lastAccount = this.peer === null
      ? undefined
      : this.#host.account(name);
    this.#lastInterest = this.#lastAccount && this.#interestIn(name);
  }

  #refuse(error: ProtocolError): false {
    const { connection } = this;
    // Newer servers try connections that midge has no use for, and say so.
    if (
      this.peer === null &&
      /Not possible to have a dedicate/.test(error.message)
    ) {
      connection.log.debug?.(`${this.label} - ${error.message}`);
    } else this.#host.routeRefused(this, error.message);
    connection.fail(error);
    return false;
  }

  #tracePayload(message: InboundMessage): void {
    const shown = tracedPayload(message, this.#host.options.maxTracedMsgLen);
    this.connection.trace(`<<- MSG_PAYLOAD: [${shown}]`);
  }

  #awaitConnect(): void {
    const { clock } = this.#host.options;
    this.parser.awaitingConnect = true;
    this.#cancelTimeout = clock.after(this.#host.loginTimeoutMs(), () => {
      this.#host.routeRefused(this, "Authentication Timeout");
      this.fail(authenticationTimeout());
    });
  }
}

/**
 * The login of one client: its nonce, the time it may take, who it is, and the
 * account it is counted in. Whether credentials are right, others decide.
 */

import type { PermissionOptions } from "../auth_options.ts";
import type { Identity } from "../auth/identity.ts";
import type { Account } from "../core/account.ts";
import type { Connection } from "../core/connection.ts";
import type { ProtocolError } from "../errors.ts";
import {
  accountConnectionsExceeded,
  authenticationTimeout,
  authorizationViolation,
} from "../errors.ts";
import type { ResolvedOptions } from "../options.ts";
import type { Parser } from "../wire/parser.ts";
import type { ClientSubscriptions } from "./subscriptions.ts";

/** Who has to log in, and how. */
export interface LoginRules {
  /** Who clients are that have said nothing; `null`: they must log in. */
  readonly silentIdentity: Identity | null;
  /** Longest they may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Something new to sign; empty when nobody has to. */
  nonce(): string;
}

/** What a login needs of the server. */
export interface LoginHost {
  /** The server's options. */
  readonly options: ResolvedOptions;
  /** Who has to log in, and how. */
  readonly logins: LoginRules;
  /** The account of this name. */
  account(name: string): Account | undefined;
}

/** The one who logs in. */
export interface LoginPeer {
  /** Where it is. */
  readonly connection: Connection;
  /** Lets nothing but CONNECT pass meanwhile. */
  readonly parser: Parser;
  /** End when it moves to another account. */
  readonly subscriptions: ClientSubscriptions;
  /** Where it is put. */
  account: Account;
  /** Says what it may do; throws `ConfigError` for what is no permission. */
  permit(permissions: PermissionOptions | null): void;
}

/** See the module. */
export class ClientLogin {
  /** What it has to sign to prove an nkey; empty for nothing. */
  readonly nonce: string;
  /** Who it is; `null` as long as nobody knows. */
  identity: Identity | null = null;
  /** The server waits for its CONNECT, or has begun to serve it without. */
  opened = false;

  readonly #peer: LoginPeer;
  readonly #host: LoginHost;
  /** The account it counts in. */
  #entered: Account | null = null;
  #cancelTimeout: () => void = () => {};

  /** Nothing happens before `open`. */
  constructor(peer: LoginPeer, host: LoginHost) {
    this.#peer = peer;
    this.#host = host;
    this.nonce = host.logins.nonce();
  }

  /**
   * The client can talk from now on. It is somebody already where that is
   * allowed; else it has to say CONNECT first, and in time. Asked again while
   * it waits, it may turn out not to have to any more.
   */
  open(): void {
    const { connection, parser } = this.#peer;
    const { options, logins: { silentIdentity, timeoutMs } } = this.#host;
    if (connection.closed) return;
    if (silentIdentity !== null && this.enter(silentIdentity) === null) {
      this.begun();
      this.opened = true;
      return;
    }
    if (this.opened) return;
    this.opened = true;
    parser.awaitingConnect = true;
    this.#cancelTimeout = options.clock.after(timeoutMs, () => {
      connection.log.debug?.(`${connection.label} - Authentication Timeout`);
      connection.fail(authenticationTimeout());
    });
  }

  /** It said CONNECT: no time limit any more. */
  begun(): void {
    this.#cancelTimeout();
  }

  /**
   * Lets it in as somebody, or as somebody else. Subscriptions do not come
   * along to another account. Returns why it cannot be, if so.
   */
  enter(identity: Identity): ProtocolError | null {
    const peer = this.#peer;
    const account = this.#host.account(identity.account);
    if (account === undefined) return authorizationViolation();
    if (account !== this.#entered) {
      if (!account.enter()) return accountConnectionsExceeded();
      this.#entered?.leave();
      this.#entered = account;
    }
    if (account !== peer.account) {
      peer.subscriptions.removeAll();
      peer.subscriptions.clear();
      peer.account = account;
    }
    this.identity = identity;
    const { parser } = peer;
    parser.awaitingConnect = false;
    parser.scanner.maxPayload = account.payloadLimit(
      this.#host.options.maxPayload,
    );
    peer.permit(identity.permissions);
    return null;
  }

  /** It is gone. */
  leave(): void {
    this.#cancelTimeout();
    this.#entered?.leave();
    this.#entered = null;
  }
}

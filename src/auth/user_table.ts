/** Everybody who is configured to be let in, ready to be looked up. */

import { GLOBAL_ACCOUNT } from "../auth_options.ts";
import type { PermissionOptions, UserOptions } from "../auth_options.ts";
import type { ResolvedOptions } from "../options.ts";
import type { Identity } from "./identity.ts";

/** The options that say who is let in. */
export type LoginOptions = Pick<
  ResolvedOptions,
  | "authorization"
  | "authenticator"
  | "accounts"
  | "noAuthUser"
  | "systemAccount"
  | "tls"
>;

/** A user, and what to ask of it. */
export interface KnownUser {
  /** Who it is. */
  readonly identity: Identity;
  /** Its password, plain or hashed; empty for nkeys. */
  readonly password: string;
  /** Ways it may connect, upper case; empty for any. */
  readonly connectionTypes: readonly string[];
}

/** See the module. */
export class UserTable {
  /** Users by name, of all accounts. */
  readonly byName: Map<string, KnownUser> = new Map();
  /** Users by public nkey. */
  readonly byNkey: Map<string, KnownUser> = new Map();
  /** The only user there is, if it was given that way. */
  readonly single: KnownUser | null = null;
  /** The token, if there is one. */
  readonly token: string | null = null;
  /** Who those are that knew the token. */
  readonly tokenIdentity: Identity;
  /** Who those are that give nothing at all; `null`: nobody. */
  readonly anonymous: Identity | null = null;
  /**
   * INFO does not say that anybody has to log in: there is a user for those who
   * do not. (For the anonymous beside a system account it does all the same.)
   */
  readonly discreet: boolean = false;

  /** Reads the options, which must have been checked. */
  constructor(
    { authorization, accounts, noAuthUser, systemAccount }: LoginOptions,
  ) {
    const { user, password = "", token, users = [] } = authorization ?? {};
    const permissions = authorization?.defaultPermissions ?? null;
    for (const one of users) this.#add(one, GLOBAL_ACCOUNT, permissions);
    for (const account of accounts) {
      const defaults = account.defaultPermissions ?? null;
      for (const one of account.users ?? []) {
        this.#add(one, account.name, defaults);
      }
    }
    this.tokenIdentity = {
      user: "",
      nkey: "",
      account: GLOBAL_ACCOUNT,
      permissions,
    };
    if (token) this.token = token;
    if (user) {
      this.single = {
        identity: { ...this.tokenIdentity, user },
        password,
        connectionTypes: [],
      };
    }
    if (noAuthUser !== "") {
      const known = this.byName.get(noAuthUser) ?? this.byNkey.get(noAuthUser);
      this.anonymous = known?.identity ?? null;
      this.discreet = true;
    } else if (this.#onlyIn(systemAccount, authorization, accounts)) {
      this.anonymous = this.tokenIdentity;
    }
  }

  /** Nobody is asked who he is. */
  get empty(): boolean {
    return this.byName.size === 0 && this.byNkey.size === 0 &&
      this.single === null && this.token === null;
  }

  /** Every password and token. */
  get secrets(): string[] {
    const users = [...this.byName.values()].map(({ password }) => password);
    return [...users, this.single?.password ?? "", this.token ?? ""];
  }

  #add(
    options: UserOptions,
    account: string,
    defaults: PermissionOptions | null,
  ): void {
    const { user = "", nkey = "", password = "", permissions } = options;
    const known: KnownUser = {
      identity: {
        user,
        nkey,
        account,
        permissions: permissions === undefined ? defaults : permissions,
      },
      password,
      connectionTypes: (options.allowedConnectionTypes ?? []).map((type) =>
        type.toUpperCase()
      ),
    };
    if (nkey === "") this.byName.set(user, known);
    else this.byNkey.set(nkey, known);
  }

  /** Whether all there is are users of the system account. */
  #onlyIn(
    systemAccount: string,
    authorization: LoginOptions["authorization"],
    accounts: LoginOptions["accounts"],
  ): boolean {
    return authorization === null && accounts.length === 1 &&
      accounts[0].name === systemAccount;
  }
}

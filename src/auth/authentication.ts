/**
 * Decides who a client is: by an embedder's function, nkeys, certificates,
 * users and passwords, a token, in this order (client-protocol §5.1). One per
 * configuration; knows credentials, and neither connections nor accounts.
 */

import { GLOBAL_ACCOUNT } from "../auth_options.ts";
import type {
  AuthAnswer,
  Authenticator,
  AuthGrant,
  AuthRequest,
} from "../auth_options.ts";
import { errorText } from "../error_text.ts";
import type { Log } from "../log.ts";
import type { Clock } from "../options.ts";
import type { BcryptWorker } from "./bcrypt_worker.ts";
import { certificateUser } from "./certificate_user.ts";
import type { Attempt, Identity, Verdict } from "./identity.ts";
import { verifySignature } from "./nkey_signature.ts";
import { Secrets } from "./secrets.ts";
import type { KnownUser, LoginOptions } from "./user_table.ts";
import { UserTable } from "./user_table.ts";

/** What an authentication needs besides its configuration. */
export interface AuthenticationContext {
  /** Checks bcrypt hashes. */
  readonly bcrypt: BcryptWorker;
  /** Where an authenticator's failures are told. */
  readonly log: Log;
  /** Bounds it. */
  readonly clock: Clock;
}

/** Longest a client may take to log in, in milliseconds. */
export function loginTimeoutMs({ authorization, tls }: LoginOptions): number {
  const usual = tls === null ? 2000 : tls.timeoutMs + 1000;
  return authorization?.timeoutMs ?? usual;
}

/** See the module. */
export class Authentication {
  /** Nobody is asked who he is. */
  readonly open: boolean;
  /** INFO asks for credentials. */
  readonly announced: boolean;
  /** Clients need something to sign. */
  readonly usesNonce: boolean;
  /** Who a client is that has said nothing; `null`: it must log in. */
  readonly silent: Identity | null;

  readonly #users: UserTable;
  readonly #secrets: Secrets;
  readonly #custom: Authenticator | null;
  readonly #mapsCertificates: boolean;
  readonly #timeoutMs: number;
  readonly #context: AuthenticationContext;

  /** `options` must have been checked: `checkAuthorization`. */
  constructor(options: LoginOptions, context: AuthenticationContext) {
    const users = new UserTable(options);
    this.#users = users;
    this.#secrets = new Secrets(users.secrets, context.bcrypt);
    this.#custom = options.authenticator;
    this.#mapsCertificates = options.tls?.verifyAndMap === true;
    this.#timeoutMs = loginTimeoutMs(options);
    this.#context = context;
    this.open = users.empty && this.#custom === null;
    this.announced = this.#custom !== null || !(this.open || users.discreet);
    this.usesNonce = this.#custom !== null || users.byNkey.size > 0;
    this.silent = this.open ? users.tokenIdentity : this.#silentUser();
  }

  /** Gets ready what the first login would have to wait for. */
  warm(): void {
    this.#secrets.warm();
  }

  /** Who the client is, `null` to refuse it. Never throws nor rejects. */
  authenticate(attempt: Attempt): Verdict {
    const custom = this.#custom;
    if (custom === null) return this.#byConfiguration(attempt);
    if (attempt.credentials.nkey !== "") {
      return this.#askSigned(custom, attempt);
    }
    return this.#ask(custom, attempt, false);
  }

  /**
   * Whether somebody else than the configuration would have to know this user:
   * the names it gave are in none of the lists.
   */
  unlisted({ credentials: { user, nkey } }: Attempt): boolean {
    if (this.#custom !== null) return false;
    return (user !== "" && !this.#users.byName.has(user)) ||
      (nkey !== "" && !this.#users.byNkey.has(nkey));
  }

  /** An nkey does not log in for those who say nothing, only for CONNECT. */
  #silentUser(): Identity | null {
    const { anonymous, byName } = this.#users;
    if (this.#custom !== null || anonymous === null) return null;
    const mapped = this.#mapsCertificates && byName.size > 0;
    return mapped || anonymous.nkey !== "" ? null : anonymous;
  }

  #byConfiguration(attempt: Attempt): Verdict {
    const users = this.#users;
    const { user, pass, auth_token, nkey } = attempt.credentials;
    const custom = this.#custom !== null;
    if (users.empty) return custom ? null : users.tokenIdentity;
    const nothing = user === "" && pass === "" && auth_token === "" &&
      nkey === "";
    const mapped = this.#mapsCertificates && users.byName.size > 0;
    if (nothing && users.anonymous !== null && !mapped) return users.anonymous;
    if (nkey !== "" && users.byNkey.size > 0) return this.#byNkey(attempt);
    if (users.byName.size > 0) {
      if (mapped) return this.#byCertificate(attempt);
      return user === "" ? null : this.#byName(attempt);
    }
    if (users.token !== null) {
      const right = this.#check(users.token, auth_token, attempt);
      return when(right, users.tokenIdentity);
    }
    if (users.single === null) return null;
    const { identity, password } = users.single;
    const secret = identity.user === user ? password : null;
    return when(this.#check(secret, pass, attempt), identity);
  }

  async #byNkey(attempt: Attempt): Promise<Identity | null> {
    const { credentials: { nkey, sig }, nonce } = attempt;
    const known = this.#users.byNkey.get(nkey);
    if (known === undefined || !mayConnect(known, attempt)) return null;
    return await verifySignature(nkey, nonce, sig) ? known.identity : null;
  }

  #byCertificate(attempt: Attempt): Verdict {
    const certificate = attempt.tls?.peer ?? null;
    if (certificate === null) return null;
    const known = certificateUser(
      certificate,
      this.#users.byName,
      (user) => mayConnect(user, attempt),
    );
    if (known === null) return null;
    const { identity, password } = known;
    if (password === "") return identity;
    const right = this.#check(password, attempt.credentials.pass, attempt);
    return when(right, identity);
  }

  #byName(attempt: Attempt): Verdict {
    const { user, pass } = attempt.credentials;
    const known = this.#users.byName.get(user);
    const allowed = known !== undefined && mayConnect(known, attempt);
    const right = this.#check(allowed ? known.password : null, pass, attempt);
    return allowed ? when(right, known.identity) : when(right, null);
  }

  #check(
    secret: string | null,
    given: string,
    attempt: Attempt,
  ): boolean | Promise<boolean> {
    return this.#secrets.check(secret, given, attempt);
  }

  async #askSigned(
    custom: Authenticator,
    attempt: Attempt,
  ): Promise<Identity | null> {
    const { credentials: { nkey, sig }, nonce } = attempt;
    const verified = await verifySignature(nkey, nonce, sig);
    return await this.#ask(custom, attempt, verified);
  }

  #ask(custom: Authenticator, attempt: Attempt, verified: boolean): Verdict {
    let answer: AuthAnswer | Promise<AuthAnswer>;
    try {
      answer = custom(requestOf(attempt, verified));
    } catch (error) {
      return this.#failed(attempt, errorText(error));
    }
    if (typeof (answer as Promise<AuthAnswer> | null)?.then === "function") {
      return this.#await(answer as Promise<AuthAnswer>, attempt);
    }
    return this.#understand(answer as AuthAnswer, attempt);
  }

  /** Waits for the answer, but not for ever. */
  #await(
    answer: Promise<AuthAnswer>,
    attempt: Attempt,
  ): Promise<Identity | null> {
    return new Promise((resolve) => {
      const cancel = this.#context.clock.after(
        this.#timeoutMs,
        () => resolve(this.#failed(attempt, "no answer in time")),
      );
      Promise.resolve(answer).then(
        (given) => resolve(this.#understand(given, attempt)),
        (error) => resolve(this.#failed(attempt, errorText(error))),
      ).finally(cancel);
    });
  }

  #understand(answer: AuthAnswer, attempt: Attempt): Verdict {
    if (answer === undefined) return this.#byConfiguration(attempt);
    if (answer === null) return null;
    if (!isGrant(answer)) return this.#failed(attempt, "not an answer");
    const { user, account = GLOBAL_ACCOUNT, permissions = null } = answer;
    const { nkey } = attempt.credentials;
    return { user, nkey, account, permissions };
  }

  #failed({ hostname, port, id }: Attempt, why: string): null {
    this.#context.log.error(
      `${hostname}:${port} - cid:${id} - Authenticator failed: ${why}`,
    );
    return null;
  }
}

function mayConnect(
  { connectionTypes }: KnownUser,
  { connectionType }: Attempt,
): boolean {
  return connectionTypes.length === 0 ||
    connectionTypes.includes(connectionType);
}

function when(
  right: boolean | Promise<boolean>,
  identity: Identity | null,
): Verdict {
  if (typeof right === "boolean") return right ? identity : null;
  return right.then((yes) => yes ? identity : null);
}

function requestOf(attempt: Attempt, nkeyVerified: boolean): AuthRequest {
  const { credentials, nonce, id, hostname, port, connectionType, tls } =
    attempt;
  const { user, pass, auth_token, nkey, jwt, sig } = credentials;
  const { name, lang, version, protocol } = credentials;
  return {
    user,
    password: pass,
    token: auth_token,
    nkey,
    nkeyVerified,
    jwt,
    nonce,
    signature: sig,
    name,
    lang,
    version,
    protocol,
    id,
    hostname,
    port,
    connectionType,
    tls,
  };
}

function isGrant(value: AuthGrant): boolean {
  const { user, account } = value;
  return typeof user === "string" &&
    (account === undefined || typeof account === "string");
}

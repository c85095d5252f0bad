/**
 * The logins of a server: asks the authentication of the day, checks that what
 * it says can be had, logs refusals, and bounds what failing clients cost.
 */

import { Authentication, loginTimeoutMs } from "../auth/authentication.ts";
import { BcryptWorker } from "../auth/bcrypt_worker.ts";
import type { Attempt, Identity, Verdict } from "../auth/identity.ts";
import { LoginLimiter } from "../auth/login_limiter.ts";
import { compilePermissions } from "../auth/permissions.ts";
import { authorizationViolation } from "../errors.ts";
import type { ResolvedOptions } from "../options.ts";
import type { Client } from "../peer/client.ts";
import { encodeUtf8, quote } from "../wire/ascii.ts";
import type { ClientConnect, Info } from "../wire/info.ts";
import { base64Url } from "../wire/info.ts";

/** Logins that may fail within a minute where nothing else is said. */
const MAX_FAILURES = 10;
/** Random bytes in a nonce. */
const NONCE_BYTES = 11;

/** See the module. */
export class Logins {
  /** Checks hashes: one for the whole server. */
  readonly bcrypt: BcryptWorker;
  readonly #options: ResolvedOptions;
  readonly #hasAccount: (name: string) => boolean;
  readonly #limiter: LoginLimiter;
  /** Ends of refusals that are held back. */
  readonly #late = new Set<() => void>();
  #authentication: Authentication;

  /** `options` may change; `changed` has to be told. */
  constructor(
    options: ResolvedOptions,
    hasAccount: (name: string) => boolean,
  ) {
    this.#options = options;
    this.#hasAccount = hasAccount;
    this.bcrypt = new BcryptWorker({
      error: (text) => options.log.error(text),
    });
    this.#limiter = new LoginLimiter(options.clock);
    this.#authentication = this.#authenticationNow();
  }

  /** From now on what the options say now decides. */
  changed(): void {
    this.#authentication = this.#authenticationNow();
    this.warm();
  }

  /** Gets ready what the first login would have to wait for. */
  warm(): void {
    this.#authentication.warm();
  }

  /** Who clients are that have said nothing; `null`: they must log in. */
  get silentIdentity(): Identity | null {
    return this.#authentication.silent;
  }

  /** Longest a client may take to log in, in milliseconds. */
  get timeoutMs(): number {
    return loginTimeoutMs(this.#options);
  }

  /** What INFO says of logins. */
  get info(): Partial<Info> {
    return this.#authentication.announced ? { auth_required: true } : {};
  }

  /** Something new to sign; empty when nobody has to. */
  nonce(): string {
    if (!this.#authentication.usesNonce) return "";
    return base64Url(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)));
  }

  /** Who a client is. A refusal may take its time. Never rejects. */
  authenticate(client: Client, credentials: ClientConnect): Verdict {
    const verdict = this.#decide(attemptOf(client, credentials));
    return verdict instanceof Promise
      ? verdict.then((identity) => identity ?? this.#refused(client))
      : verdict ?? this.#refused(client);
  }

  /**
   * Asks again about a client that is in already, and what it said then. One
   * that is not somebody any more, or belongs elsewhere, has to go.
   */
  async renew(client: Client): Promise<void> {
    const { connection, login, options } = client;
    if (!login.opened || connection.closed || connection.pause !== null) return;
    if (login.identity === null) return login.open();
    const attempt = attemptOf(client, options);
    const identity = await this.#decide(attempt);
    if (connection.closed) return;
    if (identity === null && !this.#authentication.unlisted(attempt)) {
      connection.log.error(`${connection.label} - ${complaint(client)}`);
      connection.fail(authorizationViolation());
    } else if (identity?.account !== login.identity.account) {
      connection.close("Client Closed");
    } else if (login.enter(identity) !== null) {
      connection.close("Client Closed");
    }
  }

  /** Ends what is under way, with refusals. Idempotent. */
  close(): void {
    this.bcrypt.close();
    for (const end of this.#late) end();
  }

  #authenticationNow(): Authentication {
    const options = this.#options;
    return new Authentication(options, {
      bcrypt: this.bcrypt,
      clock: options.clock,
      get log() {
        return options.log;
      },
    });
  }

  /** Asks again if meanwhile somebody else has to be asked. */
  #decide(attempt: Attempt): Verdict {
    const authentication = this.#authentication;
    const verdict = authentication.authenticate(attempt);
    if (!(verdict instanceof Promise)) return this.#usable(verdict, attempt);
    return verdict.then((identity) =>
      authentication === this.#authentication
        ? this.#usable(identity, attempt)
        : this.#decide(attempt)
    );
  }

  /** `null` for an identity that no client can have. */
  #usable(identity: Identity | null, attempt: Attempt): Identity | null {
    if (identity === null) return null;
    let problem = `account "${identity.account}" is unknown`;
    if (this.#hasAccount(identity.account)) {
      try {
        if (identity.permissions) compilePermissions(identity.permissions);
        return identity;
      } catch (error) {
        problem = (error as Error).message;
      }
    }
    this.#options.log.error(
      `${attempt.hostname}:${attempt.port} - cid:${attempt.id} - Cannot let in user "${identity.user}": ${problem}`,
    );
    return null;
  }

  /** A login failed: `null`, sooner or later. */
  #refused(client: Client): null | Promise<null> {
    const { clock, log, authorization } = this.#options;
    const { connection } = client;
    const { hostname } = connection.transport.remoteAddress;
    const max = authorization?.maxFailures ?? MAX_FAILURES;
    const penalty = this.#limiter.failed(hostname, max);
    if (penalty.log !== "none") {
      log.error(`${connection.label} - ${complaint(client)}`);
    }
    if (penalty.log === "last") {
      log.warn(
        `${hostname} - ${max} logins failed within a minute: more are refused late and not logged`,
      );
    }
    if (penalty.delayMs === 0) return null;
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        this.#late.delete(end);
        resolve(null);
      };
      const cancel = clock.after(penalty.delayMs, end);
      this.#late.add(end);
    });
  }
}

/** How the log puts it. */
function complaint({ options: { user, nkey } }: Client): string {
  const who = nkey !== "" && user === ""
    ? `Nkey ${quote(encodeUtf8(nkey))}`
    : `User ${quote(encodeUtf8(user || "N/A"))}`;
  return `authentication error - ${who}`;
}

function attemptOf(client: Client, credentials: ClientConnect): Attempt {
  const { connection, login } = client;
  const { remoteAddress: { hostname, port }, tls } = connection.transport;
  return {
    credentials,
    nonce: login.nonce,
    id: connection.id,
    hostname,
    port,
    connectionType: hostname === "pipe" ? "IN_PROCESS" : "STANDARD",
    tls: tls ?? null,
    wanted: () => !connection.closed,
  };
}

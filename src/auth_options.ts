/**
 * Options of authentication, permissions and accounts: names, types and units,
 * as configuration files have them too. Checked by `auth/`.
 */

import type { TlsFacts } from "./tls_facts.ts";

/** Where clients without an account of their own live. */
export const GLOBAL_ACCOUNT = "$G";

/**
 * Who may connect and what they may do. At most one of `user`, `token` and
 * `users` is given; accounts may have users of their own besides.
 */
export interface AuthorizationOptions {
  /** Name a client must give. */
  user?: string;
  /** Password that goes with it, plain or as a bcrypt hash. */
  password?: string;
  /** Token a client must give instead, plain or as a bcrypt hash. */
  token?: string;
  /**
   * Longest a client may take to say who it is, in milliseconds. Default 2,000,
   * with TLS a second more than the handshake may take.
   */
  timeoutMs?: number;
  /**
   * Logins that may fail from one address within a minute. Those that fail
   * beyond it are refused late, from 0.1 to 2 seconds, and logged no more; right
   * credentials get in as ever. 0 for any number. Default 10.
   */
  maxFailures?: number;
  /** Users of the global account. */
  users?: readonly UserOptions[];
  /** What users without permissions of their own may do. Default: everything. */
  defaultPermissions?: PermissionOptions | null;
}

/** A user: by name and password, by nkey, or by what its certificate says. */
export interface UserOptions {
  /** Name a client gives; with `verifyAndMap`, what its certificate names. */
  user?: string;
  /** Password that goes with it, plain or as a bcrypt hash; may be empty. */
  password?: string;
  /** Public nkey (`U…`) whose seed the client signs with, instead of a name. */
  nkey?: string;
  /** What the user may do. Default: the default permissions. */
  permissions?: PermissionOptions | null;
  /** Ways to connect: `STANDARD`, `WEBSOCKET`, `IN_PROCESS`, …. Default: any. */
  allowedConnectionTypes?: readonly string[];
}

/**
 * Decides who may connect, in the place of users, passwords and tokens that are
 * configured; `undefined` leaves the decision to those. May take as long as
 * `authorization.timeoutMs`. Whatever it throws is logged and refuses the
 * client.
 *
 * @example Everybody who knows a password of the day
 * ```ts
 * import type { Authenticator } from "@midge/server";
 *
 * const authenticator: Authenticator = ({ user, password }) =>
 *   password === new Date().toDateString()
 *     ? { user, permissions: { publish: { allow: [`${user}.>`] } } }
 *     : null;
 * ```
 */
export type Authenticator = (
  request: AuthRequest,
) => AuthAnswer | Promise<AuthAnswer>;

/** Somebody, nobody (`null`), or no opinion (`undefined`). */
export type AuthAnswer = AuthGrant | null | undefined;

/** Whom a client is let in as. */
export interface AuthGrant {
  /** Its name, for monitoring and the log. */
  user: string;
  /** Account it belongs to; must be configured. Default: the global one. */
  account?: string;
  /** What it may do. Default: everything. */
  permissions?: PermissionOptions | null;
}

/** A client that wants to be let in; texts it left out are empty. */
export interface AuthRequest {
  /** Name it gave. */
  readonly user: string;
  /** Password it gave, in clear. */
  readonly password: string;
  /** Token it gave, in clear. */
  readonly token: string;
  /** Public nkey it gave. */
  readonly nkey: string;
  /** It signed the nonce with the seed of that nkey. */
  readonly nkeyVerified: boolean;
  /** User JWT it gave, as it came: nothing of it was checked. */
  readonly jwt: string;
  /** Text it had to sign. */
  readonly nonce: string;
  /** Its signature, base64. */
  readonly signature: string;
  /** What it calls itself. */
  readonly name: string;
  /** Language of its library. */
  readonly lang: string;
  /** Version of its library. */
  readonly version: string;
  /** Protocol level it speaks: 0 or 1. */
  readonly protocol: number;
  /** Number of the connection, `cid` in the log. */
  readonly id: number;
  /** Address it connects from; `pipe` in-process. */
  readonly hostname: string;
  /** Port it connects from. */
  readonly port: number;
  /** How it is connected: `STANDARD`, `IN_PROCESS`. */
  readonly connectionType: string;
  /** How the connection is encrypted; `null` if it is not. */
  readonly tls: TlsFacts | null;
}

/** What a user may publish and subscribe to; what is absent is not limited. */
export interface PermissionOptions {
  /** Subjects to publish to. */
  publish?: SubjectPermissions;
  /** Subjects to subscribe to, as `subject` or `subject queue`. */
  subscribe?: SubjectPermissions;
  /**
   * The user may answer: the reply subject of each message delivered to it may
   * be published to. Implies an empty `publish.allow` if none is given.
   */
  allowResponses?: ResponsePermission | null;
}

/** Subjects, with wildcards; deny wins. */
export interface SubjectPermissions {
  /** Only these. Default: all. */
  allow?: readonly string[];
  /** But not these. Default: none. */
  deny?: readonly string[];
}

/** How long and how often a reply subject may be published to. */
export interface ResponsePermission {
  /** Messages to it; negative for any number. Default 1. */
  max?: number;
  /** Time from the delivery, in milliseconds; negative for ever. Default 120,000. */
  ttlMs?: number;
}

/** An account: a subject space of its own with users of its own. */
export interface AccountOptions {
  /** Its name; `$G` is taken. */
  name: string;
  /** Who belongs to it. */
  users?: readonly UserOptions[];
  /** What users without permissions of their own may do. Default: everything. */
  defaultPermissions?: PermissionOptions | null;
  /** What it may use up; -1 for no limit. */
  limits?: AccountLimits;
  /** What other accounts may import. */
  exports?: readonly ExportOptions[];
  /** What it uses of other accounts. */
  imports?: readonly ImportOptions[];
}

/** What an account may use up, all its connections together; -1 = no limit. */
export interface AccountLimits {
  /** Connections at one time. Default -1. */
  maxConnections?: number;
  /** Subscriptions at one time. Default -1. */
  maxSubscriptions?: number;
  /** Largest message, headers included, in bytes. Default -1. */
  maxPayload?: number;
}

/** Something an account offers to others: one of `stream` and `service`. */
export interface ExportOptions {
  /** Subjects others may listen to. */
  stream?: string;
  /** Subjects others may send requests to. */
  service?: string;
  /** Who may import it. Default: everybody. */
  accounts?: readonly string[];
  /** For services: answers to one request. Default `singleton`: just one. */
  responseType?: "singleton" | "stream" | "chunked";
  /** For services: how long to wait for an answer, in milliseconds. Default 120,000. */
  responseThresholdMs?: number;
}

/** Something an account uses of another: one of `stream` and `service`. */
export interface ImportOptions {
  /** Account that exports it and subject there: messages come from it. */
  stream?: { account: string; subject: string };
  /** Account that exports it and subject there: requests go to it. */
  service?: { account: string; subject: string };
  /** For streams: put in front of the subject. */
  prefix?: string;
  /** Subject in the importing account. Default: that of the export. */
  to?: string;
  /** For services: tell the exporter who asks. Default `false`. */
  share?: boolean;
}

/**
 * Options of authentication, permissions and accounts: names, types and units,
 * as configuration files have them too. Checked by `auth/`.
 */

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
  /** Longest a client may take to say who it is, in milliseconds. Default 2,000. */
  timeoutMs?: number;
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

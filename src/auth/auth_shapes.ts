/**
 * The names and types of the options in auth_options.ts, to be checked: what a
 * program gives may come from no compiler. The compiler sees that none is
 * missing here. Configuration files have names, units and short forms of their
 * own for most of them: those are in config/auth_values.ts.
 */

import type {
  AccountLimits,
  AccountOptions,
  AuthorizationOptions,
  ExportOptions,
  ImportOptions,
  PermissionOptions,
  ResponsePermission,
  SubjectPermissions,
  UserOptions,
} from "../auth_options.ts";
import type { Shape, ShapeOf } from "../option_shape.ts";
import { listOf, orNull } from "../option_shape.ts";

const SUBJECTS: ShapeOf<SubjectPermissions> = {
  allow: listOf("string"),
  deny: listOf("string"),
};

const RESPONSES: ShapeOf<ResponsePermission> = {
  max: "number",
  ttlMs: "number",
};

const PERMISSIONS: ShapeOf<PermissionOptions> = {
  publish: SUBJECTS,
  subscribe: SUBJECTS,
  allowResponses: orNull(RESPONSES),
};

const USER: ShapeOf<UserOptions> = {
  user: "string",
  password: "string",
  nkey: "string",
  permissions: orNull(PERMISSIONS),
  allowedConnectionTypes: listOf("string"),
};

const LIMITS: ShapeOf<AccountLimits> = {
  maxConnections: "number",
  maxSubscriptions: "number",
  maxPayload: "number",
};

const EXPORT: ShapeOf<ExportOptions> = {
  stream: "string",
  service: "string",
  accounts: listOf("string"),
  responseType: "string",
  responseThresholdMs: "number",
};

const REMOTE: Shape = { account: "string", subject: "string" };

const IMPORT: ShapeOf<ImportOptions> = {
  stream: REMOTE,
  service: REMOTE,
  prefix: "string",
  to: "string",
  share: "boolean",
};

const ACCOUNT: ShapeOf<AccountOptions> = {
  name: "string",
  users: listOf(USER),
  defaultPermissions: orNull(PERMISSIONS),
  limits: LIMITS,
  exports: listOf(EXPORT),
  imports: listOf(IMPORT),
};

/** The option `authorization`. */
export const AUTHORIZATION: Shape = orNull(
  {
    user: "string",
    password: "string",
    token: "string",
    timeoutMs: "number",
    maxFailures: "number",
    users: listOf(USER),
    defaultPermissions: orNull(PERMISSIONS),
  } satisfies ShapeOf<AuthorizationOptions>,
);

/** The option `accounts`. */
export const ACCOUNTS: Shape = listOf(ACCOUNT);

/**
 * Refuses options of authentication that contradict themselves, in
 * nats-server's words (config-and-monitoring §2.4).
 */

import type { AuthorizationOptions, UserOptions } from "../auth_options.ts";
import { ConfigError } from "../errors.ts";
import { checkShape } from "../option_shape.ts";
import { ACCOUNTS, AUTHORIZATION } from "./auth_shapes.ts";
import { canonicalHash, isBcrypt } from "./bcrypt.ts";
import { decodeUserNkey } from "./nkey.ts";
import { compilePermissions } from "./permissions.ts";
import type { LoginOptions } from "./user_table.ts";

/** Ways to connect that a user may be limited to. */
const CONNECTION_TYPES = [
  "STANDARD",
  "WEBSOCKET",
  "LEAFNODE",
  "LEAFNODE_WS",
  "MQTT",
  "MQTT_WS",
  "IN_PROCESS",
];

/** Throws `ConfigError`, `TypeError` or `RangeError`. */
export function checkAuthorization(options: LoginOptions): void {
  const { authorization, accounts, noAuthUser } = options;
  checkShape("authorization", authorization, AUTHORIZATION);
  checkShape("accounts", accounts, ACCOUNTS);
  if (authorization !== null) checkBlock(authorization);
  const { user, token, users } = authorization ?? {};
  const accountUsers = accounts.flatMap(({ users = [] }) => users);
  if (user && token) refuse("Cannot have a user/pass and token");
  if (users !== undefined) {
    if (user) refuse("Can not have a single user/pass and a users array");
    if (token) refuse("Can not have a token and a users array");
  }
  if (accountUsers.length > 0) {
    if (user) refuse("Can not have a single user/pass and accounts");
    if (token) refuse("Can not have a token and accounts");
  }
  for (const { defaultPermissions } of [authorization ?? {}, ...accounts]) {
    if (defaultPermissions) compilePermissions(defaultPermissions);
  }
  const names = checkUsers([...users ?? [], ...accountUsers]);
  if (noAuthUser === "" || names.has(noAuthUser)) return;
  refuse(
    names.size === 0
      ? `no_auth_user: "${noAuthUser}" present, but users/nkeys are not defined`
      : `no_auth_user: "${noAuthUser}" not present as user or nkey in authorization block or account configuration`,
  );
}

/** What may not be meant so, of passwords and tokens: lines for the log. */
export function secretWarnings(
  { authorization, accounts }: LoginOptions,
): string[] {
  const { user, password, token, users = [] } = authorization ?? {};
  const all = [...users, ...accounts.flatMap(({ users = [] }) => users)];
  const secrets = [
    { whose: user && `user "${user}"`, secret: password },
    { whose: "the token", secret: token },
    ...all.map(({ user, password: secret }) => (
      { whose: `user "${user}"`, secret }
    )),
  ];
  const warnings: string[] = [];
  if (secrets.some(({ secret }) => secret && !isBcrypt(secret))) {
    warnings.push("Plaintext passwords detected, use nkeys or bcrypt");
  }
  if (password && !user) {
    warnings.push("A password without a user lets everybody in: name a user");
  }
  for (const { whose, secret = "" } of secrets) {
    if (!whose || !isBcrypt(secret) || canonicalHash(secret) !== null) continue;
    warnings.push(
      `Nobody gets in as ${whose}: not a bcrypt hash, though it begins like one (${secret.length} characters of 60)`,
    );
  }
  return warnings;
}

function checkBlock(authorization: AuthorizationOptions): void {
  const { timeoutMs = 1, maxFailures = 0 } = authorization;
  if (!(Number.isFinite(timeoutMs) && timeoutMs > 0)) {
    throw new RangeError(
      `Option "authorization.timeoutMs" must be a time above 0 in milliseconds: got ${timeoutMs}`,
    );
  }
  if (!(Number.isInteger(maxFailures) && maxFailures >= 0)) {
    throw new RangeError(
      `Option "authorization.maxFailures" must be a whole number, not negative: got ${maxFailures}`,
    );
  }
}

/** Checks all users there are; returns their names and nkeys. */
function checkUsers(users: readonly UserOptions[]): Set<string> {
  const names = new Set<string>();
  for (const one of users) {
    const { user = "", password = "", nkey = "" } = one;
    if (user === "" && nkey === "") refuse("User entry requires a user");
    if (nkey !== "") {
      if (user !== "" || password !== "") {
        refuse("Nkey users do not take usernames or passwords");
      }
      if (decodeUserNkey(nkey) === null) {
        refuse(`Not a valid public nkey for a user: ${shown(nkey)}`);
      }
    }
    const name = nkey || user;
    checkRights(name, one);
    if (names.has(name)) {
      refuse(`Duplicate ${nkey === "" ? "user" : "nkey"} "${name}" detected`);
    }
    names.add(name);
  }
  return names;
}

/** Throws `ConfigError`, which says whose rights cannot be. */
function checkRights(
  name: string,
  { permissions, allowedConnectionTypes = [] }: UserOptions,
): void {
  try {
    if (permissions) compilePermissions(permissions);
    checkConnectionTypes(allowedConnectionTypes);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    refuse(`user "${name}": ${error.message}`);
  }
}

/** A key for people to see: nothing of one that was to be kept secret. */
function shown(nkey: string): string {
  return nkey.startsWith("S")
    ? "this is a seed, which is for the client alone"
    : JSON.stringify(nkey);
}

function checkConnectionTypes(types: readonly string[]): void {
  const unknown = types.filter((type) =>
    !CONNECTION_TYPES.includes(type.toUpperCase())
  );
  if (unknown.length === 0) return;
  const list = unknown.map((type) => JSON.stringify(type)).join(" ");
  refuse(`invalid connection types [${list}]`);
}

function refuse(text: string): never {
  throw new ConfigError(text);
}

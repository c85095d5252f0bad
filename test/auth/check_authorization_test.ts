import assert from "node:assert/strict";
import {
  checkAuthorization,
  secretWarnings,
} from "../../src/auth/check_authorization.ts";
import { ConfigError } from "../../src/errors.ts";
import type { ServerOptions } from "../../src/options.ts";
import { resolveOptions } from "../../src/options.ts";

const NKEY = "UC6NLCN7AS34YOJVCYD4PJ3QB7QGLYG5B5IMBT25VW5K4TNUJODM7BOX";
const USERS = { users: [{ user: "a" }, { nkey: NKEY }] };

const REFUSED: readonly [string, ServerOptions][] = [
  ["Cannot have a user/pass and token", {
    authorization: { user: "a", password: "b", token: "c" },
  }],
  ["Can not have a single user/pass and a users array", {
    authorization: { user: "a", users: [] },
  }],
  ["Can not have a token and a users array", {
    authorization: { token: "a", ...USERS },
  }],
  ["Can not have a single user/pass and accounts", {
    authorization: { user: "a" },
    accounts: [{ name: "A", ...USERS }],
  }],
  ["Can not have a token and accounts", {
    authorization: { token: "a" },
    accounts: [{ name: "A", ...USERS }],
  }],
  ['Duplicate user "a" detected', {
    authorization: USERS,
    accounts: [{ name: "A", users: [{ user: "a" }] }],
  }],
  [`Duplicate nkey "${NKEY}" detected`, {
    authorization: { users: [{ nkey: NKEY }, { nkey: NKEY }] },
  }],
  ["User entry requires a user", {
    authorization: { users: [{ password: "x" }] },
  }],
  [`Not a valid public nkey for a user: "${NKEY.slice(1)}"`, {
    authorization: { users: [{ nkey: NKEY.slice(1) }] },
  }],
  [
    "Not a valid public nkey for a user: this is a seed, which is for the client alone",
    { authorization: { users: [{ nkey: `S${NKEY}` }] } },
  ],
  ['user "a": permissions: subject "a..b" is not a valid subject', {
    authorization: {
      users: [{ user: "a", permissions: { publish: { allow: ["a..b"] } } }],
    },
  }],
  ["Nkey users do not take usernames or passwords", {
    authorization: { users: [{ nkey: NKEY, user: "a" }] },
  }],
  ['user "a": invalid connection types ["FOO"]', {
    authorization: {
      users: [{ user: "a", allowedConnectionTypes: ["standard", "FOO"] }],
    },
  }],
  ['no_auth_user: "x" present, but users/nkeys are not defined', {
    noAuthUser: "x",
  }],
  [
    'no_auth_user: "x" not present as user or nkey in authorization block or account configuration',
    { noAuthUser: "x", authorization: USERS },
  ],
];

Deno.test("checkAuthorization() refuses contradictions in nats-server's words", () => {
  for (const [message, options] of REFUSED) {
    assert.throws(
      () => checkAuthorization(resolveOptions(options)),
      (error) => error instanceof ConfigError && error.message === message,
      message,
    );
  }
});

Deno.test("checkAuthorization() refuses permissions for subjects that are none", () => {
  const permissions = { publish: { allow: ["a..b"] } };
  const bad: ServerOptions[] = [
    { authorization: { users: [{ user: "a", permissions }] } },
    { authorization: { defaultPermissions: permissions } },
    { accounts: [{ name: "A", defaultPermissions: permissions }] },
  ];
  for (const options of bad) {
    assert.throws(
      () => checkAuthorization(resolveOptions(options)),
      ConfigError,
    );
  }
});

Deno.test("checkAuthorization() refuses values of no use, and names it does not know", () => {
  const check = (authorization: object) =>
    checkAuthorization(resolveOptions({ authorization }));
  assert.throws(
    () => check({ usr: "a" }),
    /Unknown option "authorization.usr"/,
  );
  assert.throws(() => check({ user: 5 }), TypeError);
  assert.throws(() => check({ users: {} }), TypeError);
  for (const timeoutMs of [0, -1, NaN]) {
    assert.throws(() => check({ timeoutMs }), RangeError);
  }
  for (const maxFailures of [-1, 0.5]) {
    assert.throws(() => check({ maxFailures }), RangeError);
  }
});

Deno.test("checkAuthorization() takes what fits together", () => {
  const fine: ServerOptions[] = [
    {},
    { authorization: { user: "a", password: "b", timeoutMs: 0.5 } },
    { authorization: { token: "t", maxFailures: 0 } },
    { authorization: USERS, noAuthUser: "a" },
    { authorization: USERS, noAuthUser: NKEY },
    { accounts: [{ name: "A", ...USERS }], authorization: { timeoutMs: 1 } },
  ];
  for (const options of fine) checkAuthorization(resolveOptions(options));
});

Deno.test("secretWarnings() looks at every password and token", () => {
  const hash = "$2a$04$ld/nT3xuT.sxDS5lduJPcel2Q.jwfzIdrleAUdK1/RWkFWCjD6wnK";
  const warned = (options: ServerOptions) =>
    secretWarnings(resolveOptions(options)).map((text) => text.split(" ")[0]);
  const inAccount = (password: string) => ({
    accounts: [{ name: "A", users: [{ user: "a", password }] }],
  });
  assert.deepEqual(warned({}), []);
  assert.deepEqual(
    warned({ authorization: { user: "a", password: hash } }),
    [],
  );
  assert.deepEqual(warned({ authorization: USERS }), []);
  assert.deepEqual(warned({ authorization: { token: "t" } }), ["Plaintext"]);
  assert.deepEqual(warned(inAccount("$5")), ["Plaintext"]);
  assert.deepEqual(warned(inAccount(`${hash}.`)), ["Nobody"]);
  assert.deepEqual(
    warned({ authorization: { password: "p" } }),
    ["Plaintext", "A"],
  );
  assert.deepEqual(warned({ authorization: { password: `${hash}.` } }), ["A"]);
});

import assert from "node:assert/strict";
import {
  Authentication,
  loginTimeoutMs,
} from "../../src/auth/authentication.ts";
import { BcryptWorker } from "../../src/auth/bcrypt_worker.ts";
import type { Attempt } from "../../src/auth/identity.ts";
import type { AuthRequest, ServerOptions } from "../../src/mod.ts";
import { resolveOptions } from "../../src/options.ts";
import type { ClientConnect } from "../../src/wire/info.ts";
import { DEFAULT_CONNECT } from "../../src/wire/info.ts";
import { FakeClock } from "../support/clock.ts";
import { newNkeyUser } from "../support/nkeys.ts";
import { KeptLog } from "../support/server.ts";

/** An authentication by these options, and what it logs. */
function build(options: ServerOptions) {
  const log = new KeptLog();
  const clock = new FakeClock();
  const bcrypt = new BcryptWorker(log);
  const authentication = new Authentication(resolveOptions(options), {
    bcrypt,
    log,
    clock,
  });
  return { authentication, log, clock };
}

/** A login that says this. */
function attempt(
  said: Partial<ClientConnect>,
  facts: Partial<Attempt> = {},
): Attempt {
  return {
    credentials: { ...DEFAULT_CONNECT, ...said },
    nonce: "",
    id: 5,
    hostname: "10.0.0.1",
    port: 4000,
    connectionType: "STANDARD",
    tls: null,
    wanted: () => true,
    ...facts,
  };
}

Deno.test("Authentication is open to all where nobody is configured", () => {
  const { authentication } = build({ authorization: { timeoutMs: 100 } });
  assert.equal(authentication.open, true);
  assert.equal(authentication.announced, false);
  const everybody = { user: "", nkey: "", account: "$G", permissions: null };
  assert.deepEqual(authentication.silent, everybody);
  assert.deepEqual(
    authentication.authenticate(attempt({ user: "x", pass: "y" })),
    everybody,
  );
});

Deno.test("Authentication gives users their permissions, or the default ones", () => {
  const own = { publish: { allow: ["own"] } };
  const usual = { publish: { allow: ["usual"] } };
  const { authentication } = build({
    authorization: {
      users: [{ user: "a", permissions: own }, { user: "b" }, {
        user: "all",
        permissions: null,
      }],
      defaultPermissions: usual,
    },
    accounts: [{
      name: "A",
      users: [{ user: "c" }],
      defaultPermissions: own,
    }],
  });
  const found = (user: string) =>
    authentication.authenticate(attempt({ user }));
  assert.deepEqual(found("a"), {
    user: "a",
    nkey: "",
    account: "$G",
    permissions: own,
  });
  assert.deepEqual(found("b"), {
    user: "b",
    nkey: "",
    account: "$G",
    permissions: usual,
  });
  assert.deepEqual(found("all"), {
    user: "all",
    nkey: "",
    account: "$G",
    permissions: null,
  });
  assert.deepEqual(found("c"), {
    user: "c",
    nkey: "",
    account: "A",
    permissions: own,
  });
});

Deno.test("Authentication asks an nkey user for no signature if it stands for the silent", async () => {
  const { nkey } = await newNkeyUser();
  const { authentication } = build({
    authorization: { users: [{ nkey }] },
    noAuthUser: nkey,
  });
  const verdict = await authentication.authenticate(attempt({}));
  assert.equal(verdict?.nkey, nkey);
  assert.equal(authentication.silent, null);
  assert.equal(authentication.announced, false);
  assert.equal(await authentication.authenticate(attempt({ nkey })), null);
});

Deno.test("An authenticator is told everything and decides", async () => {
  const requests: AuthRequest[] = [];
  const { authentication } = build({
    authenticator: (request) => {
      requests.push(request);
      return request.password === "yes"
        ? { user: `${request.user}!`, account: "A" }
        : null;
    },
  });
  assert.equal(authentication.announced, true);
  assert.equal(authentication.usesNonce, true);
  assert.equal(authentication.silent, null);
  const said = { user: "u", pass: "yes", auth_token: "t", jwt: "j", name: "n" };
  assert.deepEqual(authentication.authenticate(attempt(said)), {
    user: "u!",
    nkey: "",
    account: "A",
    permissions: null,
  });
  assert.equal(authentication.authenticate(attempt({ user: "u" })), null);
  assert.deepEqual(requests[0], {
    user: "u",
    password: "yes",
    token: "t",
    nkey: "",
    nkeyVerified: false,
    jwt: "j",
    nonce: "",
    signature: "",
    name: "n",
    lang: "",
    version: "",
    protocol: 0,
    id: 5,
    hostname: "10.0.0.1",
    port: 4000,
    connectionType: "STANDARD",
    tls: null,
  });
  const { nkey, sign } = await newNkeyUser();
  for (const nonce of ["signed", "other"]) {
    const sig = await sign("signed");
    await authentication.authenticate(attempt({ nkey, sig }, { nonce }));
    assert.equal(requests.at(-1)?.nkeyVerified, nonce === "signed");
  }
});

Deno.test("An authenticator without an opinion leaves it to the configuration", async () => {
  const authenticator = () => Promise.resolve(undefined);
  const configured = build({
    authenticator,
    authorization: { user: "a", password: "b" },
  }).authentication;
  const right = attempt({ user: "a", pass: "b" });
  assert.equal((await configured.authenticate(right))?.user, "a");
  assert.equal(await configured.authenticate(attempt({ user: "a" })), null);
  const alone = build({ authenticator }).authentication;
  assert.equal(await alone.authenticate(right), null);
});

Deno.test("An authenticator that fails refuses, and the log says why", async (t) => {
  const failing: Record<string, ServerOptions["authenticator"]> = {
    "it broke": () => {
      throw new Error("it broke");
    },
    "it rejected": () => Promise.reject(new Error("it rejected")),
    "not an answer": () => ({ user: 5 }) as never,
  };
  for (const [why, authenticator] of Object.entries(failing)) {
    await t.step(why, async () => {
      const { authentication, log } = build({
        authenticator: authenticator ?? null,
      });
      assert.equal(await authentication.authenticate(attempt({})), null);
      assert.deepEqual(log.lines, [
        `ERR 10.0.0.1:4000 - cid:5 - Authenticator failed: ${why}`,
      ]);
    });
  }
});

Deno.test("An authenticator has as long as a login may take", async () => {
  const { promise, resolve } = Promise.withResolvers<{ user: string }>();
  const { authentication, clock, log } = build({
    authenticator: () => promise,
    authorization: { timeoutMs: 500 },
  });
  const verdict = authentication.authenticate(attempt({}));
  clock.advance(500);
  assert.equal(await verdict, null);
  assert.match(log.lines[0], /Authenticator failed: no answer in time$/);
  resolve({ user: "late" });
  await promise;
  assert.equal(clock.pending, 0);
});

Deno.test("loginTimeoutMs() leaves time for the handshake", () => {
  const of = (options: ServerOptions) =>
    loginTimeoutMs(resolveOptions(options));
  assert.equal(of({}), 2000);
  assert.equal(of({ tls: { timeoutMs: 5000 } }), 6000);
  assert.equal(of({ tls: {}, authorization: { timeoutMs: 1 } }), 1);
});

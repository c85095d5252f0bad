/** A chain of trust for official servers: an operator, an account, a user. */

import { encodeKey, newNkeyUser } from "./nkeys.ts";

/** First bytes of public keys. */
const OPERATOR = 14 << 3;
const ACCOUNT = 0;
const BASE64URL = { alphabet: "base64url", omitPadding: true } as const;
const NO_LIMITS = { subs: -1, data: -1, payload: -1 };

/** What server and user need. */
export interface JwtUser {
  /** A configuration of the official server. */
  readonly config: string;
  /** A creds file of the user. */
  readonly creds: string;
}

/** A new chain. */
export async function newJwtUser(): Promise<JwtUser> {
  const operator = await newSigner(OPERATOR);
  const account = await newSigner(ACCOUNT);
  const user = await newNkeyUser();
  const operatorJwt = await operator.sign(operator.key, { type: "operator" });
  const limits = { imports: -1, exports: -1, wildcards: true, conn: -1 };
  const accountJwt = await operator.sign(account.key, {
    type: "account",
    limits: { ...NO_LIMITS, ...limits, leaf: -1 },
  });
  const userJwt = await account.sign(user.nkey, { type: "user", ...NO_LIMITS });
  return {
    config: `operator: ${operatorJwt}
resolver: MEMORY
resolver_preload: { ${account.key}: ${accountJwt} }
`,
    creds: `-----BEGIN NATS USER JWT-----
${userJwt}
------END NATS USER JWT------

************************* IMPORTANT *************************
NKEY Seed printed below can be used to sign and prove identity.

-----BEGIN USER NKEY SEED-----
${user.seed}
------END USER NKEY SEED------
`,
  };
}

async function newSigner(prefix: number) {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(
    "Ed25519",
    true,
    ["sign", "verify"],
  ) as CryptoKeyPair;
  const raw = await crypto.subtle.exportKey("raw", publicKey);
  const key = encodeKey([prefix], new Uint8Array(raw));
  return {
    key,
    async sign(subject: string, nats: object): Promise<string> {
      const iat = Math.floor(Date.now() / 1000);
      const claims = { jti: crypto.randomUUID(), iat, iss: key, sub: subject };
      const text = [
        { typ: "JWT", alg: "ed25519-nkey" },
        { ...claims, name: subject, nats: { ...nats, version: 2 } },
      ].map((part) =>
        new TextEncoder().encode(JSON.stringify(part)).toBase64(BASE64URL)
      ).join(".");
      const signature = await crypto.subtle.sign(
        "Ed25519",
        privateKey,
        new TextEncoder().encode(text),
      );
      return `${text}.${new Uint8Array(signature).toBase64(BASE64URL)}`;
    },
  };
}

import assert from "node:assert/strict";
import {
  decodeUserNkey,
  decodeUserSeed,
  encodeUserNkey,
} from "../../src/auth/nkey.ts";
import { verifySignature } from "../../src/auth/nkey_signature.ts";
import { NkeySigner } from "../../src/auth/nkey_signer.ts";
import { encodeKey, newNkeyUser } from "../support/nkeys.ts";

Deno.test("NkeySigner signs as the user whose seed it has", async () => {
  const user = await newNkeyUser();
  const signer = await NkeySigner.from(user.seed);
  assert(signer !== null);
  assert.equal(signer.nkey, user.nkey);
  const signature = await signer.sign("n0nce");
  assert(await verifySignature(user.nkey, "n0nce", signature));
  assert(!await verifySignature(user.nkey, "another", signature));
  // Ed25519 has one signature for a key and a text.
  assert.equal(signature, await user.sign("n0nce"));
});

Deno.test("NkeySigner.from() takes seeds of users only, whole ones", async () => {
  const { seed, nkey } = await newNkeyUser();
  const bad = [
    "",
    nkey,
    seed.slice(0, -1),
    `${seed}A`,
    seed.toLowerCase(),
    seed.slice(0, 30) + (seed[30] === "A" ? "B" : "A") + seed.slice(31),
    seed.replace(/.$/, "!"),
    // An account's.
    encodeKey([18 << 3, 0], new Uint8Array(32)),
  ];
  for (const text of bad) assert.equal(await NkeySigner.from(text), null, text);
});

Deno.test("decodeUserSeed() and encodeUserNkey() agree with the text forms", () => {
  const secret = Uint8Array.from({ length: 32 }, (_, i) => 7 * i);
  const seed = encodeKey([18 << 3 | 5, 0], secret);
  assert(seed.startsWith("SU"));
  assert.deepEqual(decodeUserSeed(seed), secret);
  assert.deepEqual(decodeUserNkey(encodeUserNkey(secret)), secret);
});

import assert from "node:assert/strict";
import { decodeUserNkey } from "../../src/auth/nkey.ts";
import { verifySignature } from "../../src/auth/nkey_signature.ts";
import { encodeKey, newNkeyUser } from "../support/nkeys.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, index) => 8 * index);

Deno.test("decodeUserNkey() takes public keys of users only, and whole", () => {
  const text = encodeKey([20 << 3], KEY);
  assert.match(text, /^U[A-Z2-7]{55}$/);
  assert.deepEqual(decodeUserNkey(text), KEY);
  const known = "UC6NLCN7AS34YOJVCYD4PJ3QB7QGLYG5B5IMBT25VW5K4TNUJODM7BOX";
  assert.equal(decodeUserNkey(known)?.length, 32);
  const broken = [
    "",
    text.slice(1),
    `${text}A`,
    text.toLowerCase(),
    text.replace(/.$/, (last) => last === "A" ? "B" : "A"),
    `U1${text.slice(2)}`,
    encodeKey([0], KEY),
    encodeKey([18 << 3 | 5, 0], KEY).slice(0, 56),
  ];
  for (const one of broken) assert.equal(decodeUserNkey(one), null, one);
});

Deno.test("verifySignature() takes the owner's signature of the nonce in two forms", async () => {
  // The two forms differ in most signatures, but not in all.
  let user = await newNkeyUser();
  let unpadded = await user.sign("the nonce");
  while (!/[-_]/.test(unpadded)) {
    user = await newNkeyUser();
    unpadded = await user.sign("the nonce");
  }
  const standard = `${unpadded.replaceAll("-", "+").replaceAll("_", "/")}==`;
  const verify = (signature: string) =>
    verifySignature(user.nkey, "the nonce", signature);
  assert.equal(await verify(unpadded), true);
  assert.equal(await verify(standard), true);
  for (
    const other of [
      `${unpadded}==`,
      standard.slice(0, -1),
      `${unpadded.slice(0, 40)} ${unpadded.slice(40)}`,
      unpadded.slice(0, 43),
      "",
      await user.sign("another nonce"),
      await (await newNkeyUser()).sign("the nonce"),
    ]
  ) assert.equal(await verify(other), false, other);
});

Deno.test("verifySignature() takes nothing without a nonce, nor of a broken key", async () => {
  const user = await newNkeyUser();
  assert.equal(
    await verifySignature(user.nkey, "", await user.sign("")),
    false,
  );
  const signature = await user.sign("x");
  assert.equal(await verifySignature("UABC", "x", signature), false);
  const zero = encodeKey([20 << 3], new Uint8Array(32).fill(255));
  assert.equal(await verifySignature(zero, "x", signature), false);
});

import assert from "node:assert/strict";
import { hashPassword, isBcrypt } from "../../src/auth/bcrypt.ts";
import { verifyPassword } from "../support/bcrypt.ts";
import { runModule, SRC } from "../support/module.ts";

/** Hashes from the README of gnatsd 0.8. */
const README = [
  [
    "T0pS3cr3t",
    "$2a$11$W2zko751KUvVy59mUTWmpOdWjpEm5qhcCZRd05GjI/sSOT.xtiHyG",
  ],
  [
    "T0pS3cr3tT00!",
    "$2a$11$xH8dkGrty1cBNtZjhPeWJewu/YPbSU.rXJWmS6SFilOBXzmZoMk9m",
  ],
  [
    "#IclkRPHUpsTmACWzmIGXr",
    "$2a$11$3kIDaCxw.Glsl1.u5nKa6eUnNDLV5HV9tIuUp7EHhMt6Nm9myW1aS",
  ],
] as const;

const SALT = "$2a$04$.umPE/6kJRO5OijOTz3jZ.";

/** Go's golang.org/x/crypto/bcrypt agrees with each of these. */
const AS_GO = [
  ["empty", "", "LbwhEMMxnr7Hg/ZUXXYPHYaab2hi1oe"],
  ["one byte", "a", "pfflLqyhIz.EiWz85/vZW5O01q/uwG2"],
  ["a NUL inside", "a\0b", "nmR.X38SC.3imT34k0PAL5Z9BYcz2PK"],
  ["71 bytes", "a".repeat(71), "NiC4YQTd5maLnuSx23IW.Si2rwfP00u"],
  ["72 bytes", "a".repeat(72), "D0d3htYvuYPgHe9kQ6o.e4FIuiJP1wa"],
  [
    "73 bytes, the last of which does not count",
    `${"a".repeat(72)}x`,
    "D0d3htYvuYPgHe9kQ6o.e4FIuiJP1wa",
  ],
  ["UTF-8", "日本", "lyp4HiUNHzy9EFiJdCdXtcoaYkG3x8u"],
  ["80 bytes of UTF-8", "ü".repeat(40), "7sf7StdkQHIGT9VP/JcYHwtt3W2xtFm"],
  [
    "a character cut at byte 72",
    `${"a".repeat(71)}ü`,
    "6w09ra2x6PxdwDp64f7lhaTJtg5Icua",
  ],
] as const;

Deno.test("BcryptWorker.verify() knows the hashes of the gnatsd README", async () => {
  for (const [password, hash] of README) {
    assert.equal(await verifyPassword(password, hash), true);
  }
  assert.equal(await verifyPassword("t0pS3cr3t", README[0][1]), false);
});

Deno.test("BcryptWorker.verify() takes passwords as Go does", async (t) => {
  for (const [name, password, hash] of AS_GO) {
    await t.step(name, async () => {
      assert.equal(await verifyPassword(password, SALT + hash), true);
      assert.equal(await verifyPassword(`x${password}`, SALT + hash), false);
    });
  }
});

Deno.test("BcryptWorker.verify() takes all versions of bcrypt alike", async () => {
  const [, password, rest] = AS_GO[1];
  for (const version of ["$2a$", "$2b$", "$2x$", "$2y$"]) {
    const hash = version + SALT.slice(4) + rest;
    assert.equal(await verifyPassword(password, hash), true);
  }
});

Deno.test("BcryptWorker.verify() matches nothing with a broken hash", async () => {
  const [, password, rest] = AS_GO[1];
  const hash = SALT + rest;
  for (
    const broken of [
      "",
      "$2a$04$",
      hash.slice(0, -1),
      `${hash}x`,
      hash.replace("$04$", "$03$"),
      hash.replace("$04$", "$32$"),
      hash.replace("$04$", "$4$"),
      hash.replace("$2a$", "$2c$"),
      hash.replace(".um", "!um"),
    ]
  ) {
    assert.equal(await verifyPassword(password, broken), false, broken);
  }
});

Deno.test("hashPassword() makes $2a$ hashes, each with a salt of its own", async () => {
  for (const password of ["secret", "", "größer", "a".repeat(100)]) {
    const hashes = new Set<string>();
    for (let i = 0; i < 2; i++) {
      const hash = await hashPassword(password, 4);
      assert.match(hash, /^\$2a\$04\$[./A-Za-z0-9]{53}$/);
      assert.equal(await verifyPassword(password, hash), true);
      hashes.add(hash);
    }
    assert.equal(hashes.size, 2);
  }
  assert.match(await hashPassword("x", 11), /^\$2a\$11\$/);
});

Deno.test("hashPassword() refuses a cost outside 4 to 31", async () => {
  for (const cost of [3, 32, 4.5, NaN]) {
    await assert.rejects(hashPassword("x", cost), RangeError);
  }
});

Deno.test("isBcrypt() goes by the beginning", () => {
  for (const [, hash] of README) assert(isBcrypt(hash));
  for (const text of ["$2b$11$x", "$2x$04$", "$2y$31$"]) assert(isBcrypt(text));
  for (const text of ["", "secret", "$2a$", "$2c$11$x", "$2a$1$", "x$2a$11$"]) {
    assert(!isBcrypt(text), text);
  }
});

Deno.test("bcrypt is not downloaded before somebody needs it", async () => {
  const cache = await Deno.makeTempDir();
  const { stdout, stderr } = await runModule(
    `import { isBcrypt } from "${SRC}auth/bcrypt.ts";
    import { BcryptWorker } from "${SRC}auth/bcrypt_worker.ts";
    const asker = { address: "", wanted: () => true };
    const right = new BcryptWorker(console).verify("x", "no hash", asker);
    console.log(isBcrypt("x"), await right);`,
    ["--no-remote", "--no-npm"],
    `DENO_DIR=${cache} exec "$@"`,
  );
  await Deno.remove(cache, { recursive: true });
  assert.equal(stderr, "");
  assert.equal(stdout, "false false\n");
});

Deno.test("hashPassword() says that the library cannot be had", async () => {
  const { stdout } = await runModule(
    `import { hashPassword } from "${SRC}auth/bcrypt.ts";
    await hashPassword("x", 4).catch(({ message }) => console.log(message));`,
    ["--no-npm"],
  );
  assert.match(stdout, /^Cannot load npm:bcryptjs@\d+\.\d+\.\d+: ./);
});

import assert from "node:assert/strict";
import { hashPassword } from "../../src/auth/bcrypt.ts";
import { BcryptWorker } from "../../src/auth/bcrypt_worker.ts";
import { sameText, Secrets } from "../../src/auth/secrets.ts";
import { KeptLog } from "../support/server.ts";

const ASKER = { hostname: "10.0.0.1", wanted: () => true };

Deno.test("sameText() compares whole texts as UTF-8", () => {
  const texts = ["", "a", "ab", "abc", "ABC", "größer", "§12", "\0", "a\0"];
  for (const one of texts) {
    for (const other of texts) {
      assert.equal(sameText(one, other), one === other, `${one} ${other}`);
    }
  }
});

Deno.test("Secrets.check() answers at once where nothing is hashed", () => {
  const secrets = new Secrets(["pwd", ""], new BcryptWorker(new KeptLog()));
  assert.equal(secrets.check("pwd", "pwd", ASKER), true);
  assert.equal(secrets.check("pwd", "PWD", ASKER), false);
  assert.equal(secrets.check("", "", ASKER), true);
  assert.equal(secrets.check("", "x", ASKER), false);
  assert.equal(secrets.check(null, "", ASKER), false);
});

Deno.test("Secrets.check() takes as long for no user as for a wrong password", async () => {
  const bcrypt = new BcryptWorker(new KeptLog());
  const hash = await hashPassword("pwd", 10);
  const secrets = new Secrets(["plain", hash], bcrypt);
  const timed = async (secret: string | null, given: string) => {
    const began = performance.now();
    assert.equal(await secrets.check(secret, given, ASKER), false);
    return performance.now() - began;
  };
  await timed(hash, "warms up");
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    times.push(await timed(hash, `a${i}`));
    times.push(await timed(null, `b${i}`));
    times.push(await timed("plain", `c${i}`));
  }
  // Medians: the machine may be busy with something else.
  const median = (from: number) =>
    times.filter((_, i) => i % 3 === from).sort((a, b) => a - b)[2];
  for (const kind of [1, 2]) {
    const ratio = median(kind) / median(0);
    assert(ratio > 0.4 && ratio < 2.5, `${ratio}`);
  }
  assert.equal(await secrets.check(hash, "pwd", ASKER), true);
  assert.equal(await secrets.check(hash, hash, ASKER), false);
  assert.equal(secrets.check("plain", "plain", ASKER), true);
  bcrypt.close();
});

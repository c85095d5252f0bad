import assert from "node:assert/strict";
import type { ImportOptions } from "../../src/auth_options.ts";
import { importsOf } from "../../src/server/account_snapshots.ts";

const stream = { account: "A", subject: "a.*" };

Deno.test("importsOf() shows the subject that subscribers of the account use", async (t) => {
  const table: [ImportOptions, string][] = [
    [{ stream }, "a.*"],
    [{ stream, to: "b.*" }, "b.*"],
    [{ stream, prefix: "" }, "a.*"],
    [{ stream, prefix: "p" }, "p.a.*"],
    [{ stream, prefix: "p." }, "p.a.*"],
    [{ service: stream, to: "c.*" }, "c.*"],
  ];
  for (const [options, expected] of table) {
    await t.step(JSON.stringify(options), () => {
      const [{ localSubject }] = importsOf({ name: "B", imports: [options] });
      assert.equal(localSubject, expected);
    });
  }
});

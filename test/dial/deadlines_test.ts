import assert from "node:assert/strict";
import { Deadlines } from "../../src/dial/deadlines.ts";
import { TimeoutError } from "../../src/errors.ts";
import { runModule, SRC } from "../support/module.ts";

/** What has become of waits, in the order in which they ended. */
class Waits implements Disposable {
  readonly ended: string[] = [];
  readonly #deadlines = new Deadlines();

  /** Waits for an answer that `answer` gives. */
  begin(name: string, timeoutMs: number) {
    const pending = Promise.withResolvers<string>();
    const waited = this.#deadlines.wait(pending, name, timeoutMs).then(
      (answer) => this.ended.push(`${name}: ${answer}`),
      (error) => {
        assert(error instanceof TimeoutError);
        this.ended.push(error.message);
      },
    );
    return { answer: pending.resolve, waited };
  }

  [Symbol.dispose](): void {
    this.#deadlines[Symbol.dispose]();
  }
}

Deno.test("Deadlines.wait() expires each in its turn, whatever came first", async () => {
  using waits = new Waits();
  const late = [60, 20, 40, 1].map((ms) => waits.begin(`wait ${ms}`, ms));
  const kept = waits.begin("kept", 30);
  const forever = waits.begin("forever", Infinity);
  kept.answer("yes");
  await Promise.all(late.map(({ waited }) => waited));
  forever.answer("at last");
  await forever.waited;
  assert.deepEqual(waits.ended, [
    "kept: yes",
    ...[1, 20, 40, 60].map((ms) => new TimeoutError(`wait ${ms}`, ms).message),
    "forever: at last",
  ]);
});

Deno.test("Deadlines.wait() goes on after all were in time", async () => {
  using waits = new Waits();
  for (let i = 0; i < 3; i++) {
    const one = waits.begin("first", 10_000);
    one.answer("here");
    await one.waited;
  }
  await waits.begin("second", 10).waited;
  assert.deepEqual(waits.ended, [
    ...Array(3).fill("first: here"),
    new TimeoutError("second", 10).message,
  ]);
});

Deno.test("Deadlines.wait() expires all that is due, the earliest first", async () => {
  using waits = new Waits();
  const late = [3, 1, 2].map((ms) => waits.begin(`wait ${ms}`, ms));
  const start = performance.now();
  while (performance.now() < start + 10); // Nobody could look at the time.
  await Promise.all(late.map(({ waited }) => waited));
  assert.deepEqual(
    waits.ended,
    [1, 2, 3].map((ms) => new TimeoutError(`wait ${ms}`, ms).message),
  );
});

Deno.test("Deadlines.wait() rejects for what is no time to wait", async () => {
  using deadlines = new Deadlines();
  for (const ms of [NaN, -1]) {
    const pending = Promise.withResolvers<void>();
    await assert.rejects(deadlines.wait(pending, "wait", ms), RangeError);
  }
});

const IMPORTS = `import { Deadlines } from "${SRC}dial/deadlines.ts";
const deadlines = new Deadlines();
const answered = () => deadlines.wait(
  { promise: Promise.resolve(), reject() {} }, "answered", 1e7);
await answered();
`;

Deno.test("Deadlines keep no process alive once all is answered", async () => {
  const { code, stderr } = await runModule(IMPORTS);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
});

Deno.test("Deadlines keep a process alive while somebody waits", async () => {
  const { code, stdout } = await runModule(`${IMPORTS}
    await answered();
    const pending = Promise.withResolvers();
    await deadlines.wait(pending, "mute", 50).catch((e) => console.log(e.message));
  `);
  assert.equal(stdout, `${new TimeoutError("mute", 50).message}\n`);
  assert.equal(code, 0);
});

Deno.test("Deadlines say nothing on standard error, however late they are", async () => {
  const { code, stderr } = await runModule(`${IMPORTS}
    await Promise.all(Array.from({ length: 2000 }, () => {
      const pending = Promise.withResolvers();
      return deadlines.wait(pending, "mute", 20).catch(() => {});
    }));
  `);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
});

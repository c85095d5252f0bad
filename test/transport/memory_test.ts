import assert from "node:assert/strict";
import { ClosedError } from "../../src/errors.ts";
import { memoryPair } from "../../src/transport/memory.ts";
import { fromLatin1, latin1 } from "../../src/wire/ascii.ts";

const room = (size = 16) => new Uint8Array(size);

Deno.test("memoryPair() hands over what is written, whoever comes first", async () => {
  const [a, b] = memoryPair();
  const target = room();
  const reading = b.read(target);
  assert.equal(await a.write(fromLatin1("abc")), 3);
  assert.equal(await reading, 3);
  assert.equal(latin1(target.subarray(0, 3)), "abc");

  const writing = b.write(fromLatin1("hello"));
  assert.equal(await a.read(target), 5);
  assert.equal(await writing, 5);
  assert.equal(latin1(target.subarray(0, 5)), "hello");
});

Deno.test("memoryPair() holds a writer until there is a reader, and takes what fits", async () => {
  const [a, b] = memoryPair();
  let written = -1;
  const writing = a.write(fromLatin1("abcdef")).then((count) =>
    written = count
  );
  await Promise.resolve();
  assert.equal(written, -1);
  assert.equal(await b.read(room(4)), 4);
  await writing;
  assert.equal(written, 4);
});

Deno.test("closeWrite() ends one direction after what was written", async () => {
  const [a, b] = memoryPair();
  const writing = a.write(fromLatin1("last"));
  await a.closeWrite();
  assert.equal(await b.read(room()), 4);
  await writing;
  assert.equal(await b.read(room()), null);
  await assert.rejects(a.write(fromLatin1("more")), ClosedError);
  const back = b.write(fromLatin1("still open"));
  assert.equal(await a.read(room()), 10);
  await back;
});

Deno.test("close() is seen by the other end at once, in both directions", async () => {
  const [a, b] = memoryPair();
  const reading = b.read(room());
  a.close();
  assert.equal(await reading, null);
  assert.equal(await b.read(room()), null);
  await assert.rejects(b.write(fromLatin1("x")), ClosedError);
  a.close();
});

Deno.test("close() ends reads and writes under way at this end", async () => {
  const [a] = memoryPair();
  const reading = assert.rejects(a.read(room()), ClosedError);
  const writing = assert.rejects(a.write(fromLatin1("x")), ClosedError);
  a.close();
  await reading;
  await writing;
  await assert.rejects(a.read(room()), ClosedError);
});

Deno.test("close() of the reader ends a write under way at the other end", async () => {
  const [a, b] = memoryPair();
  const writing = assert.rejects(a.write(fromLatin1("x")), ClosedError);
  b.close();
  await writing;
});

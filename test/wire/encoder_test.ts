import assert from "node:assert/strict";
import fc from "fast-check";
import { fromLatin1, latin1 } from "../../src/wire/ascii.ts";
import { ByteBuffer } from "../../src/wire/buffer.ts";
import {
  errorLine,
  frameLength,
  headLength,
  headWithoutHeaders,
  noResponders,
  SidFrame,
  writeFrame,
  writeHead,
} from "../../src/wire/encoder.ts";
import type { MessageParts } from "../support/messages.ts";
import { message, text } from "../support/messages.ts";

const parts = fc.record({
  subject: text(1, 60),
  reply: text(0, 40),
  block: text(0, 40),
  payload: text(0, 500),
});
const sid = fc.stringMatching(/^[!-~]{1,20}$/);

Deno.test("writeFrame() writes what the protocol says, and says how long it is", () => {
  fc.assert(
    fc.property(parts, sid, fc.nat(20), (parts, sid, at) => {
      const { subject, reply, block, payload } = parts;
      const size = block.length + payload.length;
      const expected = `${block === "" ? "MSG" : "HMSG"} ${subject} ${sid} ${
        reply === "" ? "" : `${reply} `
      }${
        block === "" ? "" : `${block.length} `
      }${size}\r\n${block}${payload}\r\n`;
      const target = new ByteBuffer(2000);
      const frame = new SidFrame(sid);
      const end = writeFrame(target, at, message(parts), frame);
      assert.equal(latin1(target.bytes.subarray(at, end)), expected);
      assert.equal(frameLength(message(parts), frame), expected.length);
      const headEnd = writeHead(target, at, message(parts), frame);
      assert.equal(headEnd - at, headLength(message(parts), frame));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("headWithoutHeaders() counts only the payload", () => {
  const parts = { subject: "foo", reply: "", block: "H: 1", payload: "hello" };
  const head = (changes: Partial<MessageParts> = {}) =>
    latin1(
      headWithoutHeaders(message({ ...parts, ...changes }), new SidFrame("7")),
    );
  assert.equal(head(), "MSG foo 7 5\r\n");
  assert.equal(head({ reply: "re.ply" }), "MSG foo 7 re.ply 5\r\n");
  assert.equal(head({ payload: "" }), "MSG foo 7 0\r\n");
});

Deno.test("noResponders() names the subject", () => {
  const frame = new SidFrame("a-long-sid");
  const line = noResponders(fromLatin1("inbox.1"), frame, fromLatin1("foo"));
  assert.equal(
    latin1(line),
    "HMSG inbox.1 a-long-sid 35 35\r\nNATS/1.0 503\r\nNats-Subject: foo\r\n\r\n\r\n",
  );
});

Deno.test("errorLine() quotes its text", () => {
  assert.equal(latin1(errorLine("Bad Thing")), "-ERR 'Bad Thing'\r\n");
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { fromLatin1, latin1 } from "../../src/wire/ascii.ts";
import { ByteBuffer } from "../../src/wire/buffer.ts";
import {
  interestLine,
  noInterestLine,
  routedHead,
  routedLength,
  RouteFrame,
  writeRouted,
} from "../../src/wire/route_encoder.ts";
import type { MessageParts } from "../support/messages.ts";
import { message, text } from "../support/messages.ts";

Deno.test("interestLine() and noInterestLine() write what nats-server writes", () => {
  const subject = fromLatin1("m.*");
  const lines = [
    interestLine("$G", subject, null, 1),
    interestLine("$G", subject, "q1", 2),
    noInterestLine("ACME", subject, null),
    noInterestLine("ACME", subject, "q1"),
  ];
  assert.deepEqual(lines.map(latin1), [
    "RS+ $G m.*\r\n",
    "RS+ $G m.* q1 2\r\n",
    "RS- ACME m.*\r\n",
    "RS- ACME m.* q1\r\n",
  ]);
});

Deno.test("interestLine() keeps every byte", () => {
  assert.equal(
    latin1(interestLine("\xff", fromLatin1("\xe4.\x80"), "\xfe", 3)),
    "RS+ \xff \xe4.\x80 \xfe 3\r\n",
  );
});

Deno.test("writeRouted() writes what the protocol says, and says how long it is", () => {
  const parts = fc.record({
    subject: text(1, 60),
    reply: text(0, 40),
    block: text(0, 40),
    payload: text(0, 500),
  });
  fc.assert(
    fc.property(parts, text(1, 60), fc.nat(20), (parts, account, at) => {
      const { subject, reply, block, payload } = parts;
      const size = block.length + payload.length;
      const expected = `${
        block === "" ? "RMSG" : "HMSG"
      } ${account} ${subject} ${reply === "" ? "" : `${reply} `}${
        block === "" ? "" : `${block.length} `
      }${size}\r\n${block}${payload}\r\n`;
      const target = new ByteBuffer(2000);
      const frame = new RouteFrame(account);
      const end = writeRouted(target, at, message(parts), frame);
      assert.equal(latin1(target.bytes.subarray(at, end)), expected);
      assert.equal(routedLength(message(parts), frame), expected.length);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("routedHead() names reply, queues and sizes as nats-server does", () => {
  const plain = { subject: "m.a", reply: "", block: "", payload: "1" };
  const asking = { ...plain, reply: "rr" };
  const block = "NATS/1.0\r\n\r\n";
  const cases: [MessageParts, string[] | null, boolean, string][] = [
    [plain, ["g2", "g1"], true, "RMSG $G m.a | g2 g1 1\r\n"],
    [asking, ["g2", "g1"], true, "RMSG $G m.a + rr g2 g1 1\r\n"],
    [asking, ["g3"], false, "RMSG $G m.a + rr g3 1\r\n"],
    [{ ...plain, block }, ["g"], true, "HMSG $G m.a | g 12 13\r\n"],
    [{ ...asking, block }, ["qa"], true, "HMSG $G m.a + rr qa 12 13\r\n"],
    [{ ...plain, block }, ["g"], false, "RMSG $G m.a | g 1\r\n"],
    [{ ...asking, block }, ["g"], false, "RMSG $G m.a + rr g 1\r\n"],
    [{ ...plain, block }, null, false, "RMSG $G m.a 1\r\n"],
    [{ ...asking, block }, [], false, "RMSG $G m.a rr 1\r\n"],
    [{ ...asking, block }, null, true, "HMSG $G m.a rr 12 13\r\n"],
    [plain, null, true, "RMSG $G m.a 1\r\n"],
    [{ ...plain, block, payload: "" }, null, false, "RMSG $G m.a 0\r\n"],
  ];
  const frame = new RouteFrame("$G");
  for (const [parts, queues, withHeaders, expected] of cases) {
    const head = routedHead(message(parts), frame, queues, withHeaders);
    assert.equal(latin1(head), expected);
  }
});

import assert from "node:assert/strict";
import { decodeUtf8, encodeUtf8 } from "../../src/wire/ascii.ts";
import { ByteBuffer } from "../../src/wire/buffer.ts";
import { headerBlock } from "../../src/wire/headers.ts";
import { checkToken, PublishWriter } from "../../src/wire/publish_writer.ts";

const NOTHING = new Uint8Array(0);
const HEADERS = headerBlock([["A", "b"]]);

/** Subject, reply, headers, payload, and what must come of it. */
const MESSAGES: [string, string, Uint8Array, string, string][] = [
  ["a", "", NOTHING, "", "PUB a 0\r\n\r\n"],
  ["a", "", NOTHING, "xy", "PUB a 2\r\nxy\r\n"],
  ["a", "r.1", NOTHING, "0123456789", "PUB a r.1 10\r\n0123456789\r\n"],
  ["a", "", HEADERS, "x", `HPUB a 18 19\r\n${decodeUtf8(HEADERS)}x\r\n`],
  ["a", "é", HEADERS, "", `HPUB a é 18 18\r\n${decodeUtf8(HEADERS)}\r\n`],
  ["a", "", NOTHING, "z", "PUB a 1\r\nz\r\n"],
  ["a.é.€.😀", "", NOTHING, "é", "PUB a.é.€.😀 2\r\né\r\n"],
  [
    "a.subject.longer.than.a.few.words",
    "",
    NOTHING,
    "",
    "PUB a.subject.longer.than.a.few.words 0\r\n\r\n",
  ],
];

Deno.test("PublishWriter.write() stays within the room it asks for", () => {
  const writer = new PublishWriter();
  for (const [subject, reply, headers, payload, expected] of MESSAGES) {
    const data = encodeUtf8(payload);
    const room = writer.room(subject, reply, headers.length + data.length);
    // Where to and with what neighbours must not matter.
    const target = new ByteBuffer(7 + room);
    target.bytes.fill(0x2a);
    const end = writer.write(target, 7, subject, reply, headers, data);
    assert.equal(
      decodeUtf8(target.bytes.subarray(0, end)),
      "*".repeat(7) + expected,
    );
    assert(end + 16 <= 7 + room);
  }
});

Deno.test("PublishWriter.write() refuses blanks and forgets about it", () => {
  const writer = new PublishWriter();
  const target = new ByteBuffer(1000);
  for (const bad of ["", "a b", "a\r\nPING", "é\tb", "\0", "a\x7f"]) {
    for (let twice = 0; twice < 2; twice++) {
      assert.throws(
        () => writer.write(target, 0, bad, "", NOTHING, NOTHING),
        TypeError,
      );
      assert.throws(() => checkToken(bad), TypeError);
      if (bad === "") continue;
      assert.throws(
        () => writer.write(target, 0, "a", bad, NOTHING, NOTHING),
        TypeError,
      );
    }
    const end = writer.write(target, 0, "a", "", NOTHING, NOTHING);
    assert.equal(decodeUtf8(target.bytes.subarray(0, end)), "PUB a 0\r\n\r\n");
  }
});

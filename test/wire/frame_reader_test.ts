import assert from "node:assert/strict";
import { FrameError } from "../../src/errors.ts";
import { decodeUtf8, encodeUtf8 } from "../../src/wire/ascii.ts";
import { Message } from "../../src/wire/delivery.ts";
import { FrameReader } from "../../src/wire/frame_reader.ts";

const STREAM = encodeUtf8(
  [
    'INFO {"max_payload": 10} ',
    "PING",
    "MSG a.b 1 5",
    "he\r\no",
    "+OK",
    "MSG a.b 22  reply.x 0",
    "",
    "HMSG h 3 12 14",
    "NATS/1.0\r\n\r\nhi",
    "HMSG h 3 r 31 31",
    "NATS/1.0 503\r\nA: b\r\nA:  ccc\r\n\r\n",
    "-ERR 'Stale Connection'",
    "",
  ].join("\r\n"),
);

const EXPECTED = [
  'INFO {"max_payload": 10}',
  "PING",
  "1 a.b  0 he\r\no -",
  "+OK",
  "22 a.b reply.x 0  -",
  "3 h  0 hi {}",
  '3 h r 503  {"A":["b","ccc"]}',
  "-ERR 'Stale Connection'",
];

/** Everything `FrameReader` says about pieces of a stream. */
function read(pieces: readonly Uint8Array[]): string[] {
  const said: string[] = [];
  const reader = new FrameReader();
  const message = new Message(() => {});
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const window = reader.window();
      const part = piece.subarray(at, at + window.length);
      window.set(part);
      reader.filled(part.length);
      at += part.length;
      for (let frame; (frame = reader.next(message)) !== null;) {
        said.push(frame === "line" ? reader.line : shown(reader.sid, message));
      }
    }
  }
  return said;
}

function shown(sid: number, message: Message): string {
  const { subject, reply, status, data, headers } = message.copy();
  const json = headers === undefined
    ? "-"
    : JSON.stringify(Object.fromEntries(headers));
  return `${sid} ${subject} ${reply} ${status} ${decodeUtf8(data)} ${json}`;
}

Deno.test("FrameReader.next() reads a stream whole", () => {
  assert.deepEqual(read([STREAM]), EXPECTED);
});

Deno.test("FrameReader.next() reads a stream cut at every byte", () => {
  for (let cut = 1; cut < STREAM.length; cut++) {
    const pieces = [STREAM.subarray(0, cut), STREAM.subarray(cut)];
    assert.deepEqual(read(pieces), EXPECTED, `cut at ${cut}`);
  }
  assert.deepEqual(
    read([...STREAM].map((byte) => Uint8Array.of(byte))),
    EXPECTED,
  );
});

Deno.test("FrameReader.next() takes messages larger than its buffer", () => {
  const payload = "x".repeat(3_000_000);
  const stream = encodeUtf8(`MSG a 1 3000000\r\n${payload}\r\n`.repeat(3));
  assert.deepEqual(read([stream]), Array(3).fill(`1 a  0 ${payload} -`));
});

Deno.test("FrameReader.next() refuses what is not the protocol", async (t) => {
  for (
    const line of [
      "MSG a 1 x\r\n",
      "MSG a\r\n",
      "MSG a 1 r 5 6\r\n",
      "HMSG a 1 9 5\r\nNATS/1.0\r\n",
      "MSG a 1 1\r\nabc",
      "MSG a b c d e f g h i j k l\r\n",
    ]
  ) {
    await t.step(JSON.stringify(line), () => {
      assert.throws(() => read([encodeUtf8(line)]), FrameError);
    });
  }
});

Deno.test("Message.copy() keeps what it was, whatever comes and is written after", () => {
  const sizes = [0, 1, 100, 480, 500, 512, 2000, 7, 4000, 300, 300, 300];
  const stream = sizes.map((size, i) =>
    `MSG s.${i} 1 r.${i} ${size}\r\n${
      String.fromCharCode(97 + i).repeat(size)
    }\r\n`
  ).join("");
  const reader = new FrameReader();
  const message = new Message(() => {});
  const copies: Message[] = [];
  for (const byte of encodeUtf8(stream.repeat(20))) {
    reader.window()[0] = byte;
    reader.filled(1);
    while (reader.next(message) === "message") copies.push(message.copy());
  }
  assert.equal(copies.length, 20 * sizes.length);
  for (const [k, copy] of copies.entries()) {
    const i = k % sizes.length;
    const data = String.fromCharCode(97 + i).repeat(sizes[i]);
    assert.deepEqual(
      [copy.subject, copy.reply, decodeUtf8(copy.data)],
      [`s.${i}`, `r.${i}`, data],
    );
    assert.equal(copy.copy(), copy, "is kept already");
    copy.data.fill(0); // Nobody else's.
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import type { ProtocolError } from "../../src/errors.ts";
import { fromLatin1, latin1 } from "../../src/wire/ascii.ts";
import { ByteBuffer } from "../../src/wire/buffer.ts";
import { InboundMessage } from "../../src/wire/inbound_message.ts";
import type { OpHandler } from "../../src/wire/op_handler.ts";
import { Parser } from "../../src/wire/parser.ts";
import type { Spelled } from "../support/spelling.ts";
import {
  anyPayload,
  assertSurvivesAnything,
  connect,
  cut,
  feed,
  pingPong,
  spell,
  token,
} from "../support/spelling.ts";

/** Writes down every call as a line of text. */
class Recorder implements OpHandler {
  readonly calls: string[] = [];
  /** Calls after which to ask for a stop. */
  stopAfter = Infinity;

  connect(json: Uint8Array): boolean {
    return this.#record("CONNECT", latin1(json));
  }
  ping(): boolean {
    return this.#record("PING");
  }
  pong(): boolean {
    return this.#record("PONG");
  }
  subscribe(
    subject: Uint8Array,
    queue: Uint8Array | null,
    sid: Uint8Array,
  ): boolean {
    const name = queue === null ? null : latin1(queue);
    return this.#record("SUB", latin1(subject), name, latin1(sid));
  }
  unsubscribe(sid: Uint8Array, max: number): boolean {
    return this.#record("UNSUB", latin1(sid), max);
  }
  publish(message: InboundMessage): boolean {
    // What follows the subject must be what a frame ends with.
    const { bytes } = message.buffer;
    const tail = latin1(bytes.slice(message.tailStart, message.end));
    return this.#record(
      "PUB",
      latin1(message.subject()),
      message.hasReply ? latin1(message.reply()) : null,
      message.headerSize,
      tail,
    );
  }
  info(json: Uint8Array): boolean {
    return this.#record("INFO", latin1(json));
  }
  violation(error: ProtocolError): void {
    this.#record("VIOLATION", error.wireText, error.closeReason);
  }
  trace(): void {}

  #record(...call: (string | number | null)[]): boolean {
    this.calls.push(JSON.stringify(call));
    return this.calls.length < this.stopAfter;
  }
}

const LIMITS = { maxControlLine: 4096, maxPayload: 1024 * 1024 };

function newParser(recorder: Recorder): Parser {
  const parser = new Parser(recorder, new InboundMessage(), LIMITS, 42);
  parser.scanner.headers = true;
  return parser;
}

const pub = fc.tuple(token, fc.option(token), anyPayload, fc.nat(2)).chain(
  ([subject, reply, payload, zeros]) => {
    const size = "0".repeat(zeros) + payload.length;
    const args = [subject, ...(reply === null ? [] : [reply]), size];
    return spell("PUB", args).map((line): Spelled => ({
      text: `${line}${payload}\r\n`,
      call: JSON.stringify([
        "PUB",
        subject,
        reply,
        -1,
        `${args.slice(1).join(" ")}\r\n${payload}\r\n`,
      ]),
    }));
  },
);

const hpub = fc.tuple(token, fc.option(token), anyPayload, anyPayload).chain(
  ([subject, reply, block, payload]) => {
    const sizes = [`${block.length}`, `${block.length + payload.length}`];
    const args = [subject, ...(reply === null ? [] : [reply]), ...sizes];
    // Without a header block it becomes a plain message.
    const tail = [
      ...(reply === null ? [] : [reply]),
      ...(block === "" ? sizes.slice(1) : sizes),
    ];
    return spell("HPUB", args).map((line): Spelled => ({
      text: `${line}${block}${payload}\r\n`,
      call: JSON.stringify([
        "PUB",
        subject,
        reply,
        block.length || -1,
        `${tail.join(" ")}\r\n${block}${payload}\r\n`,
      ]),
    }));
  },
);

const sub = fc.tuple(token, fc.option(token), token).chain(
  ([subject, queue, sid]) => {
    const args = [subject, ...(queue === null ? [] : [queue]), sid];
    return spell("SUB", args).map((line): Spelled => ({
      text: line,
      call: JSON.stringify(["SUB", subject, queue, sid]),
    }));
  },
);

const unsub = fc.tuple(token, fc.option(fc.nat(999_999_999))).chain(
  ([sid, max]) => {
    const args = [sid, ...(max === null ? [] : [`${max}`])];
    return spell("UNSUB", args).map((line): Spelled => ({
      text: line,
      call: JSON.stringify(["UNSUB", sid, max ?? -1]),
    }));
  },
);

const operations = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: pub },
    { weight: 3, arbitrary: hpub },
    sub,
    unsub,
    pingPong,
    connect,
  ),
  { minLength: 1, maxLength: 12 },
);

Deno.test("Parser.parse() reads every spelling of every operation, cut anywhere", () => {
  fc.assert(
    fc.property(
      operations,
      fc.array(fc.nat(), { maxLength: 8 }),
      (operations, places) => {
        const text = operations.map(({ text }) => text).join("");
        const recorder = new Recorder();
        feed(newParser(recorder), cut(text, places));
        assert.deepEqual(recorder.calls, operations.map(({ call }) => call));
      },
    ),
    { numRuns: 3000 },
  );
});

Deno.test("Parser.parse() reads the same while tracing", () => {
  fc.assert(
    fc.property(operations, (operations) => {
      const text = operations.map(({ text }) => text).join("");
      const recorder = new Recorder();
      const parser = newParser(recorder);
      parser.tracing = true;
      feed(parser, [text]);
      assert.deepEqual(recorder.calls, operations.map(({ call }) => call));
    }),
    { numRuns: 500 },
  );
});

Deno.test("Parser.parse() survives any bytes and never calls back after a violation", () => {
  assertSurvivesAnything(
    fc.oneof(
      operations.map((all) => all.map(({ text }) => text).join("")),
      fc.constantFrom("PUB ", "HPUB ", "SUB a", "PUB a 99999999999\r\n"),
    ),
    (pieces) => {
      const recorder = new Recorder();
      feed(newParser(recorder), pieces);
      return recorder.calls;
    },
  );
});

Deno.test("Parser.parse() keeps subjects that follow one another apart", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          "a",
          "ab",
          "abc",
          "abcd",
          "abcde",
          "x".repeat(63),
          "x".repeat(64),
          "x".repeat(62) + "y",
        ),
        { minLength: 1, maxLength: 40 },
      ),
      (subjects) => {
        const serials: [number, string, number][] = [];
        const recorder = new Recorder();
        recorder.publish = (message) => {
          const { subjectSerial, subjectHash } = message;
          serials.push([subjectSerial, latin1(message.subject()), subjectHash]);
          return true;
        };
        feed(newParser(recorder), [
          subjects.map((subject) => `PUB ${subject} 0\r\n\r\n`).join(""),
        ]);
        assert.deepEqual(serials.map(([, subject]) => subject), subjects);
        const bySerial = new Map<number, string>();
        const hashes = new Map<string, number>();
        for (const [serial, subject, hash] of serials) {
          assert.equal(bySerial.get(serial) ?? subject, subject);
          bySerial.set(serial, subject);
          assert.equal(hashes.get(subject) ?? hash, hash);
          hashes.set(subject, hash);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("Parser.parse() says how many bytes a message needs", () => {
  const parser = newParser(new Recorder());
  const buffer = new ByteBuffer(200);
  const text = "PING\r\nPUB foo 100\r\nabc";
  buffer.bytes.set(fromLatin1(text));
  assert.equal(parser.parse(buffer, 0, text.length), 6);
  assert.equal(parser.waiting, true);
  assert.equal(parser.need, "PUB foo 100\r\n".length + 102);
});

Deno.test("Parser.parse() stops where the handler asks to, and goes on from there", () => {
  const recorder = new Recorder();
  recorder.stopAfter = 1;
  const parser = newParser(recorder);
  const buffer = new ByteBuffer(100);
  const text = "PUB foo 1\r\nx\r\nPING\r\nPONG\r\n";
  buffer.bytes.set(fromLatin1(text));
  const stopped = parser.parse(buffer, 0, text.length);
  assert.equal(stopped, "PUB foo 1\r\nx\r\n".length);
  assert.equal(parser.waiting, false);
  recorder.stopAfter = Infinity;
  assert.equal(parser.parse(buffer, stopped, text.length), text.length);
  assert.equal(recorder.calls.length, 3);
});

Deno.test("Parser.parse() lets nothing but CONNECT through while that is awaited", () => {
  for (
    const text of ["PING\r\n", "PUB foo 1\r\nx\r\n", "X", "HPUB a 1 1\r\n"]
  ) {
    const recorder = new Recorder();
    const parser = newParser(recorder);
    parser.awaitingConnect = true;
    feed(parser, [text]);
    assert.deepEqual(recorder.calls, [
      '["VIOLATION","Authorization Violation","Authentication Failure"]',
    ]);
  }
  const recorder = new Recorder();
  const parser = newParser(recorder);
  parser.awaitingConnect = true;
  feed(parser, ["connect {}\r\n"]);
  assert.deepEqual(recorder.calls, ['["CONNECT","{}"]']);
});

Deno.test("Parser.parse() bounds lines that never end", () => {
  for (
    const text of ["SUB ", "SUB " + " ".repeat(5000), "PUB x", "CONNECT {"]
  ) {
    const recorder = new Recorder();
    feed(newParser(recorder), [
      text,
      ..."x".repeat(8).split("").map(() => "x".repeat(1000)),
    ]);
    assert.deepEqual(recorder.calls, [
      '["VIOLATION","maximum control line exceeded","Maximum Control Line Exceeded"]',
    ]);
  }
});

Deno.test("Parser.parse() needs no memory for a PING line that never ends", () => {
  const recorder = new Recorder();
  const parser = newParser(recorder);
  const buffer = new ByteBuffer(100);
  buffer.bytes.fill(0x78);
  buffer.bytes.set(fromLatin1("PING"));
  assert.equal(parser.parse(buffer, 0, 100), 100);
  for (let i = 0; i < 100; i++) {
    buffer.bytes.fill(0x79);
    assert.equal(parser.parse(buffer, 0, 100), 100);
  }
  buffer.bytes.set(fromLatin1("\nPONG\n"));
  assert.equal(parser.parse(buffer, 0, 6), 6);
  assert.deepEqual(recorder.calls, ['["PING"]', '["PONG"]']);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import type { ProtocolError } from "../../src/errors.ts";
import { fromLatin1, latin1 } from "../../src/wire/ascii.ts";
import { ByteBuffer } from "../../src/wire/buffer.ts";
import { InboundMessage } from "../../src/wire/inbound_message.ts";
import {
  interestLine,
  noInterestLine,
  routedHead,
  routedLength,
  RouteFrame,
  writeRouted,
} from "../../src/wire/route_encoder.ts";
import type { RouteOpHandler } from "../../src/wire/route_op_handler.ts";
import { RouteParser } from "../../src/wire/route_parser.ts";
import { hashWords } from "../../src/wire/words.ts";
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

const SEED = 42;

/** Writes down every call as a line of text. */
class Recorder implements RouteOpHandler {
  readonly calls: string[] = [];
  readonly traced: string[] = [];
  /** Of the last violation, what the log says. */
  detail = "";
  /** Calls after which to ask for a stop. */
  stopAfter = Infinity;

  connect(json: Uint8Array): boolean {
    return this.#record("CONNECT", latin1(json));
  }
  info(json: Uint8Array): boolean {
    return this.#record("INFO", latin1(json));
  }
  ping(): boolean {
    return this.#record("PING");
  }
  pong(): boolean {
    return this.#record("PONG");
  }
  interest(
    account: string,
    subject: Uint8Array,
    queue: string | null,
    weight: number,
  ): boolean {
    return this.#record("RS+", account, latin1(subject), queue, weight);
  }
  noInterest(
    account: string,
    subject: Uint8Array,
    queue: string | null,
  ): boolean {
    return this.#record("RS-", account, latin1(subject), queue);
  }
  message(
    message: InboundMessage,
    account: string,
    queues: readonly string[] | null,
  ): boolean {
    const { buffer, subjectStart, subjectEnd } = message;
    assert.equal(
      message.subjectHash,
      hashWords(buffer.view, subjectStart, subjectEnd, SEED),
    );
    return this.#record(
      "MSG",
      account,
      queues?.join(" ") ?? null,
      message.hasReply ? latin1(message.reply()) : null,
      message.headerSize,
      latin1(message.payload()),
      // What a frame for a client or another server ends with.
      latin1(buffer.bytes.slice(subjectStart, message.end)),
    );
  }
  violation(error: ProtocolError): void {
    this.detail = error.message;
    this.#record("VIOLATION", error.wireText, error.closeReason);
  }
  trace(operation: string): void {
    this.traced.push(operation);
  }

  #record(...call: (string | number | null)[]): boolean {
    this.calls.push(JSON.stringify(call));
    return this.calls.length < this.stopAfter;
  }
}

const LIMITS = { maxControlLine: 65536, maxPayload: 1024 * 1024 };

function newParser(recorder: Recorder): RouteParser {
  return new RouteParser(recorder, new InboundMessage(), LIMITS, SEED);
}

function parsed(...pieces: string[]): unknown[] {
  const recorder = new Recorder();
  feed(newParser(recorder), pieces);
  return recorder.calls.map((call) => JSON.parse(call));
}

/** A message between servers. */
interface Parts {
  readonly account: string;
  readonly subject: string;
  readonly reply: string | null;
  readonly queues: readonly string[] | null;
  readonly block: string;
  readonly payload: string;
}

/** Accounts repeat and differ late, as the ones of a server do. */
const account = fc.oneof(
  fc.constantFrom("$G", "$SYS", "A".repeat(56), "A".repeat(55) + "B"),
  token,
);
/** Queues repeat as well, and some look like sizes. */
const queueList = fc.oneof(
  fc.constantFrom(["g1"], ["g1", "g2"], ["5"], ["g1", "5"], ["5", "5"]),
  fc.array(token, { minLength: 1, maxLength: 4 }),
);
const anyParts: fc.Arbitrary<Parts> = fc.record({
  account,
  subject: fc.oneof(fc.constantFrom("foo", "foo.bar"), token),
  reply: fc.option(fc.oneof(fc.constantFrom("+", "|"), token)),
  queues: fc.option(queueList),
  block: fc.oneof(fc.constant(""), anyPayload),
  payload: anyPayload,
});

/** The canonical form of a message, from the subject to the end. */
function canonical({ subject, reply, block, payload }: Parts): string {
  const size = block.length + payload.length;
  const args = [
    subject,
    ...(reply === null ? [] : [reply]),
    ...(block === "" ? [] : [block.length]),
    size,
  ];
  return `${args.join(" ")}\r\n${block}${payload}\r\n`;
}

function callOf(parts: Parts): string {
  const { account, queues, reply, block, payload } = parts;
  return JSON.stringify([
    "MSG",
    account,
    queues?.join(" ") ?? null,
    reply,
    block === "" ? -1 : block.length,
    block + payload,
    canonical(parts),
  ]);
}

const routed = fc.tuple(anyParts, fc.boolean()).chain(([parts, hmsg]) => {
  const { account, subject, reply, queues, block, payload } = parts;
  const withHeaders = hmsg || block !== "";
  const size = block.length + payload.length;
  const marked = queues === null
    ? (reply === null ? [] : [reply])
    : [...(reply === null ? ["|"] : ["+", reply]), ...queues];
  const sizes = withHeaders ? [block.length, size] : [size];
  const args = [account, subject, ...marked, ...sizes];
  return spell(withHeaders ? "HMSG" : "RMSG", args).map((line): Spelled => ({
    text: `${line}${block}${payload}\r\n`,
    call: callOf(parts),
  }));
});

const queueOption = fc.option(fc.tuple(token, fc.nat(999_999_999)));
const interest = fc.tuple(account, token, queueOption).chain(
  ([account, subject, queue]) =>
    spell("RS+", [account, subject, ...(queue ?? [])]).map((text): Spelled => ({
      text,
      call: JSON.stringify(["RS+", account, subject, ...(queue ?? [null, 1])]),
    })),
);
const noInterest = fc.tuple(account, token, fc.option(token)).chain(
  ([account, subject, queue]) =>
    spell("RS-", [account, subject, ...(queue === null ? [] : [queue])]).map(
      (text): Spelled => ({
        text,
        call: JSON.stringify(["RS-", account, subject, queue]),
      }),
    ),
);
const operations = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: routed },
    interest,
    noInterest,
    pingPong,
    connect,
  ),
  { minLength: 1, maxLength: 12 },
);

Deno.test("RouteParser.parse() reads every spelling of every operation, cut anywhere", () => {
  fc.assert(
    fc.property(
      operations,
      fc.array(fc.nat(), { maxLength: 8 }),
      fc.boolean(),
      (operations, places, tracing) => {
        const text = operations.map(({ text }) => text).join("");
        const recorder = new Recorder();
        const parser = newParser(recorder);
        parser.tracing = tracing;
        feed(parser, cut(text, places));
        assert.deepEqual(recorder.calls, operations.map(({ call }) => call));
      },
    ),
    { numRuns: 3000 },
  );
});

Deno.test("RouteParser.parse() reads back what the encoder writes, cut anywhere", () => {
  fc.assert(
    fc.property(
      fc.array(anyParts, { minLength: 1, maxLength: 5 }),
      fc.array(fc.nat(), { maxLength: 8 }),
      (all, places) => {
        const recorder = new Recorder();
        const text = all.map(encoded).join("");
        feed(newParser(recorder), cut(text, places));
        assert.deepEqual(recorder.calls, all.map(callOf));
      },
    ),
    { numRuns: 3000 },
  );
});

/** A message as the encoder writes it: in one piece, or head and payload. */
function encoded(parts: Parts): string {
  const { account, subject, reply, queues, block } = parts;
  const form = canonical(parts);
  const message = new InboundMessage();
  message.buffer = new ByteBuffer(form.length);
  message.buffer.bytes.set(fromLatin1(form));
  message.subjectEnd = subject.length;
  message.replyEnd = message.tailStart + (reply?.length ?? 0);
  message.headerSize = block === "" ? -1 : block.length;
  message.payloadStart = form.indexOf("\r\n") + 2;
  message.end = form.length;
  const frame = new RouteFrame(account);
  if (queues !== null) {
    const head = routedHead(message, frame, queues, true);
    return latin1(head) + form.slice(message.payloadStart);
  }
  const target = new ByteBuffer(routedLength(message, frame));
  const end = writeRouted(target, 0, message, frame);
  return latin1(target.bytes.subarray(0, end));
}

Deno.test("RouteParser.parse() reads back interest as the encoder writes it", () => {
  fc.assert(
    fc.property(account, token, queueOption, (account, subject, queue) => {
      const [name, weight] = queue ?? [null, 1];
      const bytes = fromLatin1(subject);
      assert.deepEqual(
        parsed(
          latin1(interestLine(account, bytes, name, weight)),
          latin1(noInterestLine(account, bytes, name)),
        ),
        [["RS+", account, subject, name, weight], [
          "RS-",
          account,
          subject,
          name,
        ]],
      );
    }),
    { numRuns: 500 },
  );
});

Deno.test("RouteParser.parse() survives any bytes and never calls back after a violation", () => {
  assertSurvivesAnything(
    fc.oneof(
      operations.map((all) => all.map(({ text }) => text).join("")),
      fc.constantFrom("RMSG ", "HMSG $G ", "RS+ a", "RMSG a b | c 9\r\n"),
    ),
    (pieces) => {
      const recorder = new Recorder();
      feed(newParser(recorder), pieces);
      return recorder.calls;
    },
  );
});

Deno.test("RouteParser.parse() reads what nats-server 2.9.10 sends", () => {
  assert.deepEqual(
    parsed(
      'INFO {"server_id":"A"} \r\n',
      "RS+ $G foo\r\nRS+ $G bar q1 2\r\nRS- $G z q\r\nPING\r\n+OK\r\n",
      "RMSG $G m.a | g2 g1 1\r\n1\r\nRMSG $G m.a + rr g2 g1 1\r\n2\r\n",
      "HMSG ACME jobs + r.2 qa 12 13\r\nNATS/1.0\r\n\r\nx\r\n",
      "A+ $G\r\nA- $G\r\nRMSG $G baz 2\r\nhi\r\n",
    ),
    [
      ["INFO", '{"server_id":"A"} '],
      ["RS+", "$G", "foo", null, 1],
      ["RS+", "$G", "bar", "q1", 2],
      ["RS-", "$G", "z", "q"],
      ["PING"],
      ["MSG", "$G", "g2 g1", null, -1, "1", "m.a 1\r\n1\r\n"],
      ["MSG", "$G", "g2 g1", "rr", -1, "2", "m.a rr 1\r\n2\r\n"],
      [
        "MSG",
        "ACME",
        "qa",
        "r.2",
        12,
        "NATS/1.0\r\n\r\nx",
        "jobs r.2 12 13\r\nNATS/1.0\r\n\r\nx\r\n",
      ],
      ["MSG", "$G", null, null, -1, "hi", "baz 2\r\nhi\r\n"],
    ],
  );
});

Deno.test("RouteParser.parse() takes spacing and case as nats-server does", () => {
  assert.deepEqual(
    parsed(
      "rs+ $G lower\r\nRS+ $G m.* \r\n",
      "RMSG\t$G\tfoo\t1\r\nx\r\nrmsg $G foo 1\r\r\ny\r\n",
    ),
    [
      ["RS+", "$G", "lower", null, 1],
      ["RS+", "$G", "m.*", null, 1],
      ["MSG", "$G", null, null, -1, "x", "foo 1\r\nx\r\n"],
      ["MSG", "$G", null, null, -1, "y", "foo 1\r\ny\r\n"],
    ],
  );
});

Deno.test("RouteParser.parse() takes a reply called like a mark by the count of fields", () => {
  assert.deepEqual(
    parsed(
      "RMSG $G foo + 1\r\nx\r\nRMSG $G foo | 1\r\nx\r\n",
      "HMSG $G foo | 1 2\r\nhx\r\n",
      "RMSG $G foo + r 1\r\nx\r\n",
    ),
    [
      ["MSG", "$G", null, "+", -1, "x", "foo + 1\r\nx\r\n"],
      ["MSG", "$G", null, "|", -1, "x", "foo | 1\r\nx\r\n"],
      ["MSG", "$G", null, "|", 1, "hx", "foo | 1 2\r\nhx\r\n"],
      ["MSG", "$G", null, "r", -1, "x", "foo r 1\r\nx\r\n"],
    ],
  );
});

Deno.test("RouteParser.parse() closes without a word over wrong arguments", () => {
  for (
    const [text, detail] of [
      ["RS+ $G", 'processRemoteSub Parse Error: "$G"'],
      ["RS+ $G foo q", 'processRemoteSub Parse Error: "$G foo q"'],
      ["RS+ $G foo q 1 2", 'processRemoteSub Parse Error: "$G foo q 1 2"'],
      [
        "RS+ $G foo q x",
        'processRemoteSub Bad or Missing Weight: "$G foo q x"',
      ],
      ["RS- $G", 'processRemoteUnsub Parse Error: "$G"'],
      ["RS- $G foo q 1", 'processRemoteUnsub Parse Error: "$G foo q 1"'],
      ["RMSG $G 1", 'processRoutedMsgArgs Parse Error: "$G 1"'],
      [
        "RMSG $G foo a b c 1",
        'processRoutedMsgArgs Bad or Missing Reply Indicator: "$G foo a b c 1"',
      ],
      [
        "RMSG $G foo -1",
        'processRoutedMsgArgs Bad or Missing Size: "$G foo -1"',
      ],
      [
        "HMSG $G foo 1",
        'processRoutedHeaderMsgArgs Parse Error: "$G foo 1"',
      ],
      [
        "HMSG $G foo 5 4",
        'processRoutedHeaderMsgArgs Bad Header Size: "$G foo 5 4"',
      ],
    ]
  ) {
    const recorder = new Recorder();
    feed(newParser(recorder), [`${text}\r\n`]);
    assert.deepEqual(recorder.calls, [
      '["VIOLATION",null,"Protocol Violation"]',
    ]);
    assert.equal(recorder.detail, detail);
  }
});

Deno.test("RouteParser.parse() refuses what is no operation of routes", () => {
  for (
    const text of [
      "SUB foo 1\r\n",
      "PUB foo 1\r\nx\r\n",
      "UNSUB 1\r\n",
      "LS+ C $G foo\r\n",
      "LS- C $G foo\r\n",
      "LMSG C $G foo 0 1\r\nx\r\n",
      "RS*",
      "RMSG $G foo 1\r\nxyz\r\n",
      "RMSG $G foo | q 1\r\nxyz\r\n",
    ]
  ) {
    const recorder = new Recorder();
    feed(newParser(recorder), [text]);
    assert.deepEqual(
      recorder.calls,
      ['["VIOLATION","Unknown Protocol Operation","Protocol Violation"]'],
      text,
    );
    assert.match(recorder.detail, /^Router parser ERROR: proto=/);
  }
});

Deno.test("RouteParser.parse() stops at -ERR and says what the peer said", () => {
  const recorder = new Recorder();
  feed(newParser(recorder), ["-ERR 'Stale Connection'\r\nPING\r\n"]);
  assert.deepEqual(recorder.calls, ['["VIOLATION",null,"Parse Error"]']);
  assert.equal(recorder.detail, "Router Error 'Stale Connection'");
});

Deno.test("RouteParser.parse() bounds lines and payloads as it was told", () => {
  const queues = Array.from({ length: 6000 }, (_, i) => `queue-${i}`);
  const line = `RMSG $G foo | ${queues.join(" ")} 1\r\nx\r\n`;
  assert(line.length < LIMITS.maxControlLine + 10);
  assert.deepEqual(
    parsed(line),
    [["MSG", "$G", queues.join(" "), null, -1, "x", "foo 1\r\nx\r\n"]],
  );
  assert.deepEqual(
    parsed(`RS+ $G ${"x".repeat(65536)}`),
    [[
      "VIOLATION",
      "maximum control line exceeded",
      "Maximum Control Line Exceeded",
    ]],
  );
  assert.deepEqual(
    parsed("RMSG $G foo 1048577\r\n"),
    [[
      "VIOLATION",
      "Maximum Payload Violation",
      "Maximum Message Payload Exceeded",
    ]],
  );
});

Deno.test("RouteParser.parse() lets nothing but CONNECT through while that is awaited", () => {
  for (const text of ["PING\r\n", "INFO {}\r\n", "RMSG $G a 1\r\nx\r\n", "X"]) {
    const recorder = new Recorder();
    const parser = newParser(recorder);
    parser.awaitingConnect = true;
    feed(parser, [text]);
    assert.deepEqual(recorder.calls, [
      '["VIOLATION","Authorization Violation","Authentication Failure"]',
    ]);
  }
});

Deno.test("RouteParser.parse() says how many bytes a message needs", () => {
  for (const line of ["RMSG $G foo 100\r\n", "RMSG $G foo + r q 100\r\n"]) {
    const parser = newParser(new Recorder());
    const buffer = new ByteBuffer(200);
    const text = `PING\r\n${line}abc`;
    buffer.bytes.set(fromLatin1(text));
    assert.equal(parser.parse(buffer, 0, text.length), 6);
    assert.equal(parser.waiting, true);
    assert.equal(parser.need, line.length + 102);
  }
});

Deno.test("RouteParser.parse() stops where the handler asks to, and goes on from there", () => {
  const recorder = new Recorder();
  const parser = newParser(recorder);
  const buffer = new ByteBuffer(200);
  const messages = ["RMSG $G a 1\r\nx\r\n", "RMSG $G a | q 1\r\nx\r\n"];
  const text = [...messages, "PONG\r\n"].join("");
  buffer.bytes.set(fromLatin1(text));
  let at = 0;
  for (const [i, message] of messages.entries()) {
    recorder.stopAfter = i + 1;
    const stopped = parser.parse(buffer, at, text.length);
    assert.equal(stopped, at + message.length);
    assert.equal(parser.waiting, false);
    at = stopped;
  }
  recorder.stopAfter = Infinity;
  assert.equal(parser.parse(buffer, at, text.length), text.length);
  assert.equal(recorder.calls.length, 3);
});

Deno.test("RouteParser.parse() shows operations while tracing", () => {
  const recorder = new Recorder();
  const parser = newParser(recorder);
  parser.tracing = true;
  feed(parser, [
    "RS+ $G foo\r\nRMSG $G a | q 1\r\nx\r\nping\r\nrs- $G foo\r\n",
  ]);
  assert.deepEqual(recorder.traced, [
    "RS+ $G foo",
    "RMSG $G a | q 1",
    "PING",
    "RS- $G foo",
  ]);
});

/** A route's parser next to a client's: one 64 KB buffer per iteration. */

import { ByteBuffer } from "../src/wire/buffer.ts";
import { InboundMessage } from "../src/wire/inbound_message.ts";
import type { OperationParser } from "../src/wire/operation_parser.ts";
import { Parser } from "../src/wire/parser.ts";
import { RouteParser } from "../src/wire/route_parser.ts";
import { Counter } from "./counter.ts";
import { filled } from "./filled.ts";

const BUFFER_BYTES = 65536;
const LIMITS = { maxControlLine: 65536, maxPayload: 1024 * 1024 };

type AnyParser = new (
  ...args:
    & ConstructorParameters<typeof Parser>
    & ConstructorParameters<typeof RouteParser>
) => OperationParser;

function bench(
  Type: AnyParser,
  name: string,
  operations: readonly string[],
  baseline = false,
) {
  const { buffer: original, end, count } = filled(BUFFER_BYTES, operations);
  const buffer = new ByteBuffer(BUFFER_BYTES);
  const parser = new Type(new Counter(), new InboundMessage(), LIMITS, 1);
  parser.scanner.headers = true;
  Deno.bench({
    name: `${name} (${count} operations)`,
    group: "parse 64 KB of a route",
    baseline,
    fn: () => {
      // Messages for queues are rewritten in place; the copy costs 2 µs.
      buffer.bytes.set(original.bytes);
      parser.parse(buffer, 0, end);
    },
  });
}

const x = (size: number) => "x".repeat(size);
const subjects = Array.from(
  { length: 64 },
  (_, i) => `sensors.${i}.temperature`,
);

bench(Parser, "PUB 16 B", [`PUB bench.subj 16\r\n${x(16)}\r\n`], true);
bench(RouteParser, "RMSG 16 B", [`RMSG $G bench.subj 16\r\n${x(16)}\r\n`]);
bench(
  RouteParser,
  "RMSG 16 B, 64 subjects",
  subjects.map((s) => `RMSG $G ${s} 16\r\n${x(16)}\r\n`),
);
bench(RouteParser, "RMSG 16 B with a reply", [
  `RMSG $G bench.subj _INBOX.abcdefgh.1 16\r\n${x(16)}\r\n`,
]);
bench(RouteParser, "RMSG 16 B, accounts by turns", [
  `RMSG $G bench.subj 16\r\n${x(16)}\r\n`,
  `RMSG ACME bench.subj 16\r\n${x(16)}\r\n`,
]);
bench(RouteParser, "RMSG 16 B for a queue", [
  `RMSG $G bench.subj | workers 16\r\n${x(16)}\r\n`,
]);
bench(RouteParser, "HMSG 20 + 16 B", [
  `HMSG $G bench.subj 20 36\r\n${x(36)}\r\n`,
]);
bench(RouteParser, "RS+", ["RS+ $G bench.*.temperature\r\n"]);

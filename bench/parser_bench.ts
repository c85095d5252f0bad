/** The parser alone: one 64 KB buffer full of messages per iteration. */

import { InboundMessage } from "../src/wire/inbound_message.ts";
import { Parser } from "../src/wire/parser.ts";
import { Counter } from "./counter.ts";
import { filled } from "./filled.ts";

const BUFFER_BYTES = 65536;

function bench(name: string, operations: readonly string[], baseline = false) {
  const { buffer, end, count } = filled(BUFFER_BYTES, operations);
  const counter = new Counter();
  const limits = { maxControlLine: 4096, maxPayload: 1024 * 1024 };
  const parser = new Parser(counter, new InboundMessage(), limits, 1);
  parser.scanner.headers = true;
  Deno.bench({
    name: `${name} (${count} operations)`,
    group: "parse 64 KB",
    baseline,
    fn: () => {
      parser.parse(buffer, 0, end);
    },
  });
}

const x = (size: number) => "x".repeat(size);
const subjects = Array.from(
  { length: 64 },
  (_, i) => `sensors.${i}.temperature`,
);

bench("PUB 16 B", [`PUB bench.subj 16\r\n${x(16)}\r\n`], true);
bench("PUB 128 B", [`PUB bench.subj 128\r\n${x(128)}\r\n`]);
bench(
  "PUB 16 B, 64 subjects",
  subjects.map((s) => `PUB ${s} 16\r\n${x(16)}\r\n`),
);
bench("PUB 16 B with a reply", [
  `PUB bench.subj _INBOX.abcdefgh.1 16\r\n${x(16)}\r\n`,
]);
bench("HPUB 20 + 16 B", [`HPUB bench.subj 20 36\r\n${x(36)}\r\n`]);
bench("SUB", ["SUB bench.*.temperature 1\r\n"]);
bench("PING", ["PING\r\n"]);

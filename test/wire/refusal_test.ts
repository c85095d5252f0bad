import assert from "node:assert/strict";
import {
  PermissionError,
  publishViolation,
  SUBSCRIPTIONS_EXCEEDED,
  subscriptionViolation,
} from "../../src/errors.ts";
import { decodeUtf8, encodeUtf8, quote } from "../../src/wire/ascii.ts";
import { errorLine } from "../../src/wire/encoder.ts";
import { parseRefusal } from "../../src/wire/refusal.ts";

function refusalOf(text: string) {
  return parseRefusal(decodeUtf8(errorLine(text)).trim());
}

Deno.test("parseRefusal() tells what a server that goes on refused", () => {
  const subject = 'a."b\\c".é';
  const quoted = quote(encodeUtf8(subject));
  const publish = refusalOf(publishViolation(quoted));
  assert(publish instanceof PermissionError);
  assert(publish.concerns("publish", subject));
  assert(!publish.concerns("subscription", subject));
  assert(!publish.fatal);
  const queued = refusalOf(
    subscriptionViolation(quoted, quote(encodeUtf8("q"))),
  );
  assert(queued instanceof PermissionError);
  assert(queued.concerns("subscription", subject, "q"));
  assert(!queued.concerns("subscription", subject));
});

Deno.test("parseRefusal() knows what closes the connection", () => {
  for (
    const [text, fatal] of [
      [SUBSCRIPTIONS_EXCEEDED, false],
      ["Invalid Subject", false],
      ["Invalid Publish Subject", false],
      ['Permissions Violation for Publish with Reply of "x"', false],
      ["Stale Connection", true],
      ["Authorization Violation", true],
      ["Maximum Payload Violation", true],
    ] as const
  ) {
    const error = refusalOf(text);
    assert.deepEqual([error.text, error.fatal], [text, fatal]);
  }
});

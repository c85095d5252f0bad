import assert from "node:assert/strict";
import * as errors from "../src/errors.ts";

Deno.test("every error class carries its own name", () => {
  const instances = [
    new errors.ProtocolError("text", null),
    new errors.ConfigError("text"),
    new errors.ListenError("127.0.0.1:1", new Error("text")),
    new errors.ClosedError("text"),
    new errors.TlsError("text"),
    new errors.FrameError("text"),
    new errors.ServerError("text", true),
    new errors.PermissionError("text", "publish", "a", ""),
    new errors.NoRespondersError("a"),
    new errors.TimeoutError("text", 1),
  ];
  for (const error of instances) {
    assert.equal(error.name, error.constructor.name);
    assert(error instanceof Error);
  }
});

Deno.test("protocol errors carry the official texts and reasons", () => {
  const wire = (error: errors.ProtocolError) => [
    error.wireText,
    error.closeReason,
  ];
  assert.deepEqual(wire(errors.unknownOperation("x")), [
    "Unknown Protocol Operation",
    "Protocol Violation",
  ]);
  assert.deepEqual(wire(errors.badArguments("x")), [
    null,
    "Protocol Violation",
  ]);
  assert.deepEqual(wire(errors.payloadExceeded(11, 10)), [
    "Maximum Payload Violation",
    "Maximum Message Payload Exceeded",
  ]);
  assert.equal(
    errors.payloadExceeded(11, 10).message,
    "maximum payload exceeded: 11 vs 10",
  );
  assert.deepEqual(wire(errors.authenticationTimeout()), [
    "Authentication Timeout",
    "Authentication Timeout",
  ]);
  assert.deepEqual(wire(errors.peerError("'x'")), [null, "Parse Error"]);
  assert.equal(
    errors.subscriptionViolation('"a"', '"q"'),
    'Permissions Violation for Subscription to "a" using queue "q"',
  );
});

Deno.test("ListenError says what to do in the operator's words", () => {
  const message = (cause: Error) =>
    new errors.ListenError("127.0.0.1:4222", cause).message;
  assert.equal(
    message(new Deno.errors.AddrInUse("x")),
    'Error listening on port: 127.0.0.1:4222, "listen tcp 127.0.0.1:4222: bind: address already in use": stop what listens there or take another port, -1 for a free one',
  );
  assert.match(
    message(new Deno.errors.AddrNotAvailable("x")),
    /cannot assign requested address/,
  );
  assert.match(
    message(new Deno.errors.NotCapable("x")),
    /--allow-net=127\.0\.0\.1:4222/,
  );
  assert.match(message(new Error("odd")), /listen tcp 127\.0\.0\.1:4222: odd/);
});

import assert from "node:assert/strict";
import { encodeUtf8, latin1 } from "../../src/wire/ascii.ts";
import type { ClientConnect } from "../../src/wire/info.ts";
import {
  DEFAULT_CONNECT,
  infoLine,
  parseConnect,
} from "../../src/wire/info.ts";

const parse = (
  json: string,
  before: Readonly<ClientConnect> = DEFAULT_CONNECT,
) => parseConnect(encodeUtf8(json), before);

Deno.test("parseConnect() fills in the protocol's defaults", () => {
  assert.deepEqual(parse("{}"), { ...DEFAULT_CONNECT });
  assert.deepEqual(parse('{"name":"x","protocol":1}'), {
    ...DEFAULT_CONNECT,
    name: "x",
    protocol: 1,
  });
});

Deno.test("parseConnect() reads over what was said before", () => {
  const before = { ...DEFAULT_CONNECT, echo: false, user: "derek" };
  assert.deepEqual(parse('{"verbose":false}', before), {
    ...before,
    verbose: false,
  });
});

Deno.test("parseConnect() compares keys without case and ignores others", () => {
  assert.deepEqual(
    parse('{"VERBOSE":false,"Echo":false,"__proto__":{"x":1},"toString":1}'),
    { ...DEFAULT_CONNECT, verbose: false, echo: false },
  );
});

Deno.test("parseConnect() says what is wrong", () => {
  for (
    const json of [
      "",
      "{",
      "[]",
      "1",
      '"x"',
      '{"verbose":1}',
      '{"verbose":"true"}',
      '{"name":5}',
      '{"protocol":"1"}',
      '{"protocol":1.5}',
      '{"user":["x"]}',
      '{"echo":{}}',
      "[".repeat(100_000),
    ]
  ) {
    assert.match(String(parse(json)), /^invalid CONNECT: /, json.slice(0, 30));
  }
});

Deno.test("infoLine() leaves out what is not set and keeps the blank before the line end", () => {
  const line = latin1(infoLine({
    server_id: "N",
    server_name: "n",
    version: "2.12.0",
    proto: 1,
    go: "deno",
    host: "0.0.0.0",
    port: 4222,
    headers: true,
    max_payload: 5,
    client_id: 3,
    ldm: undefined,
  }));
  assert.equal(
    line,
    'INFO {"server_id":"N","server_name":"n","version":"2.12.0","proto":1,"go":"deno","host":"0.0.0.0","port":4222,"headers":true,"max_payload":5,"client_id":3} \r\n',
  );
});

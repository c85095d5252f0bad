import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeUtf8, latin1 } from "../../src/wire/ascii.ts";
import type { RouteConnect, RouteInfo } from "../../src/wire/route_info.ts";
import {
  parseRouteConnect,
  parseRouteInfo,
  routeConnectLine,
  routeInfoLine,
} from "../../src/wire/route_info.ts";

const info = (json: string) => parseRouteInfo(encodeUtf8(json));
const connect = (json: string) => parseRouteConnect(encodeUtf8(json));

const EMPTY: RouteInfo = {
  server_id: "",
  server_name: "",
  version: "",
  proto: 0,
  go: "",
  host: "",
  port: 0,
  headers: false,
  max_payload: 0,
};

Deno.test("parseRouteInfo() reads what nats-server 2.9.10 sends", () => {
  const json =
    '{"server_id":"NCZ52M","server_name":"A","version":"2.9.10","proto":2,"go":"go1.19.8","host":"127.0.0.1","port":36222,"headers":true,"auth_required":true,"max_payload":1048576,"nonce":"yh6pZRPqewAnjZ4","cluster":"CL","connect_urls":["127.0.0.1:34222"],"lnoc":true,"import":{"allow":["imp.\\u003e"]},"export":{"deny":["x"]}}';
  assert.deepEqual(info(json), {
    ...EMPTY,
    server_id: "NCZ52M",
    server_name: "A",
    version: "2.9.10",
    proto: 2,
    go: "go1.19.8",
    host: "127.0.0.1",
    port: 36222,
    headers: true,
    auth_required: true,
    max_payload: 1048576,
    nonce: "yh6pZRPqewAnjZ4",
    cluster: "CL",
    connect_urls: ["127.0.0.1:34222"],
    lnoc: true,
    import: { allow: ["imp.>"] },
    export: { deny: ["x"] },
  });
});

Deno.test("parseRouteInfo() fills in what the smallest INFO leaves out", () => {
  assert.deepEqual(info('{"server_id":"FAKEID1","cluster":"CL"}'), {
    ...EMPTY,
    server_id: "FAKEID1",
    cluster: "CL",
  });
  assert.deepEqual(info('{"port":null,"cluster":null}'), EMPTY);
  assert.deepEqual(info("null"), EMPTY);
});

Deno.test("parseRouteInfo() knows its fields in any case", () => {
  assert.deepEqual(info('{"SERVER_ID":"x","Ldm":true}'), {
    ...EMPTY,
    server_id: "x",
    ldm: true,
  });
});

Deno.test("parseRouteInfo() keeps unknown fields, whatever they are called", () => {
  const unknown =
    '"compression":"s2_fast","route_pool_size":3,"X":{"y":[1]},"none":null,"__proto__":{"port":7}';
  const parsed = info(`{${unknown}}`);
  assert(typeof parsed !== "string");
  assert.equal(parsed.port, 0);
  const line = latin1(routeInfoLine(parsed));
  assert(line.includes(unknown), line);
});

Deno.test("parseRouteInfo() says what is wrong", () => {
  for (
    const json of [
      "",
      "{",
      "[]",
      '"x"',
      '{"server_id":1}',
      '{"port":"6222"}',
      '{"port":1.5}',
      '{"headers":1}',
      '{"connect_urls":"a:1"}',
      '{"connect_urls":["a:1",2]}',
      '{"import":["foo"]}',
      '{"import":"foo"}',
      '{"export":{"allow":"foo"}}',
      '{"export":{"deny":[1]}}',
      '{"gossip_mode":true}',
      '{"LDM":"yes"}',
    ]
  ) assert.match(String(info(json)), /^invalid INFO: /, json);
});

Deno.test("parseRouteInfo() reads back every INFO that routeInfoLine() writes", () => {
  const text = fc.string();
  const subjects = fc.record({
    allow: fc.array(text),
    deny: fc.array(text),
  }, { requiredKeys: [], noNullPrototype: true });
  const anyInfo = fc.record({
    server_id: text,
    server_name: text,
    version: text,
    proto: fc.nat(3),
    go: text,
    host: text,
    port: fc.nat(65535),
    headers: fc.boolean(),
    max_payload: fc.nat(),
    ip: text,
    cluster: text,
    cluster_dynamic: fc.boolean(),
    connect_urls: fc.array(text),
    ldm: fc.boolean(),
    import: subjects,
    export: subjects,
    gossip_mode: fc.nat(2),
  }, {
    requiredKeys: [
      "server_id",
      "server_name",
      "version",
      "proto",
      "go",
      "host",
      "port",
      "headers",
      "max_payload",
    ],
    noNullPrototype: true,
  });
  fc.assert(fc.property(anyInfo, (wanted) => {
    const line = routeInfoLine(wanted as RouteInfo);
    assert.equal(latin1(line.subarray(0, 5)), "INFO ");
    assert.equal(latin1(line.subarray(-4)), "} \r\n");
    assert.deepEqual(parseRouteInfo(line.subarray(5, -2)), wanted);
  }));
});

const NO_CONNECT: RouteConnect = {
  name: "",
  cluster: "",
  cluster_dynamic: false,
  user: "",
  pass: "",
  echo: false,
  headers: false,
  tls_required: false,
  lang: "",
  gateway: "",
};

Deno.test("parseRouteConnect() reads what nats-server 2.9.10 sends", () => {
  const json =
    '{"echo":true,"verbose":false,"pedantic":false,"user":"ru","pass":"rp","tls_required":false,"headers":true,"name":"NCZ52M","cluster":"CL","lnoc":true}';
  assert.deepEqual(connect(json), {
    ...NO_CONNECT,
    echo: true,
    user: "ru",
    pass: "rp",
    headers: true,
    name: "NCZ52M",
    cluster: "CL",
  });
});

Deno.test("parseRouteConnect() fills in what the smallest CONNECT leaves out", () => {
  assert.deepEqual(connect('{"name":"FAKEID1","cluster":"CL"}'), {
    ...NO_CONNECT,
    name: "FAKEID1",
    cluster: "CL",
  });
  assert.deepEqual(connect('{"NAME":"x","Cluster_Dynamic":true,"user":null}'), {
    ...NO_CONNECT,
    name: "x",
    cluster_dynamic: true,
  });
});

Deno.test("parseRouteConnect() says what is wrong", () => {
  for (const json of ["", "[]", '{"name":1}', '{"echo":"true"}', "3"]) {
    assert.match(String(connect(json)), /^invalid CONNECT: /, json);
  }
});

Deno.test("routeConnectLine() writes what nats-server writes, and nothing that is not set", () => {
  assert.equal(
    latin1(
      routeConnectLine({
        name: "ID",
        cluster: "CL",
        user: "ru",
        pass: "rp",
        cluster_dynamic: true,
      }),
    ),
    'CONNECT {"echo":true,"verbose":false,"pedantic":false,"user":"ru","pass":"rp","tls_required":false,"headers":true,"name":"ID","cluster":"CL","cluster_dynamic":true}\r\n',
  );
  assert.equal(
    latin1(
      routeConnectLine({
        ...NO_CONNECT,
        name: "ID",
        cluster: "CL",
        tls_required: true,
      }),
    ),
    'CONNECT {"echo":false,"verbose":false,"pedantic":false,"tls_required":true,"headers":false,"name":"ID","cluster":"CL"}\r\n',
  );
});

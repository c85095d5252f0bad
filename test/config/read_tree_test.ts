import assert from "node:assert/strict";
import { nearest } from "../../src/config/read_tree.ts";
import { VERSION } from "../../src/version.ts";
import { readText } from "../support/configuration.ts";

Deno.test("readTree() reads settings by any of their names, in any case", () => {
  const { settings, problems } = readText(`
    NET: 10.0.0.1
    Port = 4333
    max_conn 7, max_subs 8
    max_pending_size: 10MB
    max_subscription_tokens: 9
    logfile: "a.log", log_size_limit: 1k, log_max_num: 3
    pidfile: a.pid
    trace_verbose: true
    server_tags: one
    TLS { first: auto }
  `);
  assert.deepEqual(problems, []);
  assert.deepEqual(settings, {
    server: {
      host: "10.0.0.1",
      port: 4333,
      maxConnections: 7,
      maxSubscriptions: 8,
      maxPendingBytes: 10 * 1024 * 1024,
      maxSubTokens: 9,
      serverTags: ["one"],
      tls: { handshakeFirst: 50 },
    },
    log: {
      logFile: "a.log",
      logfileSizeLimit: 1000,
      logfileMaxNum: 3,
      trace: true,
    },
    process: { pidFile: "a.pid", portsFileDir: "" },
  });
});

Deno.test("readTree() reads addresses, the later of two settings winning", () => {
  const server = (text: string) => readText(text).settings.server;
  assert.deepEqual(server("listen: 4333"), { port: 4333 });
  assert.deepEqual(server("listen: localhost:4333"), {
    host: "localhost",
    port: 4333,
  });
  assert.deepEqual(server("host: a, listen: b:5, port: 6"), {
    host: "b",
    port: 6,
  });
  assert.deepEqual(server("port: 0"), {});
});

Deno.test("readTree() leaves alone what variables are named", () => {
  const { settings, problems } = readText("P: 4333\nport: $P\nQ: 1");
  assert.equal(settings.server.port, 4333);
  assert.deepEqual(problems, ['3:1: unknown field "Q"']);
});

Deno.test("readTree() finds every mistake, each with its place", () => {
  const cases: [string, string[]][] = [
    ["prot: 1", ['1:1: unknown field "prot": did you mean "port"?']],
    ["zzz: 1\nyyy: 2", [
      '1:1: unknown field "zzz"',
      '2:1: unknown field "yyy"',
    ]],
    ["max_payloads: 1", [
      '1:1: unknown field "max_payloads": did you mean "max_payload"?',
    ]],
    [`${"x".repeat(100_000)}: 1`, [
      `1:1: unknown field "${"x".repeat(100_000)}"`,
    ]],
    ["tls {\n  cert: x\n}", [
      '2:3: unknown field "cert" in tls',
    ]],
    ["tls { cert_fil: x }", [
      '1:7: unknown field "cert_fil" in tls: did you mean "cert_file"?',
    ]],
    ['port: "4222"', [
      '1:1: port: takes a port from -1 to 65535, got the text "4222"',
    ]],
    ["debug: 1", ["1:1: debug: takes true or false, got 1"]],
    ["port: 70000", ["1:1: port: must be from -1 to 65535, got 70000"]],
    ["ping_max: -1", [
      "1:1: ping_max: must be a whole number from 0 to 2147483647: got -1",
    ]],
    ["max_control_line: 4GB", [
      "1:1: max_control_line: must be a whole number from 1 to 2147483647: got 4294967296",
    ]],
    ["write_deadline: 0s", [
      "1:1: write_deadline: must be a time above 0: got 0 ms",
    ]],
    ["lame_duck_duration: 10s", [
      "1:1: lame_duck_duration: must be 30s at least, got 10s",
    ]],
    ['server_name: "a b"', [
      '1:1: server_name: must not contain spaces: got "a b"',
    ]],
    ["tls: true", ["1:1: tls takes a block: write tls { … }"]],
    ["jetstream: enabled", [
      `1:1: jetstream is not supported by midge ${VERSION}`,
    ]],
    ["tls { ocsp_peer: true }", [
      `1:7: tls.ocsp_peer is not supported by midge ${VERSION}`,
    ]],
    ["http: 8222\nhttps: '127.0.0.1:8443'\nmonitor_port: -1", []],
    ["http_port: 65536", [
      "1:1: http_port: must be from -1 to 65535, got 65536",
    ]],
    ["cluster: 6222", ["1:1: cluster takes a block: write cluster { … }"]],
    ["cluster { pool_size: -1, compression: Off }", []],
    ["cluster { compression: Accept }", []],
    ['cluster { compression: "not supported" }', []],
    ["cluster { pool_size: 3 }", [
      `1:11: cluster.pool_size: 3 is not supported by midge ${VERSION}: midge has one route to each server, which is pool_size: -1`,
    ]],
    ["cluster { compression: s2_fast }", [
      `1:11: cluster.compression: "s2_fast" is not supported by midge ${VERSION}: midge does not compress routes, which is compression: off`,
    ]],
    ["cluster { compression { mode: s2_auto } }", [
      `1:11: cluster.compression: {"mode":"s2_auto"} is not supported by midge ${VERSION}: midge does not compress routes, which is compression: off`,
    ]],
    ["cluster { compresion: off }", [
      '1:11: unknown field "compresion" in cluster: did you mean "compression"?',
    ]],
    ["cluster { ping_interval: 1s }", [
      `1:11: cluster.ping_interval is not supported by midge ${VERSION}`,
    ]],
    ["cluster {\n  name: 'a b'\n}", [
      '2:3: name: must not contain spaces: got "a b"',
    ]],
    ["cluster { connect_retries: -1 }", [
      "1:11: connect_retries: must be a whole number from 0 to 2147483647: got -1",
    ]],
    ["cluster { routes: [5 ] }", [
      "1:11: routes: takes a list of texts, got 5",
    ]],
    ["cluster { tls { insecure: true } }", []],
    ["tls { insecure: true }", [
      `1:7: tls.insecure is not supported by midge ${VERSION}`,
    ]],
    ["cluster { tls { verify_and_map: true } }", [
      `1:17: cluster.tls.verify_and_map is not supported by midge ${VERSION}`,
    ]],
    ["cluster { tls { first: true } }", [
      `1:17: cluster.tls.first is not supported by midge ${VERSION}`,
    ]],
    ["ping_interval: 120", [
      '1:1: invalid use of field "ping_interval": ping_interval should be converted to a duration: 120 means seconds, write "120s"',
    ]],
  ];
  for (const [text, problems] of cases) {
    assert.deepEqual(readText(text).problems, problems, text);
  }
});

Deno.test("nearest() finds slips, not other words", () => {
  const known = ["port", "http_port", "max_payload"];
  assert.equal(nearest("prt", known), "port");
  assert.equal(nearest("htpp_port", known), "http_port");
  assert.equal(nearest("jetstream", known), undefined);
});

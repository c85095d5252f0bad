import assert from "node:assert/strict";
import { baseUrl, parseTopFlags, topHelp } from "../../src/cli/top_flags.ts";

Deno.test("parseTopFlags() takes nats-top's spellings", () => {
  const flags = parseTopFlags([
    ...["-s", "mon.example", "-m", "8333", "-n", "5", "-d", "2", "-r=3"],
    ...["--sort=bytes_to", "-lookup", "-u", "-b", "-o", "-", "-l", ","],
  ]);
  assert.equal(flags.s, "mon.example");
  assert.equal(flags.m, 8333);
  assert.equal(flags.n, 5);
  assert.equal(flags.d, 2);
  assert.equal(flags.r, 3);
  assert.equal(flags.sort, "bytes_to");
  assert(flags.lookup && flags.u && flags.b && !flags.k);
  assert.equal(flags.o, "-");
  assert.equal(flags.l, ",");
  assert(parseTopFlags(["--display-subscriptions-column"]).u);
  assert(!parseTopFlags(["-u", "-u=false"]).u);
});

Deno.test("parseTopFlags() has nats-top's defaults", () => {
  const { s, m, ms, n, d, r, sort, o } = parseTopFlags([]);
  assert.deepEqual(
    { s, m, ms, n, d, r, sort, o },
    {
      s: "127.0.0.1",
      m: 8222,
      ms: 0,
      n: 1024,
      d: 1,
      r: -1,
      sort: "cid",
      o: "",
    },
  );
});

Deno.test("parseTopFlags() names what is wrong", () => {
  for (
    const [message, ...args] of [
      ["flag provided but not defined: -x", "-x"],
      ["flag needs an argument: -sort", "-sort"],
      ['unexpected argument: "host"', "host"],
      [
        'invalid value "foo" for flag -sort: must be one of cid, start, subs, pending, msgs_to, msgs_from, bytes_to, bytes_from, last, idle, uptime, rtt',
        "-sort",
        "foo",
      ],
      [
        'invalid value "0" for flag -n: must be a whole number from 1 to 1000000',
        "-n",
        "0",
      ],
      [
        'invalid value "x" for flag -m: parse error: not a number',
        "-m",
        "x",
      ],
      ['invalid value "70000" for flag -m: must be a port', "-m", "70000"],
      ['invalid value "0" for flag -m: must be a port', "-m", "0"],
      ['invalid value "0" for flag -d: must be from 0.1 to 86400', "-d", "0"],
      ['invalid value "1.5" for flag -r: must be a whole number', "-r", "1.5"],
      ['invalid value "" for flag -s: must not be empty', "-s", ""],
      [
        'invalid boolean value "maybe" for -u: parse error: neither true nor false',
        "-u=maybe",
      ],
      ["-cert and -key go together", "-cert", "a.pem"],
      ["-json needs --once or -o FILE", "--json"],
      ["-l needs --once or -o FILE", "-l", ","],
      ["-json and -l exclude each other", "--once", "--json", "-l", ","],
    ]
  ) assert.throws(() => parseTopFlags(args), { name: "ConfigError", message });
});

Deno.test("baseUrl() makes a URL of host and port, or takes one", () => {
  for (
    const [url, ...args] of [
      ["http://127.0.0.1:8222"],
      ["https://h:8443", "-s", "h", "-ms", "8443"],
      ["http://[::1]:8222", "-s", "::1"],
      ["http://[::1]:8222", "-s", "[::1]"],
      ["http://h:99/mon/nats", "-s", "http://h:99/mon/nats/"],
    ]
  ) assert.equal(baseUrl(parseTopFlags(args)), url);
  for (const host of ["a b", "h/x", "h?x", "ftp://h", "http://"]) {
    assert.throws(() => baseUrl(parseTopFlags(["-s", host])), {
      name: "ConfigError",
      message: /^invalid value .* for flag -s: /,
    });
  }
});

Deno.test("topHelp() shows every flag in no more than 100 columns", () => {
  for (
    const name of ["-ms PORT", "--sort BY", "--lookup", "-o FILE", "--json"]
  ) {
    assert(topHelp().includes(`  ${name}`));
  }
  for (const line of topHelp().split("\n")) assert(line.length <= 100, line);
});

import assert from "node:assert/strict";
import { helpText, parseFlags } from "../../src/config/flags.ts";
import { ConfigError } from "../../src/errors.ts";

Deno.test("parseFlags() reads every spelling of a flag", () => {
  for (
    const args of [
      ["-p", "4333"],
      ["--p", "4333"],
      ["-p=4333"],
      ["--port=4333"],
      ["-port", "4333"],
      ["--port", "4333"],
      ["-p", "1", "-port", "4333"],
      ["-p", "0x10ed"],
      ["-p", "010355"],
      ["-p", "+4333"],
      ["-p", "4333", "--", "-p", "1"],
    ]
  ) assert.equal(parseFlags(args).options.port, 4333, args.join(" "));
  for (const flag of ["-a", "--addr", "-net", "--net"]) {
    assert.equal(parseFlags([flag, "::1"]).options.host, "::1");
  }
});

Deno.test("parseFlags() takes -1 for a free port and 0 for the default", () => {
  assert.equal(parseFlags(["-p", "-1"]).options.port, -1);
  assert.equal(parseFlags(["-p", "0"]).options.port, 4222);
  assert.equal(parseFlags([]).options.port, undefined);
});

Deno.test("parseFlags() reads switches, with a value only behind =", () => {
  const levels = (...args: string[]) => {
    const { debug, trace } = parseFlags(args);
    return [debug, trace];
  };
  assert.deepEqual(levels(), [false, false]);
  assert.deepEqual(levels("-D"), [true, false]);
  assert.deepEqual(levels("--debug", "-V"), [true, true]);
  assert.deepEqual(levels("--trace"), [false, true]);
  assert.deepEqual(levels("-DV"), [true, true]);
  assert.deepEqual(levels("-DV", "-D=false"), [false, true]);
  assert.deepEqual(levels("-D=1", "-V=T"), [true, true]);
  assert.equal(parseFlags(["-h"]).help, true);
  assert.equal(parseFlags(["HELP"]).help, true);
  assert.equal(parseFlags(["--version"]).version, true);
  assert.equal(parseFlags(["version"]).version, true);
});

Deno.test("parseFlags() names the flag that is wrong and says why", () => {
  const cases: [string[], string][] = [
    [["-foo"], "flag provided but not defined: -foo"],
    [["--foo=1"], "flag provided but not defined: -foo"],
    [["-DVV"], "flag provided but not defined: -DVV"],
    [["-p4222"], "flag provided but not defined: -p4222"],
    [["-p"], "flag needs an argument: -p"],
    [["--port", "abc"], 'invalid value "abc" for flag -port: parse error'],
    [["-p", ""], 'invalid value "" for flag -p: parse error'],
    [["-p", "1.5"], 'invalid value "1.5" for flag -p: parse error'],
    [["-p", "09"], 'invalid value "09" for flag -p: parse error'],
    [
      ["-p", "99999999999999999999"],
      'invalid value "99999999999999999999" for flag -p: value out of range',
    ],
    [
      ["-p", "65536"],
      'invalid value "65536" for flag -p: must be from -1 to 65535',
    ],
    [["-p", "-2"], 'invalid value "-2" for flag -p: must be from -1 to 65535'],
    [["-a", ""], 'invalid value "" for flag -a: must name an address'],
    [["-D=maybe"], 'invalid boolean value "maybe" for -D: parse error'],
    [["---p", "1"], "bad flag syntax: ---p"],
    [["-=1"], "bad flag syntax: -=1"],
    [["serve"], 'unrecognized command: "serve"'],
    [["-D", "false"], 'unrecognized command: "false"'],
    [["-"], 'unrecognized command: "-"'],
  ];
  for (const [args, message] of cases) {
    assert.throws(() => parseFlags(args), new ConfigError(message));
  }
});

Deno.test("helpText() lists every flag in a line of its own", () => {
  const text = helpText();
  for (
    const form of [
      "-a, --addr, --net HOST",
      "-p, --port PORT",
      "-DV",
      "-h, --help",
      "-v, --version",
    ]
  ) {
    assert(text.includes(form), form);
  }
  for (const line of text.split("\n")) assert(line.length <= 100, line);
});

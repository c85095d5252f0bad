import assert from "node:assert/strict";
import { helpText, parseFlags, withFlags } from "../../src/config/flags.ts";
import { settingsOf } from "../../src/config/settings.ts";
import { ConfigError } from "../../src/errors.ts";
import { VERSION } from "../../src/version.ts";

/** What the flags alone come to. */
function settings(...args: string[]) {
  return settingsOf(withFlags(new Map(), parseFlags(args)));
}

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
    ]
  ) assert.equal(settings(...args).server.port, 4333, args.join(" "));
  for (const flag of ["-a", "--addr", "-net", "--net"]) {
    assert.equal(settings(flag, "::1").server.host, "::1");
  }
});

Deno.test("parseFlags() takes -1 for a free port and 0 for the default", () => {
  assert.equal(settings("-p", "-1").server.port, -1);
  assert.equal(settings("-p", "0").server.port, undefined);
  assert.equal(settings().server.port, undefined);
});

Deno.test("parseFlags() reads switches, with a value only behind =", () => {
  const levels = (...args: string[]) => {
    const { debug = false, trace = false } = settings(...args).log;
    return [debug, trace];
  };
  assert.deepEqual(levels(), [false, false]);
  assert.deepEqual(levels("-D"), [true, false]);
  assert.deepEqual(levels("--debug", "-V"), [true, true]);
  assert.deepEqual(levels("--trace"), [false, true]);
  assert.deepEqual(levels("-DV"), [true, true]);
  assert.deepEqual(levels("-DVV"), [true, true]);
  assert.deepEqual(levels("-VV"), [false, true]);
  assert.deepEqual(levels("-V", "-VV=false"), [false, true]);
  assert.deepEqual(levels("-DV", "-D=false"), [false, true]);
  assert.deepEqual(levels("-D=1", "-V=T"), [true, true]);
  assert.equal(settings("-T=false").log.logtime, false);
});

Deno.test("parseFlags() says what to do instead of serving", () => {
  const action = (...args: string[]) => parseFlags(args).action;
  assert.equal(action(), "serve");
  assert.equal(action("-h"), "help");
  assert.equal(action("HELP"), "help");
  assert.equal(action("--version"), "version");
  assert.equal(action("version"), "version");
  assert.equal(action("-p", "1", "--", "version"), "version");
  assert.equal(action("--help_tls"), "help_tls");
  assert.equal(action("-t", "-c", "x.conf"), "test");
  assert.equal(action("-t=false"), "serve");
  assert.equal(parseFlags(["-config=x.conf"]).configFile, "x.conf");
  const { action: what, signal } = parseFlags(["-sl", "reload=4711"]);
  assert.deepEqual([what, signal], ["signal", "reload=4711"]);
});

Deno.test("parseFlags() sets what a file could set", () => {
  assert.deepEqual(
    settings(
      ..."-n edge -P /run/m.pid --ports_file_dir /run -l m.log -T=0".split(" "),
      ..."--log_size_limit 0x100 --max_traced_msg_len 64 -s".split(" "),
      ..."--remote_syslog udp://localhost:514 --logtime_utc".split(" "),
      ..."--client_advertise edge.example:4222".split(" "),
      ..."--tlscert c.pem --tlskey=k.pem --tlscacert ca.pem -tlsverify".split(
        " ",
      ),
    ),
    {
      server: {
        serverName: "edge",
        maxTracedMsgLen: 64,
        clientAdvertise: "edge.example:4222",
        tls: {
          certFile: "c.pem",
          keyFile: "k.pem",
          caFile: "ca.pem",
          verify: true,
        },
      },
      log: {
        logFile: "m.log",
        logtime: false,
        logfileSizeLimit: 256,
        syslog: true,
        remoteSyslog: "udp://localhost:514",
        logtimeUtc: true,
      },
      process: { pidFile: "/run/m.pid", portsFileDir: "/run" },
    },
  );
});

Deno.test("withFlags() lays flags over a file, and --tls switches a block", () => {
  const file = new Map<string, unknown>([
    ["server.port", 1],
    ["log.debug", true],
    ["server.tls.certFile", "c"],
    ["server.tls.keyFile", "k"],
  ]);
  const both = (...args: string[]) =>
    settingsOf(withFlags(file, parseFlags(args)));
  assert.deepEqual(both("-D=false", "-p", "2"), {
    server: { port: 2, tls: { certFile: "c", keyFile: "k" } },
    log: { debug: false },
    process: { pidFile: "", portsFileDir: "" },
  });
  assert.equal(both("--tls=false").server.tls, undefined);
  assert.deepEqual(both("--tls").server.tls, both().server.tls);
  assert.throws(
    () => settings("--tls"),
    new ConfigError(
      "TLS Server certificate must be present and valid: give --tlscert FILE and --tlskey FILE",
    ),
  );
});

Deno.test("parseFlags() names the flag that is wrong and says why", () => {
  const cases: [string[], string][] = [
    [["-foo"], "flag provided but not defined: -foo"],
    [["--foo=1"], "flag provided but not defined: -foo"],
    [["-DT"], "flag provided but not defined: -DT"],
    [["-js"], `flag -js is not supported by midge ${VERSION}`],
    [
      ["--cluster", "nats://127.0.0.1:6222"],
      `flag -cluster is not supported by midge ${VERSION}`,
    ],
    [
      ["-m", "65536"],
      'invalid value "65536" for flag -m: must be from -1 to 65535, got 65536',
    ],
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
      'invalid value "65536" for flag -p: must be from -1 to 65535, got 65536',
    ],
    [
      ["-p", "-2"],
      'invalid value "-2" for flag -p: must be from -1 to 65535, got -2',
    ],
    [["-a", ""], 'invalid value "" for flag -a: must not be empty'],
    [
      ["-n", "a b"],
      'invalid value "a b" for flag -n: must not contain spaces: got "a b"',
    ],
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
      "-m, --http_port PORT",
      "-ms, --https_port PORT",
      "-DV",
      "-sl, --signal CMD=PID",
      "-T, --logtime",
      "(default true)",
      "-h, --help",
      "-v, --version",
    ]
  ) {
    assert(text.includes(form), form);
  }
  assert(!text.includes("cluster"), "what midge cannot do yet");
  for (const line of text.split("\n")) assert(line.length <= 100, line);
});

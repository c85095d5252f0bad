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

Deno.test("parseFlags() lets --store_dir be, as there is nothing to store", () => {
  for (const flag of ["-sd", "--sd", "-store_dir", "--store_dir"]) {
    assert.deepEqual(settings(flag, "/data", "-p", "1"), settings("-p", "1"));
    assert.deepEqual(settings(`${flag}=/data`), settings());
  }
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

Deno.test("parseFlags() takes a cluster in every form", () => {
  const cluster = (...args: string[]) => settings(...args).server.cluster;
  const forms: [string, object][] = [
    ["nats://localhost:4248", { host: "localhost", port: 4248 }],
    ["nats-route://localhost:4248/", { host: "localhost", port: 4248 }],
    ["nats://localhost:-1", { host: "localhost", port: -1 }],
    ["nats://[::1]:4248", { host: "::1", port: 4248 }],
    ["nats://:4248", { port: 4248 }],
    ["localhost:4248", { host: "localhost", port: 4248 }],
    [":4248", { port: 4248 }],
    ["4248", { port: 4248 }],
    ["-1", { port: -1 }],
    ["nats://route:p%40ss:word@0.0.0.0:4248", {
      host: "0.0.0.0",
      port: 4248,
      authorization: { user: "route", password: "p@ss:word" },
    }],
    ["nats://route:50%@a:1", {
      host: "a",
      port: 1,
      authorization: { user: "route", password: "50%" },
    }],
  ];
  for (const [url, wanted] of forms) {
    assert.deepEqual(cluster("-cluster", url), wanted, url);
    assert.deepEqual(cluster(`--cluster_listen=${url}`), wanted, url);
  }
  assert.deepEqual(
    cluster(
      ..."--cluster nats://:1 -cluster_name edge --connect_retries 3".split(
        " ",
      ),
      ..."--cluster_advertise edge.example:6222 --no_advertise".split(" "),
      ...["-routes", " nats://a:1, nats://b:2,,tls://c:3 "],
    ),
    {
      port: 1,
      name: "edge",
      connectRetries: 3,
      advertise: "edge.example:6222",
      noAdvertise: true,
      routes: ["nats://a:1", "nats://b:2", "tls://c:3"],
    },
  );
  assert.equal(
    cluster("--cluster=:1", "--no_advertise=false")?.noAdvertise,
    false,
  );
  for (
    const flags of ["--no_advertise", "--cluster_advertise a:1", "--cluster="]
  ) {
    assert.equal(cluster(...flags.split(" ")), undefined, "no cluster yet");
  }
});

Deno.test("withFlags() has --cluster replace where a file listens and its login", () => {
  const file = new Map<string, unknown>([
    ["server.cluster.name", "edge"],
    ["server.cluster.host", "127.0.0.1"],
    ["server.cluster.port", 6222],
    ["server.cluster.routes", ["nats://a:1"]],
    ["server.cluster.authorization.user", "u"],
    ["server.cluster.authorization.password", "p"],
    ["server.cluster.authorization.timeoutMs", 500],
  ]);
  const both = (...args: string[]) =>
    settingsOf(withFlags(file, parseFlags(args))).server.cluster;
  const rest = { name: "edge", routes: ["nats://a:1"] };
  const timeoutMs = 500;
  assert.deepEqual(both("--cluster", "nats://:6223"), {
    ...rest,
    port: 6223,
    authorization: { timeoutMs },
  });
  assert.deepEqual(both("--cluster", "nats://v:q@b:6223"), {
    ...rest,
    host: "b",
    port: 6223,
    authorization: { user: "v", password: "q", timeoutMs },
  });
  assert.deepEqual(both("--routes", "")?.routes, []);
  assert.deepEqual(both("--routes", "nats://b:2")?.routes, ["nats://b:2"]);
  assert.equal(both("--cluster_name", "core")?.name, "core");
  const off = both("--cluster", "");
  assert.deepEqual([off?.port, off?.routes], [undefined, []]);
});

Deno.test("parseFlags() names the flag that is wrong and says why", () => {
  const cases: [string[], string][] = [
    [["-foo"], "flag provided but not defined: -foo"],
    [["--foo=1"], "flag provided but not defined: -foo"],
    [["-DT"], "flag provided but not defined: -DT"],
    [["-js"], `flag -js is not supported by midge ${VERSION}`],
    [
      ["-sd", "/data", "--jetstream"],
      `flag -jetstream is not supported by midge ${VERSION}`,
    ],
    [
      ["--cluster", "nats://localhost"],
      'invalid value "nats://localhost" for flag -cluster: missing port in address: write nats://host:port',
    ],
    [
      ["--cluster", "localhost"],
      'invalid value "localhost" for flag -cluster: missing port in address: write nats://host:port',
    ],
    [
      ["--cluster", "nats://[::1]"],
      'invalid value "nats://[::1]" for flag -cluster: missing port in address: write nats://host:port',
    ],
    [
      ["--cluster", "nats://::1:6222"],
      'invalid value "nats://::1:6222" for flag -cluster: could not parse address string "::1:6222": write host:port, or [host]:port for IPv6',
    ],
    [
      ["--cluster", "nats://a:b"],
      'invalid value "nats://a:b" for flag -cluster: could not parse port "b"',
    ],
    [
      ["--cluster", "nats://a:65536"],
      'invalid value "nats://a:65536" for flag -cluster: must be from -1 to 65535, got 65536',
    ],
    [
      ["--cluster", "nats://route_user@a:6222"],
      'invalid value "nats://…@a:6222" for flag -cluster: expected cluster password to be set',
    ],
    [
      ["--cluster", "nats://:T0pS3cr3t@a:6222"],
      'invalid value "nats://…@a:6222" for flag -cluster: expected cluster user to be set',
    ],
    [
      ["--cluster", "http://u:T0pS3cr3t@a:6222"],
      'invalid value "http://…@a:6222" for flag -cluster: unknown scheme "http": write nats://host:port',
    ],
    [
      ["--cluster", "nats://u:T0pS/cr3t@a:6222/x"],
      'invalid value "nats://…@a:6222/x" for flag -cluster: write nats://host:port',
    ],
    [
      ["--cluster_name", "a b"],
      'invalid value "a b" for flag -cluster_name: must not contain spaces: got "a b"',
    ],
    [
      ["--connect_retries", "-1"],
      'invalid value "-1" for flag -connect_retries: must be a whole number from 0 to 2147483647: got -1',
    ],
    [
      ["--no_advertise=maybe"],
      'invalid boolean value "maybe" for -no_advertise: parse error: neither true nor false',
    ],
    [["--no_advertise", "false"], 'unrecognized command: "false"'],
    [
      ["-m", "65536"],
      'invalid value "65536" for flag -m: must be from -1 to 65535, got 65536',
    ],
    [["-p4222"], "flag provided but not defined: -p4222"],
    [["-p"], "flag needs an argument: -p"],
    [
      ["--port", "abc"],
      'invalid value "abc" for flag -port: parse error: not a whole number',
    ],
    [
      ["-p", ""],
      'invalid value "" for flag -p: parse error: not a whole number',
    ],
    [
      ["-p", "1.5"],
      'invalid value "1.5" for flag -p: parse error: not a whole number',
    ],
    [
      ["-p", "09"],
      'invalid value "09" for flag -p: parse error: not a whole number',
    ],
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
    [
      ["-D=maybe"],
      'invalid boolean value "maybe" for -D: parse error: neither true nor false',
    ],
    [["---p", "1"], "bad flag syntax: ---p"],
    [["-=1"], "bad flag syntax: -=1"],
    [["serve"], 'unrecognized command: "serve"'],
    [
      ["-p", "4333", "pub", "a", "b"],
      "a command comes first, then its flags: midge pub …",
    ],
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
      "--routes URLS",
      "--cluster, --cluster_listen URL",
      "--cluster_name NAME",
      "--cluster_advertise HOST:PORT",
      "--no_advertise",
      "--connect_retries NUMBER",
      "(default true)",
      "-h, --help",
      "-v, --version",
    ]
  ) {
    assert(text.includes(form), form);
  }
  assert(!text.includes("(default )"));
  for (const line of text.split("\n")) assert(line.length <= 100, line);
});

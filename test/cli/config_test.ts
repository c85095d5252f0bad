/** The executable with configuration files: right ones, wrong ones, `-t`. */

import assert from "node:assert/strict";
import { connect as connectClient } from "@nats-io/transport-node";
import { Folder } from "../support/folder.ts";
import { connect, FILES, Midge, run } from "../support/midge.ts";
import { bothFamilies } from "../support/families.ts";
import { portsFileOf, portsOf } from "../support/ports_file.ts";
import { RawClient } from "../support/raw_client.ts";
import { certFile } from "../support/tls.ts";
import { dialTcp } from "../../src/transport/tcp.ts";

Deno.test("midge runs with a file, and flags win over it", async () => {
  for (
    const [name, text] of [
      ["a.conf", "host: 127.0.0.1\nport: 1\nmax_payload: 99\ndebug: true\n"],
      [
        "a.toml",
        'host = "127.0.0.1"\nport = 1\nmax_payload = 99\ndebug = true\n',
      ],
    ]
  ) {
    using folder = new Folder({ [name]: text });
    const file = folder.file(name);
    await using midge = new Midge(["-c", file, "-p", "-1"], ["--allow-read"]);
    const client = new RawClient(
      await dialTcp("127.0.0.1", await midge.port()),
    );
    assert.equal((await client.info()).max_payload, 99);
    await midge.line(/\[DBG\] 127\.0\.0\.1:\d+ - cid:1 - Client connection/);
    const [digest] = await midge.line(
      /Using configuration file: \S+ \((sha256:[0-9a-f]{64})\)\n/,
    );
    assert(digest);
    midge.kill("SIGINT");
    await client.closed();
  }
});

Deno.test("midge runs with a file that includes others and uses the environment", async () => {
  using folder = new Folder({
    "a.conf": "include limits/b.conf\nlisten: $WHERE\n",
  });
  await Deno.mkdir(folder.file("limits"));
  folder.write("limits/b.conf", "include c.conf");
  folder.write("limits/c.conf", "max_payload: 2KB");
  Deno.env.set("MIDGE_TEST_WHERE", "'127.0.0.1:-1'");
  folder.write("a.conf", "include limits/b.conf\nlisten: $MIDGE_TEST_WHERE\n");
  try {
    await using midge = new Midge(["-c", folder.file("a.conf")], [
      "--allow-read",
      "--allow-env=MIDGE_TEST_WHERE",
    ]);
    const client = new RawClient(
      await dialTcp("127.0.0.1", await midge.port()),
    );
    assert.equal((await client.info()).max_payload, 2048);
    midge.kill("SIGINT");
    await client.closed();
  } finally {
    Deno.env.delete("MIDGE_TEST_WHERE");
  }
});

Deno.test("midge -t says that a file is valid, or what is wrong with it", async () => {
  using folder = new Folder({
    "good.conf": "port: 4333",
    "bad.conf": "prot: 4333\ndebug: 1\n",
    "doubtful.conf": "ping_interval: 60",
    "syntax.conf": "port: 4333\nhost: [\n",
    "tls.conf": "tls { cert_file: nope.pem, key_file: nope.pem }",
    "contradiction.conf": "max_payload: 2MB, max_pending: 1MB",
  });
  const test = async (name: string) => {
    const file = folder.file(name);
    const { code, stdout, stderr } = await run(["-t", "-c", file], [
      "--allow-read",
    ]);
    assert.equal(stdout, "");
    assert(!stderr.includes("    at "), "no stack trace");
    return [code, stderr.replaceAll(`${folder.path}/`, "")];
  };
  const [code, text] = await test("good.conf");
  assert.equal(code, 0);
  assert.match(
    String(text),
    /^midge: configuration file good\.conf is valid \(sha256:[0-9a-f]{64}\)\n$/,
  );
  assert.deepEqual(await test("bad.conf"), [
    1,
    'midge: bad.conf:1:1: unknown field "prot": did you mean "port"?\n' +
    "bad.conf:2:1: debug: takes true or false, got 1\n",
  ]);
  assert.deepEqual(await test("doubtful.conf"), [
    1,
    'midge: doubtful.conf:1:1: invalid use of field "ping_interval": ping_interval should be converted to a duration: 60 means seconds, write "60s"\n',
  ]);
  const [, syntax] = await test("syntax.conf");
  assert.match(String(syntax), /^midge: syntax\.conf:\d+:\d+: /);
  const [tlsCode, tls] = await test("tls.conf");
  assert.equal(tlsCode, 1);
  assert.match(String(tls), /nope\.pem/);
  assert.deepEqual(await test("contradiction.conf"), [
    1,
    "midge: max_payload (2097152) cannot be higher than max_pending (1048576)\n",
  ]);
});

Deno.test("midge says in one line why it does not start, and exits with 1", async () => {
  using folder = new Folder({
    "include.conf": "port: 1\ninclude gone.conf\n",
    "circle.conf": "include circle.conf",
    "ok.conf": "port: -1\nhost: 127.0.0.1",
  });
  const at = (name: string) => folder.file(name);
  const cases: [string[], readonly string[], RegExp][] = [
    [
      ["-c", at("gone.conf")],
      FILES,
      /^midge: open \S+gone\.conf: no such file or directory\n$/,
    ],
    [["-c", folder.path], FILES, /^midge: open \S+: is a directory\n$/],
    [
      ["-c", at("ok.conf")],
      [],
      /^midge: open \S+ok\.conf: not permitted: run with --allow-read=\S+ok\.conf\n$/,
    ],
    [
      ["-c", at("include.conf")],
      FILES,
      /^midge: \S+include\.conf:2:\d+: .*gone\.conf.*no such file or directory\n$/,
    ],
    [["-c", at("circle.conf")], FILES, /^midge: \S+circle\.conf:1:\d+: .*\n$/],
    [
      ["-t"],
      FILES,
      /^midge: must specify \[-c, --config\] option to check configuration file syntax\n$/,
    ],
    [["-l", folder.path, "-p", "-1"], FILES, /^midge: .*\n$/],
    [
      ["-l", at("x.log"), "-p", "-1"],
      [],
      /^midge: .*--allow-write=\S+x\.log.*\n$/,
    ],
    [
      ["-P", at("no/such.pid"), "-p", "-1", "-a", "127.0.0.1"],
      FILES,
      /\[FTL\] Could not write pidfile: open \S+such\.pid: no such file or directory\n/,
    ],
    [
      ["--tls"],
      FILES,
      /^midge: TLS Server certificate must be present and valid.*\n$/,
    ],
    [["-sl", "foo"], [], /^midge: unknown signal "foo".*\n$/],
    [["-sl", "reload=1=2"], [], /^midge: invalid signal parameters: \[2\]\n$/],
    [
      ["-sl", "reload=abc"],
      FILES,
      /^midge: neither a pid nor a pid file: abc\n$/,
    ],
    [
      ["-sl", "reload=999999999"],
      ["--allow-run"],
      /^midge: there is no process \d+\n$/,
    ],
  ];
  for (const [args, permissions, pattern] of cases) {
    const { code, stdout, stderr } = await run(args, permissions);
    assert.match(stderr, pattern, args.join(" "));
    assert(!stderr.includes("    at "), "no stack trace");
    assert.equal(stdout, "");
    assert.equal(code, 1, args.join(" "));
  }
});

Deno.test("midge says in its log file, as on standard error, why it does not start", async () => {
  using folder = new Folder({
    "both.conf": "authorization { user: u, password: p, users: [{ nkey: N }] }",
  });
  const log = folder.file("midge.log");
  const cases: [string[], string][] = [
    [
      ["-P", folder.file("no/such.pid")],
      `Could not write pidfile: open ${
        folder.file("no/such.pid")
      }: no such file or directory`,
    ],
    [
      ["-c", folder.file("both.conf")],
      "Can not have a single user/pass and a users array",
    ],
  ];
  for (const [args, reason] of cases) {
    const { code, stderr } = await run(
      ["-a", "127.0.0.1", "-p", "-1", "-l", log, ...args],
      FILES,
    );
    assert.equal(code, 1);
    assert.equal(stderr, `midge: ${reason}\n`);
    assert(folder.read("midge.log").endsWith(` [FTL] ${reason}\n`), reason);
  }
});

Deno.test("midge writes its pid and its ports, and takes both back", async () => {
  using folder = new Folder({});
  const pidFile = folder.file("midge.pid");
  await using midge = new Midge(
    [
      "-a",
      "127.0.0.1",
      "-p",
      "-1",
      "-P",
      pidFile,
      "--ports_file_dir",
      folder.path,
    ],
    FILES,
  );
  const port = await midge.port();
  await midge.line(/Server is ready\n/);
  const client = await connect(port);
  assert.equal(folder.read("midge.pid"), String(midge.pid));
  assert.deepEqual(await portsOf(folder, midge), {
    nats: [`nats://127.0.0.1:${port}`],
  });
  midge.kill("SIGTERM");
  await client.closed();
  assert.equal(await midge.code(), 0);
  assert.throws(() => folder.read(portsFileOf(midge)), Deno.errors.NotFound);
  assert.throws(() => folder.read("midge.pid"), Deno.errors.NotFound);
});

Deno.test("midge lists a URL for each local address when it listens on all", async () => {
  using folder = new Folder({});
  await using midge = new Midge(
    [
      ..."-p -1 --cluster nats://0.0.0.0:-1".split(" "),
      "--ports_file_dir",
      folder.path,
    ],
    [...FILES, "--allow-sys=networkInterfaces"],
  );
  const [routePort] = await midge.line(
    /route connections on 0\.0\.0\.0:(\d+)\n/,
  );
  const port = await midge.port();
  const client = await connect(port);
  const { nats, cluster } = await portsOf(folder, midge);
  const families = bothFamilies() ? ["IPv4", "IPv6"] : ["IPv4"];
  const hosts = Deno.networkInterfaces()
    .filter(({ family }) => families.includes(family))
    .filter(({ address }) => !address.startsWith("fe80:"))
    .map(({ address }) => address.includes(":") ? `[${address}]` : address);
  const urls = (port: unknown) => hosts.map((host) => `nats://${host}:${port}`);
  assert.equal(nats[0], `nats://127.0.0.1:${port}`);
  assert.deepEqual(nats.toSorted(), urls(port).sort());
  assert.deepEqual(cluster.toSorted(), urls(routePort).sort());
  midge.kill("SIGTERM");
  await client.closed();
});

Deno.test("midge talks TLS with the files that flags name", async () => {
  await using midge = new Midge([
    ..."-a 127.0.0.1 -p -1 -D --tls".split(" "),
    ...[
      "--tlscert",
      certFile("server.pem"),
      "--tlskey",
      certFile("server-key.pem"),
    ],
    ...["--tlsverify", "--tlscacert", certFile("ca.pem")],
  ], ["--allow-read"]);
  const port = await midge.port();
  await midge.line(/\[INF\] TLS required for client connections\n/);
  const nc = await connectClient({
    servers: `127.0.0.1:${port}`,
    tls: {
      caFile: certFile("ca.pem"),
      certFile: certFile("client.pem"),
      keyFile: certFile("client-key.pem"),
    },
  });
  assert.equal(nc.info?.tls_verify, true);
  await nc.flush();
  await midge.line(/\[DBG\] .* - TLS version 1\.3, cipher suite TLS_\w+\n/);
  await nc.close();
  midge.kill("SIGINT");
  assert.equal(await midge.code(), 0);
});

Deno.test("midge logs to a syslog elsewhere", async () => {
  const listener = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
  const { port } = listener.addr as Deno.NetAddr;
  await using midge = new Midge(
    ["-a", "127.0.0.1", "-p", "-1", "-r", `udp://127.0.0.1:${port}`],
    ["--allow-sys=hostname"],
  );
  let got = "";
  while (!got.includes("Server is ready")) {
    const [packet] = await listener.receive();
    got += new TextDecoder().decode(packet);
  }
  assert.match(
    got,
    new RegExp(`<5>\\S+Z \\S+ midge\\[${midge.pid}\\]: Server is ready`),
  );
  midge.kill("SIGINT");
  assert.equal(await midge.code(), 0);
  assert.equal(midge.text, "");
  listener.close();
});

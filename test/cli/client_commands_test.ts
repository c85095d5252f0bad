/** `midge pub`, `sub` and `req` as processes, with the official client beside. */

import assert from "node:assert/strict";
import { connect, headers } from "@nats-io/transport-node";
import {
  freePort,
  OfficialServer,
  officialServers,
} from "../support/official_server.ts";
import { MAIN, pathOf } from "../support/paths.ts";
import { TestServer, TracingLog } from "../support/server.ts";
import { runTool, Tool } from "../support/tool.ts";

/** A server and the official client of it. */
async function world() {
  const server = await TestServer.listening();
  const url = `127.0.0.1:${server.server.port}`;
  const nc = await connect({ servers: url });
  return {
    url,
    nc,
    server,
    async [Symbol.asyncDispose]() {
      await nc.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

Deno.test("midge pub publishes payload, headers and reply", async () => {
  await using w = await world();
  const subscription = w.nc.subscribe("foo.*", { max: 1 });
  await w.nc.flush();
  const flags = ["-s", w.url, "-H", "Unit: °C", "--headers", "unit:K"];
  assert.deepEqual(
    await runTool(["pub", ...flags, "--reply=back", "foo.x", "21 °"]),
    { code: 0, stdout: "", stderr: 'Published 5 bytes to "foo.x"\n' },
  );
  for await (const message of subscription) {
    assert.equal(message.subject, "foo.x");
    assert.equal(message.string(), "21 °");
    assert.equal(message.reply, "back");
    assert.deepEqual(message.headers?.values("Unit"), ["°C"]);
    assert.deepEqual(message.headers?.values("unit"), ["K"]);
  }
});

Deno.test("midge pub takes the payload from a pipe, and publishes --count times", async () => {
  await using w = await world();
  const payloads: string[] = [];
  w.nc.subscribe("foo", {
    callback: (_, message) => void payloads.push(message.string()),
  });
  await w.nc.flush();
  // Flags may stand anywhere, and behind -- there are none.
  const pub = (...args: string[]) =>
    runTool(["pub", "foo", ...args, "-s", w.url], { input: "piped\n" });
  assert.equal((await pub()).stderr, 'Published 6 bytes to "foo"\n');
  assert.equal((await pub("-")).stderr, 'Published 6 bytes to "foo"\n');
  assert.equal(
    (await pub("x", "--count", "1000")).stderr,
    'Published 1000 times 1 bytes to "foo"\n',
  );
  await runTool(["pub", "-s", w.url, "foo", "--", "-5"]);
  await w.nc.flush();
  assert.deepEqual(payloads.splice(0, 2), ["piped\n", "piped\n"]);
  assert.equal(payloads.pop(), "-5");
  assert.equal(payloads.join(""), "x".repeat(1000));
});

Deno.test("midge sub shows messages for people to read, until --count", async () => {
  await using w = await world();
  await using sub = new Tool(["sub", "foo", "bar.>", "--count=4", "-s", w.url]);
  await sub.said(/^Subscribing on "foo", "bar\.>"\n$/);
  const h = headers();
  h.append("Name", "a");
  h.append("Name", "b");
  w.nc.publish("foo", "hello");
  w.nc.publish("bar.x", "line\n", { headers: h, reply: "back" });
  w.nc.publish("foo", "\x1b[2J\rö\t\r\n\xff");
  w.nc.publish("foo");
  w.nc.publish("foo", "too many");
  const { code, stdout } = await sub.result();
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `[#1] Received on "foo"
hello

[#2] Received on "bar.x" with reply "back"
Name: a
Name: b

line

[#3] Received on "foo"
\\x1b[2J\\x0dö\t\r
ÿ

[#4] Received on "foo"


`,
  );
});

Deno.test("midge sub --raw prints payloads byte for byte, --headers-only none", async () => {
  const log = new TracingLog();
  await using server = await TestServer.listening({ log });
  const url = server.server.clientURL();
  const flags = ["-s", url, "foo", "--count", "2"];
  await using raw = new Tool(["sub", "--raw", ...flags]);
  await log.until(/<<- \[SUB foo +1\]/);
  await using short = new Tool(["sub", "--headers-only", ...flags]);
  await short.said(/Subscribing/);
  const nc = await connect({ servers: url });
  const h = headers();
  h.set("A", "b");
  nc.publish("foo", "\x1b[1m", { headers: h });
  nc.publish("foo", "two");
  await nc.drain();
  assert.deepEqual(await raw.result(), {
    code: 0,
    stdout: "\x1b[1m\ntwo\n",
    stderr: "",
  });
  assert.equal(
    (await short.result()).stdout,
    '[#1] Received on "foo"\nA: b\n\n[#2] Received on "foo"\n\n',
  );
});

Deno.test("midge sub --queue shares with others, and loses nothing on SIGINT", async () => {
  await using w = await world();
  await using sub = new Tool(["sub", "--queue", "g", "foo", "-s", w.url]);
  await sub.said(/Subscribing/);
  let others = 0;
  w.nc.subscribe("foo", { queue: "g", callback: () => void others++ });
  for (let i = 0; i < 2000; i++) w.nc.publish("foo", "x".repeat(1000));
  await w.nc.flush();
  sub.kill("SIGINT");
  const { code, stdout } = await sub.result();
  assert.equal(code, 0);
  const own = stdout.match(/^\[#\d+\]/gm)?.length ?? 0;
  assert(own > 0 && others > 0, `${own} and ${others}`);
  assert.equal(own + others, 2000);
});

Deno.test("midge sub ends when its server does, and when nobody reads it", async () => {
  await using w = await world();
  await using sub = new Tool(["sub", "foo", "-s", w.url]);
  await sub.said(/Subscribing/);
  const piped = new Deno.Command("sh", {
    args: [
      "-c",
      '("$0" run --allow-net "$1" sub foo -s "$2"; echo "code $?" >&2) | head -1',
      Deno.execPath(),
      MAIN,
      w.url,
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  // When `head` has gone is for nobody to see: only a write finds out.
  const publishing = setInterval(() => w.nc.publish("foo", "x"), 10);
  const { stdout, stderr } = await piped.output();
  clearInterval(publishing);
  const decoder = new TextDecoder();
  assert.equal(decoder.decode(stdout), '[#1] Received on "foo"\n');
  assert.equal(decoder.decode(stderr), 'Subscribing on "foo"\ncode 0\n');

  await w.nc.close();
  await w.server.server.shutdown();
  const result = await sub.result();
  assert.equal(result.code, 1);
  assert.match(
    result.stderr,
    /\nmidge: connection to 127\.0\.0\.1:\d+ lost: closed by the server\n$/,
  );
});

Deno.test("midge req shows the answer and how long it took", async () => {
  await using w = await world();
  w.nc.subscribe("up", {
    callback(_, message) {
      const h = headers();
      h.set("Was", message.headers?.get("Case") ?? "");
      message.respond(message.string().toUpperCase(), { headers: h });
    },
  });
  await w.nc.flush();
  const req = ["req", "-s", w.url, "-H", "Case: low", "up"];
  const { code, stdout, stderr } = await runTool([...req, "hello"]);
  assert.equal(code, 0);
  assert.equal(stdout, "Was: low\n\nHELLO\n");
  assert.match(
    stderr,
    /^Sending request on "up"\nReceived with rtt \d+\.\d{3}ms\n$/,
  );
  assert.deepEqual(
    await runTool([...req, "--raw", "--count", "3"], { input: "a\n" }),
    { code: 0, stdout: "A\nA\nA\n", stderr: "" },
  );
});

Deno.test("midge req waits for as many --replies as told", async () => {
  await using w = await world();
  for (const name of ["a", "b"]) {
    w.nc.subscribe("who", { callback: (_, m) => void m.respond(name) });
  }
  await w.nc.flush();
  const req = (replies: string, timeout: string) =>
    runTool(
      [
        ...["req", "-s", w.url, "--raw", "who"],
        ...["--replies", replies, "--timeout", timeout],
      ],
    );
  assert.deepEqual(await req("2", "5s"), {
    code: 0,
    stdout: "ab",
    stderr: "",
  });
  assert.deepEqual(await req("0", "300ms"), {
    code: 0,
    stdout: "ab",
    stderr: "",
  });
  assert.deepEqual(await req("3", "300ms"), {
    code: 1,
    stdout: "ab",
    stderr: 'midge: 2 of 3 answers on "who" within 300ms\n',
  });
});

Deno.test("midge req says when nobody answers", async () => {
  await using w = await world();
  assert.deepEqual(await runTool(["req", "-s", w.url, "nobody", "x"]), {
    code: 1,
    stdout: "",
    stderr: 'Sending request on "nobody"\nmidge: no responders on "nobody"\n',
  });
  w.nc.subscribe("mute", { callback() {} });
  await w.nc.flush();
  assert.deepEqual(
    await runTool(["req", "-s", w.url, "mute", "x", "--timeout", "200ms"]),
    {
      code: 1,
      stdout: "",
      stderr:
        'Sending request on "mute"\nmidge: no answer on "mute" within 200ms\n',
    },
  );
});

Deno.test("midge pub, sub and req work with official servers", async (t) => {
  for (const binary of officialServers()) {
    await t.step(binary.version, async () => {
      await using server = await OfficialServer.start(binary);
      const s = ["-s", `nats://127.0.0.1:${server.port}`];
      await using sub = new Tool(["sub", ...s, "foo", "--count", "1"]);
      await sub.said(/Subscribing/);
      assert.equal((await runTool(["pub", ...s, "foo", "-H", "a: b"])).code, 0);
      assert.equal(
        (await sub.result()).stdout,
        '[#1] Received on "foo"\na: b\n\n\n\n',
      );
      assert.match(
        (await runTool(["req", ...s, "foo"])).stderr,
        /no responders on "foo"/,
      );
      const nc = await connect({ servers: s[1] });
      nc.subscribe("up", { callback: (_, m) => void m.respond("UP") });
      await nc.flush();
      assert.equal((await runTool(["req", ...s, "up", "--raw"])).stdout, "UP");
      await nc.close();
    });
  }
});

Deno.test("midge pub takes the first server that answers, also from NATS_URL", async () => {
  await using w = await world();
  const dead = `127.0.0.1:${freePort()}`;
  assert.equal(
    (await runTool(["pub", "foo", "x", "-s", `${dead}, nats://${w.url}`])).code,
    0,
  );
  const env = { NATS_URL: w.url };
  const permissions = ["--allow-env=NATS_URL"];
  assert.equal(
    (await runTool(["pub", "foo", "x"], { env, permissions })).stderr,
    'Published 1 bytes to "foo"\n',
  );
  assert.deepEqual(
    await runTool(["pub", "foo", "x", "-s", `${dead},${dead}`]),
    {
      code: 1,
      stdout: "",
      stderr:
        `midge: cannot connect to ${dead}: connection refused; cannot connect to ${dead}: connection refused\n`,
    },
  );
});

/** A command line, and the one line that says what is wrong with it. */
const MISTAKES: readonly (readonly [string, string])[] = [
  ["pub", "missing SUBJECT: -h shows the usage"],
  ["sub", "missing SUBJECT: -h shows the usage"],
  ["req", "missing SUBJECT: -h shows the usage"],
  [
    "pub a.* x",
    'subject "a.*" has a wildcard: only subscriptions may have that',
  ],
  [
    "req a.> x",
    'subject "a.>" has a wildcard: only subscriptions may have that',
  ],
  [
    "sub a..b",
    'subject "a..b" has an empty token or something behind ">"',
  ],
  [
    "sub ok a.>.b",
    'subject "a.>.b" has an empty token or something behind ">"',
  ],
  ["pub a\tb x", 'subject "a\\tb" has a blank or control character'],
  [
    "sub a --queue g\tg",
    'flag -queue: group "g\\tg" has a blank or control character',
  ],
  ["pub a b c", 'unexpected argument "c": a payload with blanks needs quotes'],
  [
    "pub a x --cont 3",
    "flag provided but not defined: -cont; arguments with a dash go behind -- (midge pub -h lists the flags)",
  ],
  [
    "sub a --count",
    "flag needs an argument: -count (midge sub -h lists the flags)",
  ],
  [
    "sub a --count 0",
    'invalid value "0" for flag -count: must be at least 1 (midge sub -h lists the flags)',
  ],
  [
    "req a --timeout 5",
    'invalid value "5" for flag -timeout: missing unit in duration "5": write it as in "5s" (midge req -h lists the flags)',
  ],
  [
    "req a --timeout -5s",
    'invalid value "-5s" for flag -timeout: must be more than 0 and at most 596h (midge req -h lists the flags)',
  ],
  [
    "pub a x -H nonsense",
    "invalid value \"nonsense\" for flag -H: write it as 'NAME: VALUE' (midge pub -h lists the flags)",
  ],
  [
    "pub a x -H ö:x",
    'invalid value "ö:x" for flag -H: Cannot use "ö" as a header name (midge pub -h lists the flags)',
  ],
  [
    "pub a x -s ws://host",
    'flag -server: "ws://host" is not a server: write it as in nats://host:4222 or tls://host:4222',
  ],
  [
    "pub a x -s nats://u:s3cret@host:99999",
    'flag -server: "host:99999" is not a server: write it as in nats://host:4222 or tls://host:4222',
  ],
  ["pub a x --password s3cret", "flag -password needs -user"],
  [
    "pub a x --user u --token s3cret",
    "flags -user and -token exclude each other",
  ],
  ["pub a x --tlscert c", "flags -tlscert and -tlskey need each other"],
  [
    "pub a x --tlsca nowhere.pem",
    'flag -tlsca: cannot read "nowhere.pem": no such file or directory',
  ],
  [
    "pub a x --tlsca deno.json",
    'flag -tlsca: "deno.json" has no PEM certificate',
  ],
  ["pub a x --nkey deno.json", 'flag -nkey: no seed of a user in "deno.json"'],
  ["pub a x --creds deno.json", 'flag -creds: no user JWT in "deno.json"'],
];

Deno.test("midge pub, sub and req say in one line what is wrong", async (t) => {
  for (const [args, line] of MISTAKES) {
    await t.step(args, async () => {
      assert.deepEqual(
        await runTool(args.split(" "), { permissions: ["--allow-read"] }),
        { code: 1, stdout: "", stderr: `midge: ${line}\n` },
      );
    });
  }
});

Deno.test("midge pub, sub and req need the network alone, and name what is missing", async () => {
  await using w = await world();
  const run = async (...flags: string[]) => {
    const { stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        ...flags,
        MAIN,
        "pub",
        "-s",
        w.url,
        "a",
        "x",
      ],
    }).output();
    return new TextDecoder().decode(stderr);
  };
  assert.equal(await run(`--allow-net=${w.url}`), 'Published 1 bytes to "a"\n');
  assert.equal(
    await run(),
    `midge: cannot connect to ${w.url}: not permitted: run with --allow-net=${w.url}\n`,
  );
});

Deno.test("midge pub, sub and req list their flags", async () => {
  for (
    const [name, own] of [["pub", "reply"], ["sub", "queue"], [
      "req",
      "replies",
    ]]
  ) {
    const { code, stdout, stderr } = await runTool([name, "-h"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert(stdout.startsWith(`Usage: midge ${name} [flags] SUBJECT`), stdout);
    assert.match(stdout, new RegExp(`\n  --${own} `));
    assert.match(stdout, /\nConnection:\n {2}-s, --server URL,… /);
    assert.match(stdout, /\n {2}--timeout TIME /);
  }
});

Deno.test("midge pub says what a server does not take", async () => {
  await using server = await TestServer.listening({ maxPayload: 10 });
  const flags = ["-s", server.server.clientURL(), "foo"];
  assert.deepEqual(await runTool(["pub", ...flags, "x".repeat(11)]), {
    code: 1,
    stdout: "",
    stderr: "midge: Cannot publish 11 bytes: at most 10\n",
  });
  await using old = await TestServer.listening({ noHeaderSupport: true });
  const url = old.server.clientURL();
  assert.deepEqual(await runTool(["pub", "a", "x", "-s", url, "-H", "a: b"]), {
    code: 1,
    stdout: "",
    stderr: "midge: flag -H: server does not take headers\n",
  });
  assert.equal((await runTool(["pub", "a", "x", "-s", url])).code, 0);
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${silent.addr.port}`;
  assert.equal(
    (await runTool(["pub", "a", "x", "-s", address, "--timeout=100ms"])).stderr,
    `midge: cannot connect to ${address}: no answer within 100ms\n`,
  );
  silent.close();
});

/** Modules that a file loads before it does anything. */
async function loadedWith(file: string): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "info",
      "--json",
      pathOf(file),
    ],
  }).output();
  const { roots, modules } = JSON.parse(new TextDecoder().decode(stdout));
  const loaded = new Set<string>(roots);
  for (const specifier of loaded) {
    const found = modules.find((one: { specifier: string }) =>
      one.specifier === specifier
    );
    for (const { isDynamic, code } of found?.dependencies ?? []) {
      if (!isDynamic && code !== undefined) loaded.add(code.specifier);
    }
  }
  return [...loaded];
}

Deno.test("midge pub, sub and req load neither the server nor TLS nor nkeys", async () => {
  for (const name of ["pub", "sub", "req"]) {
    const loaded = await loadedWith(`src/cli/${name}.ts`);
    assert(loaded.some((one) => one.endsWith("/src/client/client.ts")));
    const extra = loaded.filter((one) =>
      /^node:|^npm:|\/src\/(server|core|auth)\/|client_tls|credentials/.test(
        one,
      )
    );
    assert.deepEqual(extra, []);
  }
});

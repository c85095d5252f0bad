/** `midge top` as a user runs it: processes, and a real terminal. */

import assert from "node:assert/strict";
import { command, run } from "../support/midge.ts";
import { MIDGE, MONITORED } from "../support/monitored.ts";
import { freePort } from "../support/official_server.ts";
import {
  FIGURES,
  ORDERS,
  Population,
  subjectsOf,
} from "../support/population.ts";
import { TestServer } from "../support/server.ts";
import { hasTerminal, TestTerminal } from "../support/terminal.ts";

/** The parts of `--once --json` that are looked at. */
interface Snapshot {
  interval_seconds: number;
  server: { in_msgs: number; rates: Record<string, number> };
  total: number;
  connections: (Record<string, unknown> & {
    name: string;
    subscriptions_list: string[];
    rates: Record<string, number>;
  })[];
}

const ONCE = ["--once", "-d", "0.2"];

/** Runs `midge top` against a monitoring port, and expects it to succeed. */
async function top(port: number, ...args: string[]): Promise<string> {
  const result = await run(["top", "-m", String(port), ...args]);
  assert.equal(result.stderr, "");
  assert.equal(result.code, 0);
  return result.stdout;
}

/** Names in the table, in order. */
function namesOn(text: string): string[] {
  return [...text.matchAll(/^ {2}\S+ +\d+ +(\w+) /gm)].map(([, name]) => name);
}

for (const kind of MONITORED) {
  Deno.test(`midge top --once --json has the figures of ${kind.name}`, async () => {
    await using server = await kind.start();
    await using population = await Population.settle(server.port);
    await using _busy = await population.busy(server.port, "busy");
    const { interval_seconds, server: facts, total, connections } = JSON.parse(
      await top(server.monitorPort, ...ONCE, "--json", "-u", "-sort", "cid"),
    ) as Snapshot;
    assert.equal(total, 5);
    assert(interval_seconds >= 0.2);
    const names = connections.map(({ name }) => name);
    assert.deepEqual(names, [...ORDERS.cid, "busy"]);
    for (const one of connections.slice(0, 4)) {
      const { lang, version, subscriptions, rates } = one;
      const { in_msgs, in_bytes, out_msgs, out_bytes } = one;
      assert.deepEqual(
        {
          lang,
          version,
          subscriptions,
          in_msgs,
          in_bytes,
          out_msgs,
          out_bytes,
        },
        FIGURES[one.name],
      );
      assert.deepEqual(Object.values(rates), [0, 0, 0, 0]);
      const subjects = one.subscriptions_list ?? [];
      assert.deepEqual(subjects, subjectsOf(one.name));
    }
    const { rates } = connections[4];
    assert(rates.in_msgs > 0, "who publishes has a rate");
    assert(Math.abs(rates.in_bytes / rates.in_msgs - 5) < 1e-9);
    assert.equal(rates.out_msgs, 0);
    assert(facts.rates.in_msgs > 0 && facts.in_msgs > 8);
  });

  Deno.test(`midge top -o - sorts and limits as ${kind.name} does`, async (t) => {
    await using server = await kind.start();
    await using _population = await Population.settle(server.port);
    for (const [sort, names] of Object.entries(ORDERS)) {
      await t.step(sort, async () => {
        const args = ["-o", "-", "-d", "0.1", "-sort", sort];
        assert.deepEqual(
          namesOn(await top(server.monitorPort, ...args)),
          names,
        );
      });
    }
    await t.step("two of them, raw, with commas", async () => {
      const args = ["-l", ",", "-b", "-n", "2", "-sort", "bytes_to"];
      const text = await top(server.monitorPort, ...ONCE, ...args);
      assert.match(text, /^Connections Polled:,2$/m);
      const rows = text.split("\n").slice(8, -1).map((row) => row.split(","));
      assert.deepEqual(
        rows.map((cells) => [cells[2], ...cells.slice(3, 9)]),
        [
          ["charlie", "3", "0", "8", "2", "490", "40"],
          ["delta", "4", "0", "1", "0", "400", "0"],
        ],
      );
    });
  });
}

Deno.test("midge top -o FILE needs nothing but the leave to write it", async () => {
  await using server = await MIDGE.start();
  const folder = await Deno.makeTempDir();
  const file = `${folder}/top.txt`;
  const args = [
    "top",
    "-m",
    String(server.monitorPort),
    "-d",
    "0.1",
    "-o",
    file,
  ];
  const refused = await run(args);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /^midge top: cannot write ".*": not permitted: run with --allow-write=.*$/m,
  );
  const { code, stdout, stderr } = await run(args, [`--allow-write=${folder}`]);
  assert.deepEqual({ code, stdout, stderr }, {
    code: 0,
    stdout: "",
    stderr: "",
  });
  assert.match(await Deno.readTextFile(file), /^Connections Polled: 0 of 0/m);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("midge top shows hostile names and subjects spelled out", async () => {
  await using server = await MIDGE.start();
  await using population = await Population.settle(server.port);
  const name = "\x1b]0;owned\x07\x1b[2J\u202e";
  await using _hostile = await population.busy(server.port, name);
  const text = await top(server.monitorPort, ...ONCE);
  assert(text.includes("\\x1b]0;owned\\x07\\x1b[2J\\u{202e}"));
  assert.doesNotMatch(text.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
  const json = await top(server.monitorPort, ...ONCE, "--json");
  assert.doesNotMatch(json.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
  assert.equal((JSON.parse(json) as Snapshot).connections[4].name, name);
});

Deno.test("midge top says what is wrong, and exits with 1", async (t) => {
  await using page = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("<html>"),
  );
  const nobody = freePort();
  for (
    const [name, message, ...args] of [
      [
        "an unknown flag",
        /^flag provided but not defined: -x\nUsage: midge top /,
        "-x",
      ],
      [
        "an unknown order",
        /^invalid value "x" for flag -sort: must be one of cid, /,
        "-sort",
        "x",
      ],
      [
        "no server",
        /^no answer from http:\S+: Connection refused\n$/,
        "--once",
        "-m",
        String(nobody),
      ],
      [
        "no JSON",
        /^the answer to \/varz is not JSON\n$/,
        "--once",
        "-m",
        String(page.addr.port),
      ],
      ["no terminal", /^this is not a terminal: give -o FILE, -o - or --once/],
      [
        "no such file",
        /^cannot read "\/no\/ca.pem": /,
        "--once",
        "-ms",
        "1",
        "-cacert",
        "/no/ca.pem",
      ],
    ] as const
  ) {
    await t.step(name, async () => {
      const { code, stdout, stderr } = await run(["top", ...args]);
      assert.equal(code, 1);
      assert.equal(stdout, "");
      assert(stderr.startsWith("midge top: "));
      assert.match(stderr.slice(11), message);
    });
  }
});

Deno.test("midge top --help shows its flags and looks at nothing", async () => {
  const { code, stdout, stderr } = await run(["top", "--help"]);
  assert.equal(code, 0);
  assert.equal(stderr, "");
  assert.match(stdout, /^Usage: midge top \[flags\]\n[^]*^ {2}--sort BY /m);
});

const ignore = !hasTerminal();

/** Starts `midge top` on a terminal, and says afterwards how it ended. */
async function open(
  terminal: TestTerminal,
  ...args: string[]
): Promise<void> {
  const words = [Deno.execPath(), ...command(["top", "-d", "0.2", ...args])];
  await terminal.run(words, "; echo ended with $?");
}

Deno.test({
  name: "midge top on a terminal obeys keys, and leaves the terminal as it was",
  ignore,
  async fn(t) {
    await using server = await MIDGE.start();
    await using population = await Population.settle(server.port);
    await using terminal = await TestTerminal.open();
    const before = await terminal.modes();
    await open(terminal, "-m", String(server.monitorPort));
    const order = (sort: string) =>
      terminal.until((screen) =>
        screen.includes(`by ${sort}`) &&
        String(namesOn(screen)) === String(ORDERS[sort])
      );

    await t.step("o sorts by every column the server can", async () => {
      await order("cid");
      for (const sort of Object.keys(ORDERS)) {
        await terminal.press("o");
        await terminal.type(sort);
        await terminal.until(new RegExp(`^sort by \\[\\w+\\]: ${sort}$`, "m"));
        await terminal.press("Enter");
        await order(sort);
      }
      await terminal.type("oquick");
      await terminal.press("Enter");
      await terminal.until(/^invalid order "quick": must be one of cid, /m);
    });
    await t.step("n limits", async () => {
      await terminal.type("osubs");
      await terminal.press("Enter");
      await terminal.type("n1");
      await terminal.press("Enter");
      const screen = await terminal.until(
        /Connections Polled: 1 of 4, by subs/,
      );
      assert.deepEqual(namesOn(screen), ["delta"]);
    });
    await t.step("s shows subjects and hides them", async () => {
      await terminal.press("s");
      await terminal.until(/load\.two, quiet\.e, quiet\.f/);
      await terminal.press("s");
      await terminal.until((screen) => !screen.includes("load.two"));
    });
    await t.step("d shows names of hosts", async () => {
      await terminal.press("d");
      await terminal.until(/^ {2}localhost +\d+ +delta /m);
      await terminal.press("d");
      await terminal.until(/^ {2}127\.0\.0\.1:\d+ +\d+ +delta /m);
    });
    await t.step("? explains the keys, any key goes back", async () => {
      await terminal.press("?");
      await terminal.until(/^Command +Description$/m);
      await terminal.press("x");
      await terminal.until(/Connections Polled/);
    });
    await t.step(
      "rates move with traffic, r shows them by connection",
      async () => {
        await using _busy = await population.busy(server.port, "busy");
        await terminal.type("omsgs_from");
        await terminal.press("Enter");
        await terminal.until(/In: .* Msgs\/Sec: [1-9]/);
        await terminal.press("r");
        const busy = /^ {2}\S+ +\d+ +busy +0 +0 +0 +[1-9]\S* +0 +[1-9]\S* /m;
        await terminal.until(busy);
        await terminal.press("b", "r");
      },
    );
    await t.step("space stops and goes on", async () => {
      await terminal.press("Space");
      const [, uptime] =
        /uptime: (\d+s)/.exec(await terminal.until(/^paused$/m)) ?? [];
      await terminal.press("b");
      assert.match(await terminal.screen(), new RegExp(`uptime: ${uptime}\\)`));
      await terminal.press("Space");
      await terminal.until((screen) => !screen.includes("paused"));
    });
    await t.step("it follows the size of the terminal", async () => {
      await terminal.resize(60, 9);
      const screen = await terminal.until((text) =>
        text.trimEnd().split("\n").length <= 9 && text.includes("HOST")
      );
      assert(screen.includes("HOST") && !screen.includes("LAST_ACTIVITY"));
      await terminal.resize(200, 30);
      await terminal.until(/LAST_ACTIVITY/);
    });
    await t.step("q ends it", async () => {
      await terminal.press("q");
      await terminal.until(/^ended with 0$/m);
      assert.equal(await terminal.modes(), before);
    });
  },
});

Deno.test({
  name: "midge top on a terminal says that the server is gone, and recovers",
  ignore,
  async fn() {
    const options = { monitor: { port: freePort() } };
    const terminal = await TestTerminal.open();
    await using _terminal = terminal;
    const before = await terminal.modes();
    {
      await using _server = await TestServer.listening(options);
      await open(terminal, "-m", String(options.monitor.port));
      await terminal.until(/^Connections Polled: 0 of 0/m);
    }
    await terminal.until(/^no answer from http:\S+: .*figures are \d+s old/m);
    await using server = await TestServer.listening(options);
    await using _population = await Population.settle(server.server.port);
    const screen = await terminal.until(/^Connections Polled: 4 of 4/m);
    assert(!screen.includes("no answer"));
    await terminal.press("C-c");
    await terminal.until(/^ended with 0$/m);
    assert.equal(await terminal.modes(), before);
  },
});

Deno.test({
  name:
    "midge top on a terminal restores it when terminated, or after -r looks",
  ignore,
  async fn() {
    await using server = await MIDGE.start();
    await using terminal = await TestTerminal.open();
    const before = await terminal.modes();
    const port = String(server.monitorPort);
    const words = [Deno.execPath(), ...command(["top", "-m", port])];
    const file = await Deno.makeTempFile();
    await terminal.run(
      ["sh", "-c", 'echo $$ >"$0"; exec "$@"', file, ...words],
      "; echo ended with $?",
    );
    await terminal.until(/^Connections Polled/m);
    Deno.kill(Number(await Deno.readTextFile(file)), "SIGTERM");
    await Deno.remove(file);
    await terminal.until(/^ended with 143$/m);
    assert.equal(await terminal.modes(), before);
    await open(terminal, "-m", port, "-r", "2");
    await terminal.until(/^ended with 0$/m);
    assert.equal(await terminal.modes(), before);
  },
});

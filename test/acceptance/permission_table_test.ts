/**
 * The README's table of permissions: each mode works with exactly the flags of
 * its row, and without any one of them a line says which is missing.
 */

import assert from "node:assert/strict";
import { hashPassword } from "../../src/auth/bcrypt.ts";
import type { Transport } from "../../src/mod.ts";
import { Server } from "../../src/mod.ts";
import { dialTcp } from "../../src/transport/tcp.ts";
import { Folder } from "../support/folder.ts";
import { connect, Midge } from "../support/midge.ts";
import { freePort } from "../support/official_server.ts";
import { MAIN } from "../support/paths.ts";
import { RawClient } from "../support/raw_client.ts";
import { README } from "../support/readme.ts";
import { eventually, TestServer } from "../support/server.ts";
import { hasTerminal, TestTerminal } from "../support/terminal.ts";
import { certText, dialTls } from "../support/tls.ts";

const MOD = new URL("../../src/mod.ts", import.meta.url).href;

/** A row of the table. */
interface Row {
  readonly mode: string;
  /** Arguments behind `midge`, or code. */
  readonly start: string;
  readonly flags: readonly string[];
}

function rows(): Row[] {
  const [, table] = /^\| mode .*\n\| -.*\n((?:\|.*\n)+)/m.exec(README) ?? [];
  return table.trimEnd().split("\n").map((line) => {
    const [mode, start, flags] = line.split("|").slice(1, 4)
      .map((cell) => cell.trim().replaceAll("`", ""));
    return { mode, start, flags: flags === "none" ? [] : flags.split(" ") };
  });
}

/** The world of one row: files by the README's names, ports of this test. */
class World implements Disposable {
  readonly folder = new Folder();
  readonly #ports = new Map<number, number>();

  constructor() {
    Deno.mkdirSync(this.folder.file("log"));
    Deno.mkdirSync(this.folder.file("run"));
    const listen = `listen: "0.0.0.0:${this.port(4222)}"`;
    const login = `{ user: derek, password: "${HASH}" }`;
    const files = {
      "edge.conf": `${listen}\nauthorization { users: [${login}] }`,
      "edge.toml": `${listen.replace(":", " =")}\nmax_payload = 4096`,
      "site.conf": `${listen}\nserver_name: $SITE\ninclude users.conf`,
      "users.conf": `authorization { users: [${login}] }`,
      "cert.pem": certText("server.pem"),
      "key.pem": certText("server-key.pem"),
      "ca.pem": certText("ca.pem"),
    };
    for (const [name, text] of Object.entries(files)) {
      this.folder.write(name, text);
    }
  }

  /** The port that stands for one of the README's. */
  port(shown: number): number {
    let port = this.#ports.get(shown);
    if (port === undefined) this.#ports.set(shown, port = freePort());
    return port;
  }

  /** The README's words with the ports and paths of this test. */
  translate(text: string): string {
    return text
      .replace(/\b(4222|6222|6223|8222|514)\b/g, (at) => `${this.port(+at)}`)
      .replaceAll("/run/site.sock", this.folder.file("site.sock"));
  }

  /** What the row starts, with these flags and nothing else permitted. */
  start({ start }: Row, flags: readonly string[]): Midge {
    return new Midge(this.command(start, flags), [], {
      program: Deno.execPath(),
      cwd: this.folder.path,
    });
  }

  /** Arguments for Deno. */
  command(start: string, flags: readonly string[]): string[] {
    const deno = ["run", ...flags.map((flag) => this.translate(flag))];
    if (!start.startsWith("midge")) {
      this.folder.write(
        "program.ts",
        `import { Server } from "${MOD}";
        await using server = await ${start};
        console.error("Server is ready " + (server.clientCount === 0));`,
      );
      return [...deno, "--no-lock", "program.ts"];
    }
    const args = this.translate(start).split(" ").slice(1);
    const server = /^(?!pub|sub|req|top|mkpasswd|-t|--signal)/;
    const client = /^(?:pub|sub|req)$/;
    const [first = ""] = args;
    if (client.test(first)) args.push("-s", `127.0.0.1:${this.port(4222)}`);
    else if (first === "top") {
      args.push("-m", `${this.port(8222)}`, "-d", "0.1");
    } else if (server.test(first) && first !== "-c") {
      args.push("-p", `${this.port(4222)}`);
    }
    return [...deno, MAIN, ...args];
  }

  /** Whether a file is there and has this in it. */
  holds(file: string, text: string): boolean {
    try {
      return this.folder.read(file).includes(text);
    } catch {
      return false; // Not there yet.
    }
  }

  /** Resolves once a log file says that the server is ready. */
  async ready(log: string): Promise<void> {
    const ready = () => this.holds(log, "Server is ready");
    await eventually(ready, `a server in ${log}`);
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

const HASH = await hashPassword("T0pS3cr3t", 4);
Deno.env.set("SITE", "attic");

/** Starts a mode with the flags of its row, and uses it. */
type Use = (world: World, start: () => Midge) => Promise<void>;

const MODES: Readonly<Record<string, Use>> = {
  "plain": serving(delivers),
  "configuration file": serving(checksPasswords),
  "the same in TOML": serving(async (world) => {
    await using client = new RawClient(await dial(world));
    assert.equal((await client.info()).max_payload, 4096);
  }),
  "a variable and an include in it": serving(async (world) => {
    await using client = new RawClient(await dial(world));
    assert.equal((await client.info()).server_name, "attic");
    await checksPasswords(world);
  }),
  "reload on SIGHUP": serving(async (world, midge) => {
    const conf = world.folder.read("edge.conf");
    world.folder.write("edge.conf", `${conf}\nmax_payload: 4096`);
    midge.kill("SIGHUP");
    await midge.line(/Reloaded server configuration\n/);
  }),
  "TLS": serving((world) => speaksTls(world)),
  "certificates of clients": serving((world) => speaksTls(world, "client")),
  "cluster": async (world, start) => {
    await using other = await TestServer.listening({
      cluster: { host: "127.0.0.1", port: world.port(6223) },
    });
    await serving(async () => {
      await eventually(() => other.server.routes.length === 1, "a route");
      await using near = await other.dialClient();
      await near.send("SUB foo 1\r\n");
      await near.quiet();
      await using far = await connect(world.port(4222));
      let got = "";
      void near.through("MSG foo 1 0\r\n\r\n").then((text) => got = text);
      while (got === "") {
        await far.send("PUB foo 0\r\n\r\n");
        await far.quiet();
      }
    })(world, start);
  },
  "monitoring": serving(async (world) => {
    const url = `http://127.0.0.1:${world.port(8222)}`;
    for (const path of ["/varz", "/", "/metrics"]) {
      const response = await fetch(url + path);
      assert.equal(response.status, 200);
      await response.body?.cancel();
    }
  }),
  "log file": async (world, start) => {
    await using midge = start();
    await world.ready("midge.log");
    await delivers(world);
    await endsWell(midge);
    assert.match(world.folder.read("midge.log"), /Server Exiting/);
  },
  "log file, set aside": async (world, start) => {
    world.folder.write("log/midge.log", `${"x".repeat(1_000_001)}\n`);
    await using midge = start();
    await world.ready("log/midge.log");
    const names = await Array.fromAsync(Deno.readDir(world.folder.file("log")));
    assert.equal(names.length, 2);
    await endsWell(midge);
  },
  "syslog elsewhere": async (world, start) => {
    const daemon = Deno.listenDatagram({
      transport: "udp",
      hostname: "127.0.0.1",
      port: world.port(514),
    });
    await using midge = start();
    for (let text = ""; !text.includes("Server is ready");) {
      const [bytes] = await daemon.receive();
      text = new TextDecoder().decode(bytes);
    }
    await delivers(world);
    await endsWell(midge);
    daemon.close();
  },
  "syslog at a socket": async (world, start) => {
    const path = world.folder.file("site.sock");
    using daemon = Deno.listen({ transport: "unix", path });
    await using midge = start();
    const conn = await daemon.accept();
    let text = "";
    for await (const chunk of conn.readable) {
      text += new TextDecoder().decode(chunk);
      if (text.includes("Server is ready")) break;
    }
    await delivers(world);
    await endsWell(midge);
  },
  "pid file and ports file": async (world, start) => {
    await using midge = start();
    const file = `run/nats-server_${midge.pid}.ports`;
    await eventually(() => world.holds(file, "}"), "a ports file");
    const ports = world.folder.read(file);
    const addresses = Deno.networkInterfaces()
      .filter(({ family }) => family === "IPv4").length;
    assert.equal(JSON.parse(ports).nats.length, addresses);
    assert.equal(world.folder.read("midge.pid"), String(midge.pid));
    await endsWell(midge);
    assert.throws(() => world.folder.read("midge.pid"), Deno.errors.NotFound);
  },
  "embedded, in-process": ends(/Server is ready true\n/),
  "signal another server": async (world, start) => {
    await using other = new Midge(["-a", "127.0.0.1", "-p", "-1"]);
    await other.line(/Server is ready\n/);
    world.folder.write("midge.pid", String(other.pid));
    await ends(/^/)(world, start);
    await other.line(/can only reload config when a file is provided/);
  },
  "check a file": ends(/configuration file edge\.conf is valid/),
  "make a password": ends(/^/),
  "publish": beside(ends(/Published 5 bytes/)),
  "subscribe": beside(async (world, start) => {
    await using midge = start();
    await midge.line(/Subscribing/);
    await using client = await connect(world.port(4222));
    await client.send("PUB greet.joe 0\r\n\r\n");
    assert.equal(await midge.code(), 0);
  }),
  "request": beside(async (world, start) => {
    await using client = await connect(world.port(4222));
    await client.send("SUB greet.* 1\r\n");
    await client.quiet();
    await using midge = start();
    const [, , , reply] = (await client.through("\r\n")).split(" ");
    await client.send(`PUB ${reply} 2\r\nhi\r\n`);
    await midge.line(/Received with rtt/);
    assert.equal(await midge.code(), 0);
  }),
  "top": beside(ends(/^/)),
  "top, into a file": beside(async (world, start) => {
    await ends(/^/)(world, start);
    assert.match(world.folder.read("top.txt"), /Connections/);
  }),
};

/** A server is started, gets ready, is used and ends. */
function serving(use: (world: World, midge: Midge) => Promise<void>): Use {
  return async (world, start) => {
    await using midge = start();
    await midge.line(/Server is ready\n/);
    await use(world, midge);
    await endsWell(midge);
  };
}

/** A command says this on standard error and ends well. */
function ends(pattern: RegExp): Use {
  return async (_world, start) => {
    await using midge = start();
    assert.equal(await midge.code(), 0, midge.text);
    assert.match(midge.text, pattern);
  };
}

/** A command is used while a server runs. */
function beside(use: Use): Use {
  return async (world, start) => {
    await using _server = await Server.start({
      host: "127.0.0.1",
      port: world.port(4222),
      monitor: { port: world.port(8222) },
    });
    await use(world, start);
  };
}

function dial(world: World): Promise<Transport> {
  return dialTcp("127.0.0.1", world.port(4222));
}

/** A message goes through the server. */
async function delivers(world: World): Promise<void> {
  await using client = await connect(world.port(4222));
  await client.send("SUB foo 1\r\nPUB foo 2\r\nhi\r\n");
  await client.expect("MSG foo 1 2\r\nhi\r\n");
}

/** Only who knows the password, of which the server has the hash, gets in. */
async function checksPasswords(world: World): Promise<void> {
  for (const [pass, answer] of [["T0pS3cr3t", "PONG"], ["x", "-ERR"]]) {
    await using client = new RawClient(await dial(world));
    await client.info();
    const login = { user: "derek", pass, verbose: false };
    await client.send(`CONNECT ${JSON.stringify(login)}\r\nPING\r\n`);
    await client.through(answer);
  }
}

async function speaksTls(world: World, as?: string): Promise<void> {
  const { client } = await dialTls(world.port(4222), { as });
  await client.send("PING\r\n");
  await client.through("PONG\r\n");
  await client[Symbol.asyncDispose]();
}

async function endsWell(midge: Midge): Promise<void> {
  midge.kill("SIGTERM");
  assert.equal(await midge.code(), 0, midge.text);
}

const table = rows();

Deno.test("README's table of permissions has the modes that are tested", () => {
  assert.deepEqual(table.map(({ mode }) => mode), Object.keys(MODES));
});

for (const row of table) {
  Deno.test(`permitted ${row.flags.join(" ") || "nothing"}: ${row.mode}`, async () => {
    using world = new World();
    await MODES[row.mode](world, () => world.start(row, row.flags));
  });

  for (const [missing, rest] of without(row.flags)) {
    Deno.test(`${row.mode} without ${missing} says so in a line`, async () => {
      using world = new World();
      world.folder.write("midge.pid", String(Deno.pid));
      await using midge = world.start(row, rest);
      const flag = RegExp.escape(world.translate(missing));
      await midge.line(new RegExp(`run with (?:\\S+ )*${flag}(?:[", ].*)?\n`));
      await midge[Symbol.asyncDispose]();
      assert.doesNotMatch(midge.text, /Uncaught|^ {4}at |[\u250f\u2501]/m);
    });
  }
}

/** Each flag that can be taken away, or each part of one, and what is left. */
function* without(flags: readonly string[]): Generator<[string, string[]]> {
  for (const [at, flag] of flags.entries()) {
    const [name, scopes] = flag.split("=");
    for (const scope of scopes?.split(",") ?? [undefined]) {
      const others = scopes?.split(",").filter((other) => other !== scope) ??
        [];
      const left = others.length > 0 ? [`${name}=${others}`] : [];
      yield [
        scope === undefined ? name : `${name}=${scope}`,
        flags.toSpliced(at, 1, ...left),
      ];
    }
  }
}

Deno.test({
  name: "midge without permissions asks nothing at a terminal",
  ignore: !hasTerminal(),
  async fn() {
    using world = new World();
    await using terminal = await TestTerminal.open();
    const start = (words: string) => [
      Deno.execPath(),
      "run",
      MAIN,
      ...words.split(" ").filter(Boolean),
    ];
    const conf = world.folder.file("edge.conf");
    for (const words of ["", `-c ${conf}`, "pub a b", "top", "-r udp://x"]) {
      await terminal.run(start(words), "; echo end $?");
      const screen = await terminal.until(/^end \d+$/m);
      assert.match(screen, /run with --allow-\S+[^]*\nend 1$/m);
    }
  },
});

/**
 * The executable as it is shipped, in an empty folder: what it can do there.
 * `MIDGE_EXECUTABLE` names one made elsewhere; otherwise one is made, where the
 * runtime for it is to be had.
 */

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import {
  compile,
  CompileError,
  LIBRARIES,
  PERMISSIONS,
} from "../../config/compile.ts";
import { VERSION } from "../../src/version.ts";
import { Folder } from "../support/folder.ts";
import type { Place } from "../support/midge.ts";
import { Midge } from "../support/midge.ts";
import { runModule } from "../support/module.ts";
import { pathOf } from "../support/paths.ts";

const folder = new Folder();
addEventListener("unload", () => folder[Symbol.dispose]());

/** The path of an executable; `null`, once it is said why, where there is none. */
async function executable(): Promise<string | null> {
  const named = Deno.env.get("MIDGE_EXECUTABLE");
  if (named) return await Deno.realPath(named);
  const made = folder.file("midge");
  try {
    await compile(made);
    return made;
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    // deno-lint-ignore no-console -- Why tests are skipped.
    console.log(`tests of the executable are skipped: ${error.message}`);
    return null;
  }
}

const program = await executable();

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the executable to its end, with nothing to go by. */
async function run(
  { program, cwd }: Place,
  args: readonly string[],
  input = "",
): Promise<Outcome> {
  const process = new Deno.Command(program, {
    args: [...args],
    cwd,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await process.output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** A test that has the executable and an empty folder. */
function test(name: string, body: (place: Place) => Promise<void>): void {
  Deno.test({
    name: `The executable ${name}`,
    ignore: program === null,
    async fn() {
      if (program === null) return;
      using empty = new Folder();
      await body({ program, cwd: empty.path });
    },
  });
}

/** Where a server says it serves monitoring. */
async function monitorOf(midge: Midge): Promise<string> {
  const [port] = await midge.line(/http monitor on \S+:(\d+)\n/);
  return `http://127.0.0.1:${port}`;
}

test("knows its version and its flags", async (place) => {
  const { stdout } = await run(place, ["--version"]);
  assert.match(stdout, new RegExp(`midge v${RegExp.escape(VERSION)}\\)`));
  assert.match((await run(place, ["--help"])).stdout, /^Usage: midge /);
});

test("serves pub, sub, req and top, and ends on SIGTERM", async (place) => {
  const args = ["-a", "127.0.0.1", "-p", "-1", "-m", "-1"];
  await using midge = new Midge(args, [], place);
  const server = ["-s", `nats://127.0.0.1:${await midge.port()}`];
  const none = await run(place, ["req", "weather", "now", ...server]);
  assert.match(none.stderr, /no responders on "weather"/);
  const subscribed = ["sub", "greet.*", "--count", "1", ...server];
  await using sub = new Midge(subscribed, [], place);
  await sub.line(/Subscribing on "greet\.\*"/);
  const sent = await run(place, ["pub", "greet.joe", ...server], "hello");
  assert.match(sent.stderr, /Published 5 bytes to "greet\.joe"/);
  assert.equal(await sub.code(), 0);
  const { port } = new URL(await monitorOf(midge));
  const top = ["top", "-m", port, "--once", "--json", "-d", "1"];
  const { stdout } = await run(place, top);
  assert.match(stdout, /"in_msgs": ?\d+/);
  midge.kill("SIGTERM");
  assert.equal(await midge.code(), 0);
  const left = await Array.fromAsync(Deno.readDir(place.cwd));
  assert.deepEqual(left, []);
});

test("serves the live page and metrics", async (place) => {
  const args = ["-a", "127.0.0.1", "-p", "-1", "-m", "-1"];
  await using midge = new Midge(args, [], place);
  const base = await monitorOf(midge);
  const page = await (await fetch(base)).text();
  assert.match(page, /<script type="module">.+<\/script>/s);
  const metrics = await (await fetch(`${base}/metrics`)).text();
  assert.match(metrics, /^gnatsd_varz_in_msgs\{/m);
});

test("reads TOML, checks bcrypt passwords and writes its files", async (place) => {
  const hashed = await run(place, ["mkpasswd", "-p", "-c", "4"], "T0pS3cr3t\n");
  const [, hash] = /bcrypt hash: (\S+)/.exec(hashed.stdout) ?? [];
  await Deno.writeTextFile(
    `${place.cwd}/edge.toml`,
    [
      'listen = "127.0.0.1:-1"',
      'log_file = "edge.log"',
      'pid_file = "edge.pid"',
      "[authorization]",
      `users = [{ user = "derek", password = "${hash}" }]`,
    ].join("\n"),
  );
  await using midge = new Midge(
    ["-c", "edge.toml", "--ports_file_dir", place.cwd],
    [],
    place,
  );
  const ports = `${place.cwd}/nats-server_${midge.pid}.ports`;
  const url = await firstUrl(ports);
  const publish = (password: string) =>
    run(
      place,
      ["pub", "x", "1", "-s", url, "--user", "derek"].concat(
        "--password",
        password,
      ),
    );
  assert.equal((await publish("T0pS3cr3t")).code, 0);
  assert.match((await publish("guess")).stderr, /Authorization Violation/);
  const pid = await Deno.readTextFile(`${place.cwd}/edge.pid`);
  assert.equal(pid, String(midge.pid));
  midge.kill("SIGTERM");
  assert.equal(await midge.code(), 0);
  const log = await Deno.readTextFile(`${place.cwd}/edge.log`);
  assert.match(log, /Server is ready\n.*Server Exiting\.\.\n$/s);
});

/** The address of clients in a ports file, once that is there. */
async function firstUrl(path: string): Promise<string> {
  const watcher = Deno.watchFs(path.slice(0, path.lastIndexOf("/")));
  const look = () => {
    try {
      return JSON.parse(Deno.readTextFileSync(path)).nats[0] as string;
    } catch {
      return undefined; // Not there, or half of it.
    }
  };
  try {
    let url = look();
    for await (const _ of watcher) {
      url ??= look();
      if (url !== undefined) break;
    }
    return url ?? "";
  } finally {
    watcher.close();
  }
}

test("is a server of a cluster", async (place) => {
  const cluster = ["--cluster_name", "c", "-a", "127.0.0.1", "-p", "-1"];
  const listen = ["--cluster", "nats://127.0.0.1:-1"];
  await using first = new Midge([...cluster, ...listen], [], place);
  const [routes] = await first.line(/route connections on (\S+)\n/);
  const urls = ["--routes", `nats://${routes}`];
  await using second = new Midge([...cluster, ...listen, ...urls], [], place);
  const [there, here] = [await second.port(), await first.port()];
  const url = (port: number) => ["-s", `nats://127.0.0.1:${port}`];
  await using sub = new Midge(
    ["sub", "far", "--count", "1", ...url(there)],
    [],
    place,
  );
  await sub.line(/Subscribing/);
  // A route may still be on its way: then nobody listens yet.
  const heard = sub.code();
  let done = false;
  void heard.then(() => done = true);
  while (!done) await run(place, ["pub", "far", "x", ...url(here)]);
  assert.equal(await heard, 0);
});

test("may start no programs", async (place) => {
  const { code, stderr } = await run(place, ["--signal", "reload"]);
  assert.equal(code, 1);
  assert.match(stderr, /^midge: not permitted to look for processes.*\n$/);
});

Deno.test("What goes into an executable has all that midge imports, and only that", async () => {
  using folder = new Folder();
  // For another platform it is made, but not tried out: any file will do.
  const target = Deno.build.arch === "aarch64"
    ? "x86_64-unknown-linux-gnu"
    : "aarch64-unknown-linux-gnu";
  const deno = { DENORT_BIN: Deno.execPath() };
  const listing = await withEnv(
    deno,
    () => compile(folder.file("midge"), target),
  );
  for (const library of LIBRARIES) {
    const [, name, version] = /^npm:(.+)@(.+)$/.exec(library) ?? [];
    assert(listing.includes(`${name}/${version}/*`), listing);
  }
  assert.match(listing, /\bpage\/\*|\bpage\.html/);
  assert.match(listing, /deno\.json/);
  assert.doesNotMatch(listing, /nats-core|fast-check|aedes/);
});

/** Runs with these variables of the environment. */
async function withEnv<T>(
  variables: Readonly<Record<string, string>>,
  body: () => Promise<T>,
): Promise<T> {
  const before = Object.keys(variables).map((name) =>
    [name, Deno.env.get(name)] as const
  );
  for (const [name, value] of Object.entries(variables)) {
    Deno.env.set(name, value);
  }
  try {
    return await body();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

Deno.test("compile() says in one line what is wrong with DENORT_BIN", async () => {
  using folder = new Folder();
  const output = folder.file("midge");
  const reason = (path: string) =>
    withEnv({ DENORT_BIN: path }, () =>
      compile(output).then(
        () => assert.fail("there is no such runtime"),
        (error: Error) => error,
      ));
  const missing = await reason(folder.file("nothing"));
  assert(missing instanceof CompileError);
  assert.match(missing.message, /^Could not find denort at '.*nothing'$/);
  const other = await reason(Deno.execPath());
  assert(other instanceof CompileError);
  assert.match(other.message, /^DENORT_BIN=.* is not the runtime .*$/);
  assert.throws(() => Deno.statSync(output), Deno.errors.NotFound);
});

Deno.test("compile() finds midge in a folder with a blank in its name", async () => {
  using folder = new Folder();
  await Deno.symlink(pathOf("."), folder.file("my midge"));
  const from = JSON.stringify(
    pathToFileURL(folder.file("my midge/config/compile.ts")),
  );
  const { stdout } = await runModule(
    `import { compile } from ${from};
    await compile("${folder.file("made")}").catch(({ message }) =>
      console.log(message)
    );`,
    ["--allow-read", "--allow-write", "--allow-run", "--allow-env"],
    `DENORT_BIN=${folder.file("nothing")} RUST_BACKTRACE=1 exec "$@"`,
  );
  assert.match(stdout, /^Could not find denort at '.*nothing'\n$/);
});

Deno.test("An executable may do no more than a server needs", () => {
  const names = PERMISSIONS.map((flag) => flag.split("=")[0]).sort();
  const wanted = ["env", "net", "read", "sys", "write"];
  assert.deepEqual(names, wanted.map((name) => `--allow-${name}`));
});

Deno.test("Every library that midge imports late is put into executables", async () => {
  const found = new Set<string>();
  for await (const text of sources(new URL("../../src/", import.meta.url))) {
    for (const [, name] of text.matchAll(/= "(npm:[^"]+)"/g)) found.add(name);
  }
  assert.deepEqual([...found].sort(), [...LIBRARIES].sort());
});

async function* sources(folder: URL): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sources(new URL(`${name}/`, folder));
    else if (name.endsWith(".ts")) {
      yield await Deno.readTextFile(new URL(name, folder));
    }
  }
}

/** What a supervisor hears of a server: through the executable. */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { command, Midge } from "../support/midge.ts";

/** A supervisor's socket, and midge started with it in the environment. */
class Watched implements AsyncDisposable {
  readonly #folder = new Folder();
  readonly #socket: Deno.DatagramConn;
  readonly midge: Midge;

  constructor(env: Readonly<Record<string, string>>, permit: boolean) {
    const path = this.#folder.file("notify");
    this.#socket = Deno.listenDatagram({ transport: "unixpacket", path });
    const files = [`--allow-read=${path}`, `--allow-write=${path}`];
    this.midge = new Midge(
      command(["-a", "127.0.0.1", "-p", "-1"], [
        "--allow-env=NOTIFY_SOCKET,WATCHDOG_USEC",
        ...(permit ? files : []),
      ]),
      [],
      {
        program: Deno.execPath(),
        cwd: this.#folder.path,
        env: { NOTIFY_SOCKET: path, ...env },
      },
    );
  }

  /** What is said next. */
  async heard(): Promise<string> {
    const [bytes] = await this.#socket.receive();
    return new TextDecoder().decode(bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.midge[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

Deno.test("A supervisor hears that midge is ready, then that it is alive", async () => {
  await using watched = new Watched({ WATCHDOG_USEC: "20000" }, true);
  assert.equal(await watched.heard(), "READY=1");
  assert.equal(await watched.heard(), "WATCHDOG=1");
  assert.equal(await watched.heard(), "WATCHDOG=1");
  watched.midge.kill("SIGTERM");
  assert.equal(await watched.midge.code(), 0);
});

Deno.test("A supervisor that does not ask hears only that midge is ready", async () => {
  await using watched = new Watched({}, true);
  assert.equal(await watched.heard(), "READY=1");
  watched.midge.kill("SIGTERM");
  assert.equal(await watched.midge.code(), 0);
  assert.doesNotMatch(watched.midge.text, /\[(WRN|ERR|FTL)\]/);
});

Deno.test("midge says which flag it takes to notify a supervisor, and serves", async () => {
  await using watched = new Watched({}, false);
  await watched.midge.line(
    /\[WRN\] Cannot notify the supervisor at \S+notify: not permitted: run with --allow-read=\S+notify\n/,
  );
  watched.midge.kill("SIGTERM");
  assert.equal(await watched.midge.code(), 0);
});

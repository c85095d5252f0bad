import assert from "node:assert/strict";
import { Controls } from "../../src/cli/top_controls.ts";
import { HostNames } from "../../src/cli/top_hosts.ts";
import { readingOf, readSample } from "../../src/cli/top_samples.ts";
import type { Terminal } from "../../src/cli/top_screen.ts";
import { watch } from "../../src/cli/top_screen.ts";
import type { ConnectionQuery, Source } from "../../src/cli/top_source.ts";
import { SourceError } from "../../src/cli/top_source.ts";
import { connection, connz, varz } from "../support/top.ts";

const ENTER = "\x1b[?1049h";
const LEAVE = "\x1b[?1049l";

/** A terminal that keeps what is written and types what it is told. */
class FakeTerminal implements Terminal {
  written = "";
  raw = false;
  listening = false;
  /** Called after each write. */
  onWrite: () => void = () => {};
  #keys = Promise.withResolvers<Uint8Array | null>();
  onSignal: (exitCode: number) => void = () => {};

  size(): { columns: number; rows: number } {
    return { columns: 120, rows: 12 };
  }

  setRaw(raw: boolean): void {
    this.raw = raw;
  }

  async read(target: Uint8Array): Promise<number | null> {
    const bytes = await this.#keys.promise;
    this.#keys = Promise.withResolvers();
    if (bytes === null) return null;
    target.set(bytes);
    return bytes.length;
  }

  write(text: string): void {
    this.written += text;
    this.onWrite();
  }

  listen(_onResize: () => void, onSignal: (exitCode: number) => void): void {
    this.listening = true;
    this.onSignal = onSignal;
  }

  unlisten(): void {
    this.listening = false;
  }

  /** Types `keys`; `null` closes the terminal. */
  type(keys: string | null): void {
    this.#keys.resolve(keys === null ? null : new TextEncoder().encode(keys));
  }

  /** Resolves once `text` has been written, from now on. */
  async until(text: string): Promise<void> {
    const from = this.written.length;
    while (!this.written.slice(from).includes(text)) {
      await new Promise<void>((resolve) => this.onWrite = resolve);
    }
  }
}

/** A server that is always there, and says how often it was asked what. */
class FakeSource implements Source {
  readonly place = "http://nowhere";
  readonly asked: ConnectionQuery[] = [];
  /** What keeps it from answering. */
  trouble: Error | null = null;

  sample({ sort, limit, subs }: ConnectionQuery) {
    this.asked.push({ sort, limit, subs });
    if (this.trouble !== null) return Promise.reject(this.trouble);
    const rows = Array.from({ length: 9 }, (_, i) => connection(i + 1));
    const answer = readSample(varz(), connz(...rows), performance.now());
    return Promise.resolve(answer);
  }

  close(): void {}
}

/** Watches a made-up server; the look after the first comes after `delayMs`. */
async function watched(
  play: (terminal: FakeTerminal, source: FakeSource) => Promise<void> | void,
  { delayMs = 60_000, maxLooks = -1 } = {},
): Promise<{ code: number; terminal: FakeTerminal; source: FakeSource }> {
  const terminal = new FakeTerminal();
  const source = new FakeSource();
  const controls = new Controls({
    sort: "cid",
    limit: 10,
    subs: false,
    lookup: false,
    rawBytes: false,
  });
  const first = readingOf(null, await source.sample(controls));
  const hosts = new HostNames();
  const watching = watch(
    { source, controls, hosts, delayMs, maxLooks },
    first,
    terminal,
  );
  try {
    assert(terminal.raw && terminal.listening);
    await Promise.all([play(terminal, source), watching]);
    return { code: await watching, terminal, source };
  } finally {
    assert(terminal.written.startsWith(ENTER));
    assert(terminal.written.endsWith(LEAVE));
    assert(!terminal.raw && !terminal.listening, "the terminal is restored");
  }
}

Deno.test("watch() looks anew at once when a key asks for other connections", async () => {
  const { code, source } = await watched(async (terminal) => {
    const drawn = terminal.until("by subs");
    terminal.type("osubs\r");
    await drawn;
    terminal.type("q");
  });
  assert.equal(code, 0);
  assert.deepEqual(source.asked.map(({ sort }) => sort), ["cid", "subs"]);
});

Deno.test("watch() scrolls, no further than the last row", async () => {
  await watched(async (terminal) => {
    assert(!terminal.written.includes("40009"), "below the screen");
    for (const [key, port] of [["\x1b[F", "40009"], ["\x1b[H", "40001"]]) {
      const drawn = terminal.until(port);
      terminal.type(key);
      await drawn;
    }
    terminal.type("q");
  });
});

Deno.test("watch() keeps the last figures while there is no answer", async () => {
  const { source } = await watched(async (terminal, source) => {
    source.trouble = new SourceError("no answer: gone\x1b");
    await terminal.until("no answer: gone");
    await terminal.until("40001");
    source.trouble = null;
    while (
      terminal.written.lastIndexOf("no answer") >
        terminal.written.lastIndexOf("\x1b[H")
    ) {
      await new Promise<void>((resolve) => terminal.onWrite = resolve);
    }
    terminal.type("q");
  }, { delayMs: 1 });
  assert(source.asked.length > 2);
});

Deno.test("watch() ends when the terminal closes, on a signal, or after enough looks", async () => {
  assert.equal((await watched((terminal) => terminal.type(null))).code, 0);
  assert.equal((await watched((terminal) => terminal.onSignal(143))).code, 143);
  const { code, source } = await watched(() => {}, { delayMs: 1, maxLooks: 3 });
  assert.equal(code, 0);
  assert.equal(source.asked.length, 3);
});

Deno.test("watch() restores the terminal after an error of any kind", async () => {
  const bug = new TypeError("a bug");
  await assert.rejects(
    watched((_, source) => {
      source.trouble = bug;
    }, { delayMs: 1 }),
    bug,
  );
});

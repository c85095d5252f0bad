/**
 * `midge top`: nats-top's view of a server, on the terminal until a key ends
 * it, or once as text, columns or JSON. Flags in, an exit code out.
 */

import { fileProblem } from "../error_text.ts";
import { ConfigError } from "../errors.ts";
import { writeStderr } from "../log.ts";
import { demand } from "../permission.ts";
import { NATS_VERSION, VERSION } from "../version.ts";
import { OutputClosed, print } from "./standard_streams.ts";
import { Controls } from "./top_controls.ts";
import type { TopFlags } from "./top_flags.ts";
import { baseUrl, parseTopFlags, TOP_USAGE, topHelp } from "./top_flags.ts";
import { HostNames } from "./top_hosts.ts";
import type { Reading } from "./top_samples.ts";
import { readingOf } from "./top_samples.ts";
import type { Terminal } from "./top_screen.ts";
import { watch } from "./top_screen.ts";
import type { Source } from "./top_source.ts";
import { MonitorSource, SourceError } from "./top_source.ts";
import { shownJson } from "./top_text.ts";
import type { ViewOptions } from "./top_view.ts";
import { delimitedText, jsonOf, plainText } from "./top_view.ts";

/** Size of a terminal that does not tell its own. */
const USUAL_SIZE = { columns: 80, rows: 24 };

/**
 * Runs with the arguments behind the word `top` and returns the exit code.
 * Never throws for what a user can get wrong, or a server.
 */
export async function top(args: readonly string[]): Promise<number> {
  let flags: TopFlags;
  try {
    flags = parseTopFlags(args);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return fail(`${error.message}\n${TOP_USAGE} (midge top -h lists them)\n`);
  }
  try {
    if (flags.help) return printed(topHelp());
    if (flags.version) {
      return printed(`midge top v${VERSION} (nats-server v${NATS_VERSION})\n`);
    }
    return await run(flags);
  } catch (error) {
    if (!(error instanceof SourceError || error instanceof ConfigError)) {
      throw error;
    }
    return fail(`${error.message}\n`);
  }
}

async function run(flags: TopFlags): Promise<number> {
  const once = flags.o !== "";
  if (!once && !(Deno.stdin.isTerminal() && Deno.stdout.isTerminal())) {
    throw new ConfigError(
      "this is not a terminal: give -o FILE, -o - or --once for the figures as text",
    );
  }
  const secure = {
    cert: flags.cert,
    key: flags.key,
    caCert: flags.cacert,
    skipVerify: flags.k,
  };
  const base = baseUrl(flags);
  const source = new MonitorSource(
    base,
    base.startsWith("https:") ? secure : null,
  );
  try {
    return once ? await write(flags, source) : await show(flags, source);
  } finally {
    source.close();
  }
}

async function show(flags: TopFlags, source: Source): Promise<number> {
  const controls = new Controls({
    sort: flags.sort,
    limit: flags.n,
    subs: flags.u,
    lookup: flags.lookup,
    rawBytes: flags.b,
  });
  const { signal } = new AbortController();
  const first = readingOf(null, await source.sample(controls, signal));
  return await watch(
    {
      source,
      controls,
      hosts: new HostNames(),
      delayMs: flags.d * 1000,
      maxLooks: flags.r,
    },
    first,
    new SystemTerminal(),
  );
}

/** The figures once; rates need two looks. */
async function write(flags: TopFlags, source: Source): Promise<number> {
  checkWritable(flags);
  const query = { sort: flags.sort, limit: flags.n, subs: flags.u };
  const { signal } = new AbortController();
  const before = await source.sample(query, signal);
  await new Promise((resolve) => setTimeout(resolve, flags.d * 1000));
  const reading = readingOf(before, await source.sample(query, signal));
  const hosts = new HostNames();
  const view: ViewOptions = {
    sort: flags.sort,
    subs: flags.u,
    rawBytes: flags.b,
    rates: false,
    nameOf: (ip) => flags.lookup ? hosts.nameOf(ip) : undefined,
  };
  for (const { ip } of reading.sample.connections) view.nameOf(ip);
  await hosts.settled();
  const text = textOf(reading, view, flags);
  if (flags.o === "-") return printed(text);
  try {
    await Deno.writeTextFile(flags.o, text);
    return 0;
  } catch (error) {
    throw cannotWrite(flags, error);
  }
}

function cannotWrite({ o }: TopFlags, error: unknown): ConfigError {
  return new ConfigError(`cannot write "${o}": ${fileProblem(error)}`);
}

/** Throws `ConfigError` before anybody waits for what cannot be written. */
function checkWritable(flags: TopFlags): void {
  try {
    if (flags.o !== "-") demand({ name: "write", path: flags.o });
  } catch (error) {
    throw cannotWrite(flags, error);
  }
}

function textOf(reading: Reading, view: ViewOptions, flags: TopFlags): string {
  if (flags.json) return shownJson(jsonOf(reading, view)) + "\n";
  return flags.l === ""
    ? plainText(reading, view)
    : delimitedText(reading, view, flags.l);
}

/** The terminal this process was started on. */
class SystemTerminal implements Terminal {
  readonly #listeners: (readonly [Deno.Signal, () => void])[] = [];

  size(): { columns: number; rows: number } {
    try {
      const { columns, rows } = Deno.consoleSize();
      return columns > 0 && rows > 0 ? { columns, rows } : USUAL_SIZE;
    } catch {
      // A terminal that has gone has no size; reading it will tell.
      return USUAL_SIZE;
    }
  }

  setRaw(raw: boolean): void {
    Deno.stdin.setRaw(raw);
  }

  read(target: Uint8Array): Promise<number | null> {
    return Deno.stdin.read(target);
  }

  write(text: string): void {
    print(text);
  }

  listen(onResize: () => void, onSignal: (exitCode: number) => void): void {
    if (Deno.build.os === "windows") return;
    this.#listeners.push(
      ["SIGWINCH", onResize],
      ["SIGHUP", () => onSignal(129)],
      ["SIGINT", () => onSignal(130)],
      ["SIGTERM", () => onSignal(143)],
    );
    for (const [signal, react] of this.#listeners) {
      Deno.addSignalListener(signal, react);
    }
  }

  unlisten(): void {
    for (const [signal, react] of this.#listeners.splice(0)) {
      Deno.removeSignalListener(signal, react);
    }
  }
}

function printed(text: string): 0 {
  try {
    print(text);
  } catch (error) {
    // Who reads the pipe has seen enough.
    if (!(error instanceof OutputClosed)) throw error;
  }
  return 0;
}

function fail(text: string): 1 {
  writeStderr(`midge top: ${text}`);
  return 1;
}

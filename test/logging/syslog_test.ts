import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { ConfigError } from "../../src/errors.ts";
import type { LevelLabel } from "../../src/log.ts";
import type { Syslog, SyslogOptions } from "../../src/logging/syslog.ts";
import { openLocalSyslog, openRemoteSyslog } from "../../src/logging/syslog.ts";
import { Folder } from "../support/folder.ts";
import { runModule, SRC } from "../support/module.ts";

const AT_MS = new Date(2026, 10, 1, 6, 5, 9).getTime();
const ZONE = String.raw`(?:Z|[+-]\d\d:\d\d)`;
const IMPORT =
  `import { openLocalSyslog, openRemoteSyslog } from "${SRC}logging/syslog.ts";`;

/** Options that make packets predictable. */
const OPTIONS = {
  pid: 7,
  hostname: "vm",
  epochMs: () => AT_MS,
  retryMs: 5,
} satisfies SyslogOptions;

/** Text as it arrives, waited for. */
class Received {
  text = "";
  #wake: () => void = () => {};

  add(chunk: Uint8Array): void {
    this.text += new TextDecoder().decode(chunk);
    this.#wake();
  }

  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.text;
  }

  /** What is behind the tags. */
  get lines(): string[] {
    return this.text.split("\n").slice(0, -1)
      .map((line) => line.replace(/^.*?\]: /, ""));
  }
}

/** A syslog daemon that takes streams. */
class Daemon implements AsyncDisposable {
  readonly received = new Received();
  readonly #listener: Deno.Listener;
  readonly #conns = new Set<Deno.Conn>();
  readonly #accepting: Promise<void>;
  /** Whether what comes is read. */
  readonly #reads: boolean;

  constructor(listener: Deno.Listener, { reads = true } = {}) {
    this.#listener = listener;
    this.#reads = reads;
    this.#accepting = this.#accept();
  }

  static tcp(port = 0, options = {}): Daemon {
    return new Daemon(Deno.listen({ hostname: "127.0.0.1", port }), options);
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  get url(): string {
    return `tcp://127.0.0.1:${this.port}`;
  }

  /** Hangs up on everybody and goes on listening. */
  hangUp(): void {
    for (const conn of this.#conns) conn.close();
    this.#conns.clear();
  }

  async #accept(): Promise<void> {
    const reading: Promise<void>[] = [];
    try {
      for await (const conn of this.#listener) {
        this.#conns.add(conn);
        if (this.#reads) reading.push(this.#read(conn));
      }
    } catch {
      // Closed.
    }
    await Promise.all(reading);
  }

  async #read(conn: Deno.Conn): Promise<void> {
    const chunk = new Uint8Array(65_536);
    try {
      for (;;) {
        const n = await conn.read(chunk);
        if (n === null) break;
        this.received.add(chunk.subarray(0, n));
      }
    } catch {
      // Hung up on.
    }
    if (this.#conns.delete(conn)) conn.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.hangUp();
    await this.#accepting;
  }
}

/** Lines the log says of itself. */
class Complaints {
  readonly lines: string[] = [];
  #wake: () => void = () => {};
  readonly complain = (line: string): void => {
    this.lines.push(line.replace(/^.*?\[(?=ERR|WRN)/, "["));
    this.#wake();
  };

  async until(pattern: RegExp): Promise<void> {
    while (!this.lines.some((line) => pattern.test(line))) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

async function refusal(opening: Promise<Syslog>): Promise<string> {
  try {
    await (await opening).close();
  } catch (error) {
    assert(error instanceof ConfigError, String(error));
    return error.message;
  }
  throw new assert.AssertionError({ message: "it has been opened" });
}

/** A UDP socket that keeps what it gets. */
async function udpDaemon() {
  const received = new Received();
  const socket = createSocket("udp4");
  socket.on("message", (packet) => received.add(packet));
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  const closed = new Promise<void>((resolve) => socket.once("close", resolve));
  return {
    received,
    url: `udp://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      socket.close();
      await closed;
    },
  };
}

Deno.test("openRemoteSyslog() sends one UDP packet per line, with the severity of its level", async () => {
  await using daemon = await udpDaemon();
  const log = await openRemoteSyslog(daemon.url, OPTIONS);
  const levels: LevelLabel[] = ["INF", "TRC", "WRN", "ERR", "FTL", "DBG"];
  for (const level of levels) log.write(level, `is ${level}`);
  await daemon.received.until(/is DBG/);
  const time = `2026-11-01T06:05:09${ZONE}`;
  assert.match(
    daemon.received.text,
    new RegExp(
      "^" +
        levels.map((level, i) =>
          `<${[5, 5, 4, 3, 2, 7][i]}>${time} vm midge\\[7\\]: is ${level}\\n`
        ).join("") + "$",
    ),
  );
  await log.close();
});

Deno.test("openRemoteSyslog() writes local time with its zone", async () => {
  const code = `${IMPORT}
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const log = await openRemoteSyslog("tcp://127.0.0.1:" + listener.addr.port, {
      hostname: "vm", pid: 7, tag: "t", epochMs: () => 1461675680379.64 });
    using conn = await listener.accept();
    log.write("INF", "x");
    const chunk = new Uint8Array(99);
    console.log(new TextDecoder().decode(chunk.subarray(0, await conn.read(chunk))).trim());
    await log.close();`;
  for (
    const [zone, time] of [
      ["UTC", "2016-04-26T13:01:20Z"],
      ["Asia/Kolkata", "2016-04-26T18:31:20+05:30"],
      ["America/St_Johns", "2016-04-26T10:31:20-02:30"],
    ]
  ) {
    const { stdout } = await runModule(
      code,
      ["--allow-net"],
      `TZ=${zone} exec "$@"`,
    );
    assert.equal(stdout, `<5>${time} vm t[7]: x\n`);
  }
});

Deno.test("openRemoteSyslog() cuts a line longer than a UDP packet, not within a character", async () => {
  await using daemon = await udpDaemon();
  const log = await openRemoteSyslog(daemon.url, OPTIONS);
  log.write("INF", "é".repeat(40_000));
  log.write("INF", "next");
  await daemon.received.until(/next/);
  const [long, next] = daemon.received.text.split("<5>").slice(1);
  assert(new TextEncoder().encode(`<5>${long}`).length >= 65_506);
  assert.match(long, /: é+$/);
  assert.match(next, /next\n$/);
  await log.close();
});

Deno.test("openRemoteSyslog() keeps whatever a line contains to one line of a TCP stream", async () => {
  await using daemon = Daemon.tcp();
  const log = await openRemoteSyslog(daemon.url, OPTIONS);
  log.write("INF", "one\r\n<0>two");
  log.write("INF", "three");
  await log.close();
  await daemon.received.until(/three\n/);
  assert.deepEqual(daemon.received.lines, ["one <0>two", "three"]);
});

Deno.test("Syslog.close() sends what is queued; later lines are dropped", async () => {
  await using daemon = Daemon.tcp();
  const log = await openRemoteSyslog(daemon.url, OPTIONS);
  const lines = Array.from({ length: 5000 }, (_, i) => `line ${i}`);
  for (const line of lines) log.write("INF", line);
  const closing = log.close();
  log.write("INF", "late");
  await closing;
  await log.close();
  await daemon.received.until(/line 4999\n/);
  assert.deepEqual(daemon.received.lines, lines);
});

Deno.test("openRemoteSyslog() finds a daemon again that hung up, and sends what came meanwhile", async () => {
  await using daemon = Daemon.tcp();
  const said = new Complaints();
  const { complain } = said;
  const log = await openRemoteSyslog(daemon.url, { ...OPTIONS, complain });
  log.write("INF", "before");
  await daemon.received.until(/before/);
  daemon.hangUp();
  await said.until(/Lost syslog/);
  log.write("INF", "after");
  await daemon.received.until(/after/);
  const again = `Connected to syslog ${daemon.url} again, lines lost: 0`;
  assert.deepEqual(daemon.received.lines, ["before", again, "after"]);
  assert.deepEqual(said.lines, [
    `[ERR] Lost syslog ${daemon.url}: it has closed the connection; trying again\n`,
    `[WRN] ${again}\n`,
  ]);
  await log.close();
});

Deno.test("openRemoteSyslog() drops the oldest lines while nobody takes them, and counts them", async () => {
  const first = Daemon.tcp();
  const said = new Complaints();
  const log = await openRemoteSyslog(first.url, {
    ...OPTIONS,
    complain: said.complain,
    maxQueued: 10_000,
  });
  log.write("INF", "before");
  await first.received.until(/before/);
  await first[Symbol.asyncDispose]();
  await said.until(/Lost syslog/);
  for (let i = 0; i < 1000; i++) log.write("INF", `line ${i}`);
  await using second = Daemon.tcp(first.port);
  await second.received.until(/line 999\n/);
  const [again, ...kept] = second.received.lines;
  const lost = Number(/lines lost: (\d+)$/.exec(again)?.[1]);
  assert(lost > 500, again);
  assert.deepEqual(
    kept,
    Array.from({ length: 1000 - lost }, (_, i) => `line ${lost + i}`),
  );
  await log.close();
});

Deno.test("openRemoteSyslog() gives up a connection on which nothing moves", async () => {
  const stuck = Daemon.tcp(0, { reads: false });
  const said = new Complaints();
  const log = await openRemoteSyslog(stuck.url, {
    ...OPTIONS,
    complain: said.complain,
    stallMs: 50,
    maxQueued: 64 * 1024 * 1024,
  });
  for (let i = 0; i < 200; i++) log.write("INF", "x".repeat(100_000));
  await said.until(/Lost syslog .*: it has taken nothing for 0\.05s;/);
  await stuck[Symbol.asyncDispose]();
  await using daemon = Daemon.tcp(stuck.port);
  log.write("INF", "the end");
  await daemon.received.until(/the end\n/);
  await log.close();
});

Deno.test("Syslog.close() does not wait for a daemon that is gone, and says what was lost", async () => {
  const daemon = Daemon.tcp();
  const said = new Complaints();
  const log = await openRemoteSyslog(daemon.url, {
    ...OPTIONS,
    complain: said.complain,
    retryMs: 60_000,
  });
  await daemon[Symbol.asyncDispose]();
  await said.until(/Lost syslog/);
  log.write("INF", "x");
  log.write("INF", "y");
  await log.close();
  assert.equal(
    said.lines.at(-1),
    `[ERR] Closed syslog ${daemon.url}, lines lost: 2\n`,
  );
});

Deno.test("openRemoteSyslog() refuses URLs that are none, naming them", async () => {
  const forms = "(use udp://host:514, tcp://host:514 or unix:///path)";
  for (
    const [url, message] of [
      [
        "foo://x",
        'error invalid network type: "foo" in remote syslog "foo://x"',
      ],
      ["syslog", 'error invalid network type: "" in remote syslog "syslog"'],
      [
        "localhost:514",
        'error invalid network type: "localhost" in remote syslog "localhost:514"',
      ],
      ["udp://", 'error connecting to syslog: bad address "udp://"'],
      ["tcp://:514", 'error connecting to syslog: bad address "tcp://:514"'],
      ["tcp://h:0", 'error connecting to syslog: bad address "tcp://h:0"'],
      [
        "tcp://h:99999",
        'error connecting to syslog: bad address "tcp://h:99999"',
      ],
      ["unix://", 'error connecting to syslog: bad address "unix://"'],
      ["unix://x/y", 'error connecting to syslog: bad address "unix://x/y"'],
    ]
  ) {
    assert.equal(
      await refusal(openRemoteSyslog(url, OPTIONS)),
      `${message} ${forms}`,
    );
  }
});

Deno.test("openRemoteSyslog() says that nobody is there", async () => {
  const daemon = Daemon.tcp();
  await daemon[Symbol.asyncDispose]();
  assert.match(
    await refusal(openRemoteSyslog(daemon.url, OPTIONS)),
    /^error connecting to syslog tcp:\/\/127\.0\.0\.1:\d+: Connection refused /,
  );
  assert.match(
    await refusal(openRemoteSyslog("udp://no.such.host.invalid", OPTIONS)),
    /^error connecting to syslog udp:\/\/no\.such\.host\.invalid: getaddrinfo /,
  );
});

Deno.test("openRemoteSyslog() takes a unix socket, local packets go to the first there is", async () => {
  using folder = new Folder();
  const path = `${folder.path}/log`;
  {
    await using daemon = new Daemon(Deno.listen({ transport: "unix", path }));
    const remote = await openRemoteSyslog(`unix://${path}`, OPTIONS);
    remote.write("INF", "remote");
    await remote.close();
    const paths = [`${folder.path}/none`, path];
    const local = await openLocalSyslog({ ...OPTIONS, paths, tag: "gnatsd" });
    const levels: LevelLabel[] = ["INF", "TRC", "WRN", "ERR", "FTL", "DBG"];
    for (const level of levels) local.write(level, level);
    await local.close();
    await daemon.received.until(/remote\n(.*\n)*.*DBG\n/);
    const [first, ...rest] = daemon.received.text.split("\n").slice(0, -1);
    assert.match(
      first,
      new RegExp(`^<5>2026-11-01T06:05:09${ZONE} vm midge\\[7\\]: remote$`),
    );
    assert.deepEqual(
      rest,
      levels.map((level, i) =>
        `<${[29, 29, 28, 27, 26, 31][i]}>Nov  1 06:05:09 gnatsd[7]: ${level}`
      ),
    );
  }
});

Deno.test("openLocalSyslog() says where it has looked", async () => {
  using folder = new Folder();
  const paths = [`${folder.path}/a`, `${folder.path}/b`];
  assert.equal(
    await refusal(openLocalSyslog({ ...OPTIONS, paths })),
    `error connecting to syslog of this machine: no socket at ${folder.path}/a, ${folder.path}/b (does a daemon run?)`,
  );
});

/** A module with `rx`, a datagram socket at `path`. */
function withDatagrams(folder: Folder, code: string): string {
  return `${IMPORT}
    const path = ${JSON.stringify(`${folder.path}/log`)};
    const rx = Deno.listenDatagram({ transport: "unixpacket", path });
    const text = async () => new TextDecoder().decode((await rx.receive(new Uint8Array(300_000)))[0]);
    const options = { paths: [path], pid: 7, epochMs: () => new Date(2026, 10, 21, 6, 5, 9).getTime() };
    ${code}`;
}

Deno.test("openLocalSyslog() sends datagrams where that is what the daemon takes", async () => {
  using folder = new Folder();
  const { stdout, stderr } = await runModule(
    withDatagrams(
      folder,
      `const log = await openLocalSyslog(options);
      log.write("WRN", "first");
      log.write("INF", "é".repeat(400_000));
      log.write("INF", "third");
      console.log(JSON.stringify(await text()));
      const cut = await text();
      console.log(cut.length > 10_000 && /: é+$/.test(cut));
      console.log(JSON.stringify(await text()));
      await log.close();
      rx.close();`,
    ),
    [
      "--unstable-net",
      "--allow-net",
      `--allow-read=${folder.path}/log`,
      `--allow-write=${folder.path}/log`,
    ],
  );
  assert.equal(stderr, "");
  assert.equal(
    stdout,
    String.raw`"<28>Nov 21 06:05:09 midge[7]: first\n"
true
"<29>Nov 21 06:05:09 midge[7]: third\n"
`,
  );
});

Deno.test("openLocalSyslog() says what to do where Deno sends no datagrams", async () => {
  using folder = new Folder();
  const { stdout } = await runModule(
    withDatagrams(
      folder,
      `Reflect.deleteProperty(Deno, "listenDatagram");
      await openLocalSyslog(options).catch(({ name, message }) => console.log(name, message));
      rx.close();`,
    ),
    ["--unstable-net", "--allow-all"],
  );
  assert.equal(
    stdout,
    `ConfigError error connecting to syslog of this machine: ${folder.path}/log takes datagrams, which Deno sends only with ` +
      `--unstable-net (or "unstable": ["net"] in deno.json)\n`,
  );
});

Deno.test("opening a syslog names the flag that permits it", async () => {
  const { stdout } = await runModule(
    `${IMPORT}
    const hostname = "vm";
    for (const opening of [
      openRemoteSyslog("udp://127.0.0.1"),
      openRemoteSyslog("udp://127.0.0.1", { hostname }),
      openRemoteSyslog("udp://localhost", { hostname }),
      openRemoteSyslog("tcp://[::1]:514", { hostname }),
      openRemoteSyslog("unix:///run/log", { hostname }),
      openLocalSyslog(),
    ]) await opening.catch(({ name, message }) => console.log(name, message));`,
  );
  const systemd = "/run/systemd/journal/dev-log";
  assert.deepEqual(
    stdout.trimEnd().split("\n"),
    [
      ": not permitted: run with --allow-sys=hostname",
      " udp://127.0.0.1: not permitted: run with --allow-net=127.0.0.1:514",
      " udp://localhost: not permitted: run with --allow-net=localhost:514",
      " tcp://[::1]:514: not permitted: run with --allow-net=[::1]:514",
      " unix:///run/log: not permitted: run with --allow-net --allow-read=/run/log --allow-write=/run/log",
      ` of this machine: not permitted: run with --allow-all, or where there is systemd with --allow-net --allow-read=${systemd} --allow-write=${systemd}`,
    ].map((text) => `ConfigError error connecting to syslog${text}`),
  );
});

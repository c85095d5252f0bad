import assert from "node:assert/strict";
import { ConfigError } from "../../src/errors.ts";
import type { FileLogOptions } from "../../src/logging/file_log.ts";
import { FileLog } from "../../src/logging/file_log.ts";
import { runModule, SRC } from "../support/module.ts";

const FORMAT = { pid: 7, logtime: false };
const IMPORT = `import { FileLog } from "${SRC}logging/file_log.ts";`;
const BACKUP = /^midge\.log\.\d{4}\.\d\d\.\d\d\.\d\d\.\d\d\.\d\d\.\d{9}$/;

/** A log file in a folder that goes away with it. */
class TestFile implements Disposable {
  readonly folder = Deno.makeTempDirSync();
  readonly path = `${this.folder}/midge.log`;
  /** What the log said about itself. */
  readonly complaints: string[] = [];
  #logs: FileLog[] = [];

  open(options: Partial<FileLogOptions> = {}, path = this.path): FileLog {
    const log = FileLog.open(path, {
      format: FORMAT,
      complain: (line) => this.complaints.push(line),
      ...options,
    });
    this.#logs.push(log);
    return log;
  }

  text(name = "midge.log"): string {
    return Deno.readTextFileSync(`${this.folder}/${name}`);
  }

  /** Names of the files set aside, oldest first. */
  backups(): string[] {
    return [...Deno.readDirSync(this.folder)].map(({ name }) => name)
      .filter((name) => BACKUP.test(name)).sort();
  }

  [Symbol.dispose](): void {
    for (const log of this.#logs) log.close();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** This user is root, whom no file mode stops. */
function mayDoAnything(): boolean {
  const path = Deno.makeTempFileSync();
  try {
    Deno.chmodSync(path, 0o400);
    Deno.openSync(path, { append: true }).close();
    return true;
  } catch {
    return false;
  } finally {
    Deno.removeSync(path);
  }
}

/** The message of the `ConfigError` that opening ends with. */
function refusal(open: () => void): string {
  try {
    open();
  } catch (error) {
    assert(error instanceof ConfigError, String(error));
    return error.message;
  }
  throw new assert.AssertionError({ message: "it has been opened" });
}

Deno.test("FileLog appends lines in the official format to a file others cannot read", () => {
  using file = new TestFile();
  const atMs = new Date(2016, 3, 26, 13, 21, 20, 379).getTime() + 0.64;
  const log = file.open({ format: { pid: 2842 }, epochMs: () => atMs });
  log.write("INF", "Server is ready");
  log.write("TRC", "größer 日本");
  log.close();
  file.open().write("FTL", "x");
  assert.equal(
    file.text(),
    "[2842] 2016/04/26 13:21:20.379640 [INF] Server is ready\n" +
      "[2842] 2016/04/26 13:21:20.379640 [TRC] größer 日本\n" +
      "[7] [FTL] x\n",
  );
  assert.equal((Deno.statSync(file.path).mode ?? 0) & 0o777 & ~0o640, 0);
});

Deno.test("FileLog.write() drops lines once closed", () => {
  using file = new TestFile();
  const log = file.open();
  log.close();
  log.close();
  log.write("INF", "late");
  log.reopen();
  assert.equal(file.text(), "");
});

Deno.test("FileLog.open() says in one line why a file cannot be had", () => {
  using file = new TestFile();
  assert.equal(
    refusal(() => file.open({}, file.folder)),
    `error opening file: open ${file.folder}: is a directory (name a file in it)`,
  );
  const path = `${file.folder}/no/such.log`;
  assert.equal(
    refusal(() => file.open({}, path)),
    `error opening file: open ${path}: no such file or directory (create "${file.folder}/no" first)`,
  );
});

Deno.test({
  name: "FileLog.open() says that this user may not write there",
  ignore: mayDoAnything(),
  fn() {
    using file = new TestFile();
    Deno.writeTextFileSync(file.path, "");
    Deno.chmodSync(file.path, 0o400);
    assert.equal(
      refusal(() => file.open()),
      `error opening file: open ${file.path}: permission denied (this user must be allowed to write there)`,
    );
  },
});

Deno.test("FileLog.open() names the flag that permits the file", async () => {
  using file = new TestFile();
  const code = `${IMPORT}
    const [path, sizeLimit] = [${
    JSON.stringify(file.path)
  }, Number(Deno.args[0])];
    try {
      FileLog.open(path, { format: { pid: 7 }, sizeLimit });
    } catch (error) {
      console.log(error.name, error.message);
    }`;
  const none = await runModule(`Deno.args.push("0");${code}`);
  assert.equal(
    none.stdout,
    `ConfigError error opening file: open ${file.path}: not permitted: run with --allow-write=${file.path}\n`,
  );
  const limited = await runModule(`Deno.args.push("9");${code}`, [
    `--allow-write=${file.path}`,
  ]);
  assert.equal(
    limited.stdout,
    `ConfigError error opening file: open ${file.path}: not permitted to set it aside at its size limit: ` +
      `run with --allow-read=${file.folder} --allow-write=${file.folder}\n`,
  );
});

Deno.test("FileLog sets the file aside once it is larger than the limit", () => {
  using file = new TestFile();
  const atMs = new Date(2026, 10, 1, 6, 5, 9, 38).getTime() + 0.25;
  const log = file.open({ sizeLimit: 33, epochMs: () => atMs });
  log.write("INF", "twelve");
  log.write("INF", "12345");
  assert.deepEqual(file.backups(), [], "at the limit is not above it");
  log.write("INF", "x");
  const backup = "midge.log.2026.11.01.06.05.09.038250000";
  assert.deepEqual(file.backups(), [backup]);
  assert.equal(
    file.text(backup),
    "[7] [INF] twelve\n[7] [INF] 12345\n[7] [INF] x\n",
  );
  assert.equal(
    file.text(),
    `[7] [INF] Rotated log, backup saved as "${file.folder}/${backup}"\r\n`,
  );
});

Deno.test("FileLog sets a file aside at the start that is too large already", () => {
  using file = new TestFile();
  Deno.writeTextFileSync(file.path, "from earlier runs\n");
  file.open({ sizeLimit: 10 }).write("INF", "x");
  const [first] = file.backups();
  assert.equal(
    file.text(first),
    "from earlier runs\n[7] [INF] Rotating logfile...\n",
  );
});

Deno.test("FileLog loses and doubles no line of 10,000 while files are set aside", () => {
  using file = new TestFile();
  // A clock that stands still would name all of them alike.
  const log = file.open({ sizeLimit: 5000, epochMs: () => 1.7e12 });
  const expected: string[] = [];
  for (let i = 0; i < 10_000; i++) {
    log.write("INF", `line ${i}`);
    expected.push(`[7] [INF] line ${i}`);
  }
  const backups = file.backups();
  assert(backups.length > 30, `${backups.length} files set aside`);
  const lines = [...backups, "midge.log"]
    .flatMap((name) => file.text(name).split("\n").slice(0, -1))
    .filter((line) => !line.includes("Rotated log"));
  assert.deepEqual(lines, expected);
  assert.deepEqual(file.complaints, []);
});

Deno.test("FileLog keeps as many files as it is told and purges the oldest", () => {
  using file = new TestFile();
  const other = `${file.path}.2026.11.01.06.05.09.gz`;
  Deno.writeTextFileSync(other, "not ours");
  let atMs = new Date(2026, 0, 1).getTime();
  const log = file.open({ sizeLimit: 1, maxFiles: 3, epochMs: () => ++atMs });
  for (let i = 0; i < 5; i++) log.write("INF", `line ${i}`);
  const backups = file.backups();
  assert.equal(backups.length, 2);
  assert.match(file.text(backups[1]), /line 4\n$/);
  assert.match(
    file.text(),
    /^\[7\] \[INF\] Rotated log, .*\r\n\[7\] \[INF\] Purged log file "midge\.log\.2026\.01\.01[.\d]+"\r\n$/,
  );
  assert.equal(Deno.readTextFileSync(other), "not ours");
});

Deno.test("FileLog.reopen() goes on in a new file after logrotate moved the old one", () => {
  using file = new TestFile();
  const log = file.open();
  log.write("INF", "before");
  Deno.renameSync(file.path, `${file.path}.1`);
  log.write("INF", "still the old one");
  log.reopen();
  log.write("INF", "after");
  assert.equal(
    file.text("midge.log.1"),
    "[7] [INF] before\n[7] [INF] still the old one\n",
  );
  assert.equal(
    file.text(),
    "[7] [INF] File log re-opened\n[7] [INF] after\n",
  );
});

Deno.test("FileLog.reopen() keeps the old file when there can be no new one", () => {
  using file = new TestFile();
  const log = file.open();
  Deno.renameSync(file.path, `${file.path}.1`);
  Deno.mkdirSync(file.path);
  log.reopen();
  log.write("INF", "after");
  assert.equal(
    file.text("midge.log.1"),
    `[7] [ERR] File log not re-opened: error opening file: open ${file.path}: is a directory (name a file in it)\n` +
      "[7] [INF] after\n",
  );
});

Deno.test("FileLog counts from zero again when others empty the file", () => {
  using file = new TestFile();
  const log = file.open({ sizeLimit: 30 });
  log.write("INF", "a line");
  Deno.truncateSync(file.path);
  log.write("INF", "another");
  assert.deepEqual(file.backups(), []);
  assert.equal(file.text(), "[7] [INF] another\n");
});

Deno.test("FileLog begins a new file at its limit when the old one was moved away", () => {
  using file = new TestFile();
  const log = file.open({ sizeLimit: 30 });
  Deno.renameSync(file.path, `${file.path}.1`);
  log.write("INF", "more than twenty bytes");
  assert.equal(file.text(), "[7] [INF] File log re-opened\n");
  assert.equal(
    file.text("midge.log.1"),
    "[7] [INF] more than twenty bytes\n",
  );
});

Deno.test("FileLog goes on with its file when the whole folder is gone", () => {
  using file = new TestFile();
  Deno.mkdirSync(`${file.folder}/old`);
  const log = file.open({ sizeLimit: 20 }, `${file.folder}/old/midge.log`);
  Deno.renameSync(`${file.folder}/old`, `${file.folder}/new`);
  log.write("INF", "more than twenty bytes");
  log.write("INF", "more");
  assert.match(
    file.text("new/midge.log"),
    /^\[7\] \[INF\] more than twenty bytes\n\[7\] \[ERR\] File log not re-opened: .*\n/,
  );
  assert.match(file.text("new/midge.log"), /\[7\] \[INF\] more\n/);
});

Deno.test("FileLog goes on with its file when it may not be renamed", async () => {
  using file = new TestFile();
  const { stderr } = await runModule(
    `${IMPORT}
    const log = FileLog.open(${
      JSON.stringify(file.path)
    }, { format: { pid: 7, logtime: false }, sizeLimit: 50 });
    Deno.permissions.revokeSync({ name: "write", path: ${
      JSON.stringify(file.folder)
    } });
    for (let i = 0; i < 20; i++) log.write("INF", "line " + i);`,
    [`--allow-read=${file.folder}`, `--allow-write=${file.folder}`],
  );
  assert.equal(stderr, "");
  assert.deepEqual(file.backups(), []);
  const lines = file.text().split("\n");
  assert.match(
    lines[3],
    /^\[7\] \[ERR\] Unable to rotate log file ".*" \(Requires write access .*\), will attempt next rotation at size 101$/,
  );
  assert.deepEqual(
    lines.filter((line) => line.includes("INF")),
    Array.from({ length: 20 }, (_, i) => `[7] [INF] line ${i}`),
  );
});

Deno.test("FileLog says once that the disk is full and does not throw", async () => {
  const { code, stderr } = await runModule(
    `${IMPORT}
    const log = FileLog.open("/dev/full", { format: { pid: 7, logtime: false }, sizeLimit: 9 });
    for (let i = 0; i < 3; i++) log.write("INF", "line");`,
    ["--allow-all"],
  );
  assert.equal(
    stderr,
    '[7] [ERR] Cannot write log file "/dev/full": No space left on device (os error 28)\n',
  );
  assert.equal(code, 0);
});

Deno.test("FileLog keeps trying, says when it works again, and ends a line cut short", async () => {
  using file = new TestFile();
  const limit = 64 * 1024 * 1024;
  await Deno.writeTextFile(file.path, "");
  await Deno.truncate(file.path, limit - 14);
  const { stderr } = await runModule(
    `${IMPORT}
    const path = ${JSON.stringify(file.path)};
    const log = FileLog.open(path, { format: { pid: 7, logtime: false } });
    log.write("INF", "cut short");
    log.write("INF", "lost");
    Deno.writeTextFileSync(path, "[7] [INF] cut ");
    log.write("INF", "works again");
    log.write("INF", "and again");`,
    [`--allow-read=${file.folder}`, `--allow-write=${file.folder}`],
    `trap "" XFSZ; ulimit -f ${limit / 512}; exec "$@"`,
  );
  const again =
    `[7] [WRN] Writing log file "${file.path}" again, lines lost: 2`;
  assert.equal(
    stderr,
    `[7] [ERR] Cannot write log file "${file.path}": File too large (os error 27)\n${again}\n`,
  );
  assert.equal(
    file.text(),
    `[7] [INF] cut \n[7] [INF] works again\n${again}\n[7] [INF] and again\n`,
  );
});

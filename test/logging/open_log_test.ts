import assert from "node:assert/strict";
import { openLog } from "../../src/logging/open_log.ts";
import { Folder } from "../support/folder.ts";
import { runModule, SRC } from "../support/module.ts";

const LINE = String.raw`\[\d+\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} `;

Deno.test("openLog() has debug and trace only when asked for", async () => {
  using folder = new Folder();
  const logFile = folder.file("midge.log");
  for (const on of [false, true]) {
    const { log, close } = await openLog({ logFile, debug: on, trace: on });
    assert.equal(typeof log.debug === "function", on);
    assert.equal(typeof log.trace === "function", on);
    await close();
  }
});

Deno.test("openLog() prefers the file, then the remote syslog, then the local one", async () => {
  using folder = new Folder();
  const logFile = folder.file("midge.log");
  const remoteSyslog = "foo://x";
  const opened = await openLog({ logFile, remoteSyslog, syslog: true });
  opened.log.info("Server is ready");
  opened.fatal("Cannot go on");
  opened.log.debug?.("not there");
  await opened.close();
  assert.match(
    folder.read("midge.log"),
    new RegExp(
      `^${LINE}\\[INF\\] Server is ready\n${LINE}\\[FTL\\] Cannot go on\n$`,
    ),
  );
  await assert.rejects(
    openLog({ logFile: "", remoteSyslog, syslog: true }),
    { name: "ConfigError", message: /invalid network type: "foo"/ },
  );
});

Deno.test("openLog() writes to the file as logtime and size limit say", async () => {
  using folder = new Folder();
  const opened = await openLog({
    logFile: folder.file("midge.log"),
    logtime: false,
    logfileSizeLimit: 40,
    logfileMaxNum: 2,
  });
  for (let i = 0; i < 3; i++) opened.log.info(`line ${i} of a long log file`);
  await opened.close();
  assert.match(
    folder.read("midge.log"),
    /^\[\d+\] \[INF\] Rotated log, .*\r\n\[\d+\] \[INF\] Purged log file .*\r\n/,
  );
});

Deno.test("OpenLog.reopen() begins the file anew", async () => {
  using folder = new Folder();
  const logFile = folder.file("midge.log");
  const opened = await openLog({ logFile });
  await Deno.rename(logFile, `${logFile}.1`);
  opened.reopen();
  await opened.close();
  assert.match(
    folder.read("midge.log"),
    new RegExp(`^${LINE}\\[INF\\] File log re-opened\n$`),
  );
});

Deno.test("openLog() tells syslog the name of the program", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { stdout, stderr } = await Promise.all([
    runModule(
      `import { openLog } from "${SRC}logging/open_log.ts";
      const opened = await openLog({ remoteSyslog: "tcp://127.0.0.1:${listener.addr.port}" }, "gnatsd");
      opened.fatal("Cannot go on");
      opened.reopen();
      await opened.close();`,
      ["--allow-net", "--allow-sys=hostname"],
    ),
    new Response((await listener.accept()).readable).text(),
  ]).then(([outcome, stdout]) => ({ ...outcome, stdout }));
  listener.close();
  assert.equal(stderr, "");
  assert.match(stdout, /^<2>\S+ \S+ gnatsd\[\d+\]: Cannot go on\n/);
  assert.match(
    stdout,
    /\n<5>\S+ \S+ gnatsd\[\d+\]: File log re-open ignored, not a file logger\n$/,
  );
});

Deno.test("openLog() writes to standard error otherwise, without permissions or colours", async () => {
  const { stdout, stderr } = await runModule(
    `import { openLog } from "${SRC}logging/open_log.ts";
    const opened = await openLog({ trace: true, logtimeUtc: true });
    opened.log.trace("<<- [PING]");
    opened.reopen();
    opened.fatal("Cannot go on");
    await opened.close();`,
    [],
    'TZ=Asia/Kolkata exec "$@"',
  );
  assert.equal(stdout, "");
  assert.match(
    stderr,
    new RegExp(
      `^${LINE}\\[TRC\\] <<- \\[PING\\]\n` +
        `${LINE}\\[INF\\] File log re-open ignored, not a file logger\n` +
        `${LINE}\\[FTL\\] Cannot go on\n$`,
    ),
  );
  const [, hour] = / (\d\d):/.exec(stderr) ?? [];
  const utc = new Date().getUTCHours();
  assert([utc, (utc + 23) % 24].includes(Number(hour)), "is UTC");
});

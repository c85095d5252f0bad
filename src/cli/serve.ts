/**
 * The server's command line: flags in, a running server and an exit code out.
 * With its neighbours the only place that touches signals, standard streams and
 * process exit.
 */

import { changesBetween, describeChange } from "../config/changes.ts";
import type { CommandLine } from "../config/flags.ts";
import { helpText, parseFlags, withFlags } from "../config/flags.ts";
import type { ConfigFile } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import { checkSettings, settingsOf } from "../config/settings.ts";
import { ClosedError, ConfigError, ListenError } from "../errors.ts";
import type { LogOptions } from "../log.ts";
import { writeStderr } from "../log.ts";
import type { OpenLog } from "../logging/open_log.ts";
import { openLog } from "../logging/open_log.ts";
import { Server } from "../server/server.ts";
import { NATS_VERSION, VERSION } from "../version.ts";
import { removeFile, writePidFile, writePortsFile } from "./process_files.ts";
import { handleSignals } from "./signals.ts";
import type { Supervisor } from "./supervisor.ts";
import { findSupervisor } from "./supervisor.ts";

/**
 * Runs a server with the arguments behind the program's name until it has shut
 * down, and returns the exit code. Never throws for what a user can get wrong.
 */
export async function runServer(args: readonly string[]): Promise<number> {
  let line: CommandLine;
  try {
    line = parseFlags(args);
  } catch (error) {
    return fail(error, " (midge -h lists the flags)");
  }
  try {
    return await run(line);
  } catch (error) {
    return fail(error);
  }
}

async function run(line: CommandLine): Promise<number> {
  switch (line.action) {
    case "help":
      return print(helpText());
    case "help_tls": {
      const { tlsHelpText } = await import("./tls_help.ts");
      return print(tlsHelpText());
    }
    case "version":
      return print(`nats-server: v${NATS_VERSION} (midge v${VERSION})\n`);
    case "signal": {
      const { sendSignal } = await import("./send_signal.ts");
      sendSignal(line.signal);
      return 0;
    }
    case "test":
      return await test(line);
    case "serve":
      return await serve(line);
  }
}

/** `-t`: everything a start would check of the file, and nothing opened. */
async function test(line: CommandLine): Promise<number> {
  const { configFile } = line;
  if (configFile === "") {
    throw new ConfigError(
      "must specify [-c, --config] option to check configuration file syntax",
    );
  }
  const { settings, warnings, digest } = await configure(line);
  if (warnings.length > 0) throw new ConfigError(warnings.join("\n"));
  await Server.check(settings.server);
  writeStderr(
    `midge: configuration file ${configFile} is valid (${digest})\n`,
  );
  return 0;
}

/** A configuration, and what else there is to say about its file. */
interface Configuration {
  readonly settings: Settings;
  readonly warnings: readonly string[];
  readonly digest: string;
}

/** What file and flags come to. Rejects with `ConfigError`. */
async function configure(line: CommandLine): Promise<Configuration> {
  const { values, warnings, digest } = await readFile(line.configFile);
  const settings = settingsOf(withFlags(values, line));
  checkSettings(settings);
  return { settings, warnings, digest };
}

/** What a file sets; without one, nothing, and no parser is loaded either. */
async function readFile(path: string): Promise<ConfigFile> {
  if (path === "") return { values: new Map(), warnings: [], digest: "" };
  const { readConfigFile } = await import("../config/load.ts");
  return await readConfigFile(path);
}

/** Runs a server until it has shut down, and returns the exit code. */
async function serve(line: CommandLine): Promise<number> {
  const configuration = await configure(line);
  const { log: options } = configuration.settings;
  const log = await openLog(options);
  let process: Process;
  try {
    process = new Process(line, configuration, log);
  } catch (error) {
    if (isElsewhere(options) && isExpected(error)) log.fatal(error.message);
    await log.close();
    throw error;
  }
  return await process.run();
}

/** A server and the process it has to itself. */
class Process {
  readonly #line: CommandLine;
  readonly #server: Server;
  #settings: Settings;
  #log: OpenLog;
  #supervisor: Supervisor | null = null;
  /** Files by which others find this process. */
  #files: readonly string[] = [];
  /** Over as soon as the server runs: then it can be reloaded. */
  readonly #started: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(line: CommandLine, configuration: Configuration, log: OpenLog) {
    const { settings, warnings, digest } = configuration;
    this.#line = line;
    this.#settings = settings;
    this.#log = log;
    this.#server = new Server({ ...settings.server, log: log.log });
    for (const warning of warnings) log.log.warn(warning);
    if (line.configFile !== "") {
      log.log.info(`Using configuration file: ${line.configFile} (${digest})`);
    }
  }

  async run(): Promise<number> {
    const ignoreSignals = handleSignals(this.#server, {
      trapped: (name) => this.#log.log.debug?.(`Trapped "${name}" signal`),
      reload: () => void this.#started.promise.then(() => this.#reload()),
      reopen: () => this.#reopen(),
    });
    try {
      await this.#start();
      await this.#server.waitForShutdown();
      return 0;
    } catch (error) {
      // Told to stop before it had started.
      if (error instanceof ClosedError) return 0;
      if (!isExpected(error)) throw error;
      this.#log.fatal(error.message);
      // Whoever starts it need not look for the reason in a log elsewhere.
      return isElsewhere(this.#settings.log) ? fail(error) : 1;
    } finally {
      ignoreSignals();
      this.#supervisor?.close();
      this.#files.forEach(removeFile);
      await this.#log.close();
    }
  }

  async #start(): Promise<void> {
    await this.#server.start();
    try {
      this.#writeFiles();
    } catch (error) {
      await this.#server.shutdown();
      throw error;
    }
    this.#started.resolve();
    this.#supervisor = await findSupervisor((reason) =>
      this.#log.log.warn(`Cannot notify the supervisor at ${reason}`)
    );
    this.#supervisor?.ready();
  }

  #reopen(): void {
    this.#log.reopen();
    if (Deno.build.standalone) return;
    this.#log.log.warn(
      'SIGUSR1 makes "deno run" open its debugger to everybody on this machine, at 127.0.0.1:9229: restart, and have logs opened anew by SIGHUP',
    );
  }

  /** Reads the file again and applies what changed, or nothing at all. */
  async #reload(): Promise<void> {
    try {
      if (this.#line.configFile === "") {
        throw new ConfigError(
          "can only reload config when a file is provided using -c or --config",
        );
      }
      await this.#apply(await configure(this.#line));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#log.log.error(
        `Failed to reload server configuration: ${error.message}`,
      );
    }
  }

  /** Throws `ConfigError` before anything has changed. */
  async #apply({ settings, warnings }: Configuration): Promise<void> {
    const changes = changesBetween(this.#settings, settings);
    const ours = changes.filter(({ setting }) =>
      !setting.fullTarget.startsWith("server.")
    );
    const old = this.#log;
    const next = await openLog(settings.log);
    try {
      await this.#server.reload({ ...settings.server, log: next.log });
    } catch (error) {
      await next.close();
      throw error;
    }
    this.#log = next;
    await old.close();
    for (const warning of warnings) next.log.warn(warning);
    for (const change of ours) {
      next.log.info(`Reloaded: ${describeChange(change)}`);
    }
    this.#settings = settings;
    this.#writeFiles();
    next.log.info("Reloaded server configuration");
  }

  /** Throws `ConfigError`. */
  #writeFiles(): void {
    const { pidFile, portsFileDir } = this.#settings.process;
    const old = this.#files;
    const files: string[] = [];
    this.#files = files;
    if (pidFile !== "") files.push(writePidFile(pidFile));
    if (portsFileDir !== "") {
      files.push(writePortsFile(portsFileDir, this.#server, this.#log.log));
    }
    for (const file of old) if (!files.includes(file)) removeFile(file);
  }
}

/** Whether a log goes anywhere but to standard error. */
function isElsewhere({ logFile, remoteSyslog, syslog }: LogOptions): boolean {
  return Boolean(logFile || remoteSyslog || syslog);
}

/** Whether it is something a user can get wrong. */
function isExpected(error: unknown): error is ListenError | ConfigError {
  return error instanceof ListenError || error instanceof ConfigError;
}

/** Says what a user got wrong. Throws what is no user's fault. */
function fail(error: unknown, hint = ""): 1 {
  if (!isExpected(error)) throw error;
  writeStderr(`midge: ${error.message}${hint}\n`);
  return 1;
}

function print(text: string): 0 {
  // deno-lint-ignore no-console -- What the user asked to be printed.
  console.log(text.trimEnd());
  return 0;
}

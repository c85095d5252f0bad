/**
 * `--signal command=pid`: tells a running server what to do. Without a pid
 * there must be exactly one to be meant (config-and-monitoring §4.4).
 */

import { errorText, fileProblem } from "../error_text.ts";
import { ConfigError } from "../errors.ts";
import { demand, granted } from "../permission.ts";

const SIGNALS: Readonly<Record<string, Deno.Signal>> = {
  stop: "SIGKILL",
  quit: "SIGINT",
  term: "SIGTERM",
  reopen: "SIGUSR1",
  reload: "SIGHUP",
  ldm: "SIGUSR2",
};

/** Names under which a server may run. */
const PROGRAMS = ["midge", "nats-server"];

/**
 * Sends what `text` asks for: `reload`, `reload=4711`, or with a file that
 * holds the pid. Throws `ConfigError`.
 */
export function sendSignal(text: string): void {
  const [command, ...parameters] = text.split("=");
  if (!Object.hasOwn(SIGNALS, command)) {
    throw new ConfigError(
      `unknown signal "${command}": use ${Object.keys(SIGNALS).join(", ")}`,
    );
  }
  if (parameters.length > 1) {
    throw new ConfigError(
      `invalid signal parameters: [${parameters.slice(1).join(" ")}]`,
    );
  }
  const [target = ""] = parameters;
  kill(target === "" ? onlyProcess() : pidFrom(target), SIGNALS[command]);
}

function pidFrom(target: string): number {
  const text = /^\d+$/.test(target) ? target : pidInFile(target);
  if (!/^[1-9]\d*$/.test(text)) {
    throw new ConfigError(`invalid pid: ${text}`);
  }
  return Number(text);
}

/** What a pid file says. */
function pidInFile(path: string): string {
  try {
    demand({ name: "read", path });
    return Deno.readTextFileSync(path).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new ConfigError(`neither a pid nor a pid file: ${path}`);
    }
    throw new ConfigError(
      `cannot read pid file "${path}": ${fileProblem(error)}`,
    );
  }
}

function onlyProcess(): number {
  const pids = running();
  if (pids.length === 1) return pids[0];
  const found = pids.length === 0
    ? "no midge processes running"
    : `multiple midge processes running: ${pids.join(", ")}`;
  throw new ConfigError(`${found}: say which, as in reload=PID`);
}

function running(): number[] {
  if (!granted({ name: "run" })) {
    throw new ConfigError(
      "not permitted to look for processes: give a pid, as in reload=PID, and run with --allow-run",
    );
  }
  try {
    const { stdout } = new Deno.Command("pgrep", {
      args: ["-x", PROGRAMS.join("|")],
    }).outputSync();
    return new TextDecoder().decode(stdout).split("\n").filter(Boolean)
      .map(Number).filter((pid) => pid !== Deno.pid);
  } catch {
    throw new ConfigError(
      "cannot look for processes: give a pid, as in reload=PID",
    );
  }
}

function kill(pid: number, signal: Deno.Signal): void {
  if (!granted({ name: "run" })) {
    throw new ConfigError(
      `not permitted to send signals: run with --allow-run, or kill -${
        signal.replace("SIG", "")
      } ${pid}`,
    );
  }
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    throw new ConfigError(
      error instanceof Deno.errors.PermissionDenied
        ? `process ${pid} belongs to somebody else`
        : error instanceof Deno.errors.NotFound
        ? `there is no process ${pid}`
        : `cannot send a signal to ${pid}: ${errorText(error)}`,
    );
  }
}

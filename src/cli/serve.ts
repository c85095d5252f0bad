/**
 * The executable: command line in, a running server and an exit code out. The
 * only place that touches signals, standard streams and process exit.
 */

import type { CommandLine } from "../config/flags.ts";
import { helpText, parseFlags } from "../config/flags.ts";
import { ConfigError, ListenError } from "../errors.ts";
import { formatLine, stderrLog, writeStderr } from "../log.ts";
import { Server } from "../server/server.ts";
import { NATS_VERSION, VERSION } from "../version.ts";

/**
 * Runs midge with the arguments behind the program's name until it has shut
 * down, and returns the exit code. Never throws for what a user can get wrong.
 */
export async function main(args: readonly string[]): Promise<number> {
  let line: CommandLine;
  try {
    line = parseFlags(args);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    writeStderr(`midge: ${error.message} (midge -h lists the flags)\n`);
    return 1;
  }
  if (line.help) return print(helpText());
  if (line.version) {
    return print(`nats-server: v${NATS_VERSION} (midge v${VERSION})\n`);
  }
  return await serve(line);
}

async function serve({ options, debug, trace }: CommandLine): Promise<number> {
  const server = new Server({ ...options, log: stderrLog({ debug, trace }) });
  try {
    await server.start();
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    writeStderr(formatLine("FTL", error.message, Date.now(), Deno));
    return 1;
  }
  const removeListeners = handleSignals(server);
  await server.waitForShutdown();
  removeListeners();
  return 0;
}

/** Signals to a running server; returns how to stop handling them. */
function handleSignals(server: Server): () => void {
  const shutdown = () => void server.shutdown();
  const handlers: [Deno.Signal, () => void][] = [["SIGINT", shutdown]];
  if (Deno.build.os !== "windows") {
    let leaving = false;
    handlers.push(["SIGTERM", () => leaving || shutdown()]);
    handlers.push(["SIGUSR2", () => {
      leaving = true;
      void server.lameDuck();
    }]);
  }
  for (const [signal, handler] of handlers) {
    Deno.addSignalListener(signal, handler);
  }
  return () => {
    for (const [signal, handler] of handlers) {
      Deno.removeSignalListener(signal, handler);
    }
  };
}

function print(text: string): 0 {
  // deno-lint-ignore no-console -- What the user asked to be printed.
  console.log(text.trimEnd());
  return 0;
}

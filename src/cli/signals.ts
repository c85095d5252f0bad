/** Signals to the process a server runs in (config-and-monitoring §6). */

import { writeStderr } from "../log.ts";
import type { Server } from "../server/server.ts";

/** What signals ask for beyond the server itself. */
export interface SignalActions {
  /** A signal came; `name` is what operators know it by. */
  trapped(name: string): void;
  /** SIGHUP */
  reload(): void;
  /** SIGUSR1 */
  reopen(): void;
}

/** A signal, its name in the log, and what it does. */
type Handler = readonly [Deno.Signal, string, () => void];

/** Handles signals from now on; returns how to stop that. */
export function handleSignals(
  server: Server,
  { trapped, reload, reopen }: SignalActions,
): () => void {
  let leaving = false;
  const shutdown = () => void server.shutdown();
  const handlers: Handler[] = [["SIGINT", "interrupt", shutdown]];
  if (Deno.build.os !== "windows") {
    handlers.push(
      ["SIGTERM", "terminated", () => leaving || shutdown()],
      ["SIGHUP", "hangup", reload],
      ["SIGUSR1", "user defined signal 1", reopen],
      ["SIGUSR2", "user defined signal 2", () => {
        leaving = true;
        void server.lameDuck();
      }],
      ["SIGQUIT", "quit", () => quit(server)],
    );
  }
  const listeners = handlers.map(([signal, name, handle]) => {
    const listener = () => {
      trapped(name);
      handle();
    };
    Deno.addSignalListener(signal, listener);
    return [signal, listener] as const;
  });
  return () => {
    for (const [signal, listener] of listeners) {
      Deno.removeSignalListener(signal, listener);
    }
  };
}

/** Ends at once, for supervisors that want to know why a server hangs. */
function quit(server: Server): never {
  const { rss, heapUsed } = Deno.memoryUsage();
  const { inMsgs, outMsgs } = server.traffic;
  writeStderr(
    [
      "SIGQUIT: quit",
      `connections: ${server.clientCount}, slow consumers: ${server.slowConsumers}`,
      `messages in: ${inMsgs}, out: ${outMsgs}`,
      `memory: ${rss} bytes resident, ${heapUsed} bytes of heap in use`,
      new Error("stack of the only thread").stack,
      "",
    ].join("\n"),
  );
  Deno.exit(2);
}

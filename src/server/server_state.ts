/** Where a server is in its life, and what to do when that does not fit. */

import { ClosedError } from "../errors.ts";

/** Goes through these in order, some left out; after a failed start, again. */
export type ServerState =
  | "new"
  | "starting"
  | "running"
  | "lame duck"
  | "stopping"
  | "stopped";

const WHY_NO_CONNECTION: Readonly<Record<ServerState, string>> = {
  new: "call start() first",
  starting: "server is still starting, await start() first",
  running: "",
  "lame duck": "server is in lame duck mode and takes no more clients",
  stopping: "server was shut down, make a new one",
  stopped: "server was shut down, make a new one",
};

const WHY_NO_START: Readonly<Record<ServerState, string>> = {
  new: "",
  starting: "it is starting already",
  running: "it is running already",
  "lame duck": "it is in lame duck mode, make a new one",
  stopping: "it was shut down, make a new one",
  stopped: "it was shut down, make a new one",
};

/** For connections while the server does not run, and routes outside a cluster. */
export function cannotAccept(state: ServerState | "alone"): ClosedError {
  const why = state === "alone"
    ? 'server is in no cluster, give it the option "cluster"'
    : WHY_NO_CONNECTION[state];
  return new ClosedError(`Cannot accept a connection: ${why}`);
}

/** For a start when there has been one. */
export function cannotStart(state: ServerState): ClosedError {
  return new ClosedError(`Cannot start server: ${WHY_NO_START[state]}`);
}

/** `/healthz`: should clients come here (config-and-monitoring §7.6)? */

import type { Arguments } from "./arguments.ts";
import type { Snapshots } from "./snapshots.ts";

/** What the probe came to. */
export interface Health {
  /** HTTP status. */
  readonly status: number;
  /** The answer. */
  readonly body: object;
  /** Why not; empty if all is well. */
  readonly problem: string;
}

/** Arguments of probes for what this server does not have. */
const BOOLEANS = [
  "js-enabled",
  "js-enabled-only",
  "js-server-only",
  "js-meta-only",
];

/** The answer; throws `ArgumentError`. */
export function healthz(args: Arguments, snapshots: Snapshots): Health {
  for (const name of BOOLEANS) args.boolean(name);
  const details = args.boolean("details");
  if (args.text("stream") !== "" && args.text("account") === "") {
    return illFormed(
      details,
      '"account" must not be empty when checking stream health',
    );
  }
  if (args.text("consumer") !== "" && args.text("stream") === "") {
    return illFormed(
      details,
      '"stream" must not be empty when checking consumer health',
    );
  }
  const { problem } = snapshots.server();
  return problem === null
    ? { status: 200, body: { status: "ok" }, problem: "" }
    : unhealthy(`failed to be ready for connections: ${problem}`);
}

function illFormed(details: boolean, problem: string): Health {
  const body = details
    ? { status: "error", errors: [{ type: "BAD_REQUEST", error: problem }] }
    : { status: "error", error: problem };
  return { status: 400, body, problem };
}

function unhealthy(problem: string): Health {
  return { status: 500, body: { status: "error", error: problem }, problem };
}

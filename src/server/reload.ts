/**
 * Changes the options of a running server: all of them or, when one cannot be
 * changed or used, none. Connections stay, unless there are too many now.
 */

import { changesBetween, describeChange } from "../config/changes.ts";
import { connectionsExceeded } from "../errors.ts";
import type { Fanout } from "../core/fanout.ts";
import type { ResolvedOptions, ServerOptions } from "../options.ts";
import { resolveOptions } from "../options.ts";
import type { Acceptor } from "./acceptor.ts";
import type { Connections } from "./connections.ts";

/** The options of a running server, as those see them who may change them. */
export type LiveOptions = {
  -readonly [Name in keyof ResolvedOptions]: ResolvedOptions[Name];
};

/** What of a server a reload touches. */
export interface Reloadable {
  /** Its options: the object that everybody in the server reads. */
  readonly options: LiveOptions;
  /** Greets new connections. */
  readonly acceptor: Acceptor;
  /** The connections there are. */
  readonly connections: Connections;
  /** Delivers, and traces it. */
  readonly fanout: Fanout;
  /** A number from 0 up to 1. */
  random(): number;
}

/**
 * Makes `next` the options of a server; its log and clock stay unless given.
 * Rejects with `ConfigError`, `TypeError` or `RangeError` when nothing of it
 * was applied.
 */
export async function reloadOptions(
  { options, acceptor, connections, fanout, random }: Reloadable,
  next: ServerOptions,
): Promise<void> {
  const { log, clock } = options;
  const wanted = resolveOptions({ log, clock, ...next });
  const changes = changesBetween({ server: options }, { server: wanted });
  await acceptor.useTls(wanted.tls, wanted.allowNonTls);
  Object.assign(options, wanted);
  fanout.tracing = options.log.trace !== undefined;
  for (const client of connections.live.values()) client.reloaded();
  dropSurplus(connections, options.maxConnections, random);
  for (const change of changes) {
    options.log.info(`Reloaded: ${describeChange(change)}`);
  }
}

/** Closes as many connections as there are too many, whichever they are. */
function dropSurplus(
  connections: Connections,
  limit: number,
  random: () => number,
): void {
  const clients = [...connections.live.values()];
  while (clients.length > limit) {
    const [client] = clients.splice(Math.floor(random() * clients.length), 1);
    client.connection.fail(connectionsExceeded());
  }
}

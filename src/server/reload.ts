/**
 * Changes the options of a running server: all of them or, when one cannot be
 * changed or used, none. Connections stay, unless there are too many now.
 */

import { checkAuthorization } from "../auth/check_authorization.ts";
import { checkCluster } from "../cluster/check_cluster.ts";
import { changesBetween, describeChange } from "../config/changes.ts";
import type { Account } from "../core/account.ts";
import type { Fanout } from "../core/fanout.ts";
import type { ProtocolError } from "../errors.ts";
import { accountConnectionsExceeded, connectionsExceeded } from "../errors.ts";
import type { ResolvedOptions, ServerOptions } from "../options.ts";
import { resolveOptions } from "../options.ts";
import type { Client } from "../peer/client.ts";
import type { Acceptor } from "./acceptor.ts";
import type { Accounts } from "./accounts.ts";
import type { Cluster } from "./cluster.ts";
import type { Connections } from "./connections.ts";
import type { Logins } from "./logins.ts";

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
  /** Who may be connected. */
  readonly logins: Logins;
  /** Where they are put. */
  readonly accounts: Accounts;
  /** Other servers, if it is in a cluster. */
  readonly cluster: Cluster | null;
  /** How those are dialled, unless by TCP. */
  readonly dial: unknown;
  /** A number from 0 up to 1. */
  random(): number;
}

/**
 * Makes `next` the options of a server; its log and clock stay unless given.
 * Rejects with `ConfigError`, `TypeError` or `RangeError` when nothing of it
 * was applied.
 */
export async function reloadOptions(
  reloadable: Reloadable,
  next: ServerOptions,
): Promise<void> {
  const { options, acceptor, connections, fanout, random } = reloadable;
  const { log, clock } = options;
  const wanted = resolveOptions({ log, clock, ...next });
  checkAuthorization(wanted);
  checkCluster(wanted, reloadable.dial);
  reloadable.accounts.checkUpdate(wanted.accounts);
  const changes = changesBetween({ server: options }, { server: wanted });
  await acceptor.useTls(wanted.tls, wanted.allowNonTls);
  await reloadable.cluster?.useTls(wanted.cluster?.tls ?? null);
  const others = whoMayConnect(options) !== whoMayConnect(wanted) ||
    options.authenticator !== wanted.authenticator;
  Object.assign(options, wanted);
  fanout.tracing = options.log.trace !== undefined;
  if (others) {
    reloadable.accounts.update(options.accounts);
    reloadable.logins.changed();
    reloadable.cluster?.accountsChanged();
  }
  reloadable.cluster?.reloaded();
  for (const client of connections.live.values()) client.reloaded();
  if (others) {
    await renewLogins(reloadable);
    for (const [{ maxConnections }, clients] of crowds(connections)) {
      dropSurplus(clients, maxConnections, accountConnectionsExceeded, random);
    }
  }
  const clients = [...connections.live.values()];
  dropSurplus(clients, options.maxConnections, connectionsExceeded, random);
  for (const change of changes) {
    options.log.info(`Reloaded: ${describeChange(change)}`);
  }
}

/** All options that decide on logins, for comparison. */
function whoMayConnect(options: ResolvedOptions): string {
  const { authorization, accounts, noAuthUser, tls } = options;
  const verifyAndMap = tls?.verifyAndMap;
  return JSON.stringify([authorization, accounts, noAuthUser, verifyAndMap]);
}

/** Asks everybody again who they are (client-protocol §5.8). */
async function renewLogins(
  { connections, logins, options }: Reloadable,
): Promise<void> {
  const clients = [...connections.live.values()];
  await Promise.all(clients.map((client) => logins.renew(client)));
  options.log.info("Reloaded: authorization users");
  options.log.info("Reloaded: accounts");
}

/** The clients of each account that has more than it may. */
function crowds({ live }: Connections): Map<Account, Client[]> {
  const crowded = new Map<Account, Client[]>();
  for (const client of live.values()) {
    const { account, connection, login } = client;
    const { connections, maxConnections } = account;
    if (maxConnections < 0 || connections <= maxConnections) continue;
    if (connection.closed || login.identity === null) continue;
    const clients = crowded.get(account);
    if (clients === undefined) crowded.set(account, [client]);
    else clients.push(client);
  }
  return crowded;
}

/** Closes as many of `clients` as there are too many, whichever they are. */
function dropSurplus(
  clients: Client[],
  limit: number,
  why: () => ProtocolError,
  random: () => number,
): void {
  while (clients.length > limit) {
    const [client] = clients.splice(Math.floor(random() * clients.length), 1);
    const { connection } = client;
    const error = why();
    connection.log.error(`${connection.label} - ${error.message}`);
    connection.fail(error);
  }
}

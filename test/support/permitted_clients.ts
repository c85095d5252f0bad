/** Clients with permissions of their own, without a server to authenticate them. */

import type { PermissionOptions } from "../../src/auth_options.ts";
import { Account } from "../../src/core/account.ts";
import type { ConnectionContext } from "../../src/core/connection_context.ts";
import { Connection } from "../../src/core/connection.ts";
import { Fanout } from "../../src/core/fanout.ts";
import { FlushList } from "../../src/core/outbound.ts";
import { Turn } from "../../src/core/turn.ts";
import type { ServerOptions } from "../../src/options.ts";
import { resolveOptions } from "../../src/options.ts";
import type { ClientHost } from "../../src/peer/client.ts";
import { Client } from "../../src/peer/client.ts";
import { memoryPair } from "../../src/transport/memory.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { BufferPool } from "../../src/wire/buffer.ts";
import { QUIET, RawClient } from "./raw_client.ts";
import { KeptLog } from "./server.ts";

/** A raw client, and the server's side of it. */
export interface PermittedClient {
  /** What tests send and read through. */
  readonly raw: RawClient;
  /** What has the permissions. */
  readonly client: Client;
}

/** Any number of clients in one account, all closed together. */
export class PermittedClients implements AsyncDisposable {
  /** What they log. */
  readonly log = new KeptLog();

  readonly #context: ConnectionContext;
  readonly #host: ClientHost;
  readonly #all: PermittedClient[] = [];
  readonly #permissions = new Map<Client, PermissionOptions | null>();

  constructor(options: ServerOptions = {}) {
    const resolved = resolveOptions({ log: this.log, ...options });
    this.#context = {
      options: resolved,
      pool: new BufferPool(),
      flushes: new FlushList(resolved.clock),
      turn: new Turn(resolved.clock),
      busyWait: null,
    };
    const account = new Account("$G", 1);
    this.#host = {
      options: resolved,
      fanout: new Fanout(1),
      subjectSeed: 1,
      globalAccount: account,
      info: () => ({ headers: true }),
      logins: { silentIdentity: null, timeoutMs: 2000, nonce: () => "" },
      authenticate: (client: Client) => ({
        user: "",
        nkey: "",
        account: "$G",
        permissions: this.#permissions.get(client) ?? null,
      }),
      account: () => account,
      random: Math.random,
      clientConnected: () => {},
      clientClosed: () => {},
    } as unknown as ClientHost;
  }

  /** One that has read INFO and sent `connect`. */
  async client(
    permissions: PermissionOptions | null = null,
    connect: string = QUIET,
  ): Promise<PermittedClient> {
    const [ours, theirs] = memoryPair();
    const permitted = {
      raw: new RawClient(theirs),
      client: this.accept(ours, permissions),
    };
    this.#all.push(permitted);
    await permitted.raw.info();
    await permitted.raw.send(connect);
    if (connect === QUIET) await permitted.raw.quiet();
    return permitted;
  }

  /** Serves a client that comes over `transport`; CONNECT gives permissions. */
  accept(transport: Transport, permissions: PermissionOptions | null): Client {
    const id = this.#all.length + 1;
    const connection = new Connection(id, transport, this.#context);
    const client = new Client(connection, this.#host);
    this.#permissions.set(client, permissions);
    client.sendInfo();
    this.flush();
    connection.run(client);
    return client;
  }

  /** Sends what was said to clients unasked. */
  flush(): void {
    this.#context.flushes.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { raw } of this.#all) await raw[Symbol.asyncDispose]();
    for (const { client } of this.#all) await client.connection.ended;
  }
}

/** Clusters within the test's process, over memory instead of sockets. */

import type { ServerOptions } from "../../src/mod.ts";
import { Server } from "../../src/mod.ts";
import { requestSubjects } from "../../src/server/system_request.ts";
import { memoryPair } from "../../src/transport/memory.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { FreezableTransport } from "./freezable_transport.ts";
import { HEADERS, RawClient } from "./raw_client.ts";
import { eventually, KeptLog } from "./server.ts";

const PORT = 6222;

/** A server of a test cluster. */
export interface Member {
  readonly name: string;
  readonly server: Server;
  readonly log: KeptLog;
}

/** Servers that reach each other under their names. */
export class TestCluster implements AsyncDisposable {
  readonly members = new Map<string, Member>();
  readonly #clients: RawClient[] = [];
  /** Streams between servers, by the names at both ends. */
  readonly #links = new Map<FreezableTransport, readonly [string, string]>();
  /** Servers that nobody reaches. */
  readonly #away = new Set<string>();

  /** Starts servers of these names, each knowing the first, and meshed. */
  static async start(
    names: readonly string[],
    options: ServerOptions = {},
  ): Promise<TestCluster> {
    const cluster = new TestCluster();
    for (const name of names) await cluster.add(name, [names[0]], options);
    await cluster.meshed();
    return cluster;
  }

  /** Starts one more server, which dials `seeds`. */
  async add(
    name: string,
    seeds: readonly string[],
    options: ServerOptions = {},
  ): Promise<Member> {
    const log = new KeptLog();
    const server = new Server(
      {
        dontListen: true,
        serverName: name,
        log,
        ...options,
        cluster: {
          name: "test",
          advertise: `${name}:${PORT}`,
          routes: seeds.map((seed) => `nats://${seed}:${PORT}`),
          ...options.cluster,
        },
      },
      (host) => this.#dial(name, host),
    );
    await server.start();
    const member = { name, server, log };
    this.members.set(name, member);
    return member;
  }

  /** The server of this name. */
  server(name: string): Server {
    const member = this.members.get(name);
    if (member === undefined) throw new Error(`no server "${name}"`);
    return member.server;
  }

  /** Shuts one server down. */
  async remove(name: string): Promise<void> {
    const server = this.server(name);
    this.members.delete(name);
    await server.shutdown();
  }

  /**
   * Cuts one server off so that nobody can tell: what is sent does not arrive,
   * and neither does the end of a stream.
   */
  freeze(name: string): void {
    this.#away.add(name);
    for (const [transport, ends] of this.#links) {
      if (ends.includes(name)) transport.frozen = true;
    }
  }

  /** Cuts one server off from all the others. */
  cutOff(name: string): void {
    this.#away.add(name);
    for (const [transport, ends] of this.#links) {
      if (!ends.includes(name)) continue;
      this.#links.delete(transport);
      transport.close();
    }
  }

  /** Undoes `cutOff` and `freeze`, for streams to come. */
  heal(name: string): void {
    this.#away.delete(name);
  }

  /** Every server has a route to every other, and no second one. */
  async meshed(): Promise<void> {
    const all = () => [...this.members.values()];
    await eventually(
      () =>
        all().every(({ name, server }) =>
          all().filter((other) => other.name !== name).every((other) =>
            server.routes.filter(({ remoteName }) => remoteName === other.name)
              .length === 1
          )
        ),
      "a full mesh",
    );
  }

  /**
   * `name` has heard of `count` subscriptions of `other`, all told, besides
   * those every server has in the system account.
   */
  async heard(name: string, other: string, count: number): Promise<void> {
    const known = () =>
      this.server(name).routes.find(({ remoteName }) => remoteName === other)
        ?.subscriptions ?? 0;
    const services = requestSubjects("").length;
    await eventually(
      () => known() === count + services,
      `${count} subscriptions of ${other} known to ${name}`,
    );
  }

  /** A raw client that has sent `connect`. */
  async client(name: string, connect = HEADERS): Promise<RawClient> {
    const client = new RawClient(this.server(name).inProcessConn());
    this.#clients.push(client);
    await client.info();
    await client.send(connect);
    await client.quiet();
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]();
    for (const { server } of this.members.values()) await server.shutdown();
  }

  #dial(from: string, host: string): Promise<Transport> {
    const member = this.members.get(host);
    const away = this.#away.has(from) || this.#away.has(host);
    if (member === undefined || away) {
      return Promise.reject(new Error("connection refused"));
    }
    const [ours, theirs] = memoryPair().map((end) =>
      new FreezableTransport(end)
    );
    this.#links.set(ours, [from, host]);
    this.#links.set(theirs, [from, host]);
    try {
      member.server.acceptRoute(theirs);
    } catch (error) {
      return Promise.reject(error);
    }
    return Promise.resolve(ours);
  }
}

/** What the parts of the soak share: servers, links, accounts kept, time. */

import type { Client } from "../src/client/client.ts";
import { Client as Connection, ClosedError } from "../src/client/client.ts";
import { pause } from "./soak_clock.ts";
import { Ledger } from "./soak_ledger.ts";
import type { Link } from "./soak_link.ts";
import type { Midge } from "./soak_process.ts";

/** Problems remembered; there is no need to read thousands. */
const MOST_PROBLEMS = 100;

/** How often something was done. */
export type Counter = Map<string, number>;

/** See the module. */
export class World {
  /** What was published, and came. */
  readonly ledger = new Ledger();
  /** What else was done. */
  readonly counter: Counter = new Map();
  /** What went wrong, in words. */
  readonly problems: string[] = [];
  /** Longest it took until all servers were linked again. */
  slowestRecoveryMs = 0;
  /** Aborted when no more trouble is to be made. */
  readonly calm = new AbortController();
  /** Aborted when nothing more is to be published. */
  readonly quiet = new AbortController();
  /** Clients that nobody else closes. */
  readonly #clients = new Set<Client>();

  /** `a` and `b` stay up; `c` does not, and all links to it can be cut. */
  constructor(
    readonly a: Midge,
    readonly b: Midge,
    readonly c: Midge,
  ) {}

  /** All servers. */
  get servers(): readonly Midge[] {
    return [this.a, this.b, this.c];
  }

  /** All links between `c` and the others, in either direction. */
  get links(): readonly Link[] {
    return this.servers.map(({ link }) => link);
  }

  /** Something was done. */
  count(what: string, by = 1): void {
    this.counter.set(what, (this.counter.get(what) ?? 0) + by);
  }

  /** Something went wrong. */
  problem(text: string): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(text);
  }

  /** A client that nothing may happen to. */
  async steady(server: Midge): Promise<Client> {
    const client = await this.connect(server);
    this.#clients.add(client);
    client.closed.then((error) => {
      if (error !== null) {
        this.problem(`${server.name} lost a client: ${error}`);
      }
    });
    return client;
  }

  /** A client. */
  async connect(server: Midge): Promise<Client> {
    server.dialled++;
    return await Connection.connect({
      server: server.url,
      name: "soak",
      onError: (error) => this.problem(`a client on ${server.name}: ${error}`),
    });
  }

  /**
   * Uses a client of the server that goes away, and another one whenever it is
   * back, until all is quiet.
   */
  async roam(server: Midge, use: (client: Client) => void): Promise<void> {
    const { signal } = this.quiet;
    while (!signal.aborted) {
      const client = await this.connect(server).catch(() => null);
      if (client === null) {
        await pause(200, signal);
        continue;
      }
      this.#clients.add(client);
      try {
        use(client);
      } catch (error) {
        if (!(error instanceof ClosedError)) throw error; // Gone again.
      }
      await client.closed;
      this.#clients.delete(client);
    }
  }

  /** Whatever was published has been handled by the servers. */
  async flush(): Promise<void> {
    await Promise.all(this.#clients.values().map((client) => client.flush()));
  }

  /** Closes all clients that are left. */
  async close(): Promise<void> {
    await Promise.all(this.#clients.values().map((client) => client.close()));
  }

  /** Runs until trouble is over, `pauseMs` between; says what went wrong. */
  async repeat(
    what: string,
    pauseMs: number,
    action: (round: number) => Promise<void>,
  ): Promise<void> {
    const { signal } = this.calm;
    for (let round = 0; !signal.aborted; round++) {
      try {
        await action(round);
      } catch (error) {
        this.problem(`${what}: ${error}`);
      }
      await pause(pauseMs, signal);
    }
  }
}

/**
 * Clusters of real processes, ours and official ones mixed: every member runs
 * with a configuration file that either kind understands.
 */

import assert from "node:assert/strict";
import * as nats from "@nats-io/transport-node";
import { Folder } from "./folder.ts";
import { command } from "./midge.ts";
import { officialServers } from "./official_server.ts";
import { quietPort } from "./ports.ts";

/** Longest anything may take that must come, in milliseconds. */
const PATIENCE_MS = 10_000;

/** A kind of server to make members of. */
export interface Kind {
  readonly name: string;
  /** How to run it with a file. */
  command(file: string): readonly [string, readonly string[]];
}

/** Ours, with the permissions that configuration files need. */
export const MIDGE: Kind = {
  name: "midge",
  command: (file) => [
    Deno.execPath(),
    command(["-D", "-c", file], [
      "--allow-read",
      "--allow-env",
      "--allow-sys=hostname,networkInterfaces",
    ]),
  ],
};

/** The official ones at hand, the oldest first. */
export const OFFICIAL: readonly Kind[] = officialServers()
  .sort((a, b) => a.version.localeCompare(b.version, "en", { numeric: true }))
  .map(({ path, version }) => ({
    name: `nats-server ${version}`,
    command: (file) => [path, ["-D", "-c", file]],
  }));

/** What a test that needs official servers says when there are none. */
export function skipped(name: string): { name: string; ignore: boolean } {
  const ignore = OFFICIAL.length === 0;
  return { name: ignore ? `${name} (no nats-server here)` : name, ignore };
}

/** Where a member runs. */
export interface Place {
  /** What runs a program there. */
  readonly prefix: readonly string[];
  /** Where its clients and its monitoring are. */
  readonly access: string;
  /** Where its routes are. */
  readonly address: string;
}

/** In the test's own network. */
const HERE: Place = { prefix: [], access: "127.0.0.1", address: "127.0.0.1" };

/** How members differ from the plain ones; texts go into the files. */
export interface FleetOptions {
  /** More lines of the file. */
  readonly top?: string;
  /** More lines of its `cluster` block. */
  readonly cluster?: string;
  /** `user:password@` of routes, if they have to say it. */
  readonly login?: string;
  /** How routes name the machine; default: by its address. */
  readonly host?: string;
  /** Where it runs; default: where the test does. */
  readonly place?: Place;
}

/** What `/routez` says, as far as tests care. */
export interface Routez {
  readonly num_routes: number;
  readonly routes: readonly { readonly remote_id: string }[];
}

/** One server of a fleet; may be stopped and started again. */
export class FleetMember {
  readonly name: string;
  readonly kind: Kind;
  readonly place: Place;
  readonly port: number = quietPort();
  readonly clusterPort: number = quietPort();
  readonly monitorPort: number = quietPort();
  /** Id since it was last started. */
  id = "";
  readonly #folder: Folder;
  readonly #config: (member: FleetMember) => string;
  #process: Deno.ChildProcess | null = null;
  #reading: Promise<void> = Promise.resolve();
  #text = "";

  constructor(
    { name, kind, place }: Pick<FleetMember, "name" | "kind" | "place">,
    folder: Folder,
    config: (member: FleetMember) => string,
  ) {
    this.name = name;
    this.kind = kind;
    this.place = place;
    this.#folder = folder;
    this.#config = config;
  }

  /** All it has logged since it was last started. */
  get text(): string {
    return this.#text;
  }

  /** The process id, 0 while there is none. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Runs it and waits until it answers. */
  async start(): Promise<void> {
    this.#folder.write(`${this.name}.conf`, this.#config(this));
    const file = this.#folder.file(`${this.name}.conf`);
    const [program, args] = this.kind.command(file);
    const [first, ...rest] = [...this.place.prefix, program, ...args];
    this.#process = new Deno.Command(first, {
      args: rest,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#text = "";
    this.#reading = this.#read(this.#process.stderr);
    await until(
      async () => {
        const { server_id: id } = await this.monitor("varz") as {
          server_id: string;
        };
        this.id = id;
        return true;
      },
      `${this.name} to start`,
      () => this.#text,
    );
  }

  /** Ends the process and waits for its end. */
  async stop(signal: Deno.Signal = "SIGKILL"): Promise<void> {
    const process = this.#process;
    if (process === null) return;
    this.#process = null;
    try {
      process.kill(signal);
    } catch {
      // It has ended by itself, as after lame duck.
    }
    await process.status;
    await this.#reading;
  }

  /** Sends a signal and goes on. */
  signal(signal: Deno.Signal): void {
    this.#process?.kill(signal);
  }

  /** Resolves when the process has ended by itself. */
  async ended(): Promise<void> {
    await this.#process?.status;
    await this.#reading;
    this.#process = null;
  }

  /** What monitoring says under a path such as `varz`. */
  async monitor(path: string): Promise<unknown> {
    const url = `http://${this.place.access}:${this.monitorPort}/${path}`;
    const response = await fetch(url);
    return await response.json();
  }

  /** Its routes. */
  async routez(): Promise<Routez> {
    return await this.monitor("routez") as Routez;
  }

  /** Waits for a line of its log. */
  async logged(pattern: RegExp): Promise<void> {
    await until(
      () => Promise.resolve(pattern.test(this.#text)),
      `${pattern} in the log of ${this.name}`,
      () => this.#text,
    );
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.#text += decoder.decode(chunk, { stream: true });
    }
  }
}

/** Members that know the first of them. */
export class Fleet implements AsyncDisposable {
  readonly members: FleetMember[] = [];
  readonly #folder = new Folder();
  readonly #options: FleetOptions;
  readonly #clients: nats.NatsConnection[] = [];

  constructor(options: FleetOptions = {}) {
    this.#options = options;
  }

  /** Starts members of these kinds, the seed first, and waits for the mesh. */
  static async start(
    kinds: readonly Kind[],
    options: FleetOptions = {},
  ): Promise<Fleet> {
    const fleet = new Fleet(options);
    try {
      for (const kind of kinds) fleet.add(kind);
      for (const member of fleet.members) await member.start();
      await fleet.meshed();
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
    return fleet;
  }

  /** One more member, which is not started; its routes lead to the seed. */
  add(kind: Kind, options: FleetOptions = {}): FleetMember {
    const all = { ...this.#options, ...options };
    const name = `${kind.name.replace(/\W+/g, "-")}-${this.members.length}`;
    const member = new FleetMember(
      { name, kind, place: all.place ?? HERE },
      this.#folder,
      (self) => this.#file(self, all),
    );
    this.members.push(member);
    return member;
  }

  /** The members that have a process. */
  get running(): FleetMember[] {
    return this.members.filter(({ pid }) => pid !== 0);
  }

  /** Each member lists the others and nobody else, ours exactly once. */
  async meshed(members: readonly FleetMember[] = this.running): Promise<void> {
    for (const member of members) {
      const others = members.filter((other) => other !== member);
      const wanted = others.map(({ id }) => id).sort();
      let seen: string[] = [];
      await until(
        async () => {
          const { routes } = await member.routez();
          const ids = routes.map(({ remote_id: id }) => id).sort();
          // Official servers have several routes to each other.
          const once = member.kind !== MIDGE ? [...new Set(ids)] : ids;
          seen = once;
          const ours = others.filter(({ kind }) => kind === MIDGE);
          return once.join() === wanted.join() &&
            ours.every(({ id }) => ids.indexOf(id) === ids.lastIndexOf(id));
        },
        `${member.name} to have a route to each of ${wanted}`,
        () => `${seen}\n${members.map(({ text }) => text).join("\n---\n")}`,
      );
    }
  }

  /** A connected client, closed with the fleet. */
  async client(
    member: FleetMember,
    options: nats.ConnectionOptions = {},
  ): Promise<nats.NatsConnection> {
    const client = await nats.connect({
      servers: `${member.place.access}:${member.port}`,
      reconnect: false,
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** Who is running has no route any more to a member that is not. */
  async missed(member: FleetMember): Promise<void> {
    for (const other of this.running) {
      await until(
        async () =>
          (await other.routez()).routes.every(({ remote_id: id }) =>
            id !== member.id
          ),
        `${other.name} to miss ${member.name}`,
      );
    }
  }

  /**
   * Waits until a message that `from` publishes on the subject reaches
   * somebody: interest takes its time through a mesh.
   */
  async reachable(from: nats.NatsConnection, subject: string): Promise<void> {
    await until(async () => {
      const inbox = nats.createInbox();
      const answers: number[] = [];
      const answer = from.subscribe(inbox, {
        callback: (_, { headers }) => {
          answers.push(headers?.code ?? 0);
        },
      });
      from.publish(subject, "", { reply: inbox });
      await from.flush();
      answer.unsubscribe();
      return !answers.includes(503);
    }, `interest in ${subject}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await Promise.all(this.members.map((member) => member.stop()));
    this.#folder[Symbol.dispose]();
  }

  #file(member: FleetMember, options: FleetOptions): string {
    const { access, address } = member.place;
    const [seed] = this.members;
    const { top = "", cluster = "", login = "" } = options;
    const { host = seed.place.address } = options;
    return `
      server_name: "${member.name}"
      listen: "${access}:${member.port}"
      http: "${access}:${member.monitorPort}"
      ${top}
      cluster {
        ${/^\s*name:/m.test(cluster) ? "" : "name: fleet"}
        listen: "${address}:${member.clusterPort}"
        routes: ["nats-route://${login}${host}:${seed.clusterPort}"]
        ${cluster}
      }
    `;
  }
}

/** Waits until a condition holds that takes asking; what fails is no yes. */
export async function until(
  condition: () => Promise<boolean>,
  what: string,
  seen: () => string = () => "",
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const met = await condition().catch(() => false);
    if (met) return;
    assert(performance.now() < deadline, `waited for ${what}: ${seen()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

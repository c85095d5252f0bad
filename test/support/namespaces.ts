/**
 * Hosts of a network of their own: network namespaces on one switch, each with
 * a second link to the test, so that they can be asked while they are cut off.
 * Needs root and `ip`; see `namespacesWork`.
 */

import type { Place } from "./fleet.ts";

/** Tells names apart from those of a test that runs at the same time. */
const RUN = `t${Deno.pid % 10_000}`;
/** The third byte of addresses. */
const NET = 64 + Deno.pid % 128;

/** Runs `ip`; throws with what it said. */
function ip(args: string): void {
  const { success, stderr } = new Deno.Command("ip", {
    args: args.split(" "),
    stdin: "null",
  }).outputSync();
  if (!success) {
    throw new Error(`ip ${args}: ${new TextDecoder().decode(stderr)}`);
  }
}

/** Whether this test may make namespaces. */
export function namespacesWork(): boolean {
  const name = `${RUN}x`;
  try {
    ip(`netns add ${name}`);
  } catch {
    return false; // Not root, or not this kind of system.
  }
  ip(`netns del ${name}`);
  return true;
}

/** Hosts 1, 2, 3 … on one switch, gone at the end of the block. */
export class Hosts implements Disposable {
  readonly places: readonly Place[];
  readonly #names: string[] = [];

  constructor(count: number) {
    try {
      this.#add(this.#switch);
      ip(`-n ${this.#switch} link add br0 type bridge`);
      ip(`-n ${this.#switch} link set br0 up`);
      this.places = Array.from(
        { length: count },
        (_, at) => this.#host(at + 1),
      );
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Pulls the plug of a host's link to the others, or puts it back. */
  link(place: Place, state: "up" | "down"): void {
    const number = this.places.indexOf(place) + 1;
    ip(`-n ${this.#switch} link set port${number} ${state}`);
  }

  [Symbol.dispose](): void {
    for (const name of this.#names.splice(0)) {
      try {
        ip(`netns del ${name}`);
      } catch {
        // What else there is has to go, too.
      }
    }
  }

  get #switch(): string {
    return `${RUN}sw`;
  }

  #add(name: string): void {
    ip(`netns add ${name}`);
    this.#names.push(name);
  }

  #host(number: number): Place {
    const name = `${RUN}h${number}`;
    const address = `10.213.${NET}.${number}`;
    // Two addresses of each link to the test.
    const near = `10.214.${NET}.${4 * number + 1}`;
    const access = `10.214.${NET}.${4 * number + 2}`;
    this.#add(name);
    ip(`-n ${name} link set lo up`);
    ip(
      `-n ${name} link add eth0 type veth peer name port${number} netns ${this.#switch}`,
    );
    ip(`-n ${name} addr add ${address}/24 dev eth0`);
    ip(`-n ${name} link set eth0 up`);
    ip(`-n ${this.#switch} link set port${number} master br0 up`);
    ip(
      `-n ${name} link add eth1 type veth peer name ${name} netns ${Deno.pid}`,
    );
    ip(`-n ${name} addr add ${access}/30 dev eth1`);
    ip(`-n ${name} link set eth1 up`);
    ip(`addr add ${near}/30 dev ${name}`);
    ip(`link set ${name} up`);
    return { prefix: ["ip", "netns", "exec", name], access, address };
  }
}

/** Official clients at several members of a cluster, who wait for each other. */

import type * as nats from "@nats-io/transport-node";
import type { Fleet, FleetMember } from "./fleet.ts";
import { until } from "./fleet.ts";

/** A member and a client of it. */
export interface Seat {
  readonly name: string;
  readonly client: nats.NatsConnection;
}

/** One client at each of several members. */
export class Table implements AsyncDisposable {
  readonly seats: readonly Seat[];
  readonly #subject = `settled.${crypto.randomUUID()}`;
  #round = 0;
  #arrived = 0;

  private constructor(seats: readonly Seat[]) {
    this.seats = seats;
  }

  /** Seats a client at each member, and waits until all can talk to all. */
  static async lay(
    fleet: Fleet,
    members: readonly FleetMember[] = fleet.members,
    options: nats.ConnectionOptions = {},
  ): Promise<Table> {
    const table = new Table(
      await Promise.all(
        members.map(async (member) => ({
          name: member.name,
          client: await fleet.client(member, options),
        })),
      ),
    );
    for (const seat of table.seats) table.#listen(seat);
    for (const { client } of table.seats) {
      await client.flush();
      for (const { name } of table.seats) {
        await fleet.reachable(client, `${table.#subject}.${name}`);
      }
    }
    return table;
  }

  /** The client at a member. */
  at({ name }: { readonly name: string }): nats.NatsConnection {
    const seat = this.seats.find((one) => one.name === name);
    if (seat === undefined) throw new Error(`nobody at ${name}`);
    return seat.client;
  }

  /**
   * Waits until all that was said at one seat, messages and interest, has
   * arrived at the others: behind it goes a message from each to each.
   */
  async settle(): Promise<void> {
    this.#round++;
    this.#arrived = 0;
    for (const { client } of this.seats) {
      for (const { name } of this.seats) {
        client.publish(`${this.#subject}.${name}`, String(this.#round));
      }
    }
    await until(
      () => Promise.resolve(this.#arrived === this.seats.length ** 2),
      "a message from each to each",
      () => `${this.#arrived} came`,
    );
  }

  /** Closes the clients. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.seats.map(({ client }) => client.close()));
  }

  #listen({ name, client }: Seat): void {
    client.subscribe(`${this.#subject}.${name}`, {
      callback: (_, message) => {
        if (message.string() === String(this.#round)) this.#arrived++;
      },
    });
  }
}

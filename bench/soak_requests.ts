/** The requests of the soak: each is answered, or fails for a reason. */

import type { Client } from "../src/client/client.ts";
import { NoRespondersError, TimeoutError } from "../src/client/client.ts";
import { pause } from "./soak_clock.ts";
import type { Midge } from "./soak_process.ts";
import type { World } from "./soak_world.ts";

/** Longest to wait for an answer, which may have died with who owes it. */
const TIMEOUT_MS = 2000;

/** Those to a responder that stays, and those to others that come and go. */
export async function startRequests(world: World): Promise<Promise<void>[]> {
  const { a, b, c } = world;
  for (const server of [a, b]) {
    answer(world, server, await world.steady(server), `ask.${server.name}`);
  }
  world.roam(c, (client) => answer(world, c, client, "ask.any"));
  const [fromA, fromB] = [await world.steady(a), await world.steady(b)];
  await Promise.all([fromA.flush(), fromB.flush()]);
  return [
    ask(world, a, fromA, "ask.b"),
    ask(world, b, fromB, "ask.a"),
    ask(world, a, fromA, "ask.any"),
  ];
}

/** Answers requests with what they ask. */
export function answer(
  world: World,
  server: Midge,
  client: Client,
  subject: string,
): void {
  client.subscribe(subject, {
    queue: "responders",
    callback: (message) => {
      world.count("answers given");
      server.published++;
      message.respond(message.data);
    },
  });
}

async function ask(
  world: World,
  server: Midge,
  client: Client,
  subject: string,
): Promise<void> {
  const { signal } = world.quiet;
  const steady = subject !== "ask.any";
  const kind = steady
    ? "requests to who stays"
    : "requests to who comes and goes";
  for (let number = 0; !signal.aborted; number++) {
    const question = `${subject} ${number}`;
    server.published++;
    world.count(kind);
    try {
      const options = { timeoutMs: TIMEOUT_MS };
      const { data } = await client.request(subject, question, options);
      world.count(`${kind}: answered`);
      if (new TextDecoder().decode(data) !== question) {
        world.problem(`the answer to ${question} is another one's`);
      }
    } catch (error) {
      const expected = error instanceof NoRespondersError ||
        error instanceof TimeoutError;
      if (steady || !expected) world.problem(`${question}: ${error}`);
      world.count(`${kind}: ${(error as Error).name}`);
    }
    await pause(20, signal);
  }
}

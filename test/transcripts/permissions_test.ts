/** What users may do here and at nats-server, for any permissions at all. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { PermissionOptions } from "../../src/auth_options.ts";
import { dialTcp } from "../../src/transport/tcp.ts";
import {
  atLeast,
  OfficialServer,
  officialServers,
} from "../support/official_server.ts";
import { PermittedClients } from "../support/permitted_clients.ts";
import { RawClient } from "../support/raw_client.ts";

/** A user, and what it tries to do. */
interface Trial {
  readonly permissions: PermissionOptions;
  readonly subscribes: readonly string[];
  readonly publishes: readonly string[];
}

const UNLIMITED = { max: -1, ttlMs: -1 };

const subject = fc.constantFrom(
  ...["a", "b", "a.b", "a.c", "b.c", "a.b.c", "*", ">", "a.*", "*.c", "a.>"],
  ...["a.*.c", "*.*", "b.>"],
);
const queue = fc.constantFrom("q", "v1", "v1.a", "v1.*", "*", ">");
const withQueue = fc.tuple(subject, queue).map((both) => both.join(" "));

function list(entry: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  return fc.array(entry, { minLength: 1, maxLength: 3 });
}

const trial: fc.Arbitrary<Trial> = fc.record({
  permissions: fc.record({
    publish: fc.record({ allow: list(subject), deny: list(subject) }, {
      requiredKeys: [],
    }),
    subscribe: fc.record({
      allow: list(fc.oneof(subject, withQueue)),
      deny: list(fc.oneof(subject, withQueue)),
    }, { requiredKeys: [] }),
    allowResponses: fc.constantFrom({}, UNLIMITED),
  }, { requiredKeys: [] }),
  subscribes: fc.uniqueArray(fc.oneof(subject, withQueue), {
    minLength: 1,
    maxLength: 12,
    // Which of two members gets a message is left to chance.
    selector: (text) => text.includes(" ") ? text.split(" ")[1] : text,
  }),
  publishes: fc.array(
    fc.tuple(subject, fc.constantFrom("", " a", " r.1", " r.2", " a.b"))
      .chain(([to, reply]) => fc.constantFrom(to + reply, `r.1`, `r.2`, to)),
    { minLength: 1, maxLength: 12 },
  ),
});

/**
 * Leaves out requests where answers are counted: nats-server counts each copy
 * of a request after the first as an answer to it.
 */
function withoutDoubt(trial: Trial): Trial {
  const { permissions, subscribes, publishes } = trial;
  const { allowResponses } = permissions;
  if (!allowResponses || allowResponses === UNLIMITED) return trial;
  if (subscribes.length === 1) return trial;
  return { ...trial, publishes: publishes.map((text) => text.split(" ")[0]) };
}

/** Before 2.12 a queue in a deny list could bring back what another entry denies. */
function deniesQueue({ permissions }: Trial): boolean {
  return permissions.subscribe?.deny?.some((text) => text.includes(" ")) ??
    false;
}

/** An `authorization` block in which users are named `u0`, `u1`, …. */
function configOf(trials: readonly Trial[]): string {
  const users = trials.map(({ permissions }, i) => {
    const { publish, subscribe, allowResponses } = permissions;
    const { max = 1, ttlMs = 0 } = allowResponses ?? {};
    return {
      user: `u${i}`,
      password: "p",
      permissions: {
        ...(publish && { publish }),
        ...(subscribe && { subscribe }),
        ...(allowResponses && {
          allow_responses: { max, expires: `${ttlMs}ms` },
        }),
      },
    };
  });
  return JSON.stringify({ authorization: { users } });
}

/** All that comes back: operation by operation, what each caused in any order. */
async function play(client: RawClient, trial: Trial): Promise<string[]> {
  const answers: string[] = [];
  const attempt = async (operation: string) => {
    await client.send(`${operation}\r\nPING\r\n`);
    const lines = (await client.through("PONG\r\n")).replaceAll(
      "\r\nx\r\n",
      "\r\n",
    )
      .split("\r\n");
    answers.push([operation, ...lines.sort()].join("\n"));
  };
  for (const [sid, text] of trial.subscribes.entries()) {
    await attempt(`SUB ${text} ${sid}`);
  }
  for (const text of trial.publishes) {
    await attempt(`PUB ${text} 1\r\nx`);
  }
  return answers;
}

const ANSWERS: Trial = {
  permissions: { publish: { allow: ["ask"] }, allowResponses: { max: 2 } },
  subscribes: ["ask"],
  publishes: ["ask r.1", "ask r.2", "r.1", "r.2", "r.1", "r.1", "r.2", "r.3"],
};
const TRIALS = [ANSWERS, ...fc.sample(trial, { numRuns: 300, seed: 20 })]
  .map(withoutDoubt);

for (const binary of officialServers()) {
  Deno.test(`Client may do the same as at nats-server ${binary.version}`, async () => {
    const config = await Deno.makeTempFile({ suffix: ".conf" });
    try {
      await Deno.writeTextFile(config, configOf(TRIALS));
      await using server = await OfficialServer.start(binary, ["-c", config]);
      for (const [i, trial] of TRIALS.entries()) {
        if (!atLeast(binary, 2, 12) && deniesQueue(trial)) continue;
        await using clients = new PermittedClients();
        const { raw } = await clients.client(trial.permissions, "");
        await raw.send('CONNECT {"pedantic":false}\r\n');
        await raw.expect("+OK\r\n");
        await using official = new RawClient(
          await dialTcp("127.0.0.1", server.port),
        );
        await official.info();
        await official.send(
          `CONNECT {"pedantic":false,"user":"u${i}","pass":"p"}\r\n`,
        );
        await official.expect("+OK\r\n");
        assert.deepEqual(
          await play(raw, trial),
          await play(official, trial),
          JSON.stringify(trial),
        );
        await official.send("BYE\r\n");
        await official.closed();
      }
    } finally {
      await Deno.remove(config);
    }
  });
}

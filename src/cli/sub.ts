/** `midge sub`: shows messages as they come. */

import type { Client, Message } from "../client/client.ts";
import { writeStderr } from "../log.ts";
import { LF } from "../wire/ascii.ts";
import type { ClientCommand } from "./client_command.ts";
import { checkName, checkSubject, runCommand } from "./client_command.ts";
import { withClient } from "./client_session.ts";
import { countFlag, switchFlag, textFlag } from "./flag_table.ts";
import { messageText } from "./message_text.ts";
import { print } from "./standard_streams.ts";

const FLAGS = {
  queue: textFlag(
    ["queue"],
    "GROUP",
    "Share the messages with this queue group",
  ),
  count: countFlag(["count"], "End after so many messages", {
    least: 1,
    initial: Infinity,
  }),
  raw: switchFlag(
    ["raw", "r"],
    "Print only payloads, as they are, each with a line end",
  ),
  headersOnly: switchFlag(["headers-only"], "Leave payloads out"),
};

const SUB: ClientCommand<typeof FLAGS> = {
  name: "sub",
  usage: "SUBJECT…",
  about:
    `Shows messages until --count or Ctrl-C, which waits for those under way.`,
  flags: FLAGS,
  async run({ flags, words }) {
    checkSubject(words[0]);
    words.forEach(checkSubject);
    const { queue, count, raw, headersOnly } = flags;
    if (queue !== "") checkName("flag -queue: group", queue);
    await withClient(flags, async (client) => {
      const enough = Promise.withResolvers<void>();
      let seen = 0;
      const callback = (message: Message) => {
        if (seen === count) return;
        seen++;
        print(raw ? rawLine(message) : readable(message, seen, headersOnly));
        if (seen === count) enough.resolve();
      };
      for (const subject of words) {
        client.subscribe(subject, {
          callback,
          queue: queue || undefined,
          max: count === Infinity ? undefined : count,
        });
      }
      await client.flush();
      const names = words.map((one) => JSON.stringify(one)).join(", ");
      if (!raw) writeStderr(`Subscribing on ${names}\n`);
      await ended(client, enough);
    });
    return 0;
  },
};

/** Runs with the arguments behind the word `sub`; returns the exit code. */
export function sub(args: readonly string[]): Promise<number> {
  return runCommand(SUB, args);
}

/** Waits for enough messages or a signal, then drains. Rejects with the client. */
async function ended(
  client: Client,
  enough: PromiseWithResolvers<void>,
): Promise<void> {
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM"];
  const stop = () => enough.resolve();
  for (const signal of signals) Deno.addSignalListener(signal, stop);
  try {
    await Promise.race([enough.promise, client.closed]);
  } finally {
    // A second Ctrl-C does not wait for anything.
    for (const signal of signals) Deno.removeSignalListener(signal, stop);
  }
  await client.drain();
}

function readable(
  message: Message,
  number: number,
  headersOnly: boolean,
): string {
  const { subject, reply } = message;
  const on = `[#${number}] Received on ${JSON.stringify(subject)}`;
  const back = reply === "" ? "" : ` with reply ${JSON.stringify(reply)}`;
  return `${on}${back}\n${messageText(message, headersOnly)}\n`;
}

/** The payload and a line end. */
function rawLine({ data }: Message): Uint8Array {
  const line = new Uint8Array(data.length + 1);
  line.set(data);
  line[data.length] = LF;
  return line;
}

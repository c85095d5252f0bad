/** `midge pub`: publishes a message, once or more often. */

import { writeStderr } from "../log.ts";
import { checkName, messageWords, runCommand } from "./client_command.ts";
import type { ClientCommand } from "./client_command.ts";
import { HEADER_FLAG } from "./client_flags.ts";
import { checkHeaders, withClient } from "./client_session.ts";
import { countFlag, textFlag } from "./flag_table.ts";
import { payloadFrom } from "./standard_streams.ts";

const FLAGS = {
  headers: HEADER_FLAG,
  reply: textFlag(["reply"], "SUBJECT", "Where answers are expected"),
  count: countFlag(["count"], "Times to publish it", { least: 1, initial: 1 }),
};

const PUB: ClientCommand<typeof FLAGS> = {
  name: "pub",
  usage: "SUBJECT [PAYLOAD | -]",
  about:
    `Publishes a message and waits until the server has it. Without PAYLOAD, or
with -, the payload is what is piped in.`,
  flags: FLAGS,
  async run({ flags, words }) {
    const { subject, payload } = messageWords(words);
    const { headers, count } = flags;
    const reply = flags.reply || undefined;
    if (reply !== undefined) checkName("flag -reply: subject", reply);
    const data = await payloadFrom(payload);
    const options = headers.length === 0 ? { reply } : { reply, headers };
    await withClient(flags, async (client) => {
      checkHeaders(client, headers);
      for (let i = 0; i < count; i++) {
        client.publish(subject, data, options);
        await client.ready();
      }
      await client.flush();
    });
    const times = count === 1 ? "" : `${count} times `;
    writeStderr(`Published ${times}${data.length} bytes to "${subject}"\n`);
    return 0;
  },
};

/** Runs with the arguments behind the word `pub`; returns the exit code. */
export function pub(args: readonly string[]): Promise<number> {
  return runCommand(PUB, args);
}

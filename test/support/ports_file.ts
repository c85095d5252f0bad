/** The ports file of a midge in a process of its own. */

import type { Folder } from "./folder.ts";
import type { Midge } from "./midge.ts";
import { eventually } from "./server.ts";

/** What it is called. */
export function portsFileOf(midge: Midge): string {
  return `nats-server_${midge.pid}.ports`;
}

/** What it says, once it is there: a moment after the server is ready. */
export async function portsOf(
  folder: Folder,
  midge: Midge,
): Promise<Record<string, string[]>> {
  let text = "";
  await eventually(() => {
    try {
      text = folder.read(portsFileOf(midge));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return text.endsWith("}");
  }, "a ports file");
  return JSON.parse(text);
}

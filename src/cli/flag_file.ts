/** Files that flags name. */

import { fileProblem } from "../error_text.ts";
import { ConfigError } from "../errors.ts";
import { demand } from "../permission.ts";

/** The text of a file. Throws `ConfigError`, which names flag and file. */
export function readFile(flag: string, path: string): string {
  try {
    demand({ name: "read", path });
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new ConfigError(
      `flag -${flag}: cannot read "${path}": ${fileProblem(error)}`,
    );
  }
}

/** Files that flags name. */

import { ConfigError } from "../errors.ts";
import { demand } from "../permission.ts";

/** The text of a file. Throws `ConfigError`, which names flag and file. */
export function readFile(flag: string, path: string): string {
  try {
    demand({ name: "read", path });
    return Deno.readTextFileSync(path);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "no such file or directory"
      : error instanceof Deno.errors.PermissionDenied
      ? "permission denied"
      : (error as Error).message;
    throw new ConfigError(`flag -${flag}: cannot read "${path}": ${reason}`);
  }
}

/** What the log says of something thrown. */

/** Its message: for what others may have caused. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Why `library`, which is fetched at its first use, cannot be loaded. */
export function libraryProblem(library: string, error: unknown): string {
  // Behind the first line the platform goes into its own details.
  const [reason] = errorText(error).split("\n");
  return `Cannot load ${library}: ${reason}: if there is no network, run "deno cache main.ts" where there is`;
}

/** Where it came from as well: for defects of ours. */
export function errorTrace(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

/** Why a file cannot be had, in the words operators know. */
export function fileProblem(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file or directory";
  if (error instanceof Deno.errors.IsADirectory) return "is a directory";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  return errorText(error);
}

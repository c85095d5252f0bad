/** What the log says of something thrown. */

/** Its message: for what others may have caused. */
export function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Where it came from as well: for defects of ours. */
export function describe(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

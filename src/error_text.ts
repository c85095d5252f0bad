/** What the log says of something thrown. */

/** Its message: for what others may have caused. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Where it came from as well: for defects of ours. */
export function errorTrace(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

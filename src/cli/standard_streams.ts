/** Standard input and output of the commands that talk to a server. */

import { ConfigError } from "../errors.ts";
import { LF } from "../wire/ascii.ts";

/** Most that is read as one payload; servers allow no more. */
const MAX_INPUT = 64 * 1024 * 1024;
/** What a pipe takes as a whole or not at all, in bytes (PIPE_BUF). */
const PIPE_WHOLE = 4096;
/** Below this the platform puts what has no line end into a buffer first. */
const KEPT_BACK = 1024;
const NOTHING = new Uint8Array(0);
/** How long to leave a full pipe alone. */
const PIPE_PAUSE_MS = 2;

/** Nobody reads standard output any more. */
export class OutputClosed extends Error {
  /** The class name. */
  override readonly name = "OutputClosed";
}

/**
 * Writes to standard output, and waits while its reader is slow: the server
 * then is held up as well. Throws `OutputClosed`.
 */
export function print(output: string | Uint8Array): void {
  let rest = typeof output === "string"
    ? new TextEncoder().encode(output)
    : output;
  while (rest.length > 0) rest = rest.subarray(writeSome(rest));
}

/**
 * Writes the beginning and returns how much that was.
 *
 * A pipe does not block when whoever made it, such as Node, wants it so. When
 * it is full, the platform does not say how much it took. It takes all or
 * nothing of what a pipe takes as a whole and what ends with its last line
 * end: nothing then; all of what is so short that it is kept back first.
 */
function writeSome(bytes: Uint8Array): number {
  const most = bytes.subarray(0, PIPE_WHOLE);
  const lineEnd = most.lastIndexOf(LF);
  const piece = lineEnd < 0 ? most : most.subarray(0, lineEnd + 1);
  if (tryWrite(piece)) return piece.length;
  if (lineEnd >= 0 || piece.length >= KEPT_BACK) return 0;
  while (!tryWrite(NOTHING)); // Pushes on what was kept back.
  return piece.length;
}

/** Whether a full pipe was not in the way; if it was, waits a little. */
function tryWrite(piece: Uint8Array): boolean {
  try {
    Deno.stdout.writeSync(piece);
    return true;
  } catch (cause) {
    if (!(cause instanceof Deno.errors.WouldBlock)) {
      throw new OutputClosed("Cannot write: output closed", { cause });
    }
    const never = new Int32Array(new SharedArrayBuffer(4));
    Atomics.wait(never, 0, 0, PIPE_PAUSE_MS);
    return false;
  }
}

/**
 * A payload as given: `-` means standard input, as does nothing at all unless
 * somebody sits at a terminal. Rejects with `ConfigError`.
 */
export async function payloadFrom(
  word: string | undefined,
): Promise<Uint8Array> {
  if (word !== undefined && word !== "-") return new TextEncoder().encode(word);
  if (word === undefined && Deno.stdin.isTerminal()) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of Deno.stdin.readable) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_INPUT) {
      throw new ConfigError(
        `payload on standard input has more than ${MAX_INPUT} bytes`,
      );
    }
  }
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

/** Messages for people to read. What a sender wrote never reaches a terminal. */

import type { Message } from "../client/client.ts";
import { decodeUtf8 } from "../wire/ascii.ts";

/** Everything a terminal obeys, line ends and tabs aside. */
// deno-lint-ignore no-control-regex -- That is the point.
const CONTROLS = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)/g;

/**
 * Headers, an empty line if there are any, and the payload unless
 * `headersOnly`; with a line end.
 */
export function messageText(message: Message, headersOnly = false): string {
  let text = message.status === 0 ? "" : `Status: ${message.status}\n`;
  for (const [name, values] of message.headers ?? []) {
    for (const value of values) text += `${harmless(`${name}: ${value}`)}\n`;
  }
  if (headersOnly) return text;
  if (text !== "") text += "\n";
  const payload = harmless(decodeUtf8(message.data));
  return payload.endsWith("\n") ? text + payload : `${text}${payload}\n`;
}

/** Milliseconds as `2s` or `250ms`. */
export function durationText(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** The text with control characters as `\x1b`. */
function harmless(text: string): string {
  return text.replace(
    CONTROLS,
    (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

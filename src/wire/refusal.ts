/**
 * The texts of `-ERR`, read: what a server refused, and whether it goes on with
 * who asked for it. The other direction of the texts in errors.ts.
 */

import { PermissionError, ServerError } from "../errors.ts";

const VIOLATION =
  /^Permissions Violation for (Publish|Subscription) to ("(?:[^"\\]|\\.)*")(?: using queue ("(?:[^"\\]|\\.)*"))?/;
const HARMLESS =
  /^(Permissions Violation|Invalid (Publish )?Subject|maximum subscriptions)/i;

/** The error for a line `-ERR '<text>'`. */
export function parseRefusal(line: string): ServerError {
  const text = line.slice("-ERR '".length, -1);
  const [, operation, subject, queue = ""] = VIOLATION.exec(text) ?? [];
  if (operation === undefined) {
    return new ServerError(text, !HARMLESS.test(text));
  }
  return new PermissionError(
    text,
    operation === "Publish" ? "publish" : "subscription",
    unquote(subject),
    unquote(queue),
  );
}

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(["\\])/g, "$1");
}

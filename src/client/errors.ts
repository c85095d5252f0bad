/** What can go wrong for a client, told apart by class and field. */

/** The server said `-ERR '<text>'`. */
export class ServerError extends Error {
  /** The class name. */
  override readonly name: string = "ServerError";

  /** `text` is what stood between the quotes. */
  constructor(readonly text: string) {
    super(`Server refused: ${text}`);
  }
}

/** The server did not let the client publish or subscribe; the client stays. */
export class PermissionError extends ServerError {
  /** The class name. */
  override readonly name = "PermissionError";

  /** What was tried, on which subject; `queue` is empty without one. */
  constructor(
    text: string,
    readonly operation: "publish" | "subscription",
    readonly subject: string,
    readonly queue: string,
  ) {
    super(text);
  }
}

/** Nobody is subscribed to the subject of a request. */
export class NoRespondersError extends Error {
  /** The class name. */
  override readonly name = "NoRespondersError";

  /** `subject` is where the request went. */
  constructor(readonly subject: string) {
    super(`Cannot request "${subject}": no responders`);
  }
}

/** Something took longer than it was given. */
export class TimeoutError extends Error {
  /** The class name. */
  override readonly name = "TimeoutError";

  /** `action` is what was waited for. */
  constructor(action: string, readonly timeoutMs: number) {
    super(`Cannot ${action}: timed out after ${timeoutMs} ms`);
  }
}

const VIOLATION =
  /^Permissions Violation for (Publish|Subscription) to ("(?:[^"\\]|\\.)*")(?: using queue ("(?:[^"\\]|\\.)*"))?/;
const HARMLESS =
  /^(Permissions Violation|Invalid (Publish )?Subject|maximum subscriptions)/i;

/** The error for the text of an `-ERR` line. */
export function serverError(text: string): ServerError {
  const [, operation, subject, queue = ""] = VIOLATION.exec(text) ?? [];
  if (operation === undefined) return new ServerError(text);
  return new PermissionError(
    text,
    operation === "Publish" ? "publish" : "subscription",
    unquote(subject),
    unquote(queue),
  );
}

/** Whether the server closes the connection after an `-ERR` of this text. */
export function isFatal({ text }: ServerError): boolean {
  return !HARMLESS.test(text);
}

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(["\\])/g, "$1");
}

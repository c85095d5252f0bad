/**
 * Every error midge raises and every `-ERR` text it sends, once.
 *
 * Wire texts and close reasons are the official server's to the letter: clients
 * search them for words (client-protocol §4). Knows nothing of connections.
 */

/**
 * Why a connection was closed, in the official server's words: they show up in
 * the log and in `/connz?state=closed`.
 */
export type CloseReason =
  | "Client Closed"
  | "Authentication Timeout"
  | "Authentication Failure"
  | "TLS Handshake Failure"
  | "Slow Consumer (Pending Bytes)"
  | "Slow Consumer (Write Deadline)"
  | "Write Error"
  | "Read Error"
  | "Parse Error"
  | "Stale Connection"
  | "Protocol Violation"
  | "Bad Client Protocol Version"
  | "Incorrect Port"
  | "Maximum Connections Exceeded"
  | "Maximum Account Connections Exceeded"
  | "Maximum Message Payload Exceeded"
  | "Maximum Control Line Exceeded"
  | "Server Shutdown"
  | "No Responders Requires Headers"
  | "Duplicate Route"
  | "Route Removed"
  | "Cluster Name Conflict"
  | "Duplicate Server Name"
  | "Internal Error";

/**
 * Something a peer did wrong, or that the server has to tell it: the text of
 * the `-ERR` line, if there is one, and the reason to close with, if it closes.
 */
export class ProtocolError extends Error {
  /** The class name. */
  override readonly name = "ProtocolError";
  /** What stands between the quotes of `-ERR '…'`; `null` closes silently. */
  readonly wireText: string | null;
  /** `null`: the connection stays. */
  readonly closeReason: CloseReason | null;

  /** `detail` is for the log only; it defaults to the wire text. */
  constructor(
    wireText: string | null,
    closeReason: CloseReason | null,
    detail?: string,
  ) {
    super(detail ?? wireText ?? closeReason ?? "protocol error");
    this.wireText = wireText;
    this.closeReason = closeReason;
  }
}

/** The operation is not one this kind of peer may send, or is garbage. */
export function unknownOperation(detail: string): ProtocolError {
  return new ProtocolError(
    "Unknown Protocol Operation",
    "Protocol Violation",
    detail,
  );
}

/** A known operation with a wrong count of arguments or a wrong number. */
export function badArguments(detail: string): ProtocolError {
  return new ProtocolError(null, "Protocol Violation", detail);
}

/** An argument part longer than `max_control_line`. */
export function controlLineExceeded(): ProtocolError {
  return new ProtocolError(
    "maximum control line exceeded",
    "Maximum Control Line Exceeded",
  );
}

/** A message announced with more than `max_payload` bytes. */
export function payloadExceeded(size: number, limit: number): ProtocolError {
  return new ProtocolError(
    "Maximum Payload Violation",
    "Maximum Message Payload Exceeded",
    `maximum payload exceeded: ${size} vs ${limit}`,
  );
}

/** An operation other than CONNECT before the peer has said who it is. */
export function authorizationViolation(detail?: string): ProtocolError {
  return new ProtocolError(
    "Authorization Violation",
    "Authentication Failure",
    detail ?? "authentication error",
  );
}

/** No CONNECT with valid credentials in time. */
export function authenticationTimeout(): ProtocolError {
  return new ProtocolError("Authentication Timeout", "Authentication Timeout");
}

/** Too many PINGs without a PONG. */
export function staleConnection(): ProtocolError {
  return new ProtocolError("Stale Connection", "Stale Connection");
}

/** More connections than `max_connections`. */
export function connectionsExceeded(): ProtocolError {
  return new ProtocolError(
    "maximum connections exceeded",
    "Maximum Connections Exceeded",
  );
}

/** More connections than the account may have. */
export function accountConnectionsExceeded(): ProtocolError {
  return new ProtocolError(
    "maximum account active connections exceeded",
    "Maximum Account Connections Exceeded",
  );
}

/** A CONNECT `protocol` outside 0 and 1. */
export function badClientProtocol(): ProtocolError {
  return new ProtocolError(
    "invalid client protocol",
    "Bad Client Protocol Version",
  );
}

/** CONNECT asks for `no_responders` without headers. */
export function noRespondersRequiresHeaders(): ProtocolError {
  return new ProtocolError(
    "no responders requires headers support",
    "No Responders Requires Headers",
  );
}

/** Somebody on the port for routes who is no server. */
export function wrongRoutePort(): ProtocolError {
  return new ProtocolError(
    "attempted to connect to route port",
    "Incorrect Port",
  );
}

/** A server of another cluster. */
export function wrongClusterName(theirs: string, ours: string): ProtocolError {
  return new ProtocolError(
    `Rejecting connection, cluster name "${theirs}" does not match "${ours}"`,
    "Cluster Name Conflict",
  );
}

/** Another server that calls itself as this one does: closed without a word. */
export function duplicateServerName(name: string): ProtocolError {
  return new ProtocolError(
    null,
    "Duplicate Server Name",
    `Remote server has a duplicate name: "${name}"`,
  );
}

/** The peer, called `who` in the log, sent us `-ERR`. */
export function peerError(text: string, who = "Client"): ProtocolError {
  return new ProtocolError(null, "Parse Error", `${who} Error ${text}`);
}

/** More subscriptions on the connection than `max_subscriptions`. */
export const SUBSCRIPTIONS_EXCEEDED = "maximum subscriptions exceeded";
/** A SUB whose subject has an empty token or a `>` that is not last. */
export const INVALID_SUBJECT = "Invalid Subject";
/** A pedantic client's PUB to a subject that is not literal. */
export const INVALID_PUBLISH_SUBJECT = "Invalid Publish Subject";

/** `-ERR` text for a publish the client may not make; `subject` is quoted. */
export function publishViolation(subject: string): string {
  return `Permissions Violation for Publish to ${subject}`;
}

/** `-ERR` text for a reply subject clients may not use; `reply` is quoted. */
export function replyViolation(reply: string): string {
  return `Permissions Violation for Publish with Reply of ${reply}`;
}

/** `-ERR` text for a refused SUB; both arguments are quoted, queue optional. */
export function subscriptionViolation(subject: string, queue?: string): string {
  const suffix = queue === undefined ? "" : ` using queue ${queue}`;
  return `Permissions Violation for Subscription to ${subject}${suffix}`;
}

/** `-ERR` text for a SUB with more than `max_sub_tokens` tokens. */
export function tokensViolation(subject: string): string {
  return `${subscriptionViolation(subject)}, too many tokens`;
}

/** An option, flag or configuration value that cannot be used. */
export class ConfigError extends SyntaxError {
  /** The class name. */
  override readonly name = "ConfigError";
}

/** The server could not open a port; the message says which, why, what to do. */
export class ListenError extends Error {
  /** The class name. */
  override readonly name = "ListenError";
  /** What was asked for, as `host:port`. */
  readonly address: string;

  /** `cause` is the platform's error; `port` is how the log calls what it is. */
  constructor(address: string, cause: Error, port = "port") {
    super(
      `Error listening on ${port}: ${address}, "${
        listenCause(address, cause)
      }"${remedy(cause)}`,
      { cause },
    );
    this.address = address;
  }
}

/** A TLS handshake did not succeed; the message says why. */
export class TlsError extends Error {
  /** The class name. */
  override readonly name = "TlsError";
}

/** The server or connection is already closed, or not open yet. */
export class ClosedError extends Error {
  /** The class name. */
  override readonly name = "ClosedError";
}

/** What came over a connection is not the protocol. */
export class FrameError extends SyntaxError {
  /** The class name. */
  override readonly name = "FrameError";
}

/** The server said `-ERR '<text>'`. */
export class ServerError extends Error {
  /** The class name. */
  override readonly name: string = "ServerError";

  /** `text` is what stood between the quotes; `fatal`: the server closes. */
  constructor(readonly text: string, readonly fatal: boolean) {
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
    super(text, false);
  }

  /** Whether it was this that was refused. */
  concerns(
    operation: "publish" | "subscription",
    subject: string,
    queue = "",
  ): boolean {
    return this.operation === operation && this.subject === subject &&
      this.queue === queue;
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

/** Says why listening failed in the words operators know from nats-server. */
function listenCause(address: string, cause: Error): string {
  if (cause instanceof Deno.errors.AddrInUse) {
    return `listen tcp ${address}: bind: address already in use`;
  }
  if (cause instanceof Deno.errors.AddrNotAvailable) {
    return `listen tcp ${address}: bind: cannot assign requested address`;
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return `listen tcp ${address}: bind: permission denied`;
  }
  if (cause instanceof Deno.errors.NotCapable) {
    return `not permitted to listen: run with --allow-net=${address}`;
  }
  return `listen tcp ${address}: ${cause.message}`;
}

/** What can be done about it, if that is not plain from the cause. */
function remedy(cause: Error): string {
  if (cause instanceof Deno.errors.AddrInUse) {
    return ": stop what listens there or take another port, -1 for a free one";
  }
  if (cause instanceof Deno.errors.AddrNotAvailable) {
    return ": take an address of this machine, 0.0.0.0 for all";
  }
  return "";
}

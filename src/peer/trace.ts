/** How log and trace show a client and what it sends, and what they must not. */

import { encodeUtf8, quote } from "../wire/ascii.ts";
import type { InboundMessage } from "../wire/inbound_message.ts";
import type { ClientConnect } from "../wire/info.ts";

/**
 * CONNECT fields with secrets in them: their values are blanked out, also when
 * the JSON is broken off (config-and-monitoring §5.5).
 */
const SECRETS =
  /("(?:pass[^"]*|auth_token[^"]*|sig|nkey|jwt|proxy_sig)"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|[^\s",}]+)/gi;

/** What the log calls a client: `"v3.4.0:nats.js:name"`; empty if nothing. */
export function peerName({ version, lang, name }: ClientConnect): string {
  const parts = [version && `v${version}`, lang, name].filter(Boolean);
  return parts.length > 0 ? quote(encodeUtf8(parts.join(":"))) : "";
}

/** The text of an operation without what only its sender may know. */
export function redact(operation: string): string {
  if (!/^connect/i.test(operation)) return operation;
  return operation.replace(SECRETS, '$1"[REDACTED]"');
}

/** Header block and payload, quoted; of `limit` bytes at most unless 0. */
export function tracedPayload(message: InboundMessage, limit: number): string {
  const payload = message.payload();
  if (limit === 0 || payload.length <= limit) return quote(payload);
  return `${quote(payload.subarray(0, limit)).slice(0, -1)}..."`;
}

/**
 * The header that tells a service in another account who asks:
 * `Nats-Request-Info: {"acc":"B","rtt":120000}`. Times in it are nanoseconds.
 */

import { encodeUtf8 } from "../wire/ascii.ts";
import type { InboundMessage } from "../wire/inbound_message.ts";
import type { Connection } from "./connection.ts";

/** What only the server knows of a requester; told if it shares that. */
export interface RequesterFacts {
  /** User it logged in as. */
  user?: string;
  /** What it calls itself. */
  name?: string;
  /** Language of its library. */
  lang?: string;
  /** Version of its library. */
  ver?: string;
  /** Id of the server it is connected to. */
  server?: string;
}

/** Who asks, and how the request came. */
export interface Requester {
  /** The account it was published in. */
  readonly account: string;
  /** Account it came through, when that is another one. */
  readonly service: string | undefined;
  /** Tell this besides; `null` to tell nothing. */
  readonly facts: RequesterFacts | null;
}

const NAME = "nats-request-info:";
const FIRST_LINE = encodeUtf8("NATS/1.0\r\n");
const LF = 0x0a;

/**
 * The header block of a request in hand, with that header at its end. One that
 * the publisher put there itself is left out: it could claim to be anybody.
 */
export function requestHeaders(
  message: InboundMessage,
  publisher: Connection,
  requester: Requester,
): Uint8Array {
  const old = message.headerSize < 0
    ? FIRST_LINE
    : withoutInfo(message.payload().subarray(0, message.headerSize - 2));
  const line = encodeUtf8(
    `Nats-Request-Info: ${
      JSON.stringify(describe(publisher, requester))
    }\r\n\r\n`,
  );
  const block = new Uint8Array(old.length + line.length);
  block.set(old);
  block.set(line, old.length);
  return block;
}

/** In the order of the official server. */
function describe(
  { id, startedAt, transport, heartbeat }: Connection,
  { account, service, facts }: Requester,
): Record<string, unknown> {
  const { roundTripMs } = heartbeat;
  const rtt = roundTripMs < 0 ? 0 : Math.round(roundTripMs * 1e6);
  if (facts === null) return { acc: account, svc: service, rtt };
  const { user, name, lang, ver, server } = facts;
  return {
    start: new Date(startedAt).toISOString(),
    host: transport.remoteAddress.hostname,
    id,
    acc: account,
    svc: service,
    user,
    name,
    lang,
    ver,
    rtt,
    server,
    kind: "Client",
    client_type: "nats",
  };
}

/** The lines of a header block but for those of this header. */
function withoutInfo(block: Uint8Array): Uint8Array {
  let kept: Uint8Array | null = null;
  let length = 0;
  for (let start = 0; start < block.length;) {
    const lf = block.indexOf(LF, start);
    const end = lf < 0 ? block.length : lf + 1;
    const left = isInfo(block, start);
    if (left && kept === null) {
      kept = block.slice();
      length = start;
    }
    if (kept !== null && !left) {
      kept.set(block.subarray(start, end), length);
      length += end - start;
    }
    start = end;
  }
  return kept === null ? block : kept.subarray(0, length);
}

/** Whether the line at `start` is this header, in capitals or not. */
function isInfo(block: Uint8Array, start: number): boolean {
  for (let i = 0; i < NAME.length; i++) {
    const byte = block[start + i];
    const small = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (small !== NAME.charCodeAt(i)) return false;
  }
  return true;
}

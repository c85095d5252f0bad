/** Names that belong to the server and that no client may use (client-protocol §3.4–3.6). */

import { encodeUtf8 } from "../wire/ascii.ts";
import type { InboundMessage } from "../wire/inbound_message.ts";

/** Queue group the server keeps for itself. */
export const RESERVED_QUEUE = "_sys_";

const GATEWAY_REPLY = encodeUtf8("_GR_.");
const RAFT_GROUP = encodeUtf8("$NRG.");
const SERVICE_REPLY = encodeUtf8("_R_.");
const JETSTREAM_ACK = encodeUtf8("$JS.ACK.");

/** Their first four bytes as little-endian words: one look rules them out. */
const enum Start {
  GatewayReply = 0x5f52475f, // _GR_
  RaftGroup = 0x47524e24, // $NRG
  ServiceReply = 0x2e5f525f, // _R_.
  JetStream = 0x2e534a24, // $JS.
}

/** Whether the message is published to a subject of the server's. */
export function hasReservedSubject(message: InboundMessage): boolean {
  const start = message.buffer.view.getInt32(message.subjectStart, true);
  if (start !== Start.GatewayReply && start !== Start.RaftGroup) return false;
  return startsWith(message.subject(), GATEWAY_REPLY) ||
    startsWith(message.subject(), RAFT_GROUP);
}

/** Whether the message, which has a reply, names one of the server's. */
export function hasReservedReply(message: InboundMessage): boolean {
  const start = message.buffer.view.getInt32(message.tailStart, true);
  if (
    start !== Start.GatewayReply && start !== Start.ServiceReply &&
    start !== Start.JetStream
  ) return false;
  const reply = message.reply();
  return startsWith(reply, GATEWAY_REPLY) || startsWith(reply, SERVICE_REPLY) ||
    startsWith(reply, JETSTREAM_ACK);
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, i) => byte === bytes[i]);
}

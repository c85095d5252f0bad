/**
 * The server's side of TLS over any transport: handshake, and which clients and
 * cipher suites are taken. What follows is `tls_stream.ts`.
 */

import type { TLSSocket } from "node:tls";
import { TlsError } from "../errors.ts";
import { readCertificate } from "./certificate.ts";
import type { TlsContext } from "./tls_context.ts";
import { tlsFacts, tlsFailure, TlsStream } from "./tls_stream.ts";
import type { PeerCertificate, Transport } from "./transport.ts";

/**
 * Does the server's side of a handshake over `raw` and resolves with the
 * encrypted transport. Rejects with `TlsError` and closes `raw` when that
 * fails; closing `raw` meanwhile makes it fail. Writes nothing but TLS.
 */
export async function acceptTls(
  raw: Transport,
  context: TlsContext,
): Promise<Transport> {
  const stream = new TlsStream(raw, context);
  try {
    await handshake(stream, context);
    return stream;
  } catch (error) {
    await stream.alerted();
    stream.close();
    throw error;
  }
}

async function handshake(
  stream: TlsStream,
  context: TlsContext,
): Promise<void> {
  // A server of its own for each connection: its events cannot be told apart
  // otherwise, and it is the server that refuses certificates; a bare
  // TLSSocket takes any.
  const server = context.tls.createServer(context.server);
  server.on("secureConnection", (socket: TLSSocket) => {
    const why = context.verify ? refusal(socket, context) : null;
    if (why === null) {
      stream.secure(socket);
      return;
    }
    // At once, before the client gets a ticket to come back with.
    socket.on("error", () => {});
    socket.destroy();
    stream.fail(new TlsError(why));
  });
  server.on("tlsClientError", (error: Error, socket: TLSSocket) => {
    const { authorizationError } = socket ?? {};
    stream.fail(new TlsError(tlsFailure(authorizationError ?? error)));
  });
  server.emit("connection", stream.duplex);
  const socket = await stream.handshake();
  stream.tls = tlsFacts(
    socket,
    context.verify ? await peerOf(socket, context) : null,
  );
  const { version, cipherSuite } = stream.tls;
  // The platform cannot be told which suites to offer.
  if (version === "1.2" && context.suites?.has(cipherSuite) === false) {
    throw new TlsError(`cipher suite ${cipherSuite} is not allowed`);
  }
}

/**
 * Why a client without a verified certificate must go. Resumed sessions show
 * none: the platform takes a ticket of this process whoever verified what when
 * it was given out, so the certificate in it must be one that was verified with
 * these very authorities.
 */
function refusal(
  socket: TLSSocket,
  { verified }: TlsContext,
): string | null {
  const certificate = socket.getPeerX509Certificate();
  if (!socket.authorized || certificate === undefined) {
    return tlsFailure(socket.authorizationError);
  }
  const { fingerprint256, validTo } = certificate;
  if (!socket.isSessionReused()) verified.add(fingerprint256);
  if (!verified.has(fingerprint256)) {
    return "session of a certificate that was not verified";
  }
  return Date.parse(validTo) < Date.now()
    ? tlsFailure("CERT_HAS_EXPIRED")
    : null;
}

/** The certificate of a client that had to show one. */
async function peerOf(
  socket: TLSSocket,
  { pinned }: TlsContext,
): Promise<PeerCertificate> {
  const certificate = socket.getPeerX509Certificate();
  const peer = await readCertificate(
    new Uint8Array(certificate?.raw ?? new Uint8Array()),
  );
  if (pinned !== null && !pinned.has(peer.publicKeySha256)) {
    throw new TlsError("certificate not pinned");
  }
  return peer;
}

/**
 * The client's side of TLS over any transport: whose certificate is believed,
 * and which one is shown. What follows is `tls_stream.ts`.
 */

import type { ConnectionOptions, TLSSocket } from "node:tls";
import { ConfigError, TlsError } from "../errors.ts";
import { readCertificate } from "./certificate.ts";
import { checkTexts } from "./pem.ts";
import { tlsFacts, tlsFailure, TlsStream } from "./tls_stream.ts";
import type { Transport } from "./transport.ts";

/** How to speak TLS to a server; certificates and keys are PEM texts. */
export interface ClientTls {
  /** Authorities to believe, and no others; default: those of the platform. */
  readonly ca?: string | undefined;
  /** Own certificate, for servers that ask for one; needs `key`. */
  readonly cert?: string | undefined;
  /** Private key of `cert`. */
  readonly key?: string | undefined;
  /** Name or address the server's certificate must be for; default: the host. */
  readonly serverName?: string | undefined;
  /** Believes any certificate: what is sent can then be read by anybody. */
  readonly insecure?: boolean | undefined;
  /** The handshake comes before the server says anything. */
  readonly handshakeFirst?: boolean | undefined;
}

/**
 * Does the client's side of a handshake over `raw` and resolves with the
 * encrypted transport, whose `tls.peer` is the server's certificate. Rejects
 * with `TlsError` and closes `raw` when that fails or the certificate is not
 * one to believe, with `ConfigError` when texts in `options` cannot be used;
 * closing `raw` meanwhile makes it fail.
 */
export async function dialTls(
  raw: Transport,
  options: ClientTls = {},
): Promise<Transport> {
  const [tls, { Duplex }] = await Promise.all([
    import("node:tls"),
    import("node:stream"),
  ]);
  const stream = new TlsStream(raw, { Duplex, largeBuffers: 0 });
  try {
    // The platform takes any text and then waits for ever.
    await checkTexts(options);
    const socket = tls.connect({
      ...connectionOptions(options, raw.remoteAddress.hostname),
      socket: stream.duplex,
    });
    await handshake(stream, socket);
    return stream;
  } catch (error) {
    await stream.alerted();
    stream.close();
    throw error instanceof TlsError || error instanceof ConfigError
      ? error
      : new TlsError(tlsFailure(error), { cause: error });
  }
}

async function handshake(stream: TlsStream, socket: TLSSocket): Promise<void> {
  const failed = (error: Error) => stream.fail(error);
  socket.once("error", failed);
  socket.once("secureConnect", () => {
    stream.secure(socket);
    socket.off("error", failed);
  });
  await stream.handshake();
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) throw new TlsError("no server certificate");
  stream.tls = tlsFacts(
    socket,
    await readCertificate(new Uint8Array(certificate.raw)),
  );
}

function connectionOptions(
  { ca, cert, key, serverName, insecure = false }: ClientTls,
  hostname: string,
): ConnectionOptions {
  return {
    // Also checked when it is an address, which SNI does not take.
    host: serverName ?? hostname,
    minVersion: "TLSv1.2",
    rejectUnauthorized: !insecure,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

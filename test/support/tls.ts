/** TLS for tests: certificates, and raw clients that speak it. */

import type { Socket } from "node:net";
import net from "node:net";
import tls from "node:tls";
import type { TlsOptions } from "../../src/mod.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { latin1 } from "../../src/wire/ascii.ts";
import { pathOf } from "./paths.ts";
import { RawClient } from "./raw_client.ts";

/** The path of a file in certs/. */
export function certFile(name: string): string {
  return pathOf(`test/support/certs/${name}`);
}

/** The text of a file in certs/. */
export function certText(name: string): string {
  return Deno.readTextFileSync(certFile(name));
}

/** A server's own certificate. */
export const SERVER_TLS: TlsOptions = {
  certFile: certFile("server.pem"),
  keyFile: certFile("server-key.pem"),
};

/** As `SERVER_TLS`; clients must have one, too. */
export const MUTUAL_TLS: TlsOptions = {
  ...SERVER_TLS,
  caFile: certFile("ca.pem"),
  verify: true,
};

/** How a client speaks TLS. */
export interface DialOptions {
  /** The handshake comes before INFO. */
  readonly first?: boolean;
  /** Whose certificate to show: `client`, `other-client`, … */
  readonly as?: string | undefined;
  /** Newest version to speak. */
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
}

/** A connected client, and the INFO that came before the handshake. */
export interface TlsClient {
  /** Talks inside TLS. */
  readonly client: RawClient;
  /** `null` if the handshake came first. */
  readonly info: Record<string, unknown> | null;
  /** Where the client is. */
  readonly localPort: number;
}

/** Connects and does the handshake. Rejects when either does not succeed. */
export async function dialTls(
  port: number,
  options: DialOptions = {},
): Promise<TlsClient> {
  const { first = false, as, maxVersion } = options;
  if (as !== undefined || maxVersion !== undefined) {
    return await dialNode(port, options);
  }
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
  const info = first ? null : await readClearInfo(tcp);
  const conn = await Deno.startTls(tcp, {
    hostname: "localhost",
    caCerts: [certText("ca.pem")],
  });
  const client = new RawClient(denoTransport(conn));
  try {
    await conn.handshake();
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
  return { client, info, localPort: conn.localAddr.port };
}

/** Connects as `dialTls` and returns the certificate the server shows. */
export async function serverCertificate(port: number): Promise<string> {
  const raw = await connectTcp(port);
  await readInfo(raw);
  const socket = await handshake(raw, {});
  const { fingerprint256 } = socket.getPeerCertificate();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.destroy();
  await closed;
  return fingerprint256;
}

/** Through node, which can show certificates and choose versions. */
async function dialNode(
  port: number,
  options: DialOptions,
): Promise<TlsClient> {
  const raw = await connectTcp(port);
  const info = options.first ? null : await readInfo(raw);
  const socket = await handshake(raw, options);
  return {
    client: new RawClient(nodeTransport(socket)),
    info,
    localPort: raw.localPort ?? 0,
  };
}

async function handshake(
  raw: Socket,
  { as, maxVersion = "TLSv1.3" }: DialOptions,
): Promise<tls.TLSSocket> {
  const socket = tls.connect({
    socket: raw,
    servername: "localhost",
    ca: certText("ca.pem"),
    maxVersion,
    ...(as === undefined
      ? {}
      : { cert: certText(`${as}.pem`), key: certText(`${as}-key.pem`) }),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve);
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed in the handshake")));
  });
  return socket;
}

/** Reads the INFO line, the only thing a server says before the handshake. */
async function readClearInfo(
  conn: Deno.Conn,
): Promise<Record<string, unknown>> {
  const buffer = new Uint8Array(4096);
  let text = "";
  while (!text.endsWith("\r\n")) {
    const count = await conn.read(buffer);
    if (count === null) throw new Error(`ended after "${text}"`);
    text += latin1(buffer.subarray(0, count));
  }
  return JSON.parse(text.slice("INFO ".length));
}

/** A connection of Deno's as a transport. */
function denoTransport(conn: Deno.TlsConn): Transport {
  let closed = false;
  return {
    remoteAddress: { hostname: "127.0.0.1", port: 0 },
    read: (target) => conn.read(target),
    write: (source) => conn.write(source),
    closeWrite: () => conn.closeWrite(),
    close: () => {
      if (!closed) conn.close();
      closed = true;
    },
  };
}

/** A plain TCP connection of node's. */
export function connectTcp(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Reads the INFO line and not a byte more. */
export async function readInfo(
  socket: Socket,
): Promise<Record<string, unknown>> {
  let text = "";
  while (!text.endsWith("\r\n")) {
    await new Promise<void>((resolve, reject) => {
      socket.once("readable", resolve);
      socket.once("end", () => reject(new Error(`ended after "${text}"`)));
    });
    for (let byte; (byte = socket.read(1)) !== null;) {
      text += String.fromCharCode(byte[0]);
      if (text.endsWith("\r\n")) break;
    }
  }
  return JSON.parse(text.slice("INFO ".length));
}

/** A node socket as a transport. */
function nodeTransport(socket: tls.TLSSocket): Transport {
  let failure: Error | null = null;
  socket.on("error", (error: Error) => failure = error);
  return {
    remoteAddress: { hostname: "127.0.0.1", port: 0 },
    read: async (target) => {
      for (;;) {
        const { readableLength } = socket;
        const chunk = readableLength === 0
          ? null
          : socket.read(Math.min(readableLength, target.length));
        if (chunk !== null) {
          target.set(chunk);
          return chunk.length;
        }
        if (failure !== null) throw failure;
        if (socket.readableEnded || socket.destroyed) return null;
        await new Promise<void>((resolve) => {
          for (const event of ["readable", "end", "close"]) {
            socket.once(event, () => resolve());
          }
        });
      }
    },
    write: (source) =>
      new Promise((resolve, reject) => {
        socket.write(
          source,
          (error) => error ? reject(error) : resolve(source.length),
        );
      }),
    closeWrite: () =>
      new Promise((resolve) => {
        socket.end(() => resolve());
      }),
    close: () => {
      socket.destroy();
    },
  };
}

/**
 * Ways to a syslog daemon: UDP, TCP and the sockets of this machine. Carries
 * packets and says when that fails; who calls decides what then. Knows nothing
 * of their format.
 */

import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { demand, demandNet } from "../permission.ts";

/** An open way to a syslog daemon. */
export interface SyslogSocket {
  /** Packets are a stream, so that several may be sent as one. */
  readonly stream: boolean;
  /**
   * Sends a packet, cut where it is too long for a datagram. One at a time.
   * Rejects when the daemon cannot be reached any more.
   */
  send(packet: Uint8Array): Promise<void>;
  /** Resolves once the daemon has hung up, as far as one can tell. */
  readonly ended: Promise<void>;
  /** Gives it up. Idempotent. */
  close(): void;
}

/** How long a daemon may take to accept a connection, in milliseconds. */
const CONNECT_MS = 10_000;
/** Payload of the largest UDP datagram. */
const MAX_UDP = 65_507;

/** Connects over TCP. Rejects with the platform's error. */
export async function dialTcp(
  hostname: string,
  port: number,
): Promise<SyslogSocket> {
  demandNet(hostname, port);
  const timeout = new AbortController();
  const timer = setTimeout(
    () => timeout.abort(new Error(`no answer within ${CONNECT_MS / 1000}s`)),
    CONNECT_MS,
  );
  try {
    const { signal } = timeout;
    return streamSocket(await Deno.connect({ hostname, port, signal }));
  } finally {
    clearTimeout(timer);
  }
}

/** Looks `hostname` up once; nobody answers over UDP. Rejects if it is unknown. */
export async function dialUdp(
  hostname: string,
  port: number,
): Promise<SyslogSocket> {
  // Where it is not permitted, node:dgram throws where nobody can catch it.
  if (isIP(hostname) === 0) demandNet(hostname, port);
  const { address, family } = await lookup(hostname);
  const v6 = family === 6;
  demandNet(address, port);
  demandNet(v6 ? "::" : "0.0.0.0", 0);
  const socket = createSocket(v6 ? "udp6" : "udp4");
  // Errors also come back from `send`, which is where they are dealt with.
  socket.on("error", () => {});
  let closed = false;
  return {
    stream: false,
    ended: new Promise(() => {}),
    send: (packet) =>
      new Promise((resolve, reject) =>
        socket.send(
          cut(packet, MAX_UDP),
          port,
          address,
          (error) => error ? reject(error) : resolve(),
        )
      ),
    close() {
      if (closed) return;
      closed = true;
      socket.close();
    },
  };
}

/**
 * Connects to the socket at `path`, whether it takes a stream or datagrams.
 * Rejects with the platform's error, or with `NeedsUnstableNet`.
 */
export async function dialUnix(path: string): Promise<SyslogSocket> {
  demand({ name: "net" });
  demand({ name: "read", path });
  demand({ name: "write", path });
  try {
    return streamSocket(await Deno.connect({ transport: "unix", path }));
  } catch (error) {
    // Nothing but the text tells EPROTOTYPE, 91 on Linux and 41 elsewhere.
    if (!/os error (91|41)\)/.test(String(error))) throw error;
    return datagramSocket(path);
  }
}

/** A daemon takes datagrams only, and Deno was not told to send any. */
export class NeedsUnstableNet extends Error {
  /** The class name. */
  override readonly name = "NeedsUnstableNet";

  /** `path` is that of the daemon's socket. */
  constructor(path: string) {
    super(
      `${path} takes datagrams, which Deno sends only with --unstable-net ` +
        `(or "unstable": ["net"] in deno.json)`,
    );
  }
}

function streamSocket(conn: Deno.Conn): SyslogSocket {
  let closed = false;
  return {
    stream: true,
    ended: untilEnd(conn),
    async send(packet) {
      let rest = packet;
      while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
    },
    close() {
      if (closed) return;
      closed = true;
      conn.close();
    },
  };
}

/** Reads on, as a peer that has gone shows up in nothing else. */
async function untilEnd(conn: Deno.Conn): Promise<void> {
  const ignored = new Uint8Array(512);
  try {
    while (await conn.read(ignored) !== null);
  } catch {
    // Broken is as good as ended.
  }
}

function datagramSocket(path: string): SyslogSocket {
  if (typeof Deno.listenDatagram !== "function") {
    throw new NeedsUnstableNet(path);
  }
  const conn = bindDatagram();
  const target = { transport: "unixpacket", path } as const;
  let closed = false;
  return {
    stream: false,
    ended: new Promise(() => {}),
    async send(packet) {
      for (let size = packet.length;; size = size >>> 1) {
        try {
          await conn.send(cut(packet, size), target);
          return;
        } catch (error) {
          // How long a datagram may be is up to the system's settings.
          const tooLong = /os error (90|40)\)/.test(String(error));
          if (!tooLong || size < 512) throw error;
        }
      }
    },
    close() {
      if (closed) return;
      closed = true;
      conn.close();
    },
  };
}

/**
 * A socket to send datagrams from. Deno wants it to have a name: on Linux one
 * outside the file system, elsewhere a file that is removed at once.
 */
function bindDatagram(): Deno.DatagramConn {
  if (Deno.build.os === "linux") {
    const path = `\0midge-${crypto.randomUUID()}`;
    return Deno.listenDatagram({ transport: "unixpacket", path });
  }
  const folder = Deno.makeTempDirSync({ prefix: "midge-" });
  try {
    const path = `${folder}/syslog`;
    return Deno.listenDatagram({ transport: "unixpacket", path });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** At most `size` bytes of `packet`, not ending within a character. */
function cut(packet: Uint8Array, size: number): Uint8Array {
  if (packet.length <= size) return packet;
  let end = size;
  while (end > 0 && (packet[end] & 0xc0) === 0x80) end--;
  return packet.subarray(0, end);
}

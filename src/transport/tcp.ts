/** Plain TCP through Deno: the listener clients connect to, and its sockets. */

import { demandNet } from "../permission.ts";
import { bindAddress, plainAddress } from "./any_address.ts";
import type { Address, Listener, Transport } from "./transport.ts";

/** A TCP connection as a `Transport`. */
class TcpTransport implements Transport {
  readonly remoteAddress: Address;
  readonly separate = true;
  readonly #conn: Deno.TcpConn;
  #closed = false;

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    const { hostname, port } = conn.remoteAddr;
    this.remoteAddress = { hostname: plainAddress(hostname), port };
    // Whole batches are written at once: waiting for more would only add
    // latency.
    conn.setNoDelay(true);
  }

  read(target: Uint8Array<ArrayBuffer>): Promise<number | null> {
    return this.#conn.read(target);
  }

  write(source: Uint8Array<ArrayBuffer>): Promise<number> {
    return this.#conn.write(source);
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#conn.close();
  }
}

/** A listening TCP socket. */
class TcpListener implements Listener {
  readonly address: Address;
  readonly #listener: Deno.TcpListener;
  #closed = false;

  constructor(listener: Deno.TcpListener) {
    this.#listener = listener;
    const { hostname, port } = listener.addr;
    this.address = { hostname, port };
  }

  async accept(): Promise<Transport> {
    return new TcpTransport(await this.#listener.accept());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
  }
}

/**
 * Listens for TCP connections; port 0 takes a free one, 0.0.0.0 every address
 * of this machine. Throws the platform's error (`Deno.errors.AddrInUse`, …)
 * when that cannot be had.
 */
export function listenTcp(hostname: string, port: number): Listener {
  demandNet(hostname, port);
  const bound = bindAddress(hostname);
  return new TcpListener(Deno.listen({ hostname: bound, port }));
}

/** Dials a TCP address. Rejects with the platform's error, or `signal`'s. */
export async function dialTcp(
  hostname: string,
  port: number,
  signal?: AbortSignal,
): Promise<Transport> {
  demandNet(hostname, port);
  const options = signal === undefined ? {} : { signal };
  return new TcpTransport(
    await Deno.connect({ hostname, port, ...options }),
  );
}

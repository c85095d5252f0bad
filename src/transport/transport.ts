/**
 * The byte stream a connection runs over. The server asks for nothing but
 * this, so sockets, in-process pairs and whatever an embedder brings serve
 * alike.
 */

import type { PeerCertificate, TlsFacts } from "../tls_facts.ts";

/** Where one end of a transport is. */
export interface Address {
  /** IP address or host name, without brackets; `pipe` in-process. */
  readonly hostname: string;
  /** 0 where there are no ports. */
  readonly port: number;
}

export type { PeerCertificate, TlsFacts };

/** A duplex stream of bytes. */
export interface Transport {
  /** The far end. */
  readonly remoteAddress: Address;
  /**
   * The far end runs elsewhere, not on this thread, so that it goes on while
   * we wait for it without letting go of the thread. Default `false`.
   */
  readonly separate?: boolean;
  /**
   * The last `read` left something unread, whatever its count says. Default
   * `false`: a read that did not fill its target took all there was.
   */
  readonly unread?: boolean;
  /** Set when what goes over it is encrypted. */
  readonly tls?: TlsFacts;
  /**
   * Reads at least one byte into `target` and resolves with their count, or
   * with `null` at the end of the stream. One read at a time; `target` belongs
   * to the transport until then. Rejects when the stream broke or was closed.
   */
  read(target: Uint8Array<ArrayBuffer>): Promise<number | null>;
  /**
   * Writes some of `source` and resolves with how many bytes. One write at a
   * time; `source` belongs to the transport until then. Rejects when the
   * stream broke or was closed.
   */
  write(source: Uint8Array<ArrayBuffer>): Promise<number>;
  /** Tells the far end that no more is coming; reading goes on. */
  closeWrite(): Promise<void>;
  /** Gives up the stream and ends reads and writes under way. Idempotent. */
  close(): void;
}

/** Accepts transports; `accept` rejects once the listener is closed. */
export interface Listener {
  /** Where it listens, with the port it was given. */
  readonly address: Address;
  /** The next transport. Rejects with the platform's error. */
  accept(): Promise<Transport>;
  /** Stops listening; an `accept` under way rejects. Idempotent. */
  close(): void;
}

/**
 * The byte stream a connection runs over. The server asks for nothing but
 * this, so sockets, in-process pairs and whatever an embedder brings serve
 * alike.
 */

/** Where one end of a transport is. */
export interface Address {
  /** IP address or host name, without brackets; `pipe` in-process. */
  readonly hostname: string;
  /** 0 where there are no ports. */
  readonly port: number;
}

/** What is known of a certificate a peer showed and proved to own. */
export interface PeerCertificate {
  /** Subject as an RFC 2253 string, the most specific part first. */
  readonly subject: string;
  /** Alternative names that are mail addresses. */
  readonly emails: readonly string[];
  /** Alternative names that are host names. */
  readonly dnsNames: readonly string[];
  /** Alternative names that are URIs. */
  readonly uris: readonly string[];
  /** SHA-256 of the certificate, hex. */
  readonly sha256: string;
  /** SHA-256 of its SubjectPublicKeyInfo, hex: what pinning compares. */
  readonly publicKeySha256: string;
}

/** How a transport is encrypted. */
export interface TlsFacts {
  /** `1.2` or `1.3`. */
  readonly version: string;
  /** IANA name of the cipher suite. */
  readonly cipherSuite: string;
  /** The peer's certificate, verified; `null` if none was asked for. */
  readonly peer: PeerCertificate | null;
}

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

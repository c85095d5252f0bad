/** What there is to know of an encrypted connection. */

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

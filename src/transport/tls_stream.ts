/**
 * An encrypted transport on top of any other, through `node:tls`. Which side of
 * the handshake this is, and whom to believe, is for `tls.ts` and `tls_dial.ts`.
 *
 * Bytes are read from below only while somebody waits for some from above, and
 * each read is decrypted before the next begins: nothing piles up in between,
 * whoever is slow. What is not read yet keeps waiting in the socket.
 *
 * ```text
 *   read ── ciphertext ──> duplex ──> TLSSocket ── "data" ──> target
 *   write ── source ──> TLSSocket ──> duplex ── ciphertext ──> raw
 * ```
 */

import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { ClosedError, TlsError } from "../errors.ts";
import type {
  Address,
  PeerCertificate,
  TlsFacts,
  Transport,
} from "./transport.ts";

/** What a quiet connection reads ciphertext into, in bytes. */
const MIN_CIPHERTEXT = 2048;
/** What every busy one may have. */
const FAIR_CIPHERTEXT = 64 * 1024;
/** What gains a fifth on bulk transfers, but costs too much for everybody. */
const MAX_CIPHERTEXT = 256 * 1024;
/** Connections that may have as much at one time. */
const MAX_LARGE = 128;
/** Reads in a row that used little before the buffer is made small again. */
const QUIET_READS = 8;

/**
 * Most bytes encrypted for one `write`: as many as the platform does at once.
 * The count it resolves with shows that a slow peer still takes something.
 */
const PIECE = 48 * 1024;

/**
 * The longest alert: encrypted, with a tag of 16 bytes, behind the 6 bytes of a
 * ChangeCipherSpec where it is the dialling side's first word. The tickets a
 * client gets once it is in are longer.
 */
const MAX_ALERT = 30;

/** The first byte of what ends a handshake or begins one. */
const ALERT_RECORD = 0x15;
const HANDSHAKE_RECORD = 0x16;

/** What platform and official server call the same failures. */
const FAILURES: Readonly<Record<string, string>> = {
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    "tls: client didn't provide a certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "x509: certificate signed by unknown authority",
  UNABLE_TO_GET_ISSUER_CERT: "x509: certificate signed by unknown authority",
  DEPTH_ZERO_SELF_SIGNED_CERT: "x509: certificate signed by unknown authority",
  SELF_SIGNED_CERT_IN_CHAIN: "x509: certificate signed by unknown authority",
  CERT_HAS_EXPIRED: "x509: certificate has expired or is not yet valid",
  CERT_NOT_YET_VALID: "x509: certificate has expired or is not yet valid",
};

/** Someone waiting for plaintext. */
interface Reader {
  readonly target: Uint8Array<ArrayBuffer>;
  readonly resolve: (count: number | null) => void;
  readonly reject: (error: unknown) => void;
}

/** What streams share. */
export interface TlsPlatform {
  /** Of `node:stream`. */
  readonly Duplex: typeof Duplex;
  /** Connections that read into large buffers right now. */
  largeBuffers: number;
}

/** See the module: `handshake`, then `secure` or `fail` from the events. */
export class TlsStream implements Transport {
  readonly remoteAddress: Address;
  readonly separate: boolean;
  unread = false;
  tls: TlsFacts = { version: "", cipherSuite: "", peer: null };

  /** What `node:tls` is to run over. */
  readonly duplex: Duplex;

  readonly #raw: Transport;
  readonly #platform: TlsPlatform;
  readonly #secured: PromiseWithResolvers<TLSSocket> = Promise.withResolvers();
  #socket: TLSSocket | null = null;
  #ciphertext = new Uint8Array(MIN_CIPHERTEXT);
  #quietReads = 0;
  /** The peer sent what may be a handshake. */
  #begun = false;
  #pumping = false;
  /** The platform has ended the handshake and may still say why. */
  #refused = false;
  /** What was written below last; never rejects. */
  #written: Promise<void> = Promise.resolve();
  /** Ends `duplex`, which the platform must not do before an alert has left. */
  readonly #destroy: () => void;
  /** Plaintext nobody has read yet; of the last read from below only. */
  #plaintext: Uint8Array[] = [];
  #reader: Reader | null = null;
  #ended = false;
  #failure: Error | null = null;
  /** Fails the write under way. */
  #failWrite: ((error: Error) => void) | null = null;
  /** Ends the sending direction below once its last bytes are written. */
  #finished: (() => void) | null = null;
  #closed = false;

  /** Takes over `raw`. */
  constructor(raw: Transport, platform: TlsPlatform) {
    this.#raw = raw;
    this.#platform = platform;
    this.remoteAddress = raw.remoteAddress;
    this.separate = raw.separate === true;
    this.duplex = new platform.Duplex({
      read() {},
      write: (chunk: Uint8Array<ArrayBuffer>, _encoding, done) => {
        if (this.#refused && chunk.length > MAX_ALERT) return done();
        this.#written = this.#writeBelow(chunk).then(() => done(), (error) => {
          this.fail(error);
          done(error);
        });
      },
    });
    const { duplex } = this;
    const destroy = duplex.destroy.bind(duplex);
    this.#destroy = destroy;
    duplex.destroy = (error) => {
      if (this.#socket !== null) return destroy(error);
      this.#refused = true;
      return duplex;
    };
    // Failures reach whoever reads or writes; node would have them twice.
    this.duplex.on("error", () => {});
    this.#secured.promise.catch(() => {});
  }

  read(target: Uint8Array<ArrayBuffer>): Promise<number | null> {
    const chunk = this.#plaintext.shift();
    if (chunk !== undefined) return Promise.resolve(this.#take(chunk, target));
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#ended) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#reader = { target, resolve, reject };
      if (!this.#pumping) this.#pump();
    });
  }

  write(source: Uint8Array<ArrayBuffer>): Promise<number> {
    return new Promise((resolve, reject) => {
      const socket = this.#socket;
      if (this.#failure !== null || socket === null) {
        reject(this.#failure ?? new ClosedError("Cannot write: no handshake"));
        return;
      }
      const piece = source.length > PIECE ? source.subarray(0, PIECE) : source;
      this.#failWrite = reject;
      socket.write(piece, (error) => {
        if (error) reject(error);
        else resolve(piece.length);
      });
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null || this.#socket === null) {
        reject(this.#failure ?? new ClosedError("Cannot end: no handshake"));
        return;
      }
      this.#finished = () => {
        this.#finished = null;
        this.#raw.closeWrite().then(resolve, reject);
      };
      this.#failWrite = reject;
      this.#socket.end();
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.fail(new ClosedError("Cannot read or write: closed"));
    this.#plaintext = [];
    this.#resize(MIN_CIPHERTEXT);
    this.#socket?.destroy();
    this.#destroy();
    this.#raw.close();
  }

  /** Reads; resolves with what `secure` is given, rejects with what `fail` is. */
  handshake(): Promise<TLSSocket> {
    this.#pump();
    return this.#secured.promise;
  }

  /** Resolves once the peer was told why, if the platform refused it. */
  alerted(): Promise<void> {
    return this.#refused ? this.#written : Promise.resolve();
  }

  /** The handshake is done: what `socket` says can be read from now on. */
  secure(socket: TLSSocket): void {
    this.#socket = socket;
    socket.on("data", (chunk: Uint8Array) => this.#received(chunk));
    socket.on("end", () => this.#end());
    socket.on("close", () => {
      this.#end();
      this.#finished?.();
    });
    socket.on("error", (error: Error) => this.fail(error));
    this.#secured.resolve(socket);
  }

  #received(chunk: Uint8Array): void {
    const reader = this.#reader;
    if (reader === null) {
      this.#plaintext.push(chunk);
      return;
    }
    this.#reader = null;
    reader.resolve(this.#take(chunk, reader.target));
  }

  /** Copies what fits and keeps the rest for the next read. */
  #take(chunk: Uint8Array, target: Uint8Array): number {
    const count = Math.min(chunk.length, target.length);
    if (count < chunk.length) {
      this.#plaintext.unshift(chunk.subarray(count));
      chunk = chunk.subarray(0, count);
    }
    target.set(chunk);
    return count;
  }

  /** Feeds ciphertext while the handshake or a reader waits for something. */
  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      while (this.#wanted && !this.#ended) {
        const count = await this.#raw.read(this.#ciphertext);
        if (this.#failure !== null || this.#refused) break;
        if (count === null) {
          if (this.#socket === null) this.fail(new TlsError("EOF"));
          this.duplex.push(null);
          break;
        }
        this.#feed(count);
      }
    } catch (error) {
      this.fail(error);
    }
    this.#pumping = false;
  }

  get #wanted(): boolean {
    return this.#socket === null || this.#reader !== null;
  }

  #feed(count: number): void {
    const ciphertext = this.#ciphertext;
    const { length } = ciphertext;
    const [type] = ciphertext;
    if (!this.#begun && type !== HANDSHAKE_RECORD && type !== ALERT_RECORD) {
      this.fail(
        new TlsError("tls: first record does not look like a TLS handshake"),
      );
      return;
    }
    this.#begun = true;
    this.unread = count === length;
    this.duplex.push(ciphertext.subarray(0, count));
    this.#quietReads = count * 4 < length ? this.#quietReads + 1 : 0;
    if (this.unread) this.#resize(length * 4);
    else if (this.#quietReads >= QUIET_READS) this.#resize(MIN_CIPHERTEXT);
    else if (this.duplex.readableLength > 0) {
      // It was not decrypted on the spot: the stream must have had reasons.
      this.#ciphertext = new Uint8Array(length);
    }
  }

  #resize(wanted: number): void {
    const platform = this.#platform;
    const before = this.#ciphertext.length;
    if (before > FAIR_CIPHERTEXT) platform.largeBuffers--;
    const limit = platform.largeBuffers < MAX_LARGE
      ? MAX_CIPHERTEXT
      : FAIR_CIPHERTEXT;
    const size = Math.min(wanted, limit);
    if (size > FAIR_CIPHERTEXT) platform.largeBuffers++;
    this.#quietReads = 0;
    if (size !== before || this.duplex.readableLength > 0) {
      this.#ciphertext = new Uint8Array(size);
    }
  }

  async #writeBelow(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    let rest = chunk;
    while (rest.length > 0) {
      const count = await this.#raw.write(rest);
      if (!(count > 0 && count <= rest.length)) {
        throw new RangeError(
          `Cannot have written ${count} bytes of ${rest.length}`,
        );
      }
      rest = rest.subarray(count);
    }
    this.#finished?.();
  }

  #end(): void {
    this.#ended = true;
    this.#reader?.resolve(null);
    this.#reader = null;
  }

  /** Everything waiting fails, and all that comes; the first error stays. */
  fail(error: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.#secured.reject(this.#failure);
    this.#reader?.reject(this.#failure);
    this.#reader = null;
    this.#failWrite?.(this.#failure);
  }
}

/** Why a handshake failed, in words operators know from nats-server. */
export function tlsFailure(error: unknown): string {
  if (error instanceof Error) {
    const { code } = error as { code?: string };
    return FAILURES[code ?? ""] ??
      error.message.replace(/^TLS accept error: /, "");
  }
  return FAILURES[String(error)] ?? String(error);
}

/** Version and suite of a handshake that is done. */
export function tlsFacts(
  socket: TLSSocket,
  peer: PeerCertificate | null,
): TlsFacts {
  return {
    version: (socket.getProtocol() ?? "").replace("TLSv", ""),
    cipherSuite: socket.getCipher().standardName,
    peer,
  };
}

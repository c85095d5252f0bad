/**
 * The beginning of a connection on which TLS is spoken or may be: who says what
 * first, and how long anybody waits for it (client-protocol §9).
 *
 * Until it is over nothing but INFO is written in the clear, and whatever goes
 * wrong costs this connection only: it is closed, with a TLS alert at most.
 */

import type { Connection } from "../core/connection.ts";
import { errorText } from "../error_text.ts";
import type { Clock } from "../options.ts";
import type { Client } from "../peer/client.ts";
import { PeekTransport } from "../transport/peek.ts";
import { acceptTls } from "../transport/tls.ts";
import type { TlsContext } from "../transport/tls_context.ts";
import type { Transport } from "../transport/transport.ts";
import type { Info } from "../wire/info.ts";

/** The first byte of a TLS connection. */
const HANDSHAKE_RECORD = 0x16;

/** How TLS begins on a connection. */
export interface TlsPolicy {
  /** Certificates, and what is asked of clients. */
  readonly context: TlsContext;
  /** Clients may as well go on without; their first byte tells. */
  readonly optional: boolean;
  /** As `TlsOptions.handshakeFirst`. */
  readonly first: boolean | number;
}

/** What INFO says of TLS under a policy. */
export function tlsInfo(policy: TlsPolicy | null): Partial<Info> {
  if (policy === null) return {};
  return {
    tls_required: policy.optional ? undefined : true,
    tls_verify: policy.context.verify || undefined,
    tls_available: policy.optional || undefined,
  };
}

/**
 * Greets a client whose connection is being upgraded. Resolves with the
 * transport to go on with, or with `null` once it has closed the connection;
 * never rejects.
 */
export async function greet(
  client: Client,
  policy: TlsPolicy,
  clock: Clock,
): Promise<Transport | null> {
  const greeting = new Greeting(client, policy, clock);
  try {
    return await greeting.proceed();
  } catch (error) {
    greeting.giveUp(errorText(error));
    return null;
  }
}

class Greeting {
  readonly #client: Client;
  readonly #connection: Connection;
  readonly #policy: TlsPolicy;
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  constructor(client: Client, policy: TlsPolicy, clock: Clock) {
    this.#client = client;
    this.#connection = client.connection;
    this.#policy = policy;
    this.#clock = clock;
    this.#timeoutMs = policy.context.options.timeoutMs;
  }

  async proceed(): Promise<Transport> {
    const { optional, first } = this.#policy;
    const { transport } = this.#connection;
    if (first === true) return await this.#handshakeFirst(transport);
    if (first === false && !optional) {
      await this.#sendInfo(transport);
      return await this.#handshake(transport);
    }
    const peeked = new PeekTransport(transport);
    if (typeof first === "number") {
      const came = await peeked.peek(first, this.#clock) !== null;
      if (came) return await this.#handshakeFirst(peeked);
    }
    await this.#sendInfo(peeked);
    if (optional) {
      // A client that keeps silent may still be one that does not use TLS.
      const byte = await peeked.peek(this.#timeoutMs, this.#clock);
      if (byte !== HANDSHAKE_RECORD) return peeked;
    }
    return await this.#handshake(peeked);
  }

  /** Closes the connection; no protocol goes to the peer. */
  giveUp(why: string): void {
    const connection = this.#connection;
    if (connection.closed) return;
    connection.log.error(`${connection.label} - TLS handshake error: ${why}`);
    connection.abort("TLS Handshake Failure");
  }

  /** Sends INFO in the clear; resolves when it has left. */
  async #sendInfo(transport: Transport): Promise<void> {
    this.#client.sendInfo(tlsInfo(this.#policy));
    this.#connection.resume(transport);
    await this.#inTime(this.#connection.outbound.hold());
  }

  /** Does the handshake and leaves INFO to be sent after it. */
  async #handshakeFirst(transport: Transport): Promise<Transport> {
    const secured = await this.#handshake(transport);
    this.#client.sendInfo({ tls_required: true, tls_available: undefined });
    return secured;
  }

  async #handshake(transport: Transport): Promise<Transport> {
    const { label, log } = this.#connection;
    log.debug?.(`${label} - Starting TLS client connection handshake`);
    const secured = await this.#inTime(
      acceptTls(transport, this.#policy.context),
    );
    const { version, cipherSuite } = secured.tls ?? {};
    log.debug?.(`${label} - TLS handshake complete`);
    log.debug?.(
      `${label} - TLS version ${version}, cipher suite ${cipherSuite}`,
    );
    return secured;
  }

  /** Gives up on the connection, and so on `work`, when it takes too long. */
  async #inTime<T>(work: Promise<T>): Promise<T> {
    const cancel = this.#clock.after(
      this.#timeoutMs,
      () => this.giveUp("i/o timeout"),
    );
    try {
      return await work;
    } finally {
      cancel();
    }
  }
}

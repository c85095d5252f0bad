/**
 * A link between servers that can be cut and stalled: a TCP proxy on a port of
 * its own. Looks at nothing that goes through it.
 */

/** Bytes passed on at a time. */
const CHUNK = 64 * 1024;

/** See the module. */
export class Link {
  /** Who connects here gets to the other end. */
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  #isCut = false;
  #stalled: PromiseWithResolvers<void> | null = null;

  /** Leads to the port `target`. */
  constructor(readonly target: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#accept();
  }

  /** Nobody gets through any more, and who is through is cut off. */
  cut(): void {
    this.#isCut = true;
    for (const conn of this.#open) close(conn);
    this.#open.clear();
  }

  /** Everything stands still, open. */
  stall(): void {
    this.#stalled ??= Promise.withResolvers();
  }

  /** All is well again. */
  heal(): void {
    this.#isCut = false;
    this.#stalled?.resolve();
    this.#stalled = null;
  }

  /** Ends it for good. */
  close(): void {
    this.heal();
    this.cut();
    this.#listener.close();
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) this.#connect(conn);
    } catch {
      // Closed.
    }
  }

  async #connect(near: Deno.TcpConn): Promise<void> {
    try {
      if (this.#isCut) return close(near);
      const far = await Deno.connect({
        hostname: "127.0.0.1",
        port: this.target,
      });
      this.#open.add(near).add(far);
      if (this.#isCut) this.cut();
      await Promise.all([this.#pass(near, far), this.#pass(far, near)]);
      this.#open.delete(near);
      this.#open.delete(far);
    } catch {
      close(near); // Nobody there.
    }
  }

  /** Passes on one direction; its end is the end of both. */
  async #pass(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(CHUNK);
    try {
      for (;;) {
        const count = await from.read(buffer);
        await this.#stalled?.promise;
        if (count === null) break;
        for (let at = 0; at < count;) {
          at += await to.write(buffer.subarray(at, count));
        }
      }
    } catch {
      // Cut, or closed by the other side.
    }
    close(from);
    close(to);
  }
}

function close(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // Closed before.
  }
}

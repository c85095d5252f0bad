/**
 * Two bystanders who exchange requests and replies while something is done to
 * their server: what that costs others is what it does to their latency.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A connection that waits for texts. */
export class Peer {
  /** The socket. */
  readonly conn: Deno.TcpConn;
  #text = "";

  private constructor(conn: Deno.TcpConn) {
    this.conn = conn;
  }

  /**
   * Logs in with these fields of CONNECT, says what is `first` to be said, and
   * waits until the server has handled it.
   */
  static async connect(
    port: number,
    { first = "", ...fields }: { first?: string; user?: string; pass?: string },
  ): Promise<Peer> {
    const peer = new Peer(await Deno.connect({ hostname: "127.0.0.1", port }));
    peer.conn.setNoDelay(true);
    await peer.until("INFO");
    const connect = JSON.stringify({ verbose: false, ...fields });
    await peer.send(`CONNECT ${connect}\r\n${first}PING\r\n`);
    await peer.until("PONG\r\n");
    return peer;
  }

  /** Sends all of a text. */
  async send(text: string): Promise<void> {
    const bytes = encoder.encode(text);
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.conn.write(bytes.subarray(sent));
    }
  }

  /** Reads until `text` has come, and forgets all up to it. */
  async until(text: string): Promise<void> {
    const chunk = new Uint8Array(4096);
    while (!this.#text.includes(text)) {
      const count = await this.conn.read(chunk);
      if (count === null) throw new Error(`closed: ${this.#text}`);
      this.#text += decoder.decode(chunk.subarray(0, count));
    }
    this.#text = this.#text.slice(this.#text.indexOf(text) + text.length);
  }
}

/** Who asks, on the way back `re`, and who answers at `ask`. */
export type Pair = readonly [asker: Peer, answerer: Peer];

/** Connects both. */
export async function connectPair(
  port: number,
  login: { user?: string; pass?: string } = {},
): Promise<Pair> {
  return [
    await Peer.connect(port, { ...login, first: "SUB re 1\r\n" }),
    await Peer.connect(port, { ...login, first: "SUB ask 1\r\n" }),
  ];
}

/** Requests one by one until `enough`; their latencies in microseconds. */
export async function requests(
  [asker, answerer]: Pair,
  enough: (count: number) => boolean,
): Promise<number[]> {
  const times: number[] = [];
  while (!enough(times.length)) {
    const began = performance.now();
    await asker.send("PUB ask re 2\r\nhi\r\n");
    await answerer.until("hi\r\n");
    await answerer.send("PUB re 2\r\nho\r\n");
    await asker.until("ho\r\n");
    times.push(1000 * (performance.now() - began));
  }
  return times;
}

/** Writes to standard output at once. */
export function print(text: string): void {
  Deno.stdout.writeSync(encoder.encode(text));
}

/**
 * What a storm of bcrypt logins does to others: 200 clients log in at once, each
 * with a password of its own, while two that are in already exchange requests
 * and replies. Prints the 99th percentile of their latency quiet and meanwhile.
 *
 * ```sh
 * deno run --allow-net --allow-sys=hostname --allow-run --allow-read bench/logins.ts [cost] [clients]
 * ```
 */

import { hashPassword } from "../src/auth/bcrypt.ts";
import { Server } from "../src/mod.ts";

/** Requests measured before the storm. */
const QUIET_REQUESTS = 5000;
/** Requests that do not count: code is still being compiled. */
const WARM_UP = 5000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A connection that counts how often a text came. */
class Peer {
  readonly conn: Deno.TcpConn;
  #text = "";

  private constructor(conn: Deno.TcpConn) {
    this.conn = conn;
  }

  static async connect(port: number, name: string): Promise<Peer> {
    const peer = new Peer(await Deno.connect({ hostname: "127.0.0.1", port }));
    peer.conn.setNoDelay(true);
    await peer.until("INFO");
    await peer.send(
      `CONNECT ${
        JSON.stringify({ verbose: false, user: name, pass: name })
      }\r\nPING\r\n`,
    );
    return peer;
  }

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

/** The server's process: prints its port and serves until its input ends. */
async function serve(cost: number, count: number): Promise<void> {
  const users = [{ user: "pair", password: "pair" }];
  for (let i = 0; i < count; i++) {
    const user = `user${i}`;
    users.push({ user, password: await hashPassword(user, cost) });
  }
  const server = await Server.start({
    host: "127.0.0.1",
    port: -1,
    authorization: { users },
  });
  print(`${server.port}\n`);
  await Deno.stdin.readable.pipeTo(new WritableStream());
  await server.shutdown();
}

/** Requests one by one until `enough`; their latencies in microseconds. */
async function requests(
  [asker, answerer]: readonly [Peer, Peer],
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

function report(name: string, times: number[]): void {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number) =>
    sorted[Math.floor(part * (sorted.length - 1))].toFixed(0);
  print(
    `${name}: ${times.length} requests, p50 ${at(0.5)} us, p99 ${
      at(0.99)
    } us, max ${at(1)} us\n`,
  );
}

function print(text: string): void {
  Deno.stdout.writeSync(encoder.encode(text));
}

async function measure(cost: number, count: number): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-net",
      import.meta.url,
      "serve",
      String(cost),
      String(count),
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const { value } = await child.stdout.getReader().read();
  const port = Number(decoder.decode(value));
  const pair = [
    await Peer.connect(port, "pair"),
    await Peer.connect(port, "pair"),
  ] as const;
  for (const peer of pair) await peer.until("PONG\r\n");
  await pair[0].send("SUB re 1\r\n");
  await pair[1].send("SUB ask 1\r\n");
  await pair[1].send("PING\r\n");
  await pair[1].until("PONG\r\n");

  await requests(pair, (done) => done >= WARM_UP);
  report("quiet ", await requests(pair, (done) => done >= QUIET_REQUESTS));

  const began = performance.now();
  let admitted = 0;
  const storm = Array.from({ length: count }, async (_, i) => {
    const peer = await Peer.connect(port, `user${i}`);
    await peer.until("PONG\r\n");
    admitted++;
    return peer;
  });
  report("storm ", await requests(pair, () => admitted === count));
  const seconds = (performance.now() - began) / 1000;
  print(`${count} logins at cost ${cost} took ${seconds.toFixed(1)} s\n`);

  const [peers] = await Promise.all([Promise.all(storm)]);
  for (const { conn } of [...peers, ...pair]) conn.close();
  await child.stdin.close();
  await child.status;
}

if (import.meta.main) {
  const args = [...Deno.args];
  const serving = args[0] === "serve";
  if (serving) args.shift();
  const [cost = 11, count = 200] = args.map(Number);
  await (serving ? serve(cost, count) : measure(cost, count));
}

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
import { connectPair, Peer, print, requests } from "./peer.ts";

/** Requests measured before the storm. */
const QUIET_REQUESTS = 5000;
/** Requests that do not count: code is still being compiled. */
const WARM_UP = 5000;

const decoder = new TextDecoder();

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

function spawnServer(cost: number, count: number): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
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
}

async function measure(cost: number, count: number): Promise<void> {
  const child = spawnServer(cost, count);
  const { value } = await child.stdout.getReader().read();
  const port = Number(decoder.decode(value));
  const pair = await connectPair(port, { user: "pair", pass: "pair" });
  await requests(pair, (done) => done >= WARM_UP);
  report("quiet ", await requests(pair, (done) => done >= QUIET_REQUESTS));

  const began = performance.now();
  let admitted = 0;
  const storm = Array.from({ length: count }, async (_, i) => {
    const [user, pass] = [`user${i}`, `user${i}`];
    const peer = await Peer.connect(port, { user, pass });
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

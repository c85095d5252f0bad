/**
 * What a scraper does to others: 5,000 connections are idle, two exchange
 * requests and replies, and a third process asks for `/connz?subs=1` of all of
 * them over and over. Prints latencies quiet and meanwhile, and how long an
 * answer takes; with the path of a nats-server, of that one instead.
 *
 * ```sh
 * deno run --allow-net --allow-sys=hostname --allow-run --allow-read bench/monitoring.ts [connections] [path]
 * ```
 */

import { Server } from "../src/mod.ts";
import { connectPair, Peer, print, requests } from "./peer.ts";

/** Requests that do not count: code is still being compiled. */
const WARM_UP = 5000;
/** How long each measurement lasts, in milliseconds. */
const LASTS_MS = 2000;
/** Measurements with and without a scraper, in turn; their median counts. */
const ROUNDS = 5;
/** Connections opened at a time. */
const OPENED_AT_ONCE = 100;

const decoder = new TextDecoder();

/** The server's process: prints its ports and serves until its input ends. */
async function serve(): Promise<void> {
  const server = await Server.start({
    host: "127.0.0.1",
    port: -1,
    monitor: { port: -1 },
  });
  print(`${server.port} ${new URL(server.monitorURL() ?? "").port}\n`);
  await Deno.stdin.readable.pipeTo(new WritableStream());
  await server.shutdown();
}

/** The scraper's process: asks until its input ends, and says how it went. */
async function scrape(url: string): Promise<void> {
  let over = false;
  Deno.stdin.readable.pipeTo(new WritableStream()).then(() => over = true);
  const times: number[] = [];
  let bytes = 0;
  print("started\n");
  while (!over) {
    const began = performance.now();
    const { body } = await fetch(url);
    if (body === null) throw new Error("no body");
    bytes = 0;
    for await (const chunk of body) bytes += chunk.length;
    times.push(performance.now() - began);
  }
  print(
    `scraper: answers of ${bytes} bytes, ${median(times).toFixed(0)} ms each\n`,
  );
}

function forAWhile(): () => boolean {
  const end = performance.now() + LASTS_MS;
  return () => performance.now() >= end;
}

/** Says how it went and returns the 99th percentile. */
function report(name: string, times: number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(part * (sorted.length - 1))];
  const [p50, p99, p999] = [0.5, 0.99, 0.999].map((part) => at(part));
  print(
    `${name}: ${times.length} requests, p50 ${p50.toFixed(0)} us, p99 ${
      p99.toFixed(0)
    } us, p99.9 ${p999.toFixed(0)} us\n`,
  );
  return p99;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}

function spawnSelf(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--v8-flags=--max-semi-space-size=4",
      "--allow-net",
      import.meta.url,
      ...args,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** A server to measure, its ports, and how to end it. */
interface Subject {
  readonly port: number;
  readonly monitorPort: number;
  end(): Promise<void>;
}

async function startMidge(): Promise<Subject> {
  const child = spawnSelf("serve");
  const { value } = await child.stdout.getReader().read();
  const [port, monitorPort] = decoder.decode(value).split(" ").map(Number);
  return {
    port,
    monitorPort,
    end: async () => {
      await child.stdin.close();
      await child.status;
    },
  };
}

async function startOfficial(path: string): Promise<Subject> {
  const [port, monitorPort] = [24_777, 24_778];
  const child = new Deno.Command(path, {
    args: ["-a", "127.0.0.1", "-p", `${port}`, "-m", `${monitorPort}`],
    stderr: "null",
  }).spawn();
  for (;;) {
    try {
      (await Deno.connect({ port })).close();
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20)); // Not yet.
    }
  }
  return {
    port,
    monitorPort,
    end: async () => {
      child.kill();
      await child.status;
    },
  };
}

async function crowd(port: number, count: number): Promise<Peer[]> {
  const peers: Peer[] = [];
  while (peers.length < count) {
    const size = Math.min(OPENED_AT_ONCE, count - peers.length);
    peers.push(
      ...await Promise.all(
        Array.from({ length: size }, (_, i) => {
          const id = peers.length + i;
          const first = `SUB idle.${id}.* 1\r\nSUB idle.all 2\r\n`;
          return Peer.connect(port, { first });
        }),
      ),
    );
  }
  return peers;
}

async function measure(count: number, path?: string): Promise<void> {
  const server =
    await (path === undefined ? startMidge() : startOfficial(path));
  const peers = await crowd(server.port, count);
  const pair = await connectPair(server.port);
  await requests(pair, (done) => done >= WARM_UP);
  const quiet: number[] = [];
  const scraped: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    quiet.push(report("quiet  ", await requests(pair, forAWhile())));
    const url = `http://127.0.0.1:${server.monitorPort}/connz`;
    const scraper = spawnSelf("scrape", `${url}?subs=1&limit=${count + 2}`);
    const output = scraper.stdout.getReader();
    await output.read();
    scraped.push(report("scraped", await requests(pair, forAWhile())));
    await scraper.stdin.close();
    print(decoder.decode((await output.read()).value));
    await scraper.status;
  }
  const [before, after] = [median(quiet), median(scraped)];
  print(
    `median p99: quiet ${before.toFixed(0)} us, scraped ${
      after.toFixed(0)
    } us, ${(after / before).toFixed(2)} times\n`,
  );

  for (const { conn } of [...peers, ...pair]) conn.close();
  await server.end();
}

if (import.meta.main) {
  const [first = "5000", second] = Deno.args;
  if (first === "serve") await serve();
  else if (first === "scrape") await scrape(second);
  else await measure(Number(first), second);
}

/** Servers for tests: in-process unless sockets are the subject. */

import assert from "node:assert/strict";
import type { Log, ServerOptions } from "../../src/mod.ts";
import { Server } from "../../src/mod.ts";
import { dialTcp } from "../../src/transport/tcp.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { QUIET, RawClient } from "./raw_client.ts";

/** A log that keeps its lines, all levels on, as `LVL text`. */
export class KeptLog implements Log {
  /** What was logged. */
  readonly lines: string[] = [];
  /** Called after each line. */
  onLine: () => void = () => {};

  error(text: string): void {
    this.#keep(`ERR ${text}`);
  }
  warn(text: string): void {
    this.#keep(`WRN ${text}`);
  }
  info(text: string): void {
    this.#keep(`INF ${text}`);
  }
  debug(text: string): void {
    this.#keep(`DBG ${text}`);
  }

  /** Resolves once some line, already there or yet to come, matches. */
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.onLine = resolve);
    }
  }

  #keep(line: string): void {
    this.lines.push(line);
    this.onLine();
  }
}

/** As `KeptLog`, with protocol tracing. */
export class TracingLog extends KeptLog {
  trace(text: string): void {
    this.lines.push(`TRC ${text}`);
    this.onLine();
  }
}

/** A running server and raw clients of it, all closed together. */
export class TestServer implements AsyncDisposable {
  readonly #clients: RawClient[] = [];

  private constructor(readonly server: Server, readonly log: KeptLog) {}

  /** Starts one that listens on a free port of the loopback interface. */
  static async listening(options: ServerOptions = {}): Promise<TestServer> {
    return await TestServer.start({
      host: "127.0.0.1",
      port: -1,
      dontListen: false,
      ...options,
    });
  }

  /** Starts one without any socket. */
  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const log = new KeptLog();
    const server = await Server.start({ dontListen: true, log, ...options });
    return new TestServer(server, log);
  }

  /** A raw in-process client; INFO not read yet. */
  connect(): RawClient {
    return this.#keep(this.server.inProcessConn());
  }

  /** A raw in-process client that has read INFO and sent `connect`. */
  async client(connect = QUIET): Promise<RawClient> {
    return await this.#introduce(this.connect(), connect);
  }

  /** A raw client over TCP; INFO not read yet. */
  async dial(): Promise<RawClient> {
    return this.#keep(await dialTcp("127.0.0.1", this.server.port));
  }

  /** A raw client over TCP that has read INFO and sent `connect`. */
  async dialClient(connect = QUIET): Promise<RawClient> {
    return await this.#introduce(await this.dial(), connect);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]();
    await this.server.shutdown();
  }

  #keep(transport: Transport): RawClient {
    const client = new RawClient(transport);
    this.#clients.push(client);
    return client;
  }

  async #introduce(client: RawClient, connect: string): Promise<RawClient> {
    await client.info();
    await client.send(connect);
    await client.quiet();
    return client;
  }
}

/** Waits until `condition` holds; fails after ten seconds. */
export async function eventually(
  condition: () => boolean,
  what: string,
): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Shuts down while a subscriber is far behind, who gets all there is for it. */
export async function assertShutdownFlushes(
  { server }: TestServer,
  publisher: RawClient,
  subscriber: RawClient,
): Promise<void> {
  await subscriber.send("SUB foo 1\r\n");
  await subscriber.quiet();
  const resume = subscriber.pause();
  const end = `1000\r\n${"x".repeat(1000)}\r\n`;
  await publisher.send(`PUB foo ${end}`.repeat(2000));
  await publisher.quiet();
  const stopping = server.shutdown();
  resume();
  const got = await subscriber.closed();
  await stopping;
  assert.equal(got, `MSG foo 1 ${end}`.repeat(2000));
}

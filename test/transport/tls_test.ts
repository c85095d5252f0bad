import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import type { TlsOptions } from "../../src/options.ts";
import { resolveOptions } from "../../src/options.ts";
import { listenTcp } from "../../src/transport/tcp.ts";
import { READS_TWICE } from "../../src/transport/client_authorities.ts";
import { acceptTls } from "../../src/transport/tls.ts";
import type { TlsContext } from "../../src/transport/tls_context.ts";
import { loadTls } from "../../src/transport/tls_context.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { memoryPair } from "../../src/transport/memory.ts";
import { fromLatin1, latin1 } from "../../src/wire/ascii.ts";
import {
  certFile,
  certText,
  dialTls,
  MUTUAL_TLS,
  SERVER_TLS,
} from "../support/tls.ts";
import type { DialOptions } from "../support/tls.ts";
import type { RawClient } from "../support/raw_client.ts";

async function contextOf(tls: TlsOptions): Promise<TlsContext> {
  const { tls: resolved } = resolveOptions({ tls });
  assert(resolved);
  return await loadTls(resolved);
}

/** Counts what passes below TLS, and can be told to take no more. */
class Below implements Transport {
  readonly remoteAddress;
  readonly separate = true;
  reads = 0;
  writes: Uint8Array[] = [];
  stuck = false;

  constructor(readonly transport: Transport) {
    this.remoteAddress = transport.remoteAddress;
  }

  read(target: Uint8Array<ArrayBuffer>): Promise<number | null> {
    this.reads++;
    return this.transport.read(target);
  }

  write(source: Uint8Array<ArrayBuffer>): Promise<number> {
    this.writes.push(source.slice());
    if (this.stuck) return new Promise(() => {});
    return this.transport.write(source);
  }

  closeWrite(): Promise<void> {
    return this.transport.closeWrite();
  }

  close(): void {
    this.transport.close();
  }
}

/** Both ends of an encrypted connection, closed after `body`. */
async function withPair(
  body: (
    ends: { ours: Transport; below: Below; client: RawClient },
  ) => Promise<void>,
  context: Promise<TlsContext> = contextOf(SERVER_TLS),
  options: DialOptions = {},
): Promise<void> {
  const listener = listenTcp("127.0.0.1", 0);
  const loaded = await context;
  const dialling = dialTls(listener.address.port, { first: true, ...options });
  const below = new Below(await listener.accept());
  const ours = await acceptTls(below, loaded);
  const { client } = await dialling;
  try {
    await body({ ours, below, client });
  } finally {
    ours.close();
    await client[Symbol.asyncDispose]();
    listener.close();
  }
}

async function readText(transport: Transport, size: number): Promise<string> {
  const target = new Uint8Array(size);
  const count = await transport.read(target);
  return count === null ? "" : latin1(target.subarray(0, count));
}

Deno.test("acceptTls() makes an encrypted transport and tells how", () =>
  withPair(async ({ ours, client }) => {
    assert.deepEqual(ours.tls, {
      version: "1.3",
      cipherSuite: "TLS_AES_256_GCM_SHA384",
      peer: null,
    });
    assert.equal(ours.remoteAddress.hostname, "127.0.0.1");
    assert.equal(ours.separate, true);
    await client.send("ping");
    assert.equal(await readText(ours, 3), "pin");
    assert.equal(await readText(ours, 3), "g");
    assert.equal(await ours.write(fromLatin1("pong")), 4);
    await client.expect("pong");
  }));

Deno.test("acceptTls() tells who the client is", () =>
  withPair(
    ({ ours }) => {
      const { subject, emails } = ours.tls?.peer ?? {};
      assert.equal(subject, "CN=derek,OU=Testing\\, Unit,O=midge tests");
      assert.deepEqual(emails, ["derek@example.com"]);
      return Promise.resolve();
    },
    contextOf(MUTUAL_TLS),
    { as: "client" },
  ));

Deno.test("acceptTls() shows clients its certificate and, as far as it is known how, not whom it believes", () =>
  withPair(
    ({ below }) => {
      // TLS 1.2 has this part of the handshake in the clear.
      const flight = latin1(below.writes[0]);
      const shows = (name: string) =>
        flight.includes(
          latin1(new Uint8Array(new X509Certificate(certText(name)).raw)),
        );
      assert.deepEqual(["server.pem", "ca.pem"].map(shows), [
        true,
        !READS_TWICE,
      ]);
      return Promise.resolve();
    },
    contextOf(MUTUAL_TLS),
    { as: "client", maxVersion: "TLSv1.2" },
  ));

Deno.test("acceptTls() works over transports of any kind", async () => {
  const [near, far] = memoryPair();
  const accepting = acceptTls(near, await contextOf(SERVER_TLS));
  const failed = assert.rejects(accepting, {
    name: "TlsError",
    message: "tls: first record does not look like a TLS handshake",
  });
  await far.write(fromLatin1("CONNECT {}\r\n"));
  await failed;
  assert.equal(await far.read(new Uint8Array(9)), null);
});

Deno.test("acceptTls() fails with the transport below it", async () => {
  const context = await contextOf(SERVER_TLS);
  const [near, far] = memoryPair();
  const ended = assert.rejects(acceptTls(near, context), { message: "EOF" });
  await far.closeWrite();
  await ended;
  const [other] = memoryPair();
  const closed = assert.rejects(acceptTls(other, context), /closed/);
  other.close();
  await closed;
});

Deno.test("acceptTls() sends an alert to who is refused, and no ticket", async () => {
  const context = await contextOf(MUTUAL_TLS);
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    for (const as of [undefined, "other-client"]) {
      const listener = listenTcp("127.0.0.1", 0);
      const { port } = listener.address;
      const dialling = dialTls(port, { first: true, as, maxVersion })
        .then(({ client }) => client[Symbol.asyncDispose](), () => {});
      const below = new Below(await listener.accept());
      await assert.rejects(acceptTls(below, context), { name: "TlsError" });
      const [, ...afterwards] = below.writes.map(({ length }) => length);
      const alert = maxVersion === "TLSv1.2" ? 7 : 24;
      // The platform has no alert for a certificate it does not know.
      assert.deepEqual(afterwards, as === undefined ? [alert] : []);
      await dialling;
      listener.close();
    }
  }
});

Deno.test("TLS reads below only while somebody reads above", () =>
  withPair(async ({ ours, below, client }) => {
    const before = below.reads;
    const sending = client.send("x".repeat(5_000_000));
    const target = new Uint8Array(200_000);
    let received = 0;
    while (received < 5_000_000) {
      const { reads } = below;
      const count = await ours.read(target);
      assert(count !== null && below.reads - reads <= 20);
      received += count;
    }
    await sending;
    assert(below.reads > before);
    const { reads } = below;
    await client.send("late");
    assert.equal(below.reads, reads);
    assert.equal(await readText(ours, 9), "late");
  }));

Deno.test("TLS says whether something is left to read", () =>
  withPair(async ({ ours, client }) => {
    await client.send("x".repeat(100_000));
    const target = new Uint8Array(1_000_000);
    let left = 100_000;
    let unread = 0;
    while (left > 0) {
      left -= await ours.read(target) ?? 0;
      if (ours.unread) unread++;
    }
    assert(unread > 0);
    await client.send("y");
    await ours.read(target);
    assert.equal(ours.unread, false);
  }));

Deno.test("TLS writes large pieces in part, and every byte in order", () =>
  withPair(async ({ ours, client }) => {
    const text = Array.from(
      { length: 1_000_000 },
      (_, i) => String.fromCharCode((i * 31 + (i >> 8)) & 0xff),
    ).join("");
    let rest = fromLatin1(text);
    while (rest.length > 0) {
      const count = await ours.write(rest);
      assert(count > 0 && count <= 48 * 1024);
      rest = rest.subarray(count);
    }
    await client.expect(text);
  }));

Deno.test("TLS writes nothing that can be read below", () =>
  withPair(async ({ ours, below, client }) => {
    await ours.write(fromLatin1("secret ".repeat(50)));
    await client.expect("secret ".repeat(50));
    assert(below.writes.length > 0);
    assert(!below.writes.some((bytes) => latin1(bytes).includes("secret")));
  }));

Deno.test("closeWrite() over TLS says that it is over, and reading goes on", () =>
  withPair(async ({ ours, client }) => {
    await ours.write(fromLatin1("bye"));
    await ours.closeWrite();
    assert.equal(await client.closed(), "bye");
    assert.equal(client.failure, null);
    assert.equal(await ours.read(new Uint8Array(9)), null);
    assert.equal(await ours.read(new Uint8Array(9)), null);
  }));

Deno.test("TLS hears the end of what the peer sends and can still answer", () =>
  withPair(async ({ ours, client }) => {
    await client.send("last");
    await client.finish();
    assert.equal(await readText(ours, 9), "last");
    assert.equal(await ours.read(new Uint8Array(9)), null);
    await ours.write(fromLatin1("answer"));
    await client.expect("answer");
  }));

Deno.test("close() over TLS ends reads and writes under way", () =>
  withPair(async ({ ours, below }) => {
    below.stuck = true;
    const reading = assert.rejects(ours.read(new Uint8Array(9)), /closed/);
    const writing = assert.rejects(ours.write(new Uint8Array(9)), /closed/);
    ours.close();
    ours.close();
    await Promise.all([reading, writing]);
    await assert.rejects(ours.read(new Uint8Array(9)), /closed/);
    await assert.rejects(ours.write(new Uint8Array(9)), /closed/);
    await assert.rejects(ours.closeWrite(), /closed/);
  }));

Deno.test("TLS fails when the transport below it does", () =>
  withPair(async ({ ours, below }) => {
    const reading = assert.rejects(ours.read(new Uint8Array(9)));
    below.close();
    await reading;
    await assert.rejects(ours.write(new Uint8Array(9)));
  }));

Deno.test({
  name:
    "acceptTls() resumes no session whose certificate it did not verify or that has expired",
  ignore: !hasOpenssl(),
  fn: async () => {
    const session = await Deno.makeTempFile();
    const { now } = Date;
    const lax = await contextOf(SERVER_TLS);
    const other = await contextOf({
      ...MUTUAL_TLS,
      caFile: certFile("other-ca.pem"),
    });
    const strict = await contextOf(MUTUAL_TLS);
    const attempt = async (context: TlsContext, ...args: string[]) => {
      const listener = listenTcp("127.0.0.1", 0);
      const process = openssl(listener.address.port, args);
      let outcome = "accepted";
      try {
        const ours = await acceptTls(await listener.accept(), context);
        await ours.write(fromLatin1("hello"));
        await ours.closeWrite();
        await ours.read(new Uint8Array(99));
        ours.close();
      } catch (error) {
        outcome = (error as Error).message;
      }
      const { stdout } = await process.output();
      listener.close();
      return [outcome, /^Reused/m.test(latin1(stdout))];
    };
    const as = (name: string) => [
      "-cert",
      certFile(`${name}.pem`),
      "-key",
      certFile(`${name}-key.pem`),
    ];
    const save = ["-sess_out", session];
    const resume = ["-sess_in", session];
    try {
      for (const version of ["-tls1_2", "-tls1_3"]) {
        await attempt(lax, version, ...save);
        assert.deepEqual((await attempt(lax, version, ...resume))[1], true);
        const [unknown] = await attempt(strict, version, ...resume);
        assert.match(`${unknown}`, /unknown authority/);
        await attempt(other, version, ...save, ...as("other-client"));
        const [foreign] = await attempt(strict, version, ...resume);
        assert.match(`${foreign}`, /certificate that was not verified/);
        await attempt(strict, version, ...save, ...as("client"));
        assert.deepEqual(await attempt(strict, version, ...resume), [
          "accepted",
          true,
        ]);
        Date.now = () => Date.parse("9999-12-31");
        const [expired] = await attempt(strict, version, ...resume);
        Date.now = now;
        assert.match(`${expired}`, /certificate has expired/);
      }
    } finally {
      Date.now = now;
      await Deno.remove(session);
    }
  },
});

function openssl(port: number, args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command("openssl", {
    args: ["s_client", "-connect", `127.0.0.1:${port}`, "-ign_eof", ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

function hasOpenssl(): boolean {
  try {
    return new Deno.Command("openssl", { args: ["version"] }).outputSync()
      .success;
  } catch {
    return false; // Not on this machine.
  }
}

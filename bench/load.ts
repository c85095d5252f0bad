/**
 * The load: one process that publishes bytes built beforehand and counts the
 * bytes that come back, without looking at them. Prints one line of JSON.
 *
 * Run by throughput.ts: `load.ts <port> <Load as JSON>`.
 */

/** What to do to a server. */
export interface Load {
  /** How it is called in the table. */
  readonly name: string;
  readonly kind: "publish" | "request" | "idle";
  /** Messages, requests or connections in all. */
  readonly count: number;
  /** Payload bytes of a message. */
  readonly size?: number;
  /** Connections that publish, or requests in flight. */
  readonly publishers?: number;
  /** Connections that subscribe. */
  readonly subscribers?: number;
  /** Subscribers share the messages in one queue group. */
  readonly queue?: boolean;
  /** Each publisher has a subject and a subscriber of its own. */
  readonly own?: boolean;
  /** Three-token subjects, subscribed to through a wildcard. */
  readonly wildcard?: boolean;
  /** Every message has a header block of 20 bytes. */
  readonly headers?: boolean;
  /** SUB and UNSUB pairs a second on another connection. */
  readonly churn?: number;
  /** Port of the server that subscribers connect to, if that is another one. */
  readonly subscribersAt?: number;
  /** Connect over TLS, trusting the authorities in this file. */
  readonly caFile?: string;
}

/** What came of it. */
export interface Outcome {
  /** Messages published, or requests made. */
  readonly sent: number;
  /** Messages delivered. */
  readonly received: number;
  /** Messages a second: delivered if there are subscribers, else published. */
  readonly rate: number;
  /** Round trips in microseconds at 50, 99 and 99.9 percent. */
  readonly latency?: readonly [number, number, number];
}

const CONNECT =
  'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"protocol":1,"lang":"deno","version":"1","name":"load"}\r\nPING\r\n';
const HEADER = "NATS/1.0\r\nA: bcde\r\n\r\n";
/** Bytes written at a time. */
const BATCH = 256 * 1024;
const READ = 1024 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(at === 0 ? bytes : bytes.subarray(at));
  }
}

/** Reads until the text has come; nothing else may be on its way. */
async function readThrough(conn: Deno.Conn, text: string): Promise<void> {
  const buffer = new Uint8Array(4096);
  let seen = "";
  while (!seen.includes(text)) {
    const count = await conn.read(buffer);
    if (count === null) throw new Error(`closed before ${text}: ${seen}`);
    seen = (seen + decoder.decode(buffer.subarray(0, count))).slice(-8192);
  }
}

async function dial(
  port: number,
  first: string,
  caFile?: string,
): Promise<Deno.Conn> {
  const conn = await connect(port, caFile);
  await writeAll(conn, encoder.encode(CONNECT + first + "PING\r\n"));
  await readThrough(conn, "PONG\r\n");
  await writeAll(conn, encoder.encode("PING\r\n"));
  await readThrough(conn, "PONG\r\n");
  return conn;
}

async function connect(port: number, caFile?: string): Promise<Deno.Conn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay(true);
  if (caFile === undefined) return conn;
  await readThrough(conn, "\r\n");
  return await Deno.startTls(conn, {
    hostname: "localhost",
    caCerts: [await Deno.readTextFile(caFile)],
  });
}

function subjectOf(load: Load, publisher: number): string {
  if (load.own) return `bench.subj.${publisher}`;
  return load.wildcard ? "bench.subj.temp" : "bench.subj";
}

/** What a publisher sends for one message, and a subscriber gets. */
function frames(load: Load, publisher: number): [string, string] {
  const subject = subjectOf(load, publisher);
  const payload = "x".repeat(load.size ?? 0);
  if (!load.headers) {
    const end = `${payload.length}\r\n${payload}\r\n`;
    return [`PUB ${subject} ${end}`, `MSG ${subject} 1 ${end}`];
  }
  const end = `${HEADER.length} ${
    HEADER.length + payload.length
  }\r\n${HEADER}${payload}\r\n`;
  return [`HPUB ${subject} ${end}`, `HMSG ${subject} 1 ${end}`];
}

async function publish(port: number, load: Load): Promise<Outcome> {
  const { publishers = 1, subscribers = 0, subscribersAt = port, caFile } =
    load;
  const each = Math.floor(load.count / publishers);
  const frameBytes = frames(load, 0)[1].length;
  const readers: Deno.Conn[] = [];
  for (let i = 0; i < subscribers; i++) {
    const subject = load.wildcard ? "bench.*.temp" : subjectOf(load, i);
    const line = `SUB ${subject}${load.queue ? " q" : ""} 1\r\n`;
    readers.push(await dial(subscribersAt, line, caFile));
  }
  const writers: Deno.Conn[] = [];
  for (let i = 0; i < publishers; i++) {
    writers.push(await dial(port, "", caFile));
  }
  if (subscribers > 0) await known(subscribersAt, port, caFile);
  const stopChurn = load.churn ? await churn(subscribersAt, load) : null;

  const perReader = load.own ? each : each * publishers;
  const started = performance.now();
  const [bytes] = await Promise.all([
    receive(readers, perReader * frameBytes, load.queue ?? false),
    ...writers.map((conn, i) => send(conn, frames(load, i)[0], each)),
  ]);
  const seconds = (performance.now() - started) / 1000;
  stopChurn?.();
  for (const conn of writers) conn.close();
  if (!load.queue) { for (const conn of readers) conn.close(); }
  const sent = each * publishers;
  const received = Math.round((bytes ?? 0) / frameBytes);
  const rate = (subscribers > 0 ? received : sent) / seconds;
  return { sent, received, rate };
}

/**
 * Reads `bytes` from each connection, or from all of a queue group together,
 * which it closes. Returns how many came.
 */
async function receive(
  conns: readonly Deno.Conn[],
  bytes: number,
  queue: boolean,
): Promise<number> {
  let queued = queue ? bytes : Infinity;
  let received = 0;
  const results = await Promise.allSettled(conns.map(async (conn) => {
    const buffer = new Uint8Array(READ);
    let left = bytes;
    while (left > 0 && queued > 0) {
      const count = await conn.read(buffer);
      if (count === null) throw new Error("a subscriber was closed");
      left -= count;
      queued -= count;
      received += count;
    }
    // Members of a queue group end together: let go of those that wait.
    if (queued <= 0) { for (const other of conns) other.close(); }
  }));
  const failed = results.find(({ status }) => status === "rejected");
  if (failed?.status === "rejected" && !queue) throw failed.reason;
  return received;
}

/** Publishes `frame` so many times and waits until the server has them. */
async function send(
  conn: Deno.Conn,
  frame: string,
  times: number,
): Promise<void> {
  const count = Math.min(times, Math.max(1, Math.floor(BATCH / frame.length)));
  const batch = encoder.encode(frame.repeat(count));
  let left = times;
  for (; left >= count; left -= count) await writeAll(conn, batch);
  await writeAll(conn, batch.subarray(0, left * frame.length));
  await writeAll(conn, encoder.encode("PING\r\n"));
  await readThrough(conn, "PONG\r\n");
}

/**
 * Resolves when the server at port `to` knows what those at `from` have
 * subscribed to so far: servers tell each other in order.
 */
async function known(from: number, to: number, caFile?: string): Promise<void> {
  if (from === to) return;
  const listener = await dial(from, "SUB bench.known 1\r\n", caFile);
  const teller = await dial(to, "", caFile);
  const text = encoder.encode("PUB bench.known 0\r\n\r\n");
  const telling = setInterval(() => writeAll(teller, text), 5);
  await readThrough(listener, "MSG bench.known");
  clearInterval(telling);
  listener.close();
  teller.close();
}

/** Subscribes and unsubscribes `rate` times a second until told to stop. */
async function churn(
  port: number,
  { churn: rate = 0, caFile }: Load,
): Promise<() => void> {
  const conn = await dial(port, "", caFile);
  let sid = 1;
  const timer = setInterval(() => {
    let text = "";
    for (let i = 0; i < rate / 200; i++) {
      text += `SUB churn.${sid % 50}.* ${++sid}\r\nUNSUB ${sid}\r\n`;
    }
    writeAll(conn, encoder.encode(text));
  }, 5);
  return () => {
    clearInterval(timer);
    conn.close();
  };
}

async function request(port: number, load: Load): Promise<Outcome> {
  const { count, publishers = 1, size = 16, caFile } = load;
  const { subscribersAt = port } = load;
  const payload = "x".repeat(size);
  const responder = await dial(subscribersAt, "SUB bench.req 1\r\n", caFile);
  const answering = serveRequests(responder, payload);
  const requesters = await Promise.all(
    Array.from(
      { length: publishers },
      (_, i) => dial(port, `SUB inbox.${i} 1\r\n`, caFile),
    ),
  );
  await known(subscribersAt, port, caFile);
  await known(port, subscribersAt, caFile);
  const stopChurn = load.churn ? await churn(subscribersAt, load) : null;
  const requests: Requests = { left: count, latencies: [] };
  const start = performance.now();
  await Promise.all(
    requesters.map((conn, i) => ask(conn, `inbox.${i}`, payload, requests)),
  );
  const seconds = (performance.now() - start) / 1000;
  stopChurn?.();
  responder.close();
  await answering;
  for (const conn of requesters) conn.close();
  const latencies = Float64Array.from(requests.latencies).sort();
  const at = (part: number) => latencies[Math.floor(part * (count - 1))];
  return {
    sent: count,
    received: count,
    rate: count / seconds,
    latency: [at(0.5), at(0.99), at(0.999)],
  };
}

/** What requesters share. */
interface Requests {
  /** Still to be made. */
  left: number;
  /** Round trips so far, in microseconds. */
  readonly latencies: number[];
}

/** Requests one after the other until none are left. */
async function ask(
  conn: Deno.Conn,
  inbox: string,
  payload: string,
  requests: Requests,
): Promise<void> {
  const end = `${payload.length}\r\n${payload}\r\n`;
  const out = encoder.encode(`PUB bench.req ${inbox} ${end}`);
  const answerBytes = `MSG ${inbox} 1 ${end}`.length;
  const buffer = new Uint8Array(4096);
  while (requests.left-- > 0) {
    const at = performance.now();
    await writeAll(conn, out);
    for (let got = 0; got < answerBytes;) {
      const read = await conn.read(buffer);
      if (read === null) throw new Error("a requester was closed");
      // The server's own PING is shorter than any answer: leave it out.
      got += buffer[0] === 0x50 && read === 6 ? 0 : read;
    }
    requests.latencies.push(1000 * (performance.now() - at));
  }
}

/** Answers every request with the same payload until closed. */
async function serveRequests(conn: Deno.Conn, payload: string): Promise<void> {
  const buffer = new Uint8Array(65536);
  const answers = new Map<string, Uint8Array>();
  const end = `${payload.length}\r\n${payload}\r\n`;
  let text = "";
  try {
    for (;;) {
      const count = await conn.read(buffer);
      if (count === null) return;
      text += decoder.decode(buffer.subarray(0, count));
      const { replies, rest } = takeRequests(text);
      text = rest;
      const out = replies.map((reply) => {
        const known = answers.get(reply);
        if (known !== undefined) return known;
        const answer = encoder.encode(`PUB ${reply} ${end}`);
        answers.set(reply, answer);
        return answer;
      });
      if (out.length === 1) await writeAll(conn, out[0]);
      else if (out.length > 1) {
        const blob = new Blob(out as BlobPart[]);
        await writeAll(conn, new Uint8Array(await blob.arrayBuffer()));
      }
    }
  } catch {
    // Closed by whoever started it.
  }
}

/** Where the complete requests in `text` want their answers, and what follows. */
function takeRequests(text: string): { replies: string[]; rest: string } {
  const replies: string[] = [];
  for (;;) {
    const lineEnd = text.indexOf("\r\n");
    if (lineEnd < 0) return { replies, rest: text };
    const [verb, , , reply, size] = text.slice(0, lineEnd).split(" ");
    let end = lineEnd + 2;
    if (verb === "MSG") {
      end += Number(size) + 2;
      if (text.length < end) return { replies, rest: text };
      replies.push(reply);
    }
    text = text.slice(end);
  }
}

/** Holds connections with a subscription each until its input ends. */
async function idle(port: number, load: Load): Promise<never> {
  const conns: Deno.Conn[] = [];
  for (let i = 0; i < load.count; i += 50) {
    conns.push(
      ...await Promise.all(
        Array.from(
          { length: 50 },
          (_, k) => dial(port, `SUB idle.${i + k} 1\r\n`, load.caFile),
        ),
      ),
    );
  }
  print("holding");
  await Deno.stdin.read(new Uint8Array(1));
  Deno.exit();
}

function print(text: string): void {
  Deno.stdout.writeSync(encoder.encode(`${text}\n`));
}

if (import.meta.main) {
  const [port, json] = Deno.args;
  const load: Load = JSON.parse(json);
  const run = { publish, request, idle }[load.kind];
  print(JSON.stringify(await run(Number(port), load)));
}

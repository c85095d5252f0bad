/**
 * The healthy pair beside hostile connections: numbered messages, one a
 * millisecond, each of which has to arrive in its turn. Whatever it reads makes
 * it wait until all have arrived and print what it has seen since; it fails
 * once a message is missing.
 *
 * Run by hostile.ts: `hostile_pair.ts <port>`.
 */

// deno-lint-ignore-file no-console -- Its output is for the process above.

const encoder = new TextEncoder();

/** What the pair has seen since it was last asked. */
export interface Seen {
  readonly messages: number;
  /** From publishing to arrival in milliseconds, at 50, 99 and 100 percent. */
  readonly latency: readonly [number, number, number];
}

/** The messages so far. */
interface Messages {
  /** When each was published. */
  readonly sentAt: number[];
  /** How many have arrived. */
  arrived: number;
  /** Of those that arrived since somebody asked. */
  latencies: number[];
}

/** Publishes and subscribes for ever; tells what it has seen when asked. */
async function pair(port: number): Promise<void> {
  const publisher = await Deno.connect({ hostname: "127.0.0.1", port });
  const subscriber = await Deno.connect({ hostname: "127.0.0.1", port });
  const quiet = 'CONNECT {"verbose":false}\r\n';
  await publisher.write(encoder.encode(quiet));
  await subscriber.write(encoder.encode(`${quiet}SUB healthy 1\r\n`));
  const messages: Messages = { sentAt: [], arrived: 0, latencies: [] };
  void receive(subscriber, messages);
  void drain(publisher);
  void publish(publisher, messages);
  for await (const _ of Deno.stdin.readable) {
    const sent = messages.sentAt.length;
    while (messages.arrived < sent) await pause(5);
    const sorted = messages.latencies.sort((a, b) => a - b);
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
    console.log(JSON.stringify({
      messages: sorted.length,
      latency: [at(0.5), at(0.99), at(1)],
    }));
    messages.latencies = [];
  }
  Deno.exit(0);
}

/** Rejects, which ends the process, once a message is missing. */
async function receive(conn: Deno.Conn, messages: Messages): Promise<void> {
  let text = "";
  for await (
    const chunk of conn.readable.pipeThrough(new TextDecoderStream())
  ) {
    text += chunk;
    for (;;) {
      const [frame, number] = /MSG healthy 1 \d+\r\n(\d+)\r\n/.exec(text) ?? [];
      if (frame === undefined) break;
      const expected = messages.arrived++;
      if (Number(number) !== expected) {
        throw new Error(`message ${expected} is lost: ${number} came`);
      }
      messages.latencies.push(performance.now() - messages.sentAt[expected]);
      text = text.slice(text.indexOf(frame) + frame.length);
    }
  }
  throw new Error("the subscriber is cut off");
}

/** One a millisecond on average, whatever timers do. */
async function publish(
  conn: Deno.Conn,
  { sentAt }: Messages,
): Promise<never> {
  const began = performance.now();
  for (;;) {
    let due = "";
    while (sentAt.length < performance.now() - began) {
      const number = String(sentAt.length);
      due += `PUB healthy ${number.length}\r\n${number}\r\n`;
      sentAt.push(performance.now());
    }
    await conn.write(encoder.encode(due));
    await pause(1);
  }
}

/** What the server says to the publisher matters to nobody. */
async function drain(conn: Deno.Conn): Promise<void> {
  const chunk = new Uint8Array(4096);
  while (await conn.read(chunk) !== null);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (import.meta.main) await pair(Number(Deno.args[0]));

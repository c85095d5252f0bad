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

/** Publishes and subscribes for ever; tells what it has seen when asked. */
async function pair(port: number): Promise<void> {
  const publisher = await Deno.connect({ hostname: "127.0.0.1", port });
  const subscriber = await Deno.connect({ hostname: "127.0.0.1", port });
  const quiet = 'CONNECT {"verbose":false}\r\n';
  await publisher.write(encoder.encode(quiet));
  await subscriber.write(encoder.encode(`${quiet}SUB healthy 1\r\n`));
  const sentAt: number[] = [];
  let latencies: number[] = [];
  let arrived = 0;
  void (async () => {
    let text = "";
    for await (
      const chunk of subscriber.readable.pipeThrough(new TextDecoderStream())
    ) {
      text += chunk;
      for (;;) {
        const [frame, number] = /MSG healthy 1 \d+\r\n(\d+)\r\n/.exec(text) ??
          [];
        if (frame === undefined) break;
        if (Number(number) !== arrived) {
          throw new Error(`message ${arrived} is lost: ${number} came`);
        }
        latencies.push(performance.now() - sentAt[arrived++]);
        text = text.slice(text.indexOf(frame) + frame.length);
      }
    }
    throw new Error("the subscriber is cut off");
  })();
  void drain(publisher);
  const began = performance.now();
  void (async () => {
    for (;;) {
      let due = "";
      while (sentAt.length < performance.now() - began) {
        const number = String(sentAt.length);
        due += `PUB healthy ${number.length}\r\n${number}\r\n`;
        sentAt.push(performance.now());
      }
      await publisher.write(encoder.encode(due));
      await pause(1);
    }
  })();
  for await (const _ of Deno.stdin.readable) {
    const sent = sentAt.length;
    while (arrived < sent) await pause(5);
    const sorted = latencies.sort((a, b) => a - b);
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
    console.log(JSON.stringify({
      messages: sorted.length,
      latency: [at(0.5), at(0.99), at(1)],
    }));
    latencies = [];
  }
  Deno.exit(0);
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

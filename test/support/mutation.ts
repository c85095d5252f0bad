/**
 * Real traffic, written down on its way to a server, and what becomes of it
 * when bytes of it are changed at random; the same seed changes the same.
 */

/** A random number from 0 up to 1, ever the next of a sequence. */
export type Random = () => number;

/** The sequence that belongs to a seed. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** An integer from 0 up to `limit`. */
export function below(limit: number, random: Random): number {
  return Math.floor(random() * limit);
}

/** One of several. */
export function oneOf<T>(choices: readonly T[], random: Random): T {
  return choices[below(choices.length, random)];
}

/** What protocols stumble over. */
const SORE_SPOTS: readonly string[] = [
  "\r\n",
  "\n",
  "\r",
  " ",
  "\t",
  "\0",
  "-1",
  "0",
  "99999999999999999999",
  "2147483648",
  "1e9",
  "{",
  '"',
  "[[[[[[[[",
  "}",
  ">",
  "*",
  ".",
  "..",
  "$SYS.",
  "_R_.",
  "\xff\xfe",
  "é",
  "x".repeat(5000),
  "PING\r\n",
  "PUB ",
  "RMSG $G ",
  "HTTP/1.1\r\n\r\n",
  "\x16\x03\x01",
];

/** A change to some bytes. */
type Change = (bytes: number[], random: Random) => void;

const CHANGES: readonly Change[] = [
  function flipBit(bytes, random) {
    bytes[below(bytes.length, random)] ^= 1 << below(8, random);
  },
  function overwrite(bytes, random) {
    bytes[below(bytes.length, random)] = below(256, random);
  },
  function remove(bytes, random) {
    bytes.splice(below(bytes.length, random), 1 + below(40, random));
  },
  function repeat(bytes, random) {
    const at = below(bytes.length, random);
    const piece = bytes.slice(at, at + 1 + below(200, random));
    for (let times = 1 + below(30, random); times > 0; times--) {
      bytes.splice(at, 0, ...piece);
    }
  },
  function insert(bytes, random) {
    const text = oneOf(SORE_SPOTS, random);
    const piece = [...text].map((char) => char.charCodeAt(0));
    bytes.splice(below(bytes.length, random), 0, ...piece);
  },
  function otherNumber(bytes, random) {
    const digits = [...bytes.keys()]
      .filter((at) => bytes[at] >= 0x30 && bytes[at] <= 0x39);
    if (digits.length === 0) return;
    bytes[oneOf(digits, random)] = 0x30 + below(10, random);
  },
  function cutOff(bytes, random) {
    bytes.length = 1 + below(bytes.length, random);
  },
  function swap(bytes, random) {
    const piece = bytes.splice(below(bytes.length, random), 50);
    bytes.splice(below(bytes.length + 1, random), 0, ...piece);
  },
];

/** `bytes` with one to five changes; never empty. */
export function mutated(
  bytes: Uint8Array,
  random: Random,
): Uint8Array<ArrayBuffer> {
  const changed = [...bytes];
  for (let left = 1 + below(5, random); left > 0; left--) {
    oneOf(CHANGES, random)(changed, random);
    if (changed.length === 0) changed.push(0x0a);
  }
  return new Uint8Array(changed);
}

/** Passes connections on to a server and writes down what they send to it. */
export class Recorder implements AsyncDisposable {
  /** What each connection has sent, as it sent it. */
  readonly sent: Uint8Array[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: number;
  readonly #accepting: Promise<void>;
  readonly #open = new Set<Deno.Conn>();
  readonly #pumps: Promise<void>[] = [];

  /** `target` is a port of the loopback interface. */
  constructor(target: number) {
    this.#target = target;
    this.#accepting = this.#accept();
  }

  /** Where to connect to. */
  get port(): number {
    return this.#listener.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    for (const conn of this.#open) conn.close();
    await Promise.all(this.#pumps);
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) await this.#pass(conn);
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #pass(from: Deno.Conn): Promise<void> {
    const to = await Deno.connect({
      hostname: "127.0.0.1",
      port: this.#target,
    });
    this.#open.add(from).add(to);
    const at = this.sent.push(new Uint8Array(0)) - 1;
    const note = (bytes: Uint8Array) => {
      const before = this.sent[at];
      const all = new Uint8Array(before.length + bytes.length);
      all.set(before);
      all.set(bytes, before.length);
      this.sent[at] = all;
    };
    this.#pumps.push(pump(from, to, note), pump(to, from, () => {}));
  }
}

/** Copies until either end is gone. */
async function pump(
  from: Deno.Conn,
  to: Deno.Conn,
  note: (bytes: Uint8Array) => void,
): Promise<void> {
  const chunk = new Uint8Array(64 * 1024);
  try {
    for (;;) {
      const count = await from.read(chunk);
      if (count === null) break;
      note(chunk.subarray(0, count));
      let rest = chunk.subarray(0, count);
      while (rest.length > 0) rest = rest.subarray(await to.write(rest));
    }
    await to.closeWrite();
  } catch {
    // One of them has gone.
  }
}

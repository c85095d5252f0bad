/** The responses of monitoring: what is refused, and what takes time to send. */

import type { Clock } from "../options.ts";
import type { Pace } from "./pace.ts";
import { SLICE_MS } from "./pace.ts";
import type { Room } from "./room.ts";

/** Longest a reader may take to come for more, in milliseconds. */
const READER_MS = 30_000;
/** Bytes sent in one go. */
const CHUNK = 64 * 1024;
/** A chunk with no more room than this is full: a character may need it. */
const MARGIN = 4;

/** Pieces between two looks at the clock, which costs as much as a small one. */
const LOOK_EVERY = 2;

const NO_BYTES = new Uint8Array(0);
const encoder = new TextEncoder();

const PLAIN = "text/plain; charset=utf-8";

/** How a text is sent. */
export interface StreamOptions {
  /** HTTP status. */
  readonly status: number;
  /** Its type. */
  readonly type: string;
  /** When to work on it. */
  readonly pace: Pace;
  /** How many others there may be. */
  readonly room: Room;
  /** Bounds how long a reader may take. */
  readonly clock: Clock;
  /** Only the head is wanted. */
  readonly bodiless: boolean;
}

/** 404, as Go says it. */
export function notFound(): Response {
  return plain(404, "404 page not found\n", {
    "X-Content-Type-Options": "nosniff",
  });
}

/** 400; the line end is for nats-top, which crashes without one. */
export function badRequest(problem: string): Response {
  return plain(400, `${problem}\n`, { "X-Content-Type-Options": "nosniff" });
}

/** 500, after a defect of ours. */
export function failed(): Response {
  return plain(500, "Internal Server Error\n");
}

/** 503: too many long answers wait to be read. */
function busy(): Response {
  return plain(503, "Too many requests under way\n", { "Retry-After": "1" });
}

/** Sends the browser to the same arguments at another path. */
export function redirect(path: string, { search }: URL): Response {
  return plain(307, "", { Location: path + search });
}

/** A text that is made in slices; a long one is sent while it is made. */
export async function streamed(
  pieces: Iterable<string>,
  options: StreamOptions,
): Promise<Response> {
  const { status, type, bodiless, room } = options;
  const headers = {
    "Content-Type": type,
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
  };
  const body = new Body(pieces, options);
  await room.begin(() => body.fill());
  if (body.done) return new Response(body.take(), { status, headers });
  const leave = bodiless ? null : room.reader();
  if (leave !== null) {
    return new Response(body.stream(leave), { status, headers });
  }
  body.end();
  return bodiless ? new Response(null, { status, headers }) : busy();
}

/** A text as bytes, made as it is read; a reader that stops is left alone. */
class Body {
  /** All of it is made. */
  done = false;

  readonly #pieces: Iterator<string>;
  readonly #options: StreamOptions;
  #chunk = NO_BYTES;
  /** Bytes of `#chunk` in use. */
  #used = 0;
  /** What of the last piece did not fit. */
  #rest = "";
  #cancelTimeout: () => void = () => {};
  #leave: () => void = () => {};

  constructor(pieces: Iterable<string>, options: StreamOptions) {
    this.#pieces = pieces[Symbol.iterator]();
    this.#options = options;
  }

  /** Makes a chunk, or what is left. */
  async fill(): Promise<void> {
    const { pace } = this.#options;
    while (!this.done && !this.#full) await pace.run(() => this.#slice());
  }

  /** What is made so far. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#chunk.subarray(0, this.#used);
    this.#chunk = NO_BYTES;
    this.#used = 0;
    return bytes;
  }

  /** All of it, once; `leave` is called when it is over. */
  stream(leave: () => void): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#leave = leave;
    return new ReadableStream({
      start: (controller) => this.#await(controller),
      pull: (controller) => this.#more(controller),
      cancel: () => this.end(),
    }, { highWaterMark: 1 });
  }

  /** The rest is not wanted. */
  end(): void {
    this.#cancelTimeout();
    this.#leave();
    this.#pieces.return?.();
  }

  async #more(controller: ReadableStreamDefaultController): Promise<void> {
    this.#cancelTimeout();
    try {
      await this.fill();
      controller.enqueue(this.take());
    } catch (error) {
      this.end();
      throw error;
    }
    if (!this.done) return this.#await(controller);
    this.#leave();
    controller.close();
  }

  /** Gives up on a reader that does not come back. */
  #await(controller: ReadableStreamDefaultController): void {
    this.#cancelTimeout = this.#options.clock.after(READER_MS, () => {
      this.end();
      controller.error(new Error("The reader does not go on"));
    });
  }

  get #full(): boolean {
    return this.#used > 0 && this.#used >= this.#chunk.length - MARGIN;
  }

  #slice(): void {
    const { clock } = this.#options;
    const end = clock.now() + SLICE_MS;
    for (let count = 1; !this.#full; count++) {
      if (this.#rest === "") {
        const { done, value } = this.#pieces.next();
        if (done === true) {
          this.done = true;
          return;
        }
        this.#rest = value;
      }
      this.#write();
      if (count % LOOK_EVERY === 0 && clock.now() >= end) return;
    }
  }

  /** Encodes what fits of the text in hand. */
  #write(): void {
    if (this.#chunk === NO_BYTES) this.#chunk = new Uint8Array(CHUNK);
    const { read, written } = encoder.encodeInto(
      this.#rest,
      this.#chunk.subarray(this.#used),
    );
    this.#used += written;
    this.#rest = this.#rest.slice(read);
  }
}

function plain(
  status: number,
  text: string,
  headers: Record<string, string> = {},
): Response {
  return new Response(text, {
    status,
    headers: { "Content-Type": PLAIN, ...headers },
  });
}

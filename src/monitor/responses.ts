/** The responses of monitoring: what is refused, and what takes time to send. */

import type { Clock } from "../options.ts";
import type { Pace } from "./pace.ts";
import { SLICE_MS } from "./pace.ts";

/** Longest a reader may take to come for more, in milliseconds. */
const READER_MS = 30_000;
/** Text sent in one go, in characters. */
const MAX_CHUNK = 64 * 1024;

const PLAIN = "text/plain; charset=utf-8";

/** How a text is sent. */
export interface StreamOptions {
  /** HTTP status. */
  readonly status: number;
  /** Its type. */
  readonly type: string;
  /** When to work on it. */
  readonly pace: Pace;
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

/** Sends the browser to the same arguments at another path. */
export function redirect(path: string, { search }: URL): Response {
  return plain(307, "", { Location: path + search });
}

/** A text that is made in slices: at once if it takes but one. */
export async function streamed(
  pieces: Iterable<string>,
  options: StreamOptions,
): Promise<Response> {
  const { status, type, pace, bodiless } = options;
  const iterator = pieces[Symbol.iterator]();
  const headers = {
    "Content-Type": type,
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
  };
  const first = await pace.run(() => slice(iterator, options.clock));
  if (bodiless && !first.done) {
    iterator.return?.();
    return new Response(null, { status, headers });
  }
  const body = first.done
    ? first.text
    : new SlicedBody(first.text, iterator, options).stream;
  return new Response(body, { status, headers });
}

/** What one slice came to. */
interface Slice {
  readonly text: string;
  readonly done: boolean;
}

function slice(iterator: Iterator<string>, clock: Clock): Slice {
  const end = clock.now() + SLICE_MS;
  let text = "";
  do {
    const { done, value } = iterator.next();
    if (done === true) return { text, done };
    text += value;
  } while (text.length < MAX_CHUNK && clock.now() < end);
  return { text, done: false };
}

/** The rest of a text, made as it is read; a reader that stops is left alone. */
class SlicedBody {
  /** To be read by the one who asked. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;

  readonly #iterator: Iterator<string>;
  readonly #options: StreamOptions;
  readonly #encoder = new TextEncoder();
  #cancelTimeout: () => void = () => {};

  constructor(
    first: string,
    iterator: Iterator<string>,
    options: StreamOptions,
  ) {
    this.#iterator = iterator;
    this.#options = options;
    this.stream = new ReadableStream({
      start: (controller) => {
        if (first !== "") controller.enqueue(this.#encoder.encode(first));
        this.#await(controller);
      },
      pull: (controller) => this.#more(controller),
      cancel: () => this.#end(),
    });
  }

  async #more(controller: ReadableStreamDefaultController): Promise<void> {
    this.#cancelTimeout();
    const { pace, clock } = this.#options;
    let made: Slice;
    do made = await pace.run(() => slice(this.#iterator, clock)); while (
      made.text === "" && !made.done
    );
    if (made.text !== "") controller.enqueue(this.#encoder.encode(made.text));
    if (made.done) controller.close();
    else this.#await(controller);
  }

  /** Gives up on a reader that does not come back. */
  #await(controller: ReadableStreamDefaultController): void {
    this.#cancelTimeout = this.#options.clock.after(READER_MS, () => {
      this.#end();
      controller.error(new Error("The reader does not go on"));
    });
  }

  #end(): void {
    this.#cancelTimeout();
    this.#iterator.return?.();
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

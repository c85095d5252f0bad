/**
 * Where `midge top` gets its figures: `/varz` and `/connz` of a server's
 * monitoring port, asked for over HTTP or HTTPS. Says in one line why there is
 * no answer; knows nothing of how answers are shown.
 */

import { get } from "node:https";
import { errorText, fileProblem } from "../error_text.ts";
import { ConfigError } from "../errors.ts";
import { demand, demandNet } from "../permission.ts";
import type { Sample } from "./top_samples.ts";
import { AnswerError, readSample } from "./top_samples.ts";
import { cut, shown } from "./top_text.ts";

/** Longest an answer may take. */
const PATIENCE_MS = 5_000;
/** Longest answer taken, in characters. */
const MAX_ANSWER = 256 * 1024 * 1024;
/** How much of a refusal is repeated. */
const MAX_REFUSAL = 120;

/** What is asked of `/connz`. */
export interface ConnectionQuery {
  /** One of the server's sort options. */
  readonly sort: string;
  /** Most connections wanted. */
  readonly limit: number;
  /** With the subjects they listen to. */
  readonly subs: boolean;
}

/** Files and choices for HTTPS; empty for none. */
export interface SecureOptions {
  readonly cert: string;
  readonly key: string;
  readonly caCert: string;
  /** Takes any certificate of the server. */
  readonly skipVerify: boolean;
}

/** No figures: the server did not answer, or not as it should. */
export class SourceError extends Error {
  /** The class name. */
  override readonly name = "SourceError";
}

/** Something figures come from; the view's tests have their own. */
export interface Source {
  /** Where it looks, for people. */
  readonly place: string;
  /** Looks once. Rejects with `SourceError`. */
  sample(query: ConnectionQuery, signal: AbortSignal): Promise<Sample>;
  /** Lets go of kept connections. */
  close(): void;
}

/** An answer as it came. */
interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Gets one document. */
type Fetch = (url: string, signal: AbortSignal) => Promise<Answer>;

/** The monitoring port of a server. */
export class MonitorSource implements Source {
  readonly place: string;
  readonly #fetch: Fetch;
  readonly #close: () => void;

  /** `base` like `http://127.0.0.1:8222`. Throws `ConfigError` over files. */
  constructor(base: string, secure: SecureOptions | null) {
    this.place = base;
    if (secure?.skipVerify) {
      this.#fetch = unverified(secure);
      this.#close = () => {};
    } else {
      const client = httpClient(secure);
      this.#fetch = (url, signal) => verified(url, signal, client);
      this.#close = () => client.close();
    }
  }

  async sample(query: ConnectionQuery, signal: AbortSignal): Promise<Sample> {
    const { sort, limit, subs } = query;
    const varz = await this.#document("/varz", "", signal);
    const takenMs = performance.now();
    const connz = await this.#document(
      "/connz",
      `?limit=${limit}&sort=${sort}${subs ? "&subs=1" : ""}`,
      signal,
    );
    try {
      return readSample(varz, connz, takenMs);
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      throw new SourceError(error.message);
    }
  }

  close(): void {
    this.#close();
  }

  /** One answer, parsed. Rejects with `SourceError`. */
  async #document(
    path: string,
    query: string,
    signal: AbortSignal,
  ): Promise<unknown> {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    let answer: Answer;
    const { hostname, port, protocol } = new URL(this.place);
    try {
      demandNet(hostname, Number(port) || (protocol === "https:" ? 443 : 80));
      answer = await this.#fetch(
        this.place + path + query,
        AbortSignal.any([signal, patience]),
      );
    } catch (error) {
      throw new SourceError(
        `no answer from ${this.place}: ${
          patience.aborted
            ? `nothing within ${PATIENCE_MS / 1000} seconds`
            : reason(error)
        }`,
      );
    }
    if (answer.status !== 200) {
      const [line] = answer.text.split(/[\r\n]/);
      throw new SourceError(
        `${path} answers ${answer.status}: ${cut(shown(line), MAX_REFUSAL)}`,
      );
    }
    try {
      return JSON.parse(answer.text);
    } catch {
      throw new SourceError(`the answer to ${path} is not JSON`);
    }
  }
}

/** `fetch`, which checks the server's certificate. */
async function verified(
  url: string,
  signal: AbortSignal,
  client: Deno.HttpClient,
): Promise<Answer> {
  const response = await fetch(url, { signal, client, redirect: "manual" });
  let text = "";
  const body = response.body?.pipeThrough(new TextDecoderStream()) ?? [];
  for await (const piece of body) text = joined(text, piece);
  return { status: response.status, text };
}

/** `node:https`, because `fetch` cannot be told not to check. */
function unverified({ cert, key }: SecureOptions): Fetch {
  const options = {
    rejectUnauthorized: false,
    // Otherwise the system's are read, which takes a permission of its own.
    ca: [],
    ...(cert === "" ? {} : { cert: readPem(cert), key: readPem(key) }),
  };
  return (url, signal) =>
    new Promise((resolve, reject) => {
      get(url, { ...options, signal }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (piece: string) => {
          try {
            text = joined(text, piece);
          } catch (error) {
            response.destroy(error as Error);
          }
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, text }));
      }).on("error", reject);
    });
}

/** Throws `ConfigError` over what the files hold. */
function httpClient(secure: SecureOptions | null): Deno.HttpClient {
  if (secure === null) return Deno.createHttpClient({});
  const { cert, key, caCert } = secure;
  const options = {
    ...(caCert === "" ? {} : { caCerts: [readPem(caCert)] }),
    ...(cert === "" ? {} : { cert: readPem(cert), key: readPem(key) }),
  };
  try {
    return Deno.createHttpClient(options as Deno.CreateHttpClientOptions);
  } catch (error) {
    throw new ConfigError(
      `cannot use "${cert}" and "${key}": ${errorText(error)}`,
    );
  }
}

function readPem(path: string): string {
  let text: string;
  try {
    demand({ name: "read", path });
    text = Deno.readTextFileSync(path);
  } catch (error) {
    throw new ConfigError(`cannot read "${path}": ${fileProblem(error)}`);
  }
  if (/^-----BEGIN /m.test(text)) return text;
  throw new ConfigError(`cannot use "${path}": it is not PEM`);
}

function joined(text: string, piece: string): string {
  if (text.length + piece.length > MAX_ANSWER) throw new Error("it is endless");
  return text + piece;
}

/** The last and most telling part of what an error and its causes say. */
function reason(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause !== undefined) {
    inner = inner.cause;
  }
  const text = errorText(inner);
  const [, end] = /^error sending request.*?\): (.*)$/s.exec(text) ?? [];
  return shown(
    (end ?? text)
      .replace(/^client error \(\w+\): /, "")
      .replace(/^tcp connect error: /, "")
      .replace(/ \(os error \d+\)$/, ""),
  );
}

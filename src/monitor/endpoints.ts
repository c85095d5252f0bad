/**
 * What is served where: a path, and what answers it. Handlers may throw
 * `ArgumentError`; everything else about HTTP is the monitor's.
 */

import { Arguments } from "./arguments.ts";
import { connz } from "./connz.ts";
import { jsonPieces } from "./json.ts";
import type { Snapshots } from "./snapshots.ts";
import type { RequestCounts } from "./varz.ts";
import { varz } from "./varz.ts";

/** A request to one of the endpoints. */
export interface Call {
  /** As it came. */
  readonly request: Request;
  /** Where it went. */
  readonly url: URL;
  /** Its arguments. */
  readonly args: Arguments;
  /** Whose monitoring this is. */
  readonly snapshots: Snapshots;
  /** Path in front of every endpoint: empty, or `/mon/nats`. */
  readonly basePath: string;
  /** Requests so far. */
  readonly requests: RequestCounts;
  /** Counts this one; for handlers that say so, the monitor has not. */
  readonly count: () => void;
}

/** Text on its way: JSON, which may be wrapped for JSONP, in pieces. */
export interface JsonAnswer {
  /** HTTP status. Default 200. */
  readonly status?: number;
  /** The text; empty pieces say that there is more to be done. */
  readonly pieces: Iterable<string>;
}

/** Serves one path. */
export interface Endpoint {
  /** What its requests are counted as; `null`: they are not counted. */
  readonly countedAs: string | null;
  /** It calls `count` itself, once the arguments are known to be good. */
  readonly countsItself?: boolean;
  /** The answer; a `Response` goes out as it is, `null` is 404. */
  answer(
    call: Call,
  ): JsonAnswer | Response | null | Promise<Response | null>;
}

/** Every path there is. */
export const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<
  string,
  Endpoint
>([
  [
    "/varz",
    json(
      "/varz",
      ({ snapshots, requests }) => varz(snapshots.server(), requests),
    ),
  ],
  ["/connz", {
    countedAs: "/connz",
    countsItself: true,
    answer: ({ args, snapshots, count }) => ({
      pieces: connz(args, snapshots, count),
    }),
  }],
]);

/** An endpoint whose answer is made in one go, except for a `Listing`. */
function json(
  countedAs: string,
  body: (call: Call) => object,
): Endpoint {
  return { countedAs, answer: (call) => ({ pieces: jsonPieces(body(call)) }) };
}

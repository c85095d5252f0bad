/**
 * What is served where: a path, and what answers it. Handlers may throw
 * `ArgumentError`; everything else about HTTP is the monitor's.
 */

import type { Log } from "../log.ts";
import { gatewayz, jsz, leafz } from "./absent.ts";
import { accountz, accstatz } from "./accounts.ts";
import type { Arguments } from "./arguments.ts";
import { connz } from "./connz.ts";
import { healthz } from "./healthz.ts";
import { compactJsonText, jsonPieces } from "./json.ts";
import { METRICS_TYPE, renderMetrics } from "./prometheus.ts";
import { routez } from "./routez.ts";
import type { Snapshots } from "./snapshots.ts";
import { subsz } from "./subsz.ts";
import type { RequestCounts } from "./varz.ts";
import { varz } from "./varz.ts";

/** A request to one of the endpoints. */
export interface Call {
  /** Where it went. */
  readonly url: URL;
  /** Its arguments. */
  readonly args: Arguments;
  /** Whose monitoring this is. */
  readonly snapshots: Snapshots;
  /** Requests so far. */
  readonly requests: RequestCounts;
  /** Where failed probes are logged. */
  readonly log: Log;
  /** Counts this one; for handlers that say so, the monitor has not. */
  readonly count: () => void;
}

/** Text on its way: JSON, which may be wrapped for JSONP, in pieces. */
export interface JsonAnswer {
  /** HTTP status. Default 200. */
  readonly status?: number;
  /** Its type, if it is not JSON after all. */
  readonly type?: string;
  /** The text; empty pieces say that there is more to be done. */
  readonly pieces: Iterable<string>;
}

/** Serves one path. */
export interface Endpoint {
  /** What its requests are counted as; `null`: they are not counted. */
  readonly countedAs: string | null;
  /** It calls `count` itself, once the arguments are known to be good. */
  readonly countsItself?: boolean;
  /** The answer; a `Response` goes out as it is. */
  answer(call: Call): JsonAnswer | Promise<Response>;
}

/** Every path there is. */
export const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<
  string,
  Endpoint
>([
  ["/", { countedAs: "/", answer: ({ url }) => page(url) }],
  json(
    "/varz",
    ({ snapshots, requests }) => varz(snapshots.server(), requests),
  ),
  ["/connz", {
    countedAs: "/connz",
    countsItself: true,
    answer: ({ args, snapshots, count }) => ({
      pieces: connz(args, snapshots, count),
    }),
  }],
  ["/routez", {
    countedAs: "/routez",
    countsItself: true,
    answer: ({ args, snapshots, count }) => ({
      pieces: jsonPieces(routez(args, snapshots, count)),
    }),
  }],
  json("/subsz", ({ args, snapshots }) => subsz(args, snapshots)),
  [
    "/subscriptionsz",
    json("/subsz", ({ args, snapshots }) => subsz(args, snapshots))[1],
  ],
  ["/healthz", { countedAs: "/healthz", answer: probe }],
  json("/accountz", ({ args, snapshots }) => accountz(args, snapshots)),
  json("/accstatz", ({ args, snapshots }) => accstatz(args, snapshots)),
  json("/leafz", ({ args, snapshots }) => leafz(args, snapshots)),
  json("/gatewayz", ({ args, snapshots }) => gatewayz(args, snapshots)),
  json("/jsz", ({ args, snapshots }) => jsz(args, snapshots)),
  ["/metrics", {
    countedAs: "/metrics",
    answer: ({ snapshots, requests }) => ({
      type: METRICS_TYPE,
      pieces: renderMetrics(snapshots, requests),
    }),
  }],
  ["/ipqueuesz", { countedAs: null, answer: () => ({ pieces: ["{}"] }) }],
]);

/** A path, counted as itself, whose answer is an object or a `Listing`. */
function json(
  path: string,
  body: (call: Call) => object,
): [string, Endpoint] {
  return [
    path,
    { countedAs: path, answer: (call) => ({ pieces: jsonPieces(body(call)) }) },
  ];
}

async function page(url: URL): Promise<Response> {
  const { servePage } = await import("./page.ts");
  return await servePage(url);
}

function probe({ args, snapshots, log }: Call): JsonAnswer {
  const { status, body, problem } = healthz(args, snapshots);
  if (problem !== "") log.warn(`Healthcheck failed: "${problem}"`);
  return { status, pieces: [compactJsonText(body)] };
}

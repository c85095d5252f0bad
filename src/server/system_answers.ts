/**
 * Answers to requests in the system account: what monitoring serves over HTTP,
 * with options as JSON instead of arguments of a URL. Loaded with the first
 * request.
 */

import {
  DEFAULT_RESPONSE_TTL_MS,
  DEFAULT_RESPONSES,
} from "../auth/permissions.ts";
import { gatewayz, jsz, leafz } from "../monitor/absent.ts";
import { accountz, accstatz } from "../monitor/accounts.ts";
import { ArgumentError, Arguments } from "../monitor/arguments.ts";
import { connz } from "../monitor/connz.ts";
import { healthz } from "../monitor/healthz.ts";
import { jsonPieces } from "../monitor/json.ts";
import { routez } from "../monitor/routez.ts";
import type { Snapshots } from "../monitor/snapshots.ts";
import { subsz } from "../monitor/subsz.ts";
import type { RequestCounts } from "../monitor/varz.ts";
import { varz } from "../monitor/varz.ts";
import type { Client } from "../peer/client.ts";
import { decodeUtf8 } from "../wire/ascii.ts";
import type { SystemRequest } from "./system_request.ts";
import type { ServerFacts } from "./system_sender.ts";
import { statsz } from "./system_statsz.ts";

/** What answers are made of. */
export interface AnswerSource {
  /** Figures of the server. */
  readonly snapshots: Snapshots;
  /** Requests to monitoring so far. */
  readonly requests: RequestCounts;
  /** The client with this number. */
  client(id: number): Client | undefined;
  /** The server, in the message to be sent next. */
  facts(): ServerFacts;
}

/** Options of a request, whatever they are. */
type Options = Readonly<Record<string, unknown>>;

/** An object to be rendered, or what renders one bit by bit. */
type Answer = (
  args: Arguments,
  source: AnswerSource,
) => object | Iterable<string>;

/** What every server answers, by the last token of the subject. */
const OF_SERVER: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ["VARZ", (_, { snapshots, requests }) => varz(snapshots.server(), requests)],
  ["CONNZ", (args, { snapshots }) => connz(args, snapshots, () => {})],
  ["ROUTEZ", (args, { snapshots }) => routez(args, snapshots, () => {})],
  ["SUBSZ", (args, { snapshots }) => subsz(args, snapshots)],
  ["HEALTHZ", (args, { snapshots }) => {
    const { body, status } = healthz(args, snapshots);
    return { ...body, status_code: status };
  }],
  ["ACCOUNTZ", (args, { snapshots }) => accountz(args, snapshots)],
  ["LEAFZ", (args, { snapshots }) => leafz(args, snapshots)],
  ["GATEWAYZ", (args, { snapshots }) => gatewayz(args, snapshots)],
  ["JSZ", (args, { snapshots }) => jsz(args, snapshots)],
]);

/** What is answered of one account. */
const OF_ACCOUNT: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ["CONNZ", (args, { snapshots }) => connz(args, snapshots, () => {})],
  ["SUBSZ", (args, { snapshots }) => subsz(args, snapshots)],
  ["INFO", (args, { snapshots }) => {
    const { account_detail }: Options = { ...accountz(args, snapshots) };
    return Object(account_detail);
  }],
  ["STATZ", (args, { snapshots }) => {
    const { account_statz, ...head }: Options = {
      ...accstatz(args, snapshots),
    };
    const name = args.text("acc");
    const all = account_statz as readonly { readonly acc: string }[];
    return { ...head, account_statz: all.filter(({ acc }) => acc === name) };
  }],
]);

/**
 * The answer in pieces, free of line breaks; `null` if the request is meant for
 * other servers.
 */
export function answer(
  request: SystemRequest,
  source: AnswerSource,
): Iterable<string> | null {
  const { what, about } = request;
  if (what === "USER.INFO") return userInfo(request, source);
  if (what === "IDZ") {
    const { name, host, id } = source.facts();
    return [JSON.stringify({ name, host, id })];
  }
  const options = optionsOf(request.body);
  if (options === null) {
    return failed(source, 400, "the request is not a JSON object");
  }
  if (!isMeant(options, source)) return null;
  if (what === "STATSZ") {
    const server = source.facts();
    return [JSON.stringify({ server, statsz: statsz(source.snapshots) })];
  }
  const make = (about === null ? OF_SERVER : OF_ACCOUNT).get(what);
  if (make === undefined) return null;
  if (about !== null && source.snapshots.account(about) === null) return null;
  try {
    const args = new Arguments(argumentsOf(options, request));
    const data = make(args, source);
    const pieces = Symbol.iterator in data ? data : jsonPieces(data);
    return wrapped(source, pieces);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    const status = error.message.startsWith("Error decoding") ? 400 : 500;
    return failed(source, status, error.message);
  }
}

function* wrapped(
  source: AnswerSource,
  pieces: Iterable<string>,
): Generator<string> {
  yield `{"server":${JSON.stringify(source.facts())},"data":`;
  // Line breaks within strings are escaped: those left are for the eye.
  for (const piece of pieces) yield piece.replaceAll(/\n */g, "");
  yield "}";
}

function failed(
  source: AnswerSource,
  code: number,
  description: string,
): string[] {
  const error = { code, description };
  // The official server had begun with the data by then.
  const data = code === 500 ? null : undefined;
  return [JSON.stringify({ server: source.facts(), data, error })];
}

/** `null` if they are none. */
function optionsOf(body: Uint8Array): Options | null {
  if (body.length === 0) return {};
  try {
    const options: unknown = JSON.parse(decodeUtf8(body));
    return typeof options === "object" && options !== null
      ? options as Options
      : null;
  } catch {
    return null;
  }
}

/** Whether the filter among `options`, if there is one, fits this server. */
function isMeant(
  options: Options,
  { snapshots, facts }: AnswerSource,
): boolean {
  const server = facts();
  const exact = options.exact_match === true;
  const fits = (wanted: unknown, is = "") =>
    typeof wanted !== "string" || wanted === "" ||
    (exact ? is === wanted : is.includes(wanted));
  if (
    !fits(options.server_name, server.name) ||
    !fits(options.host, server.host) || !fits(options.cluster, server.cluster)
  ) return false;
  if (typeof options.domain === "string" && options.domain !== "") return false;
  const tags = snapshots.server().options.serverTags
    .map((tag) => tag.toLowerCase());
  return !Array.isArray(options.tags) ||
    options.tags.every((tag) => tags.includes(String(tag).toLowerCase()));
}

/** Options as the arguments of a URL would say them. */
function argumentsOf(
  options: Options,
  { what, about }: SystemRequest,
): URLSearchParams {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(options)) {
    if (value === null || typeof value === "object") continue;
    params.set(name, String(value));
  }
  if (options.subscriptions === true) params.set("subs", "1");
  if (options.subscriptions_detail === true) params.set("subs", "detail");
  if (typeof options.account === "string") params.set("acc", options.account);
  if (options.include_unused === true) params.set("unused", "1");
  if (typeof options.state === "number") {
    params.set("state", ["open", "closed", "any"][options.state] ?? "");
  }
  if (about !== null) params.set("acc", about);
  if (about !== null && what === "SUBSZ") params.set("subs", "1");
  return params;
}

/** Who the client is that asks; `null` if it has gone. */
function userInfo(
  { requester }: SystemRequest,
  source: AnswerSource,
): string[] | null {
  const client = source.client(requester);
  if (client === undefined) return null;
  const { identity } = client.login;
  const { publish = {}, subscribe = {}, allowResponses } =
    identity?.permissions ?? {};
  const permissions = identity?.permissions
    ? {
      publish,
      subscribe,
      responses: allowResponses
        ? {
          max: allowResponses.max || DEFAULT_RESPONSES,
          ttl: (allowResponses.ttlMs || DEFAULT_RESPONSE_TTL_MS) * 1e6,
        }
        : undefined,
    }
    : undefined;
  const data = {
    user: identity?.user || identity?.nkey || "",
    account: client.account.name,
    account_name: client.account.name,
    permissions,
  };
  return [JSON.stringify({ server: source.facts(), data })];
}

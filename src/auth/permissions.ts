/**
 * What a user may publish and subscribe to: its permissions, compiled once and
 * shared by all its connections (client-protocol §5.5).
 *
 * The subject asked for is taken literally, its wildcards are tokens like any
 * other. Knows nothing of connections: who asks also refuses and reports.
 */

import type { PermissionOptions, SubjectPermissions } from "../auth_options.ts";
import { ConfigError } from "../errors.ts";
import { MatchCache } from "../subject/match_cache.ts";
import { MatchResult, NOBODY } from "../subject/match_result.ts";
import { isValidSubject } from "../subject/subject.ts";
import { Sublist } from "../subject/sublist.ts";
import type { Interest } from "../subject/trie.ts";
import { encodeUtf8, latin1 } from "../wire/ascii.ts";
import type { InboundMessage } from "../wire/inbound_message.ts";
import { fitsQueue, overlap } from "../subject/patterns.ts";

/** How often and how long a reply subject may be published to. */
export interface Responses {
  /** Messages; `Infinity` for any number. */
  readonly max: number;
  /** Milliseconds from the delivery; `Infinity` for ever. */
  readonly ttlMs: number;
}

/** Messages to a reply subject unless said otherwise. */
export const DEFAULT_RESPONSES = 1;
/** How long that takes at most, in milliseconds. */
export const DEFAULT_RESPONSE_TTL_MS = 120_000;

/**
 * The permissions these options stand for: the same ones for the same object,
 * which must not change any more. Throws `ConfigError` as `checkPermissions`.
 */
export function compilePermissions(options: PermissionOptions): Permissions {
  let permissions = compiled.get(options);
  if (permissions === undefined) {
    permissions = new Permissions(options);
    compiled.set(options, permissions);
  }
  return permissions;
}

/**
 * Throws `ConfigError`, which starts with `where`, when a subject is not valid
 * or a queue is named where there can be none.
 */
export function checkPermissions(
  { publish, subscribe }: PermissionOptions,
  where: string,
): void {
  const lists = [
    [publish?.allow, false],
    [publish?.deny, false],
    [subscribe?.allow, true],
    [subscribe?.deny, true],
  ] as const;
  for (const [texts, queues] of lists) {
    for (const text of texts ?? []) {
      const problem = ruleProblem(text, queues);
      if (problem !== null) throw new ConfigError(`${where}: ${problem}`);
    }
  }
}

/** Compiled permissions; see the module. Never changed once made. */
export class Permissions {
  /** What else may be published to: replies; `null` for nothing. */
  readonly responses: Responses | null;

  readonly #publish: Rules;
  readonly #subscribe: Rules;
  /** Subjects and whether they may be published to. */
  readonly #verdicts = new MatchCache<Rule>();
  /** Subjects and the rules that deny them to subscribers. */
  readonly #denials = new MatchCache<Rule>();

  /** Use `compilePermissions`. */
  constructor(options: PermissionOptions) {
    checkPermissions(options, "permissions");
    const { publish, subscribe, allowResponses } = options;
    this.responses = allowResponses ? responses(allowResponses) : null;
    this.#publish = new Rules(publish, this.responses === null ? null : []);
    this.#subscribe = new Rules(subscribe, null);
  }

  /** Whether the message in hand may be published, replies left aside. */
  admits(message: InboundMessage): boolean {
    const { allow, deny } = this.#publish;
    if (allow === null && deny === null) return true;
    const { subjectStart, subjectEnd, subjectHash } = message;
    const { bytes, view } = message.buffer;
    const cache = this.#verdicts;
    const known = cache.get(view, subjectStart, subjectEnd, subjectHash, 0);
    if (known !== null) return known === ADMITTED;
    const admitted = this.mayPublish(bytes, subjectStart, subjectEnd);
    const verdict = admitted ? ADMITTED : REFUSED;
    cache.put(view, subjectStart, subjectEnd, subjectHash, 0, verdict);
    return admitted;
  }

  /** As `admits`, for the subject from `start` to `end`; not cached. */
  mayPublish(bytes: Uint8Array, start: number, end: number): boolean {
    const { allow, deny } = this.#publish;
    if (allow !== null && allow.match(bytes, start, end).plain.length === 0) {
      return false;
    }
    return deny === null || deny.match(bytes, start, end).plain.length === 0;
  }

  /** Whether there may be such a subscription; `queue` as `latin1` makes it. */
  maySubscribe(subject: Uint8Array, queue: string | null): boolean {
    const { allow, deny } = this.#subscribe;
    if (allow !== null) {
      const { plain, queues } = allow.match(subject, 0, subject.length);
      const allowed = queue === null || queues.length === 0
        ? plain.length !== 0
        : listsQueue(queues, queue);
      if (!allowed) return false;
    }
    return deny === null ||
      !denies(deny.match(subject, 0, subject.length), queue);
  }

  /**
   * Whether a subscription that may be made is wider than what may be seen:
   * each message to it must be asked for with `withholds`.
   */
  narrows(subject: Uint8Array, queue: string | null): boolean {
    return this.#subscribe.denied.some((rule) =>
      (rule.queue === null ||
        (queue !== null && fitsQueue(queue, rule.queue))) &&
      overlap(rule.subject, subject)
    );
  }

  /** Whether a subscriber must not see the message in hand. */
  withholds(message: InboundMessage, queue: string | null): boolean {
    const { deny } = this.#subscribe;
    if (deny === null) return false;
    const { subjectStart, subjectEnd, subjectHash } = message;
    const { bytes, view } = message.buffer;
    const cache = this.#denials;
    let rules = cache.get(view, subjectStart, subjectEnd, subjectHash, 0);
    if (rules === null) {
      rules = deny.match(bytes, subjectStart, subjectEnd);
      cache.put(view, subjectStart, subjectEnd, subjectHash, 0, rules);
    }
    return denies(rules, queue);
  }
}

/** What permissions were compiled to, as long as their options are in use. */
const compiled = new WeakMap<PermissionOptions, Permissions>();

/** Cached verdicts: what a cache holds are results of matches. */
const ADMITTED = new MatchResult<Rule>(NOBODY, NOBODY, null, 0);
const REFUSED = new MatchResult<Rule>(NOBODY, NOBODY, null, 0);

/**
 * Starts the hashes of tokens. It need not be unpredictable: which tokens meet
 * is up to whoever wrote the permissions, not to who asks.
 */
const SEED = 0x811c9dc5 | 0;

/** One entry of a list. */
interface Rule extends Interest {
  /** `null`: it is about subscriptions of any kind. */
  readonly queue: string | null;
}

/** The two lists on publishing, or on subscribing. */
class Rules {
  /** `null`: everything. */
  readonly allow: Sublist<Rule> | null;
  /** `null`: nothing. */
  readonly deny: Sublist<Rule> | null;
  /** All that is in `deny`. */
  readonly denied: readonly Rule[];

  /** `otherwise` is the allow list if there is none. */
  constructor(
    options: SubjectPermissions | undefined,
    otherwise: readonly string[] | null,
  ) {
    const allow = options?.allow ?? otherwise;
    this.denied = (options?.deny ?? []).map(rule);
    this.allow = allow === null ? null : listOf(allow.map(rule));
    this.deny = this.denied.length === 0 ? null : listOf(this.denied);
  }
}

function listOf(rules: readonly Rule[]): Sublist<Rule> {
  const list = new Sublist<Rule>(SEED);
  for (const rule of rules) list.insert(rule);
  return list;
}

/** `subject` or `subject queue`. */
function rule(text: string): Rule {
  const [subject, queue] = fields(text);
  return {
    subject: encodeUtf8(subject),
    queue: queue === undefined ? null : latin1(encodeUtf8(queue)),
    via: null,
    weight: 1,
    slot: -1,
  };
}

/** What is wrong with an entry of a list; `null` if nothing is. */
function ruleProblem(text: string, queues: boolean): string | null {
  const parts = fields(text);
  if (parts.length !== (queues && parts.length === 2 ? 2 : 1)) {
    return `subject ${JSON.stringify(text)} is not a valid subject`;
  }
  const [subject, queue] = parts;
  if (!isValidSubject(encodeUtf8(subject))) {
    return `subject ${JSON.stringify(subject)} is not a valid subject`;
  }
  if (queue !== undefined && !isValidSubject(encodeUtf8(queue))) {
    return `queue ${JSON.stringify(queue)} is not a valid queue`;
  }
  return null;
}

function fields(text: string): string[] {
  return text.split(/\s+/);
}

/** Whether a match in a deny list is about a subscription with this queue. */
function denies(
  { plain, queues }: MatchResult<Rule>,
  queue: string | null,
): boolean {
  return plain.length !== 0 ||
    (queue !== null && queues.length !== 0 && listsQueue(queues, queue));
}

function listsQueue(
  queues: MatchResult<Rule>["queues"],
  queue: string,
): boolean {
  for (const [{ queue: pattern }] of queues) {
    if (pattern !== null && fitsQueue(queue, pattern)) return true;
  }
  return false;
}

/** Negative numbers are no limit, 0 is the default. */
function responses(
  { max = 0, ttlMs = 0 }: NonNullable<PermissionOptions["allowResponses"]>,
): Responses {
  return {
    max: max < 0 ? Infinity : max || DEFAULT_RESPONSES,
    ttlMs: ttlMs < 0 ? Infinity : ttlMs || DEFAULT_RESPONSE_TTL_MS,
  };
}

/** `/subsz`: subscriptions, and how they are found (config-and-monitoring §7.5). */

import type { Arguments } from "./arguments.ts";
import { ArgumentError } from "./arguments.ts";
import { Listing } from "./json.ts";
import type {
  Snapshots,
  SublistSnapshot,
  SubscriptionsFound,
} from "./snapshots.ts";
import { subscription } from "./subscription_fields.ts";
import { timeText } from "./text_forms.ts";

/** The answer; throws `ArgumentError`. */
export function subsz(args: Arguments, snapshots: Snapshots): object {
  const subs = args.boolean("subs");
  const { offset, limit } = args.page();
  const account = args.text("acc") || null;
  const subject = args.text("test") || null;
  if (subject !== null && !isLiteral(subject)) {
    throw new ArgumentError(
      `invalid test subject, must be valid publish subject: ${subject}`,
    );
  }
  const { id, now } = snapshots.server();
  const accounts = snapshots.accounts()
    .filter(({ name }) => account === null || name === account);
  const found: SubscriptionsFound = subs
    ? snapshots.subscriptions({ account, subject })
    : { total: 0, all: [] };
  const body = {
    server_id: id,
    now: timeText(now),
    ...sublistFields(accounts.map(({ sublist }) => sublist)),
    total: found.total,
    offset,
    limit,
  };
  return found.total > offset
    ? new Listing(body, "subscriptions_list", page(found, offset, limit))
    : body;
}

/** What there is to say of subject spaces, all together. */
export function sublistFields(sublists: readonly SublistSnapshot[]): object {
  const sum = (field: keyof SublistSnapshot) =>
    sublists.reduce((total, sublist) => total + sublist[field], 0);
  const cached = sum("cached");
  const matches = sum("matches");
  return {
    num_subscriptions: sum("subscriptions"),
    num_cache: cached,
    num_inserts: sum("inserts"),
    num_removes: sum("removes"),
    num_matches: matches,
    cache_hit_rate: matches === 0 ? 0 : sum("hits") / matches,
    max_fanout: Math.max(0, ...sublists.map(({ maxFanout }) => maxFanout)),
    avg_fanout: cached === 0 ? 0 : sum("totalFanout") / cached,
  };
}

function* page(
  { all }: SubscriptionsFound,
  offset: number,
  limit: number,
): Generator<object> {
  let index = 0;
  for (const one of all) {
    if (index >= offset + limit) return;
    if (index++ >= offset) yield subscription(one, { withAccount: true });
  }
}

/** Tokens without blanks, and no wildcards among them. */
function isLiteral(subject: string): boolean {
  return subject.split(".").every((token) =>
    token !== "" && token !== "*" && token !== ">" && !/\s/.test(token)
  );
}

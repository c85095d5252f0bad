/** Who a message goes to: what a match comes to. */

/** How a queue group is spread over servers. */
export interface QueueShare {
  /** Members of this server: they come first in the group. */
  readonly local: number;
  /** All members, with those that each entry of another server stands for. */
  readonly total: number;
}

/** Everyone a message goes to; never changed once made. */
export class MatchResult<S> {
  /** Each of these gets a copy. */
  readonly plain: readonly S[];
  /** One member of each of these gets a copy. */
  readonly queues: readonly (readonly S[])[];
  /** A share for each of `queues`; `null` if all members are of this server. */
  readonly shares: readonly QueueShare[] | null;
  /** Subscriptions listed in memory that no other result shares. */
  readonly weight: number;

  /** A class, so that every result has one shape: delivery is faster for it. */
  constructor(
    plain: readonly S[],
    queues: readonly (readonly S[])[],
    shares: readonly QueueShare[] | null,
    weight: number,
  ) {
    this.plain = plain;
    this.queues = queues;
    this.shares = shares;
    this.weight = weight;
  }
}

/**
 * An empty list of the kind V8 uses for objects. A literal `[]` is of the kind
 * for small integers, and loops over both kinds are slower.
 */
export const NOBODY: never[] = [{} as never];
NOBODY.pop();

/** The result for a subject without interest. */
export const NO_MATCH: MatchResult<never> = new MatchResult(
  NOBODY,
  NOBODY,
  null,
  0,
);

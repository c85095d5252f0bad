/**
 * A stream import: what is published to some subjects of one account also
 * reaches subscribers of another, under subjects of its own.
 */

import { overlap } from "../subject/patterns.ts";
import { NO_MATCH } from "../subject/match_result.ts";
import type { SubjectMapping } from "../subject/transform.ts";
import type { Account, InterestListener } from "./account.ts";
import type { Connection } from "./connection.ts";
import type { Carrier } from "./crossing.ts";
import { Crossing, crossingSubscription, Passage } from "./crossing.ts";
import type { Subscription } from "./subscription.ts";

/**
 * Subscribes in the exporting account while somebody in the importing one has
 * a subscription that overlaps the import.
 */
export class StreamImport extends Crossing implements InterestListener {
  readonly #exporter: Account;
  readonly #importer: Account;
  readonly #mapping: SubjectMapping;
  readonly #receiver: Subscription;
  /** Subscriptions that overlap the import. */
  #interest = 0;

  /** Works at once. `mapping` leads from the exporter's subjects to the importer's. */
  constructor(exporter: Account, importer: Account, mapping: SubjectMapping) {
    super();
    this.#exporter = exporter;
    this.#importer = importer;
    this.#mapping = mapping;
    this.#receiver = crossingSubscription(this, mapping.forth.pattern);
    importer.listen(this);
  }

  /** `InterestListener` */
  inserted({ subject }: Subscription): void {
    if (!overlap(subject, this.#mapping.back.pattern)) return;
    if (this.#interest++ === 0) this.#exporter.insert(this.#receiver);
  }

  /** `InterestListener` */
  removed({ subject }: Subscription): void {
    if (!overlap(subject, this.#mapping.back.pattern)) return;
    if (--this.#interest === 0) this.#exporter.remove(this.#receiver);
  }

  /**
   * `Crossing`: only for what was published in the exporting account itself, at
   * whichever server: each serves its own importers.
   */
  cross(carrier: Carrier, publisher: Connection): boolean {
    const { inHand, passage } = carrier;
    if (passage !== Passage.Own && passage !== Passage.Route) return false;
    const draft = carrier.draft();
    draft.begin(inHand, this.#mapping.forth);
    const result = this.#importer.find(draft.message);
    if (result === NO_MATCH) return false;
    draft.finish(inHand);
    return carrier.forward(result, publisher, draft, Passage.Stream) > 0;
  }
}

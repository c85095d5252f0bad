/**
 * A service import: requests published to some subjects of one account go to
 * those who serve them in another, and their answers come back.
 */

import { NO_MATCH } from "../subject/match_result.ts";
import type { SubjectMapping } from "../subject/transform.ts";
import type { Connection } from "./connection.ts";
import type { Carrier } from "./crossing.ts";
import { Crossing, crossingSubscription, Passage } from "./crossing.ts";
import type { RequesterFacts } from "./request_info.ts";
import { requestHeaders } from "./request_info.ts";
import type { Responses, ResponseTerms } from "./responses.ts";

/** What is imported, and how. */
export interface ServiceTerms extends ResponseTerms {
  /** From the exporter's subjects to the importer's. */
  readonly mapping: SubjectMapping;
  /** Says who asks; `null` to tell the account only. */
  readonly facts: ((publisher: Connection) => RequesterFacts) | null;
}

const NO_REPLY = new Uint8Array(0);

/** Subscribes in the importing account, always. */
export class ServiceImport extends Crossing {
  readonly #exporter: Responses;
  readonly #importer: Responses;
  readonly #terms: ServiceTerms;

  /** Works at once; the accounts are those the answers are owed in. */
  constructor(exporter: Responses, importer: Responses, terms: ServiceTerms) {
    super();
    this.#exporter = exporter;
    this.#importer = importer;
    this.#terms = terms;
    const { pattern } = terms.mapping.back;
    importer.account.insert(crossingSubscription(this, pattern, true));
  }

  /** `Crossing`: for requests, published at this server or imported. */
  cross(carrier: Carrier, publisher: Connection): boolean {
    const { inHand, passage } = carrier;
    if (passage === Passage.Own) carrier.requester = this.#importer.account;
    else if (passage !== Passage.Request) return false;
    const draft = carrier.draft();
    draft.begin(inHand, this.#terms.mapping.back);
    const result = this.#exporter.account.find(draft.message);
    if (result === NO_MATCH) return false;
    const reply = inHand.hasReply
      ? this.#exporter.expect(
        this.#importer,
        inHand.reply(),
        this.#terms,
        publisher.lastReadAt,
      )
      : NO_REPLY;
    draft.finishWith(inHand, reply, this.#headers(carrier, publisher));
    const copies = carrier.forward(result, publisher, draft, Passage.Request);
    if (copies === 0) this.#exporter.forget(reply);
    return copies > 0;
  }

  /**
   * The requester's own account alone decides what is told of it: an account
   * that passes requests on has nothing to share.
   */
  #headers(
    { inHand, passage, requester }: Carrier,
    publisher: Connection,
  ): Uint8Array {
    const { account } = this.#importer;
    const { facts } = this.#terms;
    const own = passage === Passage.Own;
    return requestHeaders(inHand, publisher, {
      account: (requester ?? account).name,
      service: own ? undefined : account.name,
      facts: own && facts !== null ? facts(publisher) : null,
    });
  }
}

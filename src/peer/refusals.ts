/** What one client is refused: it is told, and so is the log, up to a point. */

import type { Connection } from "../core/connection.ts";
import type { ProtocolError } from "../errors.ts";
import { publishViolation, replyViolation } from "../errors.ts";
import { quote } from "../wire/ascii.ts";
import type { InboundMessage } from "../wire/inbound_message.ts";

/** Refusals logged per connection; one that goes on is not worth more. */
const MAX_LOGGED = 10;

/** See the module. */
export class Refusals {
  readonly #connection: Connection;
  /** Operations refused so far that the log is to know of. */
  #count = 0;

  /** None so far. */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Refuses one operation; the client goes on with the next. */
  deny(text: string, logged: string | null): void {
    const connection = this.#connection;
    if (logged !== null && ++this.#count <= MAX_LOGGED) {
      const last = this.#count === MAX_LOGGED
        ? " (further refusals are not logged)"
        : "";
      connection.log.error(`${connection.label} - ${logged}${last}`);
    }
    connection.sendError(text);
  }

  /** Refuses a message for its subject. */
  denyPublish(message: InboundMessage): false {
    const subject = quote(message.subject());
    this.deny(
      publishViolation(subject),
      `Publish Violation - Subject ${subject}`,
    );
    return false;
  }

  /** Refuses a message for its reply subject. */
  denyReply(message: InboundMessage): false {
    const reply = quote(message.reply());
    this.deny(replyViolation(reply), `Publish Violation - Reply ${reply}`);
    return false;
  }

  /** Ends the connection over something the client did. */
  end(error: ProtocolError): false {
    const connection = this.#connection;
    connection.log.error(`${connection.label} - ${error.message}`);
    connection.fail(error);
    return false;
  }
}

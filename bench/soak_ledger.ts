/**
 * Who was sent what and got it how often: numbered messages, and one receipt
 * for everybody who should get each of them. Knows no server.
 */

/** Digits of the number a payload starts with. */
const DIGITS = 10;
/** Open numbers after which the oldest gap is taken for lost. */
const MOST_AHEAD = 20_000;

/** What somebody owes to those who publish to him. */
export type Promised =
  /** Each message once, in order. */
  | "each"
  /** Each message once, for the members of a queue group together. */
  | "group"
  /** None twice: some are lost with servers and links. */
  | "once at most";

/** What came of one series at one place. */
export class Receipt {
  /** Different messages that came. */
  received = 0;
  /** Messages that came once more. */
  doubled = 0;
  /** Came before one that was published earlier. */
  early = 0;
  /** Of another size than they were sent with. */
  damaged = 0;
  #next = 0;
  readonly #ahead = new Set<number>();

  /** Nothing came yet. */
  constructor(readonly name: string, readonly promised: Promised) {}

  /** A message came. */
  got(payload: Uint8Array, paddedTo: number): void {
    const number = numberOf(payload);
    if (payload.length !== sizeOf(number, paddedTo)) this.damaged++;
    if (number < this.#next || this.#ahead.has(number)) this.doubled++;
    else this.#first(number);
  }

  #first(number: number): void {
    this.received++;
    if (number !== this.#next) {
      this.early++;
      this.#ahead.add(number);
    } else this.#next++;
    while (this.#ahead.size > MOST_AHEAD && !this.#ahead.has(this.#next)) {
      this.#next++;
    }
    while (this.#ahead.delete(this.#next)) this.#next++;
  }
}

/** Numbered messages to one subject or several, and their receipts. */
export class Series {
  /** How many so far. */
  sent = 0;
  /** One for each place, or group, that gets them. */
  readonly receipts: Receipt[] = [];

  /** Payloads are up to `paddedTo` bytes long. */
  constructor(readonly name: string, readonly paddedTo: number) {}

  /** The next payload. */
  next(): string {
    const number = this.sent++;
    return String(number).padStart(DIGITS, "0")
      .padEnd(sizeOf(number, this.paddedTo), "x");
  }

  /** Somebody else is to get it. */
  receipt(who: string, promised: Promised): Receipt {
    const receipt = new Receipt(`${this.name} → ${who}`, promised);
    this.receipts.push(receipt);
    return receipt;
  }

  /** Whether all that was promised has come. */
  get complete(): boolean {
    return this.receipts.every(({ promised, received }) =>
      promised === "once at most" || received === this.sent
    );
  }
}

/** All series. */
export class Ledger {
  /** In the order they were added. */
  readonly series: Series[] = [];

  /** Starts another one. */
  add(name: string, paddedTo = 256): Series {
    const series = new Series(name, paddedTo);
    this.series.push(series);
    return series;
  }

  /** Whether all that was promised has come. */
  get complete(): boolean {
    return this.series.every(({ complete }) => complete);
  }

  /** Promises that were not kept, in words. */
  problems(): string[] {
    return this.series.flatMap((series) =>
      series.receipts.flatMap((receipt) => broken(series, receipt))
    );
  }
}

function broken({ sent }: Series, receipt: Receipt): string[] {
  const { name, promised, received, doubled, early, damaged } = receipt;
  const found: string[] = [];
  const exact = promised !== "once at most";
  if (exact && received !== sent) {
    found.push(`${name}: ${sent - received} of ${sent} lost`);
  }
  if (doubled > 0) found.push(`${name}: ${doubled} doubled`);
  if (damaged > 0) found.push(`${name}: ${damaged} damaged`);
  if (promised === "each" && early > 0) {
    found.push(`${name}: ${early} out of order`);
  }
  if (received === 0) found.push(`${name}: nothing came`);
  return found;
}

function numberOf(payload: Uint8Array): number {
  let number = 0;
  for (let i = 0; i < DIGITS; i++) number = number * 10 + payload[i] - 0x30;
  return number;
}

/** Sizes vary, so that a cut or glued payload shows. */
function sizeOf(number: number, paddedTo: number): number {
  return DIGITS + (number * 37) % (paddedTo - DIGITS + 1);
}

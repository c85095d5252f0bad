/**
 * Bounds the memory that answers on their way take: few are begun at a time,
 * the others wait; and of those too long to be ready before they are read, only
 * so many may wait for their readers.
 */

/** Answers begun at one time. */
const BEGUN = 4;
/** Long answers that are being read at one time. */
const READERS = 32;

/** Room for answers. */
export class Room {
  #begun = 0;
  readonly #waiting: (() => void)[] = [];
  #readers = 0;

  /** Runs `begin` when there is room for it; in the order of calls. */
  async begin(begin: () => Promise<void>): Promise<void> {
    if (this.#begun === BEGUN) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#begun++;
    try {
      await begin();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#begun--;
      else next();
    }
  }

  /** Takes the place of a reader, to be given back once; `null`: none is left. */
  reader(): (() => void) | null {
    if (this.#readers === READERS) return null;
    this.#readers++;
    let taken = true;
    return () => {
      if (taken) this.#readers--;
      taken = false;
    };
  }
}

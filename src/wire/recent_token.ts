/**
 * The token that stood in a place last time. Peers say the same one many times
 * in a row; comparing it whole is cheaper than finding its end and reading it.
 */

/** Words that are kept: 63 bytes and a space. */
const MAX_WORDS = 16;
/** Stands for memory that a connection which never publishes does not need. */
const NO_WORDS = new Int32Array(0);

/** Remembers one token and the space behind it, in words. */
export class RecentToken {
  /** Bytes of the token, without the space. */
  length = 0;

  #words = NO_WORDS;
  /** Whole words of it; -1 while none is kept. */
  #wholeWords = -1;
  /** Which bytes of the word behind these count. */
  #mask = 0;

  /** Whether it stands at `start`, space and all, before `end`. */
  matches(view: DataView, start: number, end: number): boolean {
    const wholeWords = this.#wholeWords;
    if (wholeWords < 0 || start + this.length >= end) return false;
    const words = this.#words;
    let k = 0;
    let at = start;
    for (; k < wholeWords; k++, at += 4) {
      if (view.getInt32(at, true) !== words[k]) return false;
    }
    return (view.getInt32(at, true) & this.#mask) === words[k];
  }

  /**
   * Keeps the token from `start` to `end`, behind which a space must stand, if
   * it is not too long.
   */
  keep(view: DataView, start: number, end: number): void {
    this.length = end - start;
    const wholeWords = (end + 1 - start) >> 2;
    if (wholeWords >= MAX_WORDS) {
      this.#wholeWords = -1;
      return;
    }
    if (this.#words === NO_WORDS) this.#words = new Int32Array(MAX_WORDS);
    const words = this.#words;
    for (let k = 0; k < wholeWords; k++) {
      words[k] = view.getInt32(start + (k << 2), true);
    }
    // The bytes left over, 0 to 3, as a masked word: an empty mask matches.
    const left = (end + 1 - start) & 3;
    this.#mask = left === 0 ? 0 : -1 >>> (32 - (left << 3));
    words[wholeWords] = view.getInt32(start + (wholeWords << 2), true) &
      this.#mask;
    this.#wholeWords = wholeWords;
  }

  /** Keeps nothing any more. */
  forget(): void {
    this.#wholeWords = -1;
  }
}

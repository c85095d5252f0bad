/**
 * The name all servers of a cluster share, and how servers without a
 * configured one come to agree (cluster-protocol §1.5).
 */

/** What is made up as a name: as long as those of the official server. */
const LENGTH = 22;
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** What follows from the name of a peer. */
export type NameVerdict = "same" | "adopt" | "reject";

/** See the module. */
export class ClusterName {
  #text: string;
  #dynamic: boolean;

  /** Takes the configured name; if that is empty, makes one up. */
  constructor(configured: string, random: () => number) {
    this.#text = configured || madeUp(random);
    this.#dynamic = configured === "";
  }

  /** The name as it is now. */
  get text(): string {
    return this.#text;
  }

  /** Nobody configured it, here or elsewhere: it may give way. */
  get dynamic(): boolean {
    return this.#dynamic;
  }

  /**
   * Compares with the name of a peer. A configured name beats one that is made
   * up; of two of those the larger one wins, bytewise.
   */
  judge(theirs: string, theirsDynamic: boolean): NameVerdict {
    if (theirs === this.#text) return "same";
    // No name is nothing to agree on, and spaces would break the log and more.
    if (!this.#dynamic || theirs === "" || theirs.includes(" ")) {
      return "reject";
    }
    return !theirsDynamic || theirs > this.#text ? "adopt" : "reject";
  }

  /** Takes over the name of a peer. */
  adopt(theirs: string, theirsDynamic: boolean): void {
    this.#text = theirs;
    this.#dynamic = theirsDynamic;
  }
}

function madeUp(random: () => number): string {
  let text = "";
  while (text.length < LENGTH) {
    text += DIGITS[Math.floor(random() * DIGITS.length)];
  }
  return text;
}

/** Words nobody can guess: parts of subjects, ids of messages. */

const LETTERS =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A word of `length` letters and digits. */
export function randomWord(length: number): string {
  let word = "";
  for (const number of crypto.getRandomValues(new Uint32Array(length))) {
    word += LETTERS[number % LETTERS.length];
  }
  return word;
}

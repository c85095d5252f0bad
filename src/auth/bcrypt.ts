/**
 * bcrypt, as nats-server and its `mkpasswd` use it: making hashes, and what can
 * be told by looking at one. Slow on purpose (115 ms at cost 11, twice that for
 * each step up) and synchronous inside: checks are for `bcrypt_worker.ts`.
 */

import { libraryProblem } from "../error_text.ts";

/**
 * What is used of the library: about as fast as WebAssembly (115 against 100
 * ms), and a twelfth of its size. A name and not a literal keeps Deno from
 * downloading it before anybody has a bcrypt password.
 */
export const BCRYPT_LIBRARY = "npm:bcryptjs@3.0.3";

/** What is used of it. */
interface Bcryptjs {
  genSaltSync(cost: number): string;
  hashSync(password: string, salt: string): string;
}

/** Bytes of a password that count, in UTF-8; what follows changes nothing. */
export const MAX_PASSWORD_BYTES = 72;
/** Costs a hash can have: the logarithm of the number of rounds. */
export const COSTS = { min: 4, max: 31, default: 11 } as const;

const PREFIX = /^\$2[abxy]\$\d\d\$/;
const HASH = /^\$2[abxy]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;

/**
 * Whether `text` is meant as a bcrypt hash and not as a password, by its first
 * seven characters as nats-server decides it.
 */
export function isBcrypt(text: string): boolean {
  return PREFIX.test(text);
}

/**
 * The hash of a password: `$2a$11$…`, 60 characters. Throws `RangeError` for a
 * cost outside 4 to 31.
 */
export async function hashPassword(
  password: string,
  cost: number,
): Promise<string> {
  if (!Number.isInteger(cost) || cost < COSTS.min || cost > COSTS.max) {
    throw new RangeError(
      `Cost must be from ${COSTS.min} to ${COSTS.max}: ${cost}`,
    );
  }
  const { genSaltSync, hashSync } = await load();
  const salt = asVersion2a(genSaltSync(cost));
  return hashSync(password.toWellFormed(), salt);
}

/**
 * The hash as version `$2a$`: all four (`$2a$`, `$2b$`, `$2x$`, `$2y$`) mean the
 * same, as to nats-server. `null` if it is broken.
 */
export function canonicalHash(hash: string): string | null {
  return HASH.test(hash) ? asVersion2a(hash) : null;
}

/** Cost of what `isBcrypt`. */
export function costOf(hash: string): number {
  return Number(hash.slice(4, 6));
}

/** A hash of this cost that no password is known for. */
export function unknownHash(cost: number): string {
  return `$2a$${String(cost).padStart(2, "0")}$${".".repeat(53)}`;
}

function asVersion2a(text: string): string {
  return `$2a$${text.slice(4)}`;
}

async function load(): Promise<Bcryptjs> {
  try {
    const { default: bcryptjs } = await import(BCRYPT_LIBRARY);
    return bcryptjs;
  } catch (error) {
    throw new Error(libraryProblem(BCRYPT_LIBRARY, error), { cause: error });
  }
}

/**
 * bcrypt checks in one worker, so that they hold nobody up: 115 ms each at cost
 * 11. Started by the first check; asked one check at a time, addresses taking
 * turns, so that a flood from one keeps nobody else waiting.
 *
 * Remembers passwords that were right, by a keyed hash: clients that come back
 * need no second check.
 */

import type { Hmac } from "node:crypto";
import type { Log } from "../log.ts";
import { libraryProblem } from "../error_text.ts";
import { BCRYPT_LIBRARY, canonicalHash } from "./bcrypt.ts";

/** Checks that may wait. */
const MAX_WAITING = 10_000;
/** Right answers remembered, and wrong ones. */
const MAX_RIGHT = 4096;
const MAX_WRONG = 256;

/**
 * What runs in the worker. A text, and not a file: reading a file would take
 * a permission that serving does not need. In a `data:` URL, which executables
 * of any version of Deno can start a worker from; a `blob:` is not.
 */
const SOURCE = `
  onmessage = async ({ data: [password, hash] }) => {
    try {
      const { default: bcryptjs } = await import(${
  JSON.stringify(BCRYPT_LIBRARY)
});
      postMessage(bcryptjs.compareSync(password, hash));
    } catch (error) {
      postMessage(error.message);
    }
  };
`;

/** A check, and everybody who asked for it. */
interface Check {
  readonly key: string;
  readonly password: string;
  readonly hash: string;
  /** Whether those who asked still want to know. */
  readonly wanted: (() => boolean)[];
  readonly answer: PromiseWithResolvers<boolean>;
}

/** See the module. */
export class BcryptWorker {
  readonly #log: Pick<Log, "error">;
  readonly #secret = crypto.getRandomValues(new Uint8Array(32));
  readonly #right = new Set<string>();
  readonly #wrong = new Set<string>();
  /** All checks not answered yet. */
  readonly #open = new Map<string, Check>();
  /** Those not begun, by address; the first address is the next. */
  readonly #waiting = new Map<string, Check[]>();
  #current: Check | null = null;
  #worker: Worker | null = null;
  #createHmac: ((name: string, key: Uint8Array) => Hmac) | null = null;
  #closed = false;

  /** Starts nothing yet. */
  constructor(log: Pick<Log, "error">) {
    this.#log = log;
  }

  /** Checks not answered yet. */
  get pending(): number {
    return this.#open.size;
  }

  /**
   * Whether `hash` is that of `password`. Asked for `address`; not looked into
   * if `wanted` says no when its turn comes, which counts as `false`, as does
   * everything once closed. Never rejects.
   */
  async verify(
    password: string,
    hash: string,
    { address, wanted }: { address: string; wanted: () => boolean },
  ): Promise<boolean> {
    const canonical = canonicalHash(hash);
    if (canonical === null) return false;
    this.#createHmac ??= (await import("node:crypto")).createHmac;
    if (this.#closed) return false;
    const key = this.#createHmac("sha256", this.#secret)
      .update(`${canonical} ${password}`).digest("base64");
    if (this.#right.has(key)) return true;
    if (this.#wrong.has(key)) return false;
    const same = this.#open.get(key);
    if (same !== undefined) {
      same.wanted.push(wanted);
      return same.answer.promise;
    }
    if (this.#open.size >= MAX_WAITING) return false;
    const check: Check = {
      key,
      password: password.toWellFormed(),
      hash: canonical,
      wanted: [wanted],
      answer: Promise.withResolvers(),
    };
    this.#open.set(key, check);
    const line = this.#waiting.get(address);
    if (line === undefined) this.#waiting.set(address, [check]);
    else line.push(check);
    this.#next();
    return check.answer.promise;
  }

  /** Ends the worker; whoever waits is told `false`. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#worker?.terminate();
    this.#worker = null;
    this.#current = null;
    this.#waiting.clear();
    for (const { answer } of this.#open.values()) answer.resolve(false);
    this.#open.clear();
  }

  /** Begins the next check if none is under way. */
  #next(): void {
    while (this.#current === null) {
      const check = this.#shift();
      if (check === null) return;
      if (!check.wanted.some((wanted) => wanted())) {
        this.#open.delete(check.key);
        check.answer.resolve(false);
        continue;
      }
      this.#current = check;
      this.#worker ??= this.#start();
      this.#worker.postMessage([check.password, check.hash]);
    }
  }

  /** The next check in line; its address goes to the end of the line. */
  #shift(): Check | null {
    for (const [address, checks] of this.#waiting) {
      const check = checks.shift();
      this.#waiting.delete(address);
      if (checks.length > 0) this.#waiting.set(address, checks);
      return check ?? null;
    }
    return null;
  }

  #start(): Worker {
    const url = `data:text/javascript,${encodeURIComponent(SOURCE)}`;
    const worker = new Worker(url, { type: "module" });
    worker.onmessage = ({ data }) => {
      if (typeof data === "boolean") this.#answer(data);
      else this.#failed(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      if (this.#worker === worker) this.#worker = null;
      this.#failed(event.message);
    };
    return worker;
  }

  #answer(right: boolean): void {
    const check = this.#current;
    if (check === null) return;
    if (right) remember(this.#right, check.key, MAX_RIGHT);
    else remember(this.#wrong, check.key, MAX_WRONG);
    this.#settle(check, right);
  }

  #failed(why: unknown): void {
    const check = this.#current;
    if (check === null) return;
    const problem = libraryProblem(BCRYPT_LIBRARY, why);
    this.#log.error(`Cannot check a bcrypt secret: ${problem}`);
    this.#settle(check, false);
  }

  #settle(check: Check, right: boolean): void {
    this.#current = null;
    this.#open.delete(check.key);
    check.answer.resolve(right);
    this.#next();
  }
}

/** Adds to a set of at most `max`, in place of its oldest. */
function remember(set: Set<string>, key: string, max: number): void {
  if (set.size >= max) {
    for (const oldest of set) {
      set.delete(oldest);
      break;
    }
  }
  set.add(key);
}

/**
 * The arguments of a request, read the way the official server reads them, down
 * to the text of its complaints (config-and-monitoring §7.1).
 */

/** Arguments that cannot be used; the text goes to whoever sent them. */
export class ArgumentError extends Error {
  /** The class name. */
  override readonly name = "ArgumentError";
}

/** Items on a page where nothing else is asked for. */
export const DEFAULT_LIMIT = 1024;

/** Digits of the largest numbers there are; longer ones are not even read. */
const MAX_DIGITS = 20;

/** Words for yes and no. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((word) =>
    [word, true] as const
  ),
  ...["0", "f", "F", "FALSE", "false", "False"].map((word) =>
    [word, false] as const
  ),
]);

const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

/** The arguments of one request; methods throw `ArgumentError`. */
export class Arguments {
  readonly #params: URLSearchParams;

  /** Of several of one name, the first counts. */
  constructor(params: URLSearchParams) {
    this.#params = params;
  }

  /** As it is; empty when not given. */
  text(name: string): string {
    return this.#params.get(name) ?? "";
  }

  /** `false` when empty or not given. */
  boolean(name: string): boolean {
    const text = this.text(name);
    if (text === "") return false;
    const value = BOOLEANS.get(text);
    if (value !== undefined) return value;
    throw decodingError("boolean", name, "ParseBool", text, SYNTAX);
  }

  /** 0 when empty or not given; numbers JavaScript cannot hold are capped. */
  integer(name: string): number {
    const text = this.text(name);
    if (text === "") return 0;
    if (!/^[+-]?\d+$/.test(text)) {
      throw decodingError("int", name, "Atoi", text, SYNTAX);
    }
    if (text.length > MAX_DIGITS) {
      throw decodingError("int", name, "Atoi", text, RANGE);
    }
    const value = BigInt(text.replace("+", ""));
    if (value > MAX_INT64 || value < -MAX_INT64 - 1n) {
      throw decodingError("int", name, "Atoi", text, RANGE);
    }
    const { MAX_SAFE_INTEGER: max } = Number;
    return Math.max(-max, Math.min(Number(value), max));
  }

  /** As `integer`, of numbers from 0. */
  unsigned(name: string): number {
    const text = this.text(name);
    if (text === "") return 0;
    if (!/^\d+$/.test(text)) {
      throw decodingError("uint64", name, "ParseUint", text, SYNTAX);
    }
    if (text.length > MAX_DIGITS || BigInt(text) > MAX_UINT64) {
      throw decodingError("uint64", name, "ParseUint", text, RANGE);
    }
    return Math.min(Number(text), Number.MAX_SAFE_INTEGER);
  }

  /** `offset` and `limit`; what makes no sense is as if it were not given. */
  page(): { offset: number; limit: number } {
    const offset = Math.max(0, this.integer("offset"));
    const limit = this.integer("limit");
    return { offset, limit: limit > 0 ? limit : DEFAULT_LIMIT };
  }

  /** A boolean, or `detail`. */
  detail(name: string): boolean | "detail" {
    return this.text(name).toLowerCase() === "detail"
      ? "detail"
      : this.boolean(name);
  }
}

const SYNTAX = "invalid syntax";
const RANGE = "value out of range";

function decodingError(
  type: string,
  name: string,
  parser: string,
  text: string,
  problem: string,
): ArgumentError {
  return new ArgumentError(
    `Error decoding ${type} for '${name}': strconv.${parser}: parsing ${
      JSON.stringify(text)
    }: ${problem}`,
  );
}

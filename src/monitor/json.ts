/**
 * JSON as the official endpoints write it, in pieces: a long answer is made,
 * and sent, bit by bit (config-and-monitoring §7.1).
 *
 * Written out here because indenting what `JSON.stringify` returns, and looking
 * for characters to escape in it afterwards, took three times as long; lists of
 * thousands of connections are nothing but this.
 */

/** Characters a string cannot have as they are, in JSON or in a browser. */
// deno-lint-ignore no-control-regex -- JSON forbids them.
const SPECIAL = /["\\\u0000-\u001f<>&\u2028\u2029\ud800-\udfff]/;
/** Those of them that are for the browser's sake. */
const UNSAFE = /[<>&\u2028\u2029]/g;

/** An object whose last field is a list, long perhaps, and not made up yet. */
export class Listing {
  /** The fields before it; one at least. */
  readonly body: object;
  /** What the list is called. */
  readonly key: string;
  /** What is in it, `Listing`s among that. */
  readonly items: Iterable<unknown>;

  /** Asks for no item yet. */
  constructor(body: object, key: string, items: Iterable<unknown>) {
    this.body = body;
    this.key = key;
    this.items = items;
  }
}

/**
 * Indented by two spaces, and safe inside HTML and scripts; `newLine` is what a
 * line starts with. Fields that are `undefined` are left out.
 */
export function jsonText(value: unknown, newLine = "\n"): string {
  if (typeof value === "number") {
    return Number.isFinite(value) ? `${value}` : "0";
  }
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object" || value === null) return String(value);
  const inner = `${newLine}  `;
  let text = "";
  if (Array.isArray(value)) {
    for (const item of value) {
      text += `${text === "" ? "" : ","}${inner}${jsonText(item, inner)}`;
    }
    return text === "" ? "[]" : `[${text}${newLine}]`;
  }
  text = fieldsText(value, inner);
  return text === "" ? "{}" : `{${text}${newLine}}`;
}

/** On one line, otherwise as `jsonText`. */
export function compactJsonText(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, escaped);
}

/**
 * As `jsonText`; each item of a `Listing` is asked for and rendered on its
 * own.
 */
export function* jsonPieces(
  value: unknown,
  newLine = "\n",
): Generator<string> {
  if (!(value instanceof Listing)) {
    yield jsonText(value, newLine);
    return;
  }
  const { body, key, items } = value;
  const inner = `${newLine}  `;
  yield `{${fieldsText(body, inner)},${inner}"${key}": [`;
  const nextLine = `${inner}  `;
  let before = nextLine;
  for (const item of items) {
    if (item instanceof Listing) {
      yield before;
      yield* jsonPieces(item, nextLine);
    } else yield before + jsonText(item, nextLine);
    before = `,${nextLine}`;
  }
  yield before === nextLine ? `]${newLine}}` : `${inner}]${newLine}}`;
}

/** A value if `given`, else nothing: for fields that are left out. */
export function optional<Value>(
  value: Value,
  given = Boolean(value),
): Value | undefined {
  return given ? value : undefined;
}

/** Names of fields are ours, and need no escapes. */
function fieldsText(object: object, newLine: string): string {
  let text = "";
  const fields = object as Record<string, unknown>;
  for (const name in fields) {
    const value = fields[name];
    if (value === undefined) continue;
    const before = text === "" ? newLine : `,${newLine}`;
    text += `${before}"${name}": ${jsonText(value, newLine)}`;
  }
  return text;
}

function quoted(text: string): string {
  return SPECIAL.test(text)
    ? JSON.stringify(text).replace(UNSAFE, escaped)
    : `"${text}"`;
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * JSON as the official endpoints write it, in pieces: a long answer is made,
 * and sent, bit by bit (config-and-monitoring §7.1).
 */

/** Characters that must not reach a browser as they are. */
const UNSAFE = /[<>&\u2028\u2029]/g;

/** Indented by two spaces, and safe inside HTML and scripts. */
export function jsonText(value: unknown): string {
  return escape(JSON.stringify(value, null, 2));
}

/** On one line, otherwise as `jsonText`. */
export function compactJsonText(value: unknown): string {
  return escape(JSON.stringify(value));
}

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
 * As `jsonText`; each item of a `Listing` is asked for and rendered on its
 * own. `newLine` is what a line starts with.
 */
export function* jsonPieces(
  value: unknown,
  newLine = "\n",
): Generator<string> {
  if (!(value instanceof Listing)) {
    yield jsonText(value).replaceAll("\n", newLine);
    return;
  }
  const { body, key, items } = value;
  const fields = jsonText(body).slice(0, -"\n}".length);
  yield `${fields.replaceAll("\n", newLine)},${newLine}  "${key}": [`;
  const nextLine = `${newLine}    `;
  let empty = true;
  for (const item of items) {
    yield empty ? nextLine : `,${nextLine}`;
    yield* jsonPieces(item, nextLine);
    empty = false;
  }
  yield empty ? `]${newLine}}` : `${newLine}  ]${newLine}}`;
}

/** A value if `given`, else nothing: for fields that are left out. */
export function optional<Value>(
  value: Value,
  given = Boolean(value),
): Value | undefined {
  return given ? value : undefined;
}

function escape(json: string): string {
  return json.replace(
    UNSAFE,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

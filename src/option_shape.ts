/**
 * The form of options: what names there are, what type each takes and within
 * what bounds, for callers whose compiler did not check that. Knows no option
 * itself.
 */

/** The types an option may have, as `typeOf` calls them. */
type Types =
  | "string"
  | "number"
  | "boolean"
  | "function"
  | "list"
  | "object"
  | "boolean or number";

/** What an option takes; named options of its own go by their names. */
export type Shape = Types | ListOf | OrNull | {
  readonly [name: string]: Shape;
};

/** The shape of a type: it names every option there is. */
export type ShapeOf<T> = { readonly [Name in keyof Required<T>]: Shape };

/** A list whose entries all have the same shape. */
class ListOf {
  constructor(readonly entry: Shape) {}
}

/** What may be `null` instead. */
class OrNull {
  constructor(readonly shape: Shape) {}
}

/** A list of these. */
export function listOf(entry: Shape): Shape {
  return new ListOf(entry);
}

/** This or `null`. */
export function orNull(shape: Shape): Shape {
  return new OrNull(shape);
}

/**
 * Throws `TypeError` that names the option, `path` or one within it, and says
 * what it takes. What is `undefined` within is absent.
 */
export function checkShape(path: string, value: unknown, shape: Shape): void {
  if (shape instanceof OrNull) {
    if (value !== null) checkShape(path, value, shape.shape);
  } else if (typeof shape === "string") {
    if (!shape.split(" or ").includes(typeOf(value))) {
      const article = shape === "object" ? "an" : "a";
      throw wrongType(path, `${article} ${shape}`, value);
    }
  } else if (shape instanceof ListOf) {
    if (!Array.isArray(value)) throw wrongType(path, "a list", value);
    for (const [i, entry] of value.entries()) {
      checkShape(`${path}[${i}]`, entry, shape.entry);
    }
  } else {
    if (!isPlain(value)) throw wrongType(path, "an object", value);
    for (const [name, inner] of Object.entries(value)) {
      const innerPath = `${path}.${name}`;
      if (!Object.hasOwn(shape, name)) {
        throw unknownOption(innerPath, Object.keys(shape));
      }
      if (inner !== undefined) checkShape(innerPath, inner, shape[name]);
    }
  }
}

/** Throws `TypeError` unless `value` has all these methods. */
export function checkMethods(
  path: string,
  value: object,
  methods: readonly string[],
): void {
  for (const method of methods) {
    if (typeof Reflect.get(value, method) === "function") continue;
    throw new TypeError(`Option "${path}" must have a method "${method}"`);
  }
}

/** Throws `TypeError` unless these are options at all. */
export function checkOptions(options: unknown): void {
  if (!isPlain(options)) throw new TypeError("Options must be an object");
}

/** Whether it is an object and no list. */
export function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What an option wants, `a string`, and what it got instead. */
export function wrongType(
  path: string,
  wanted: string,
  got: unknown,
): TypeError {
  return new TypeError(
    `Option "${path}" must be ${wanted}: got ${typeOf(got)}`,
  );
}

/**
 * What is wrong with a number that must be a whole one from `low` to `high`, to
 * be put behind the name of the option; `null` if nothing is.
 */
export function rangeProblem(
  value: number,
  [low, high]: readonly [number, number],
): string | null {
  if (Number.isInteger(value) && value >= low && value <= high) return null;
  return `must be a whole number from ${low} to ${high}: got ${value}`;
}

/** There is no such option; says which of those `known` may be meant. */
export function unknownOption(
  path: string,
  known: readonly string[],
): TypeError {
  const name = plainName(path.slice(path.lastIndexOf(".") + 1));
  const near = known.find((one) => plainName(one) === name) ??
    known.find((one) => name.length > 2 && plainName(one).startsWith(name));
  const hint = near === undefined ? "" : `: did you mean "${near}"?`;
  return new TypeError(`Unknown option "${path}"${hint}`);
}

/** As `typeof`, but for `null` and lists, which are no objects. */
function typeOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "list" : typeof value;
}

/** As configuration files and Go programs write it, too. */
function plainName(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

/**
 * Text for terminals: figures in nats-top's short forms, and strings of others
 * made harmless and cut by the columns they take. Knows nothing of servers.
 */

/** Marks that act instead of being seen: escape sequences begin with one. */
const ACTING = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** Characters that take two columns. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
/** Characters drawn over the one before. */
const OVER = /[\p{Mn}\p{Me}]/u;

/** Any text, with what could steer a terminal spelled out: `\x1b[2J`. */
export function shown(text: string): string {
  return text.replace(ACTING, (mark) => {
    const code = mark.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    return code < 0x100 ? `\\x${hex.padStart(2, "0")}` : `\\u{${hex}}`;
  });
}

/** `value` as indented JSON in which nothing steers a terminal either. */
export function shownJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    ACTING,
    (mark) => mark === "\n" ? mark : escapedUnits(mark),
  );
}

/** How many columns of a terminal `text` takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** As much of `text` as fits into `columns`. */
export function cut(text: string, columns: number): string {
  let width = 0;
  let end = 0;
  for (const character of text) {
    width += characterWidth(character);
    if (width > columns) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** `text` with blanks up to `columns`. */
export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

/** Bytes as nats-top writes them: `1.5K`, `14.0M`; `raw` leaves the number. */
export function bytesText(bytes: number, raw: boolean): string {
  return scaled(bytes, raw, 1024, ["K", "M", "G"]);
}

/** A count as nats-top writes it: `1.5K`, `2.0M`; `raw` leaves the number. */
export function countText(count: number, raw: boolean): string {
  return scaled(count, raw, 1000, ["K", "M", "B", "T"]);
}

function scaled(
  value: number,
  raw: boolean,
  step: number,
  units: readonly string[],
): string {
  if (raw || value < step) return value.toFixed(0);
  let unit = 0;
  let left = value / step;
  while (left >= step && unit < units.length - 1) {
    left /= step;
    unit++;
  }
  return `${left.toFixed(1)}${units[unit]}`;
}

function characterWidth(character: string): number {
  if (character <= "\x7e") return 1;
  if (OVER.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

function escapedUnits(mark: string): string {
  let text = "";
  for (let i = 0; i < mark.length; i++) {
    text += `\\u${mark.charCodeAt(i).toString(16).padStart(4, "0")}`;
  }
  return text;
}

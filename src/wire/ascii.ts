/**
 * Bytes and text of the protocol: constants, and conversions that keep every
 * byte. Subjects, queue names and sids are byte strings, never assumed UTF-8.
 */

/** `\t` */
const TAB = 0x09;
/** `\n` */
export const LF = 0x0a;
/** `\r` */
export const CR = 0x0d;
/** A space. */
export const SPACE = 0x20;

const encoder = new TextEncoder();
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lossyUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The UTF-8 bytes of `text`. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** The text of `bytes`; what is not UTF-8 becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return lossyUtf8.decode(bytes);
}

/** One character per byte: a string to compare and look up bytes by. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]);
  return text;
}

/** The bytes a `latin1` string was made of. */
export function fromLatin1(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/**
 * A size as the protocol writes it: 1 to 9 digits, nothing else; -1 for
 * anything else (as nats-server `util.go parseSize`).
 */
export function parseSize(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  if (end <= start || end - start > 9) return -1;
  let size = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i] - 0x30;
    if (digit < 0 || digit > 9) return -1;
    size = size * 10 + digit;
  }
  return size;
}

/** Whether a byte separates arguments: a space or a tab. */
export function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

/**
 * Where the tokens between `start` and `end` begin and end: `[start, end,
 * start, end, …]`. A stray `\r` separates the arguments of SUB and UNSUB and
 * belongs to those of PUB and HPUB.
 */
export function split(
  bytes: Uint8Array,
  start: number,
  end: number,
  atReturn: boolean,
): number[] {
  const offsets: number[] = [];
  let inToken = false;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    const blank = isBlank(byte) || (atReturn && byte === CR);
    if (blank === inToken) {
      offsets.push(i);
      inToken = !blank;
    }
  }
  if (inToken) offsets.push(end);
  return offsets;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  '"': '\\"',
  "\\": "\\\\",
};

/**
 * Quotes bytes the way nats-server prints them in errors and the log (Go's
 * `%q`): printable UTF-8 stays, the rest becomes `\x01`, `\xff`, `\u200b`.
 */
export function quote(bytes: Uint8Array): string {
  let quoted = '"';
  for (let i = 0; i < bytes.length;) {
    const length = utf8Length(bytes, i);
    if (length === 0) {
      quoted += `\\x${hex(bytes[i], 2)}`;
      i++;
      continue;
    }
    quoted += quoteCharacter(utf8.decode(bytes.subarray(i, i + length)));
    i += length;
  }
  return quoted + '"';
}

function quoteCharacter(character: string): string {
  const escape = ESCAPES[character];
  if (escape !== undefined) return escape;
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
}

/** Length of the valid UTF-8 sequence at `i`, 0 if there is none. */
function utf8Length(bytes: Uint8Array, i: number): number {
  const first = bytes[i];
  const length = first < 0x80
    ? 1
    : first >= 0xf0
    ? 4
    : first >= 0xe0
    ? 3
    : first >= 0xc2
    ? 2
    : 0;
  if (length < 2) return length;
  try {
    utf8.decode(bytes.subarray(i, i + length));
    return i + length <= bytes.length ? length : 0;
  } catch {
    return 0; // Not UTF-8: the caller prints the byte.
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

/**
 * Header blocks: `NATS/1.0[ <code>]\r\n`, a line `<name>: <value>\r\n` for each
 * value, and an empty line.
 */

import { decodeUtf8, encodeUtf8 } from "./ascii.ts";

/** What headers can be given as: a `Map`, `Headers`, or pairs. */
export type HeaderPairs = Iterable<
  readonly [string, string | readonly string[]]
>;

/** The block for `headers`. Throws `TypeError` for what cannot be in one. */
export function headerBlock(headers: HeaderPairs): Uint8Array {
  let block = "NATS/1.0\r\n";
  for (const [name, values] of headers) {
    if (!/^[!-9;-~]+$/.test(name)) {
      throw new TypeError(`Cannot use "${name}" as a header name`);
    }
    for (const value of typeof values === "string" ? [values] : values) {
      if (/[\r\n]/.test(value)) {
        throw new TypeError(`Cannot use a line end in header "${name}"`);
      }
      block += `${name}: ${value}\r\n`;
    }
  }
  return encodeUtf8(`${block}\r\n`);
}

/** Headers by name as spelled, each with its values in order. */
export function parseHeaders(block: Uint8Array): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const line of decodeUtf8(block).split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [value]);
    else values.push(value);
  }
  return headers;
}

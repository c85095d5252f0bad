/**
 * Reads what logins need of a peer's X.509 certificate out of its DER bytes: who
 * it names, and the hashes it is recognised by. Checks nothing; whether to
 * believe it is decided in the handshake.
 *
 * ```text
 *   Certificate  SEQUENCE { tbs SEQUENCE { [0] version, serial, algorithm,
 *     issuer, validity, subject, publicKeyInfo, …, [3] extensions }, … }
 * ```
 */

import type { PeerCertificate } from "./transport.ts";

const SEQUENCE = 0x30;
const BOOLEAN = 0x01;
const UTF8_STRING = 0x0c;
const BMP_STRING = 0x1e;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
/** Kinds of alternative names: rfc822Name, dNSName, uniformResourceIdentifier. */
const EMAIL = 0x81;
const DNS_NAME = 0x82;
const URI = 0x86;

const SUBJECT_ALT_NAME = "2.5.29.17";

/** Attributes RFC 2253 and its users have short names for. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.5": "SERIALNUMBER",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.9": "STREET",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "2.5.4.17": "POSTALCODE",
  "0.9.2342.19200300.100.1.1": "UID",
  "0.9.2342.19200300.100.1.25": "DC",
};

/** One tag, length and value. */
interface Element {
  readonly tag: number;
  /** Tag and length included. */
  readonly whole: Uint8Array<ArrayBuffer>;
  readonly content: Uint8Array<ArrayBuffer>;
}

/** Throws `RangeError` when `der` is not a certificate. */
export async function readCertificate(
  der: Uint8Array<ArrayBuffer>,
): Promise<PeerCertificate> {
  const [certificate] = elements(der);
  const [toBeSigned] = elements(certificate?.content ?? der);
  const fields = elements(toBeSigned?.content ?? der);
  if (fields[0]?.tag === VERSION) fields.shift();
  const [, , , , subject, publicKeyInfo, ...rest] = fields;
  if (subject?.tag !== SEQUENCE || publicKeyInfo?.tag !== SEQUENCE) {
    throw new RangeError("Cannot read certificate: not X.509");
  }
  const names = alternativeNames(rest);
  const named = (kind: number) =>
    names.filter(({ tag }) => tag === kind).map(({ content }) => text(content));
  return {
    subject: distinguishedName(subject),
    emails: named(EMAIL),
    dnsNames: named(DNS_NAME),
    uris: named(URI),
    sha256: await sha256(der),
    publicKeySha256: await sha256(publicKeyInfo.whole),
  };
}

function alternativeNames(fields: readonly Element[]): Element[] {
  const extensions = fields.find(({ tag }) => tag === EXTENSIONS);
  if (extensions === undefined) return [];
  const [list] = elements(extensions.content);
  for (const extension of elements(list.content)) {
    const [id, ...parts] = elements(extension.content);
    if (identifier(id.content) !== SUBJECT_ALT_NAME) continue;
    if (parts[0].tag === BOOLEAN) parts.shift();
    const [names] = elements(parts[0].content);
    return elements(names.content);
  }
  return [];
}

/** `CN=derek,O=Some\, Inc.`: the last part first, as RFC 2253 has it. */
function distinguishedName(name: Element): string {
  const parts = elements(name.content).map((set) =>
    elements(set.content).map((attribute) => {
      const [type, value] = elements(attribute.content);
      const id = identifier(type.content);
      const known = ATTRIBUTES[id];
      return known === undefined
        ? `${id}=#${value.whole.toHex()}`
        : `${known}=${escape(attributeText(value))}`;
    }).join("+")
  );
  return parts.reverse().join(",");
}

function attributeText({ tag, content }: Element): string {
  if (tag === UTF8_STRING) return new TextDecoder().decode(content);
  if (tag === BMP_STRING) return new TextDecoder("utf-16be").decode(content);
  return text(content);
}

function escape(value: string): string {
  return value
    .replace(/[,+"\\<>;]/g, "\\$&")
    .replace(/^[ #]/, "\\$&")
    .replace(/ $/, "\\ ");
}

/** Bytes as text, one character each: these types know no others than ASCII. */
function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** `1.2.840.…` */
function identifier(bytes: Uint8Array): string {
  const parts = [Math.min(2, Math.floor(bytes[0] / 40))];
  parts.push(bytes[0] - 40 * parts[0]);
  let part = 0;
  for (const byte of bytes.subarray(1)) {
    part = part * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    parts.push(part);
    part = 0;
  }
  return parts.join(".");
}

function elements(bytes: Uint8Array<ArrayBuffer>): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    let start = at + 2;
    let length = bytes[at + 1];
    if (length >= 0x80) {
      const digits = length & 0x7f;
      length = 0;
      for (const byte of bytes.subarray(start, start + digits)) {
        length = length * 256 + byte;
      }
      start += digits;
    }
    const end = start + length;
    if (!(end <= bytes.length)) {
      throw new RangeError("Cannot read certificate: cut short");
    }
    found.push({
      tag: bytes[at],
      whole: bytes.subarray(at, end),
      content: bytes.subarray(start, end),
    });
    at = end;
  }
  return found;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(hash).toHex();
}

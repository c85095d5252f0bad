/**
 * The text form of nkeys, NATS' public keys, and of their seeds: base32 of
 * prefix, key and CRC-16 (client-protocol §5.3).
 */

/** First byte of a server's public key; makes the text start with `N`. */
const PREFIX_SERVER = 13 << 3;
/** First byte of a user's public key; makes the text start with `U`. */
const PREFIX_USER = 20 << 3;
/** First byte of a seed without the bits that say whose; its text starts with `S`. */
const PREFIX_SEED = 18 << 3;

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** An id for one run of a server: the text of a random server key. */
export function newServerId(): string {
  return encode(PREFIX_SERVER, crypto.getRandomValues(new Uint8Array(32)));
}

/** The text of a user's public key of 32 bytes: `U…`. */
export function encodeUserNkey(key: Uint8Array): string {
  return encode(PREFIX_USER, key);
}

/**
 * The 32 bytes of a user's public key; `null` for what is not the text of one:
 * 56 characters, the right prefix, and a CRC that fits.
 */
export function decodeUserNkey(text: string): Uint8Array<ArrayBuffer> | null {
  const raw = text.length === 56 ? decodeBase32(text) : null;
  if (raw === null || raw[0] !== PREFIX_USER) return null;
  const crc = crc16(raw.subarray(0, 33));
  return crc === (raw[33] | raw[34] << 8) ? raw.slice(1, 33) : null;
}

/**
 * The 32 secret bytes of a user's seed, `SU…`; `null` for what is not the text
 * of one: 58 characters, seed and user as prefix, and a CRC that fits.
 */
export function decodeUserSeed(text: string): Uint8Array<ArrayBuffer> | null {
  const raw = text.length === 58 ? decodeBase32(text) : null;
  if (raw === null || raw[0] !== (PREFIX_SEED | PREFIX_USER >> 5)) return null;
  if (raw[1] !== (PREFIX_USER & 31) << 3) return null;
  const crc = crc16(raw.subarray(0, 34));
  return crc === (raw[34] | raw[35] << 8) ? raw.slice(2, 34) : null;
}

/** CRC-16/XMODEM: polynomial 0x1021, initial value 0. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    }
    crc &= 0xffff;
  }
  return crc;
}

/** RFC 4648 base32 without padding. */
export function base32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8 | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(value >>> bits) & 31];
    }
  }
  return bits > 0 ? text + BASE32[(value << (5 - bits)) & 31] : text;
}

function encode(prefix: number, key: Uint8Array): string {
  const body = Uint8Array.of(prefix, ...key);
  const crc = crc16(body);
  return base32(Uint8Array.of(...body, crc & 0xff, crc >>> 8));
}

/** Bytes of RFC 4648 base32 without padding; `null` for other characters. */
function decodeBase32(text: string): Uint8Array<ArrayBuffer> | null {
  const bytes = new Uint8Array(Math.floor(text.length * 5 / 8));
  let at = 0;
  let bits = 0;
  let value = 0;
  for (const character of text) {
    const digit = BASE32.indexOf(character);
    if (digit < 0) return null;
    value = (value << 5 | digit) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = value >>> bits;
  }
  return bytes;
}

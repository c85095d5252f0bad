/** Nkey users for tests. */

import { base32, crc16 } from "../../src/auth/nkey.ts";

/** A user that can prove who it is. */
export interface NkeyUser {
  /** Public key: `U…`. */
  readonly nkey: string;
  /** Its secret: `SU…`. */
  readonly seed: string;
  /** Signature of a text, base64url without padding. */
  sign(text: string): Promise<string>;
}

/** First byte of a user's public key. */
const USER = 20 << 3;
/** First byte of a seed, to be joined with the type. */
const SEED = 18 << 3;

/** A new one. */
export async function newNkeyUser(): Promise<NkeyUser> {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(
    "Ed25519",
    true,
    ["sign", "verify"],
  ) as CryptoKeyPair;
  const raw = new Uint8Array(
    await crypto.subtle.exportKey("raw", publicKey),
  );
  const pkcs8 = new Uint8Array(
    await crypto.subtle.exportKey("pkcs8", privateKey),
  );
  return {
    nkey: encodeKey([USER], raw),
    seed: encodeKey([SEED | USER >> 5, (USER & 31) << 3], pkcs8.slice(-32)),
    sign: async (text) =>
      new Uint8Array(
        await crypto.subtle.sign(
          "Ed25519",
          privateKey,
          new TextEncoder().encode(text),
        ),
      ).toBase64({ alphabet: "base64url", omitPadding: true }),
  };
}

/** The text of a key with this prefix. */
export function encodeKey(
  prefix: readonly number[],
  key: Uint8Array,
): string {
  const body = Uint8Array.of(...prefix, ...key);
  const crc = crc16(body);
  return base32(Uint8Array.of(...body, crc & 0xff, crc >>> 8));
}

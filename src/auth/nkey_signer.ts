/**
 * A client's side of an nkey login: signs nonces with the seed of a user, with
 * Ed25519 through WebCrypto (client-protocol §5.3). Shows no secret to anybody.
 */

import { encodeUtf8 } from "../wire/ascii.ts";
import { decodeUserSeed, encodeUserNkey } from "./nkey.ts";

/** What PKCS #8 puts before the 32 secret bytes of an Ed25519 key. */
const PKCS8_FRONT = "302e020100300506032b657004220420";
const BASE64URL = { alphabet: "base64url", omitPadding: true } as const;

/** See the module. */
export class NkeySigner {
  /** The user's public key: `U…`. */
  readonly nkey: string;
  readonly #key: CryptoKey;

  private constructor(nkey: string, key: CryptoKey) {
    this.nkey = nkey;
    this.#key = key;
  }

  /** From a user's seed, `SU…`; `null` when the text is not one. */
  static async from(seed: string): Promise<NkeySigner | null> {
    const secret = decodeUserSeed(seed);
    if (secret === null) return null;
    const front = Uint8Array.fromHex(PKCS8_FRONT);
    const key = await crypto.subtle.importKey(
      "pkcs8",
      Uint8Array.of(...front, ...secret),
      "Ed25519",
      true,
      ["sign"],
    );
    const { x = "" } = await crypto.subtle.exportKey("jwk", key);
    const nkey = encodeUserNkey(Uint8Array.fromBase64(x, BASE64URL));
    return new NkeySigner(nkey, key);
  }

  /** The signature of a nonce's text, as CONNECT takes it. */
  async sign(nonce: string): Promise<string> {
    const bytes = await crypto.subtle.sign(
      "Ed25519",
      this.#key,
      encodeUtf8(nonce),
    );
    return new Uint8Array(bytes).toBase64(BASE64URL);
  }
}

/**
 * Proof of an nkey: the signature of the nonce, with Ed25519 through WebCrypto
 * (client-protocol §5.3).
 */

import { encodeUtf8 } from "../wire/ascii.ts";
import { decodeUserNkey } from "./nkey.ts";

/** 64 bytes as base64url without padding, or as ordinary base64 with it. */
const URL_FORM = /^[\w-]{86}$/;
const PADDED_FORM = /^[A-Za-z0-9+/]{86}==$/;

/**
 * Whether `signature` is that of the text `nonce` by the owner of the public
 * user nkey. Broken keys and signatures are nobody's.
 */
export async function verifySignature(
  nkey: string,
  nonce: string,
  signature: string,
): Promise<boolean> {
  const raw = decodeUserNkey(nkey);
  const bytes = decodeSignature(signature);
  if (raw === null || bytes === null || nonce === "") return false;
  try {
    const key = await crypto.subtle.importKey("raw", raw, "Ed25519", false, [
      "verify",
    ]);
    return await crypto.subtle.verify("Ed25519", key, bytes, encodeUtf8(nonce));
  } catch {
    return false; // Not a point of the curve: nobody can have signed.
  }
}

function decodeSignature(text: string): Uint8Array<ArrayBuffer> | null {
  const standard = URL_FORM.test(text)
    ? `${text.replaceAll("-", "+").replaceAll("_", "/")}==`
    : text;
  if (!PADDED_FORM.test(standard)) return null;
  return Uint8Array.from(atob(standard), (one) => one.charCodeAt(0));
}

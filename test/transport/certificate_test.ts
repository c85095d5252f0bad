import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readCertificate } from "../../src/transport/certificate.ts";
import { certText } from "../support/tls.ts";

function der(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new X509Certificate(certText(name)).raw);
}

async function sha256(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(
    await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)),
  ).toHex();
}

Deno.test("readCertificate() tells whom a certificate names, and its hashes", async () => {
  const bytes = der("client.pem");
  const { publicKey, fingerprint256 } = new X509Certificate(bytes);
  const { sha256: whole, publicKeySha256, ...names } = await readCertificate(
    bytes,
  );
  assert.deepEqual(names, {
    subject: "CN=derek,OU=Testing\\, Unit,O=midge tests",
    emails: ["derek@example.com"],
    dnsNames: ["derek.example.com"],
    uris: ["urn:derek"],
  });
  assert.equal(whole, fingerprint256.replaceAll(":", "").toLowerCase());
  assert.equal(
    publicKeySha256,
    await sha256(publicKey.export({ type: "spki", format: "der" })),
  );
});

Deno.test("readCertificate() leaves out names of other kinds", async () => {
  const { subject, emails, dnsNames, uris } = await readCertificate(
    der("server.pem"),
  );
  assert.equal(subject, "CN=localhost,O=midge tests");
  assert.deepEqual([emails, dnsNames, uris], [[], ["localhost"], []]);
  const { dnsNames: none } = await readCertificate(der("ca.pem"));
  assert.deepEqual(none, []);
});

Deno.test("readCertificate() refuses what is cut short or something else", async () => {
  const bytes = der("client.pem");
  for (let length = 0; length < bytes.length; length++) {
    await assert.rejects(readCertificate(bytes.slice(0, length)), RangeError);
  }
  await assert.rejects(readCertificate(new Uint8Array(64)), RangeError);
});

import assert from "node:assert/strict";
import { certificateUser } from "../../src/auth/certificate_user.ts";
import type { PeerCertificate } from "../../src/transport/transport.ts";

const CERTIFICATE: PeerCertificate = {
  subject: "CN=derek,OU=Testing\\, Unit,O=midge tests",
  emails: ["derek@example.com", "d@example.com"],
  dnsNames: ["derek.example.com"],
  uris: ["urn:derek"],
  sha256: "",
  publicKeySha256: "",
};

/** The user found among these names. */
function found(names: readonly string[], refused: string[] = []) {
  const users = new Map(names.map((name) => [name, name]));
  return certificateUser(CERTIFICATE, users, (user) => !refused.includes(user));
}

Deno.test("certificateUser() prefers mail addresses to host names to URIs to the subject", () => {
  const names = [
    CERTIFICATE.subject,
    "urn:derek",
    "derek.example.com",
    "d@example.com",
    "derek@example.com",
  ];
  while (names.length > 0) {
    assert.equal(found(names), names.at(-1));
    names.pop();
  }
  assert.equal(found(names), null);
});

Deno.test("certificateUser() takes a subject in any order and spacing", () => {
  for (
    const name of [
      "O=midge tests,OU=Testing\\, Unit,CN=derek",
      "cn=derek, ou=Testing\\, Unit, o=midge tests",
      "OU = Testing\\, Unit, CN = derek, O = midge tests",
    ]
  ) assert.equal(found([name]), name);
  for (
    const name of [
      "CN=derek",
      "CN=derek,O=midge tests",
      "CN=Derek,OU=Testing\\, Unit,O=midge tests",
      "CN=derek,OU=Testing,Unit,O=midge tests",
      "derek",
      "",
    ]
  ) assert.equal(found([name]), null, name);
});

Deno.test("certificateUser() passes over users that may not connect like this", () => {
  const names = ["derek@example.com", "urn:derek"];
  assert.equal(found(names, ["derek@example.com"]), "urn:derek");
});

import assert from "node:assert/strict";
import type { TlsOptions } from "../../src/options.ts";
import { resolveOptions } from "../../src/options.ts";
import type { TlsContext } from "../../src/transport/tls_context.ts";
import {
  loadTls,
  VerifiedCertificates,
} from "../../src/transport/tls_context.ts";
import { certFile, certText, MUTUAL_TLS, SERVER_TLS } from "../support/tls.ts";

function load(tls: TlsOptions, previous?: TlsContext) {
  const { tls: resolved } = resolveOptions({ tls });
  assert(resolved);
  return loadTls(resolved, previous);
}

Deno.test("loadTls() takes files, and text instead", async () => {
  assert.equal((await load(SERVER_TLS)).verify, false);
  const { verify, pinned, suites } = await load({
    cert: certText("server-ecdsa.pem") + certText("ca.pem"),
    key: certText("server-ecdsa-key.pem"),
    ca: certText("ca.pem") + certText("other-ca.pem"),
    verifyAndMap: true,
  });
  assert.deepEqual([verify, pinned, suites], [true, null, null]);
});

Deno.test("loadTls() says in one line what cannot be used", async (t) => {
  const pair = "error parsing X509 certificate/key pair: ";
  const mismatch = (cert: string) =>
    `${pair}tls: private key does not match public key: ${
      certFile("unrelated-key.pem")
    } is not the key of ${certFile(cert)}`;
  const missing = certFile("nowhere.pem");
  const { caFile: _, ...noAuthority } = MUTUAL_TLS;
  const cases: Record<string, [TlsOptions, string | RegExp]> = {
    "no certificate": [
      { keyFile: certFile("server-key.pem") },
      "missing 'cert_file' in TLS configuration",
    ],
    "no key": [
      { certFile: certFile("server.pem") },
      "missing 'key_file' in TLS configuration",
    ],
    "a file that is not there": [
      { ...SERVER_TLS, certFile: missing },
      `Cannot read cert_file of TLS configuration: open ${missing}: no such file or directory`,
    ],
    "a folder": [
      { ...SERVER_TLS, keyFile: certFile(".") },
      /^Cannot read key_file of TLS configuration: open .+: /,
    ],
    "a certificate that is none": [
      { ...SERVER_TLS, certFile: certFile("make.sh") },
      `${pair}no PEM certificate in ${certFile("make.sh")} ('cert_file')`,
    ],
    "a certificate of rubbish": [
      {
        ...SERVER_TLS,
        certFile: "",
        cert: certText("server.pem").replace(/MII\w{20}/, ""),
      },
      "error parsing certificate in cert",
    ],
    "a key that is none": [
      { ...SERVER_TLS, keyFile: certFile("server.pem") },
      `${pair}no usable PEM private key in ${
        certFile("server.pem")
      } ('key_file')`,
    ],
    "another's key": [
      { ...SERVER_TLS, keyFile: certFile("unrelated-key.pem") },
      mismatch("server.pem"),
    ],
    "another's key of the same kind": [
      {
        certFile: certFile("server-ecdsa.pem"),
        keyFile: certFile("unrelated-key.pem"),
      },
      mismatch("server-ecdsa.pem"),
    ],
    "verify without an authority": [
      noAuthority,
      "missing 'ca_file' in TLS configuration: 'verify' needs it",
    ],
    "an authority that is none": [
      { ...MUTUAL_TLS, caFile: certFile("client-key.pem") },
      `failed to parse root ca certificate: no PEM certificate in ${
        certFile("client-key.pem")
      }`,
    ],
    "a pin that is none": [
      { ...MUTUAL_TLS, pinnedCerts: ["abc"] },
      `'pinned_certs' in TLS configuration must be hex SHA-256: got "abc"`,
    ],
    "pins without verify": [
      { ...SERVER_TLS, pinnedCerts: ["0".repeat(64)] },
      "'pinned_certs' in TLS configuration needs 'verify'",
    ],
    "a cipher nobody knows": [
      { ...SERVER_TLS, cipherSuites: ["FOO"] },
      /^unrecognized cipher FOO \(choose from TLS_ECDHE_ECDSA_WITH_AES_256/,
    ],
    "only ciphers that are not spoken": [
      { ...SERVER_TLS, cipherSuites: ["TLS_RSA_WITH_RC4_128_SHA"] },
      /^none of the cipher_suites is available \(choose from TLS_ECDHE_/,
    ],
  };
  for (const [name, [options, message]] of Object.entries(cases)) {
    await t.step(
      name,
      () => assert.rejects(load(options), { name: "ConfigError", message }),
    );
  }
});

Deno.test({
  name: "loadTls() names the permission that is lacking",
  permissions: { read: false },
  fn: () =>
    assert.rejects(load(SERVER_TLS), {
      name: "ConfigError",
      message:
        `Cannot read cert_file of TLS configuration: open ${SERVER_TLS.certFile}: not permitted: run with --allow-read=${SERVER_TLS.certFile}`,
    }),
});

Deno.test("loadTls() narrows TLS 1.2 to the suites named, by old names too", async () => {
  const suites = async (...cipherSuites: string[]) =>
    (await load({ ...SERVER_TLS, cipherSuites })).suites;
  assert.deepEqual(
    await suites(
      "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
      "TLS_RSA_WITH_AES_128_CBC_SHA",
      "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
    ),
    new Set([
      "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
      "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ]),
  );
  assert.deepEqual(await suites("TLS_AES_128_GCM_SHA256"), new Set());
});

Deno.test("VerifiedCertificates forgets the oldest first", () => {
  const verified = new VerifiedCertificates();
  for (let i = 0; i <= 65_536; i++) verified.add(`${i}`);
  assert.deepEqual(
    ["0", "1", "65536"].map((hash) => verified.has(hash)),
    [false, true, true],
  );
});

Deno.test("loadTls() believes what was verified while all authorities stay", async () => {
  const first = await load(MUTUAL_TLS);
  const ca = certText("ca.pem");
  const otherCa = certText("other-ca.pem");
  const next = { ...MUTUAL_TLS, caFile: "" };
  const wider = await load({ ...next, ca: ca + otherCa }, first);
  assert.equal(wider.verified, first.verified);
  const other = await load({ ...next, ca: otherCa }, wider);
  assert.notEqual(other.verified, first.verified);
  const after = await load({ ...next, ca }, await load(SERVER_TLS));
  assert(!after.verified.has("anything"));
});

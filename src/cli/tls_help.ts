/** What `--help_tls` prints. */

import { SPOKEN_SUITES } from "../transport/cipher_suites.ts";

/** A block to start from, and what may stand in it. */
export function tlsHelpText(): string {
  return `TLS is configured by a block of the configuration file:

    tls {
      cert_file: "./certs/server-cert.pem"
      key_file:  "./certs/server-key.pem"

      # Seconds a handshake may take.
      timeout: 2

      # Demand certificates of clients, signed by this authority.
      ca_file: "./certs/ca.pem"
      verify: true

      # Oldest version, and the suites of TLS 1.2, where not all will do.
      min_version: "1.2"
      cipher_suites: [
        "${SPOKEN_SUITES[0]}"
      ]
    }

or by the flags --tls --tlscert --tlskey --tlsverify --tlscacert.

Available cipher suites include:
${SPOKEN_SUITES.map((name) => `    ${name}\n`).join("")}
Suites of TLS 1.3 are always on. Curves are the platform's own choice.
`;
}

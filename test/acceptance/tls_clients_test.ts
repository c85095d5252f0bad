/**
 * The official JavaScript client over TLS, against midge and, where it is at
 * hand, against the official server: both must look the same to it.
 */

import assert from "node:assert/strict";
import type { ConnectionOptions, TlsOptions } from "@nats-io/transport-node";
import { connect } from "@nats-io/transport-node";
import {
  atLeast,
  OfficialServer,
  officialServers,
} from "../support/official_server.ts";
import { TestServer } from "../support/server.ts";
import { certFile, MUTUAL_TLS, SERVER_TLS } from "../support/tls.ts";

/** A way to run a server, told in the options of both. */
interface Setup {
  readonly midge: Parameters<typeof TestServer.listening>[0];
  /** Flags of the official server. */
  readonly flags: readonly string[];
  /** What its `tls` block says, for what has no flag. */
  readonly config?: string;
  /** First version that can do it. */
  readonly since?: readonly [number, number];
}

const FLAGS = [
  "--tls",
  "--tlscert",
  certFile("server.pem"),
  "--tlskey",
  certFile("server-key.pem"),
];

const PLAIN_TLS: Setup = { midge: { tls: SERVER_TLS }, flags: FLAGS };
const VERIFYING: Setup = {
  midge: { tls: MUTUAL_TLS },
  flags: [...FLAGS, "--tlsverify", "--tlscacert", certFile("ca.pem")],
};
const FIRST: Setup = {
  midge: { tls: { ...SERVER_TLS, handshakeFirst: true } },
  flags: [],
  config: `cert_file: "${certFile("server.pem")}"
    key_file: "${certFile("server-key.pem")}"
    handshake_first: true`,
  since: [2, 10],
};

const TRUST: TlsOptions = { caFile: certFile("ca.pem") };
const AS_CLIENT: TlsOptions = {
  ...TRUST,
  certFile: certFile("client.pem"),
  keyFile: certFile("client-key.pem"),
};

/** Does what clients do, in both directions. */
async function talk(port: number, options: ConnectionOptions): Promise<void> {
  const client = await connect({
    servers: `localhost:${port}`,
    resolve: false,
    reconnect: false,
    ...options,
  });
  try {
    assert.equal(client.info?.tls_required, true);
    const subscription = client.subscribe("greet.*", { max: 2 });
    const payload = new Uint8Array(300_000).map((_, i) => i);
    client.publish("greet.joe", "hello");
    client.publish("greet.sue", payload);
    const received = [];
    for await (const message of subscription) received.push(message);
    assert.equal(received[0].string(), "hello");
    assert.deepEqual(received[1].data, payload);
    client.subscribe("double", {
      callback: (_, message) => {
        message.respond(`${2 * Number(message.string())}`);
      },
    });
    const reply = await client.request("double", "21", { timeout: 5000 });
    assert.equal(reply.string(), "42");
    await client.drain();
  } finally {
    await client.close();
  }
}

/** Each case, with what the client gives and what comes of it. */
const CASES: readonly [string, Setup, TlsOptions | null, boolean][] = [
  ["TLS", PLAIN_TLS, TRUST, true],
  ["TLS the client was not told of", PLAIN_TLS, null, false],
  ["TLS and an authority nobody trusts", PLAIN_TLS, {
    caFile: certFile("other-ca.pem"),
  }, false],
  ["mutual TLS", VERIFYING, AS_CLIENT, true],
  ["mutual TLS without a certificate", VERIFYING, TRUST, false],
  ["mutual TLS and another's certificate", VERIFYING, {
    ...TRUST,
    certFile: certFile("other-client.pem"),
    keyFile: certFile("other-client-key.pem"),
  }, false],
  ["handshake first", FIRST, { ...TRUST, handshakeFirst: true }, true],
];

async function check(
  port: number,
  tls: TlsOptions | null,
  works: boolean,
): Promise<void> {
  const talking = talk(port, { tls, timeout: 3000 });
  if (works) await talking;
  else await assert.rejects(talking);
}

for (const [name, setup, tls, works] of CASES) {
  Deno.test(`@nats-io/transport-node over ${name}`, async () => {
    await using server = await TestServer.listening(setup.midge);
    await check(server.server.port, tls, works);
  });
}

/** Flags for the official server; a configuration file goes into `folder`. */
async function flagsOf(setup: Setup, folder: string): Promise<string[]> {
  if (setup.config === undefined) return [...setup.flags];
  const file = `${folder}/tls.conf`;
  await Deno.writeTextFile(file, `tls {\n${setup.config}\n}\n`);
  return [...setup.flags, "-c", file];
}

for (const binary of officialServers()) {
  for (const [name, setup, tls, works] of CASES) {
    const { since = [2, 0] } = setup;
    // Its alerts are errors nobody can catch: the client's, or the platform's.
    if (!works || !atLeast(binary, ...since)) continue;
    Deno.test(`nats-server ${binary.version} does the same over ${name}`, async () => {
      const folder = await Deno.makeTempDir();
      try {
        await using server = await OfficialServer.start(
          binary,
          await flagsOf(setup, folder),
        );
        await check(server.port, tls, works);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    });
  }
}

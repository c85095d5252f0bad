/** What INFO says to a client (client-protocol §1.2). */

import { splitHostPort } from "../host_port.ts";
import type { ResolvedOptions } from "../options.ts";
import type { Client } from "../peer/client.ts";
import { API_LEVEL, NATS_VERSION } from "../version.ts";
import type { Info } from "../wire/info.ts";

/** What INFO is made of. */
export interface InfoSource {
  /** Its public nkey. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** Port it listens on. */
  readonly port: number;
  /** Its options. */
  readonly options: ResolvedOptions;
  /** What else there is to say: of TLS, logins and other servers. */
  readonly more: Partial<Info>;
}

/** INFO for this client, complete, as of now. */
export function infoFor(client: Client, source: InfoSource): Info {
  const { clientAdvertise, host, maxPayload, noHeaderSupport } = source.options;
  const { account, connection } = client;
  const [advertisedHost, advertisedPort] = splitHostPort(clientAdvertise);
  return {
    server_id: source.id,
    server_name: source.name,
    version: NATS_VERSION,
    proto: 1,
    go: `deno${Deno.version.deno}`,
    host: advertisedHost || host,
    port: advertisedPort || source.port,
    headers: !noHeaderSupport,
    max_payload: account.payloadLimit(maxPayload),
    client_id: connection.id,
    client_ip: connection.transport.remoteAddress.hostname,
    api_lvl: API_LEVEL,
    ...source.more,
  };
}

/** Servers with their monitoring on: ours, and every official one at hand. */

import {
  freePort,
  OfficialServer,
  officialServers,
} from "./official_server.ts";
import { TestServer } from "./server.ts";

/** A running server. */
export interface MonitoredServer extends AsyncDisposable {
  /** Port for clients, on the loopback interface. */
  readonly port: number;
  /** Port for monitoring, there too. */
  readonly monitorPort: number;
}

/** A kind of server, and how to start one. */
export interface MonitoredKind {
  readonly name: string;
  start(): Promise<MonitoredServer>;
}

/** midge in this process. */
export const MIDGE: MonitoredKind = {
  name: "midge",
  async start() {
    const server = await TestServer.listening({ monitor: { port: -1 } });
    const url = new URL(server.server.monitorURL() ?? "");
    return {
      port: server.server.port,
      monitorPort: Number(url.port),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

/** midge first. */
export const MONITORED: readonly MonitoredKind[] = [
  MIDGE,
  ...officialServers().map((binary) => ({
    name: `nats-server ${binary.version}`,
    async start() {
      const monitorPort = freePort();
      const args = ["-m", String(monitorPort)];
      const server = await OfficialServer.start(binary, args);
      return {
        port: server.port,
        monitorPort,
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    },
  })),
];

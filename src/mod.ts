/**
 * midge: a NATS server in TypeScript, as an executable and inside your program.
 *
 * `Server` is the door: it listens on a port, serves connections within the
 * process, or both. The official client on such a connection is `connect` of
 * `@midge/server/nats-core`, a small one of our own `Client` of
 * `@midge/server/client`.
 *
 * @example A server and a client in one program, without a socket
 * ```ts
 * import { Server } from "@midge/server";
 * import { connect } from "@midge/server/nats-core";
 *
 * await using server = await Server.start({ dontListen: true });
 * const nc = await connect({ inProcessServer: server });
 * nc.subscribe("greet.*", { callback: (_, msg) => void msg.respond("hello") });
 * console.log((await nc.request("greet.joe")).string());
 * await nc.drain();
 * ```
 *
 * @module
 */

export {
  ClosedError,
  ConfigError,
  ListenError,
  ProtocolError,
} from "./errors.ts";
export type { CloseReason } from "./errors.ts";
export { loadConfig } from "./config/load.ts";
export type { ProcessOptions, Settings } from "./config/settings.ts";
export { stderrLog } from "./log.ts";
export type { Log, LogLevels, LogOptions } from "./log.ts";
export type {
  AccountLimits,
  AccountOptions,
  AuthAnswer,
  Authenticator,
  AuthGrant,
  AuthorizationOptions,
  AuthRequest,
  ExportOptions,
  ImportOptions,
  PermissionOptions,
  ResponsePermission,
  SubjectPermissions,
  UserOptions,
} from "./auth_options.ts";
export type {
  Clock,
  ClusterOptions,
  ClusterPermissions,
  MonitorOptions,
  ServerOptions,
  TlsOptions,
} from "./options.ts";
export { memoryPair } from "./transport/memory.ts";
export type {
  Address,
  PeerCertificate,
  TlsFacts,
  Transport,
} from "./transport/transport.ts";
export type { Traffic } from "./core/connection_context.ts";
export type { RouteFacts } from "./server/cluster.ts";
export type { ClosedConnection } from "./server/connections.ts";
export { ServerEvents } from "./server/events.ts";
export type { ConnectedClient, ServerEventMap } from "./server/events.ts";
export type { RouteDial } from "./server/route_links.ts";
export { Server } from "./server/server.ts";
export type { StartOptions } from "./server/server.ts";
export { NATS_VERSION, VERSION } from "./version.ts";

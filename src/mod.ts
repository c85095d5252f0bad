/**
 * midge: a NATS server in TypeScript, as an executable and inside your program.
 *
 * @example A broker inside a program
 * ```ts
 * import { Server } from "@midge/server";
 *
 * await using server = await Server.start({ dontListen: true });
 * const transport = server.inProcessConn();
 * transport.close();
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
export type { Traffic } from "./core/connection.ts";
export type { RouteFacts } from "./server/cluster.ts";
export type { ClosedConnection } from "./server/connections.ts";
export { ServerEvents } from "./server/events.ts";
export type { ConnectedClient, ServerEventMap } from "./server/events.ts";
export { Server } from "./server/server.ts";
export type { StartOptions } from "./server/server.ts";
export { NATS_VERSION, VERSION } from "./version.ts";

/**
 * Refuses options of a cluster that contradict themselves or that nothing can
 * come of, before a port is opened; in nats-server's words where it has any.
 */

import type { AuthorizationOptions } from "../auth_options.ts";
import { checkPermissions } from "../auth/permissions.ts";
import type { ClusterPermissions } from "../cluster_options.ts";
import { ConfigError } from "../errors.ts";
import type {
  ResolvedCluster,
  ResolvedOptions,
  ResolvedTls,
} from "../options.ts";
import { parseRouteUrl, redactedUrl } from "./route_url.ts";

/** Addresses that stand for every address of the machine. */
const ANY = ["0.0.0.0", "::"];

/**
 * Throws `ConfigError`, which names the setting and says what to do. `dial` is
 * how the server reaches others; without it, it opens sockets.
 */
export function checkCluster(
  options: ResolvedOptions,
  dial: unknown = null,
): void {
  const { cluster, dontListen } = options;
  if (cluster === null) return;
  checkRoutes(cluster);
  if (cluster.routes.length > 0) {
    if (dontListen && dial === null) {
      refuse(
        "cluster.routes cannot be dialled by a server that does not listen, for it opens no socket: give its constructor a function to dial with",
      );
    }
    if (!dontListen && cluster.port === 0) {
      refuse(
        "solicited routes require cluster capabilities, e.g. --cluster: give the cluster a port to listen on",
      );
    }
  }
  if (!dontListen) checkPort(options, cluster);
  checkAdvertise(cluster.advertise);
  if (cluster.authorization !== null) checkLogin(cluster.authorization);
  if (cluster.permissions !== null) checkSubjects(cluster.permissions);
  if (cluster.tls !== null) checkTls(cluster.tls);
}

function checkRoutes({ routes }: ResolvedCluster): void {
  for (const route of routes) {
    if (parseRouteUrl(route) !== null) continue;
    refuse(
      `error parsing route url ["${
        redactedUrl(route)
      }"] of cluster.routes: write nats://host:port`,
    );
  }
}

function checkPort(
  { host, port }: ResolvedOptions,
  cluster: ResolvedCluster,
): void {
  const sameHost = host === cluster.host || ANY.includes(host) ||
    ANY.includes(cluster.host);
  if (port <= 0 || port !== cluster.port || !sameHost) return;
  refuse(`cluster.port is that of the clients, ${port}: choose another one`);
}

/** `host`, `host:port` or `[host]:port`. */
function checkAdvertise(advertise: string): void {
  if (advertise === "") return;
  const fail = (reason: string) =>
    refuse(
      `invalid Cluster.Advertise value of ${advertise}, err=${reason}: set cluster.advertise to host:port`,
    );
  const [, host, port] =
    /^(\[[^\]]*\]|[^:[\]]*)(?::([^:]*))?$/.exec(advertise) ??
      [];
  if (host === undefined) {
    fail(`address ${advertise}: too many colons in address`);
  }
  if (host === "" || host === "[]") fail("missing host in address");
  if (port === undefined) {
    if (host.startsWith("[")) fail("missing port in address");
    return;
  }
  if (!/^\d+$/.test(port)) {
    fail(`strconv.Atoi: parsing "${port}": invalid syntax`);
  }
  if (Number(port) > 65535) fail(`port ${port} is above 65535`);
}

/** Servers have no users: one name and password is all there is. */
function checkLogin(authorization: AuthorizationOptions): void {
  const { user, password, token, users, timeoutMs = 1, ...others } =
    authorization;
  if (users !== undefined) {
    refuse("Cluster authorization does not allow multiple users");
  }
  if (token) refuse("Cluster authorization does not support tokens");
  const [stranger] = Object.entries(others)
    .filter(([, value]) => value !== undefined);
  if (stranger !== undefined) {
    refuse(
      `cluster.authorization takes user, password and timeout, not "${
        stranger[0]
      }"`,
    );
  }
  if (typeof user !== "string" || user === "") {
    refuse("expected cluster user to be set: cluster.authorization.user");
  }
  if (typeof password !== "string" || password === "") {
    refuse(
      "expected cluster password to be set: cluster.authorization.password",
    );
  }
  if (!(Number.isFinite(timeoutMs) && timeoutMs > 0)) {
    refuse(
      `cluster.authorization.timeout must be a time above 0: got ${timeoutMs} ms`,
    );
  }
}

/** Interest has no queue in it: these are subjects alone, as in `publish`. */
function checkSubjects(permissions: ClusterPermissions): void {
  for (const [name, subjects] of Object.entries(permissions)) {
    if (name !== "import" && name !== "export") {
      refuse(`cluster.permissions takes import and export, not "${name}"`);
    }
    checkPermissions({ publish: subjects }, `cluster.permissions.${name}`);
  }
}

/** Servers check each other's certificates, in both directions. */
function checkTls(tls: ResolvedTls): void {
  const parts = [
    ["cert_file", tls.certFile || tls.cert],
    ["key_file", tls.keyFile || tls.key],
    ["ca_file", tls.caFile || tls.ca],
  ] as const;
  for (const [name, value] of parts) {
    if (value !== "") continue;
    refuse(
      `missing '${name}' in TLS configuration of the cluster: set cluster.tls.${name}`,
    );
  }
  if (tls.verifyAndMap) {
    refuse(
      "cluster.tls.verify_and_map is not supported: servers have no users",
    );
  }
  if (tls.handshakeFirst !== false) {
    refuse(
      "cluster.tls.handshake_first is not supported: it always comes first",
    );
  }
}

function refuse(text: string): never {
  throw new ConfigError(text);
}

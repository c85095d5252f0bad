/**
 * The files by which others find a running process: the pid file, and the ports
 * file that test launchers wait for (config-and-monitoring §4.4).
 */

import { fileProblem } from "../error_text.ts";
import { ConfigError } from "../errors.ts";
import { demand } from "../permission.ts";
import { addressesHidden } from "../server/addresses.ts";
import type { Log } from "../log.ts";
import { hostPort } from "../host_port.ts";
import type { Server } from "../server/server.ts";
import { bindAddress } from "../transport/any_address.ts";

/**
 * What the ports file is named after. Launchers look for the name of the
 * program they started, which is that of the official server.
 */
const PROGRAM = "nats-server";

/** Writes the process id, and returns the path. Throws `ConfigError`. */
export function writePidFile(path: string): string {
  write(path, String(Deno.pid), "Could not write pidfile");
  return path;
}

/** Writes where `server` listens, and returns the path. Throws `ConfigError`. */
export function writePortsFile(
  directory: string,
  server: Server,
  log: Pick<Log, "warn">,
): string {
  const path = `${directory}/${PROGRAM}_${Deno.pid}.ports`;
  const monitor = server.monitorURL();
  const cluster = server.clusterURL();
  if (addressesHidden(server.host) || addressesHidden(server.clusterHost)) {
    log.warn(
      "The ports file has but one address, as the others are not permitted to be seen: run with --allow-sys=networkInterfaces",
    );
  }
  const ports = {
    nats: urls(server.clientURL(), server.host),
    ...(monitor === null ? {} : { monitoring: [new URL(monitor).origin] }),
    ...(cluster === null ? {} : { cluster: urls(cluster, server.clusterHost) }),
  };
  write(path, JSON.stringify(ports), "Error writing ports file", directory);
  return path;
}

/** Removes a file; one that is gone already is just as well. */
export function removeFile(path: string): void {
  try {
    demand({ name: "write", path });
    Deno.removeSync(path);
  } catch {
    // Nothing depends on it any more.
  }
}

/** `url`, for each address at which a server that listens on `host` is reached. */
function urls(url: string, host: string): string[] {
  const bound = bindAddress(host);
  if (bound !== "0.0.0.0" && bound !== "::") return [url];
  if (addressesHidden(host)) return [url];
  const { protocol, port } = new URL(url);
  return localAddresses(bound === "::").map((address) =>
    `${protocol}//${hostPort(address, Number(port))}`
  );
}

/** Addresses of this machine, the loopback first; IPv4 before IPv6. */
function localAddresses(withIPv6: boolean): string[] {
  const rank = ({ address, family }: Deno.NetworkInterfaceInfo) =>
    (family === "IPv4" ? 0 : 2) + (/^127\.|^::1$/.test(address) ? 0 : 1);
  return Deno.networkInterfaces()
    .filter(({ family, address }) =>
      family === "IPv4" || (withIPv6 && !address.startsWith("fe80:"))
    )
    .sort((a, b) => rank(a) - rank(b))
    .map(({ address }) => address);
}

/** `grant` is what to permit: `path`, or a folder where its name is not known before. */
function write(
  path: string,
  text: string,
  failure: string,
  grant = path,
): void {
  try {
    demand({ name: "write", path: grant });
    Deno.writeTextFileSync(path, text);
  } catch (error) {
    throw new ConfigError(`${failure}: open ${path}: ${fileProblem(error)}`);
  }
}

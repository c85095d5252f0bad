/**
 * The files by which others find a running process: the pid file, and the ports
 * file that test launchers wait for (config-and-monitoring §4.4).
 */

import { fileProblem } from "../error_text.ts";
import { ConfigError } from "../errors.ts";
import { demand, granted } from "../permission.ts";
import type { Log } from "../log.ts";
import type { Server } from "../server/server.ts";

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
  const ports = {
    nats: clientURLs(server, log),
    ...(monitor === null ? {} : { monitoring: [new URL(monitor).origin] }),
    ...(cluster === null ? {} : { cluster: [cluster] }),
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

/** One URL for each address the server can be reached at. */
function clientURLs(server: Server, log: Pick<Log, "warn">): string[] {
  const url = new URL(server.clientURL());
  const { host } = server;
  if (host !== "0.0.0.0" && host !== "::") return [server.clientURL()];
  if (!granted({ name: "sys", kind: "networkInterfaces" })) {
    log.warn(
      "The ports file has but one address, as the others are not permitted to be seen: run with --allow-sys=networkInterfaces",
    );
    return [`${url.protocol}//127.0.0.1:${server.port}`];
  }
  return localAddresses(host === "::").map((address) => {
    const name = address.includes(":") ? `[${address}]` : address;
    return `${url.protocol}//${name}:${server.port}`;
  });
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

/**
 * The files by which others find a running process: the pid file, and the ports
 * file that test launchers wait for (config-and-monitoring §4.4).
 */

import { ConfigError } from "../errors.ts";
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
export function writePortsFile(directory: string, server: Server): string {
  const path = `${directory}/${PROGRAM}_${Deno.pid}.ports`;
  const monitor = server.monitorURL();
  const ports = {
    nats: clientURLs(server),
    ...(monitor === null ? {} : { monitoring: [new URL(monitor).origin] }),
  };
  write(path, JSON.stringify(ports), "Error writing ports file");
  return path;
}

/** Removes a file; one that is gone already is just as well. */
export function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Nothing depends on it any more.
  }
}

/** One URL for each address the server can be reached at. */
function clientURLs(server: Server): string[] {
  const url = new URL(server.clientURL());
  const { host } = server;
  if (host !== "0.0.0.0" && host !== "::") return [server.clientURL()];
  return localAddresses(host === "::").map((address) => {
    const name = address.includes(":") ? `[${address}]` : address;
    return `${url.protocol}//${name}:${server.port}`;
  });
}

/** Addresses of this machine, the loopback first; IPv4 before IPv6. */
function localAddresses(withIPv6: boolean): string[] {
  let interfaces: Deno.NetworkInterfaceInfo[];
  try {
    interfaces = Deno.networkInterfaces();
  } catch {
    // Not permitted (--allow-sys=networkInterfaces): the one there always is.
    return ["127.0.0.1"];
  }
  const rank = ({ address, family }: Deno.NetworkInterfaceInfo) =>
    (family === "IPv4" ? 0 : 2) + (/^127\.|^::1$/.test(address) ? 0 : 1);
  return interfaces
    .filter(({ family, address }) =>
      family === "IPv4" || (withIPv6 && !address.startsWith("fe80:"))
    )
    .sort((a, b) => rank(a) - rank(b))
    .map(({ address }) => address);
}

function write(path: string, text: string, failure: string): void {
  try {
    Deno.writeTextFileSync(path, text);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotCapable
      ? `not permitted: run with --allow-write=${path}`
      : error instanceof Deno.errors.NotFound
      ? "no such file or directory"
      : error instanceof Error
      ? error.message
      : String(error);
    throw new ConfigError(`${failure}: open ${path}: ${reason}`);
  }
}

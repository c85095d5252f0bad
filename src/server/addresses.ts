/** Addresses as text: `host:port`, with brackets around IPv6. */

import { granted } from "../permission.ts";

/** Joins them. */
export function hostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Splits `host:port`; a port of 0 if there is none. */
export function splitHostPort(text: string): [string, number] {
  const colon = text.lastIndexOf(":");
  return colon < 0
    ? [text, 0]
    : [text.slice(0, colon).replace(/^\[|\]$/g, ""), +text.slice(colon + 1)];
}

/** Where a server that listens on `host` is reached from its own machine. */
export function localHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

/** Whether a server that listens on `host` cannot see where it is reached. */
export function addressesHidden(host: string): boolean {
  return isAny(host) && !granted({ name: "sys", kind: "networkInterfaces" });
}

/**
 * Addresses at which other machines reach a server that listens on `host`: all
 * of this machine's own where that means any, none where these are hidden:
 * clients then keep to those they know.
 */
export function reachableHosts(host: string): string[] {
  if (!isAny(host)) return [host];
  if (addressesHidden(host)) return [];
  return Deno.networkInterfaces()
    .filter(({ family }) => family === "IPv4" || host === "::")
    .map(({ address }) => address)
    .filter((address) => !/^(127\.|::1$|fe80:)/.test(address));
}

function isAny(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** Where a server that listens on an address is reached, here and elsewhere. */

import { granted } from "../permission.ts";

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
 * Addresses at which other machines reach a server that listens on `host`, over
 * IPv6 too or not: all of this machine's own where that means any, none where
 * these are hidden: clients then keep to those they know.
 */
export function reachableHosts(host: string, ipv6: boolean): string[] {
  if (!isAny(host)) return [host];
  if (addressesHidden(host)) return [];
  return Deno.networkInterfaces()
    .filter(({ family }) => family === "IPv4" || ipv6)
    .map(({ address }) => address)
    .filter((address) => !/^(127\.|::1$|fe80:)/.test(address));
}

function isAny(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/**
 * What 0.0.0.0 means to a listener: every address of this machine, IPv6 as
 * well, as nats-server takes it, so that a client that looks up `localhost` and
 * gets `::1` finds the server too. One socket takes both where the system has
 * IPv6 and permits it; elsewhere 0.0.0.0 is IPv4 as ever.
 */

import { granted } from "../permission.ts";

/** An IPv4 address as a socket for both families names it. */
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;

/** The address to listen on where `hostname` is wanted; `port` may be 0. */
export function listeningHost(hostname: string, port: number): string {
  return hostname === "0.0.0.0" && takesBoth(port) ? "::" : hostname;
}

/** A peer's address without the form it has on a socket for both families. */
export function peerHost(hostname: string): string {
  return hostname.replace(MAPPED, "");
}

/**
 * Whether a socket at `::` takes IPv4, too: Deno cannot ask for that, and
 * systems differ. Where it does, nobody else gets the port at 0.0.0.0. Says no
 * when the port is taken: listening at 0.0.0.0 then tells.
 */
function takesBoth(port: number): boolean {
  if (!granted({ name: "net", host: `[::]:${port}` })) return false;
  let both: Deno.TcpListener;
  try {
    both = Deno.listen({ hostname: "::", port });
  } catch {
    return false; // No IPv6 here, or no port.
  }
  try {
    return !isFree(both.addr.port);
  } finally {
    both.close();
  }
}

function isFree(port: number): boolean {
  if (!granted({ name: "net", host: `0.0.0.0:${port}` })) return true;
  try {
    Deno.listen({ hostname: "0.0.0.0", port }).close();
    return true;
  } catch {
    return false;
  }
}

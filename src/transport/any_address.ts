/**
 * What "all addresses of this machine" means. The official server, told to
 * listen on `0.0.0.0`, is there over IPv6, too: clients that look `localhost`
 * up may find `::1` first.
 */

import { granted } from "../permission.ts";

const ANY_IPV4 = "0.0.0.0";
const ANY = "::";
/** What IPv4 addresses begin with on a socket for both. */
const MAPPED = "::ffff:";

/**
 * The address to bind for `hostname`: for `0.0.0.0` one that takes IPv6 as
 * well, where this machine has it and the whole network is permitted; a list of
 * addresses in `--allow-net` is taken at its word.
 */
export function bindAddress(hostname: string): string {
  return hostname === ANY_IPV4 && granted({ name: "net" }) && hasBoth()
    ? ANY
    : hostname;
}

/** An address as its owner writes it: `127.0.0.1` for `::ffff:127.0.0.1`. */
export function plainAddress(hostname: string): string {
  return hostname.startsWith(MAPPED) && hostname.includes(".")
    ? hostname.slice(MAPPED.length)
    : hostname;
}

/** Whether a socket bound to `::` takes IPv4 as well: no other can then. */
function hasBoth(): boolean {
  try {
    using any = Deno.listen({ hostname: ANY, port: 0 });
    try {
      Deno.listen({ hostname: ANY_IPV4, port: any.addr.port }).close();
      return false;
    } catch (error) {
      return error instanceof Deno.errors.AddrInUse;
    }
  } catch {
    return false;
  }
}

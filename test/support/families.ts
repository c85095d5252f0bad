/** What this machine speaks. */

/**
 * Whether one socket of this machine takes IPv4 and IPv6, so that a server can
 * be reached over both at one address: on Linux wherever there is IPv6.
 */
export function bothFamilies(): boolean {
  if (Deno.build.os !== "linux") return false;
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

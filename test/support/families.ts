/** What this machine speaks. */

/**
 * Whether one socket of this machine takes IPv4 and IPv6, so that a server can
 * be reached over both at one address.
 */
export function bothFamilies(): boolean {
  let six: Deno.TcpListener;
  try {
    six = Deno.listen({ hostname: "::", port: 0 });
  } catch {
    return false; // No IPv6 here.
  }
  const { port } = six.addr;
  try {
    Deno.listen({ hostname: "0.0.0.0", port }).close();
    return false;
  } catch {
    return true;
  } finally {
    six.close();
  }
}

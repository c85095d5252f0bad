/** Ports for tests that must know them before anybody listens there. */

/** The last one handed out: several tests run at a time. */
let last = 12_000 + Math.floor(Math.random() * 15_000);

/**
 * A port that stays free while nobody listens there: none of those the system
 * gives to outgoing connections.
 */
export function quietPort(): number {
  for (;;) {
    const port = ++last;
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch {
      // Taken: the next one then.
    }
  }
}

/** The time of the soak: how long it takes, and waiting within it. */

/** Resolves after `ms`, or at once when `signal` is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}

/** Looks until `holds`; rejects when that takes longer than `ms`. */
export async function waitUntil(
  what: string,
  ms: number,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!await holds()) {
    if (performance.now() > deadline) {
      throw new Error(`Not within ${ms / 1000} s: ${what}`);
    }
    await pause(50);
  }
}

/** `30m`, `90s` or `2h` in milliseconds. Throws `TypeError`. */
export function durationOf(text: string): number {
  const found = /^(\d+(?:\.\d+)?)([smh])$/.exec(text);
  if (found === null) throw new TypeError(`Not a time such as 30m: "${text}"`);
  const units: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000 };
  return Number(found[1]) * units[found[2]];
}

/** Times as the official endpoints write them (config-and-monitoring §7.1). */

/** `2026-11-21T01:53:06.97Z`: UTC, no trailing zeros. */
export function timeText(epochMs: number): string {
  const text = new Date(epochMs).toISOString();
  return text.endsWith("0Z") ? text.replace(/\.?0+Z$/, "Z") : text;
}

/**
 * `0s`, `3m20s`, `1d0h0m0s`, `1y2d3h4m5s`: from the largest unit needed down,
 * rounded down to seconds; a year has 365 days.
 */
export function uptimeText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  let text = `${seconds % 60}s`;
  if (seconds < 60) return text;
  const minutes = Math.floor(seconds / 60);
  text = `${minutes % 60}m${text}`;
  if (minutes < 60) return text;
  const hours = Math.floor(minutes / 60);
  text = `${hours % 24}h${text}`;
  if (hours < 24) return text;
  const days = Math.floor(hours / 24);
  text = `${days % 365}d${text}`;
  return days < 365 ? text : `${Math.floor(days / 365)}y${text}`;
}

/**
 * A round trip as Go writes a duration: `161µs`, `300.971541ms`, `1.5s`; whole
 * microseconds below a millisecond, and `0s` for one never measured.
 */
export function roundTripText(ms: number): string {
  if (!(ms > 0)) return "0s";
  if (ms < 0.001) return `${Math.max(1, Math.round(ms * 1e6))}ns`;
  if (ms < 1) return `${Math.floor(ms * 1000)}µs`;
  if (ms < 1000) return `${decimal(ms, 6)}ms`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = `${decimal((ms % 60_000) / 1000, 9)}s`;
  if (minutes === 0) return seconds;
  const hours = Math.floor(minutes / 60);
  return `${hours > 0 ? `${hours}h` : ""}${minutes % 60}m${seconds}`;
}

/** Up to `digits` fractional digits, rounded down, without trailing zeros. */
function decimal(value: number, digits: number): string {
  const scale = 10 ** digits;
  return String(Math.floor(value * scale) / scale);
}

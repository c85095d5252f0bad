/** Figures as people read them. Everything here takes what JSON gives. */

const UNITS = ["", "k", "M", "G", "T", "P"];

/** `7`, `842`, `12.3k`, `1.05M`: three digits, thousands marked by a letter. */
export function short(value) {
  if (!Number.isFinite(value)) return "–";
  let scaled = Math.abs(value);
  let unit = 0;
  while (scaled >= 999.5 && unit < UNITS.length - 1) {
    scaled /= 1000;
    unit++;
  }
  const sign = value < 0 ? "−" : "";
  return `${sign}${digits(scaled, unit > 0)}${UNITS[unit]}`;
}

/** `12,345`: every digit. */
export function whole(value) {
  return Number.isFinite(value) ? value.toLocaleString("en-US") : "–";
}

/** `842 B`, `12.3 kB`, `1.05 GB`; a kilobyte has 1,000 bytes. */
export function bytes(value) {
  if (!Number.isFinite(value)) return "–";
  const text = short(value);
  const unit = /[a-zA-Z]$/.exec(text)?.[0] ?? "";
  return `${text.slice(0, text.length - unit.length)} ${unit}B`;
}

/** `97.5 %` */
export function percent(value) {
  return Number.isFinite(value) ? `${digits(value, false)} %` : "–";
}

/** Three digits of a Go duration: `161 µs`, `1.90 ms`; `1m2s` as it is. */
export function roundTrip(text) {
  if (!text || text === "0s") return "–";
  const [, value, unit] = /^([\d.]+)(ns|µs|ms|s)$/.exec(text) ?? [];
  return value === undefined ? text : `${digits(+value, true)} ${unit}`;
}

/** Seconds of `1y2d3h4m5s`, -1 for no such text. */
export function seconds(text) {
  if (!text) return -1;
  const size = { y: 31_536_000, d: 86_400, h: 3600, m: 60, s: 1 };
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([ydhms])/g)) {
    sum += count * size[unit];
  }
  return sum;
}

/** `5s`, `3m 20s`, `1d 4h`: the two largest units of such a text. */
export function span(text) {
  const parts = text?.match(/\d+[ydhms]/g) ?? [];
  const kept = parts.slice(0, 2).filter((part, at) =>
    at === 0 || !/^0/.test(part)
  );
  return kept.join(" ") || "–";
}

/** Microseconds of a Go duration, -1 if it was never measured. */
export function microseconds(text) {
  const size = { h: 3.6e9, m: 6e7, s: 1e6, ms: 1e3, "µs": 1, ns: 1e-3 };
  let sum = 0;
  for (
    const [, count, unit] of (text ?? "").matchAll(/([\d.]+)(ns|µs|ms|h|m|s)/g)
  ) {
    sum += count * size[unit];
  }
  return sum > 0 ? sum : -1;
}

/** Three digits; `fine` keeps decimals also where the number is small. */
function digits(value, fine) {
  if (value >= 99.95 || Number.isInteger(value)) {
    return String(Math.round(value));
  }
  if (value >= 9.995) return fine ? value.toFixed(1) : value.toFixed(0);
  return fine ? value.toFixed(2) : value.toFixed(1).replace(".0", "");
}

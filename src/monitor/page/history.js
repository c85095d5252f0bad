/**
 * What the server told of itself, poll after poll, as points to plot. Kept in
 * the page only; a reload of the page finds it again.
 */

/** Seconds of history kept. */
const KEPT_SECONDS = 15 * 60;
/** A longer silence between two polls is shown as a gap. */
const GAP_SECONDS = 5;
/** Polls closer together than this are too close to tell a rate. */
const CLOSE_SECONDS = 0.5;
/** How much a poll changes a rate in the table, so that its order is calm. */
const FRESHNESS = 0.4;
const STORED = "midge history";

/** What is plotted, by poll: `at` is the browser's clock in milliseconds. */
export class History {
  /** The points, the oldest first; values are null where there is a gap. */
  points = [];
  #last = null;

  /** Takes in what /varz answered at `at`. */
  add(varz, at) {
    const last = this.#last;
    const sameRun = last !== null && last.start === varz.start;
    const passed = sameRun
      ? (Date.parse(varz.now) - Date.parse(last.now)) / 1000
      : 0;
    if (sameRun && passed < CLOSE_SECONDS) return;
    this.#last = varz;
    const rate = (key) =>
      sameRun && passed <= GAP_SECONDS
        ? (varz[key] - last[key]) / passed
        : null;
    this.points.push({
      at,
      inMsgs: rate("in_msgs"),
      outMsgs: rate("out_msgs"),
      inBytes: rate("in_bytes"),
      outBytes: rate("out_bytes"),
      connections: varz.connections,
      slowConsumers: varz.slow_consumers,
      routes: varz.routes,
      cpu: varz.cpu,
    });
    const oldest = at - KEPT_SECONDS * 1000;
    while (this.points[0].at < oldest) this.points.shift();
  }

  /** Notes that nothing is known of the time from here to the next poll. */
  gap(at) {
    const last = this.points.at(-1);
    if (last === undefined || last.gap) return;
    const nothing = Object.fromEntries(
      Object.keys(last).map((key) => [key, null]),
    );
    this.points.push({ ...nothing, at, gap: true });
  }

  /** Keeps the points for a reload of the page at the same server. */
  store() {
    try {
      const { server_id: server } = this.#last ?? {};
      sessionStorage.setItem(
        STORED,
        JSON.stringify({ server, points: this.points }),
      );
    } catch {
      // No storage here, or it is full: the next page starts with nothing.
    }
  }

  /** Finds again what an earlier page kept of `server`. */
  restore(server, now) {
    try {
      const kept = JSON.parse(sessionStorage.getItem(STORED));
      if (kept?.server !== server) return;
      this.points = kept.points.filter(({ at }) =>
        at > now - KEPT_SECONDS * 1000
      );
      this.gap(this.points.at(-1)?.at + 1);
    } catch {
      // Nothing kept, or nothing one can read.
    }
  }
}

/** What each connection sent and got per second, from poll to poll. */
export class Rates {
  #last = new Map();

  /**
   * Adds `inMsgsRate` and its like to each of `rows`, null for those not seen
   * in the poll before; `key` names what tells them apart.
   */
  add(rows, key, now) {
    const at = Date.parse(now);
    const next = new Map();
    for (const row of rows) {
      const last = this.#last.get(row[key]);
      const passed = last === undefined ? 0 : (at - last.at) / 1000;
      const close = last !== undefined && passed < CLOSE_SECONDS;
      for (const [rate, counter] of RATES) {
        const before = last?.row[rate] ?? null;
        row[rate] = last === undefined || close
          ? before
          : blend(before, (row[counter] - last.row[counter]) / passed);
      }
      next.set(row[key], close ? last : { at, row });
    }
    this.#last = next;
  }

  /** Forgets the poll before. */
  clear() {
    this.#last.clear();
  }
}

const RATES = [
  ["inMsgsRate", "in_msgs"],
  ["outMsgsRate", "out_msgs"],
  ["inBytesRate", "in_bytes"],
  ["outBytesRate", "out_bytes"],
];

/** A rate that follows `now` within a few seconds. */
function blend(before, now) {
  const rate = before === null ? now : before + (now - before) * FRESHNESS;
  return now === 0 && rate < 0.1 ? 0 : Math.max(0, rate);
}

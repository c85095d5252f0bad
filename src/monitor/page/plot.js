/**
 * Lines over time, as SVG: colours come from the style sheet, so that light and
 * dark need nothing here. Knows points and keys, not what they mean.
 */

const SVG = "http://www.w3.org/2000/svg";
const TOP = 10;
const BOTTOM = 20;
/** Room right of the newest point, so that its dot is whole. */
const RIGHT = 6;

/** One plot in a card, with its figures of now or of where one points. */
export class Plot {
  /** The card. */
  element = document.createElement("article");
  /** Called with a time while one points at the plot, and with null after. */
  onPoint = () => {};

  #lines;
  #format;
  #atLeast;
  #svg = node("svg", { role: "img" });
  #grid = node("g", { class: "grid" });
  #paths = node("g", {});
  #labels = node("g", { class: "labels" });
  #marks = node("g", {});
  #figures = [];
  #clock = document.createElement("time");
  #drawn = null;

  /**
   * `lines` are `{ key, label, className }`; `format` writes a value; the scale
   * reaches to `atLeast` even if all values are smaller.
   */
  constructor({ title, lines, format, atLeast, wide }) {
    this.#lines = lines;
    this.#format = format;
    this.#atLeast = atLeast;
    this.element.className = wide ? "card plot wide" : "card plot";
    this.element.append(this.#head(title), this.#svg);
    this.#svg.setAttribute("aria-label", `${title} over time`);
    this.#svg.append(this.#grid, this.#paths, this.#labels, this.#marks);
    this.#svg.addEventListener("pointermove", (event) => this.#point(event));
    this.#svg.addEventListener("pointerleave", () => this.onPoint(null));
    new ResizeObserver(() => this.#drawn && this.draw(...this.#drawn))
      .observe(this.#svg);
  }

  /** Draws `points` from `from` to `to`; `pointed` is a time or null. */
  draw(points, from, to, pointed) {
    this.#drawn = [points, from, to, pointed];
    const { clientWidth: width, clientHeight: height } = this.#svg;
    if (width === 0) return;
    const shown = points.filter(({ at }) => at >= from - 1000);
    const top = this.#top(shown);
    const x = (at) => (at - from) / (to - from) * (width - RIGHT);
    const y = (value) =>
      height - BOTTOM - value / top * (height - BOTTOM - TOP);
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const levels = top > 10 || Number.isInteger(top / 2)
      ? [top / 2, top]
      : [top];
    this.#grid.replaceChildren(
      ...[0, ...levels].map((value) =>
        node("line", { x1: 0, x2: width, y1: y(value), y2: y(value) })
      ),
    );
    this.#labels.replaceChildren(
      ...levels.map((value) =>
        label(this.#format(value), { x: 0, y: y(value) + 11 })
      ),
      ...times(from, to, x, height, width),
    );
    this.#paths.replaceChildren(
      ...this.#lines.flatMap((line) => strokes(shown, line, x, y)),
    );
    const known = shown.filter(({ gap }) => !gap);
    const at = pointed === null ? known.at(-1) : nearest(known, pointed);
    this.#mark(at, pointed !== null, x, y, height);
  }

  #head(title) {
    const head = document.createElement("header");
    const heading = document.createElement("h3");
    heading.textContent = title;
    heading.append(this.#clock);
    const list = document.createElement("dl");
    for (const { label, className } of this.#lines) {
      const group = document.createElement("div");
      const term = document.createElement("dt");
      const figure = document.createElement("dd");
      group.className = className;
      term.textContent = label;
      figure.textContent = "–";
      this.#figures.push(figure);
      group.append(term, figure);
      list.append(group);
    }
    head.append(heading, list);
    return head;
  }

  #top(points) {
    let most = this.#atLeast;
    for (const { key } of this.#lines) {
      for (const point of points) most = Math.max(most, point[key] ?? 0);
    }
    return niceTop(most);
  }

  /** Shows the figures of `point`, and where on the lines they are. */
  #mark(point, pointed, x, y, height) {
    const marks = [];
    if (point !== undefined && pointed) {
      const at = x(point.at);
      marks.push(
        node("line", {
          class: "rule",
          x1: at,
          x2: at,
          y1: 0,
          y2: height - BOTTOM,
        }),
      );
    }
    this.#lines.forEach(({ key, className }, index) => {
      const value = point?.[key] ?? null;
      this.#figures[index].textContent = value === null
        ? "–"
        : this.#format(value);
      if (value === null) return;
      marks.push(
        node("circle", {
          class: className,
          cx: x(point.at),
          cy: y(value),
          r: 3,
        }),
      );
    });
    this.#clock.textContent = pointed && point !== undefined
      ? new Date(point.at).toLocaleTimeString()
      : "";
    this.#marks.replaceChildren(...marks);
  }

  #point({ clientX }) {
    if (this.#drawn === null) return;
    const [, from, to] = this.#drawn;
    const { left, width } = this.#svg.getBoundingClientRect();
    this.onPoint(from + (clientX - left) / (width - RIGHT) * (to - from));
  }
}

/** The line of one key, with what is below it, broken at gaps. */
function strokes(points, { key, className }, x, y) {
  const runs = [];
  let run = [];
  for (const point of [...points, { [key]: null }]) {
    if (point[key] !== null) {
      run.push(`${x(point.at).toFixed(1)},${y(point[key]).toFixed(1)}`);
    } else if (run.length > 0) {
      runs.push(run);
      run = [];
    }
  }
  const base = y(0).toFixed(1);
  const edge = (corner) => `${corner.split(",")[0]},${base}`;
  return [
    node("path", {
      class: `area ${className}`,
      d: runs.map((run) =>
        `M${[edge(run[0]), ...run, edge(run.at(-1))].join("L")}Z`
      ).join(""),
    }),
    node("path", {
      class: `line ${className}`,
      d: runs.map((run) => `M${run.join("L")}`).join(""),
    }),
  ];
}

/** Labels of whole minutes back from now, as many as there is room for. */
function times(from, to, x, height, width) {
  const minutes = Math.round((to - from) / 60_000);
  const room = Math.floor(width / 70);
  const step = [1, 5, 15].find((step) => minutes / step <= room) ?? minutes;
  const labels = [];
  for (let back = 0; back <= minutes; back += step) {
    const anchor = back === 0 ? "end" : back === minutes ? "start" : "middle";
    labels.push(label(back === 0 ? "now" : `−${back} min`, {
      x: x(to - back * 60_000),
      y: height - 5,
      "text-anchor": anchor,
    }));
  }
  return labels;
}

/** The smallest of 1, 2, 4, 6, 8 times a power of ten that is not below. */
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power *
    [1, 2, 4, 6, 8, 10].find((step) => value <= step * power * 1.0001);
}

function nearest(points, time) {
  let best;
  for (const point of points) {
    if (
      best === undefined || Math.abs(point.at - time) < Math.abs(best.at - time)
    ) {
      best = point;
    }
  }
  return best;
}

function label(text, attributes) {
  const element = node("text", attributes);
  element.textContent = text;
  return element;
}

function node(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  return element;
}

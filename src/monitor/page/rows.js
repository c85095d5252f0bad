/**
 * The table below the plots: which view, sorted by what, which page of it; what
 * to ask the server for that, and what to do with the answer. The server sorts
 * and cuts where it can, so that thousands of connections stay quick; what it
 * cannot sort by is sorted here, among as many as are worth asking for.
 */

import { whole } from "./format.js";
import { Rates } from "./history.js";
import { Table } from "./table.js";
import { VIEWS } from "./views.js";

/** Rows of a page. */
const PAGE = 50;
/** Rows asked for where the server cannot sort them. */
const MOST = 512;

/** See the file. `base` is what endpoints are relative to. */
export class Rows {
  /** Called when other rows are wanted than those there are. */
  onChange = () => {};

  #view = VIEWS[0];
  #column;
  #down = true;
  #page = 0;
  /** Rows that can be paged through. */
  #total = 0;
  /** Rows the server has. */
  #there = 0;
  #rates = new Rates();
  #table;
  #base;

  constructor(base) {
    this.#base = base;
    this.#table = new Table(byId("table"));
    this.#table.onSort = (column) => this.#sort(column);
    byId("tabs").append(...VIEWS.map((view) => this.#tab(view)));
    byId("pager").addEventListener("click", ({ target }) => {
      if (target.dataset.go) this.#go(this.#page + Number(target.dataset.go));
    });
    const named = VIEWS.find(({ id }) => `#${id}` === location.hash);
    this.#show(named ?? VIEWS[0]);
  }

  /** What to ask the server, and who takes the answer. */
  query() {
    const path = this.#view.path + this.#cut();
    const asked = [this.#view, this.#column, this.#down, this.#page];
    return {
      path,
      take: (answer) => {
        const now = [this.#view, this.#column, this.#down, this.#page];
        // Somebody clicked while the server answered: another is on its way.
        if (now.every((part, index) => part === asked[index])) {
          this.#take(answer);
        }
      },
    };
  }

  /** Shows that the server refused to answer. */
  refused(text) {
    this.#table.rows([], text);
  }

  /** The arguments that have the server sort and cut, as far as it can. */
  #cut() {
    const { total, base } = this.#view;
    if (total === undefined) return "";
    const { server } = this.#column;
    if (base.sort === undefined) return `&limit=${MOST}`;
    if (server === undefined) return `&sort=${base.sort}&limit=${MOST}`;
    if (server.down === this.#down || this.#there === 0) {
      return `&sort=${server.sort}&offset=${this.#page * PAGE}&limit=${PAGE}`;
    }
    // The other way round: the same order, from its end.
    const end = Math.max(1, this.#there - this.#page * PAGE);
    const offset = Math.max(0, end - PAGE);
    return `&sort=${server.sort}&offset=${offset}&limit=${end - offset}`;
  }

  #take(answer) {
    const view = this.#view;
    let rows = view.rows(answer) ?? [];
    this.#rates.add(rows, view.key, answer.now);
    const total = view.total?.(answer) ?? rows.length;
    this.#there = total;
    const { server } = this.#column;
    const cutByServer = view.base?.sort !== undefined && server !== undefined;
    if (!cutByServer) {
      this.#note(rows.length, total);
      rows = rows.toSorted((a, b) => this.#compare(a, b));
      this.#total = rows.length;
      rows = rows.slice(this.#page * PAGE, (this.#page + 1) * PAGE);
    } else {
      this.#note(total, total);
      this.#total = total;
      if (server.down !== this.#down) rows.reverse();
    }
    this.#table.rows(rows, view.empty);
    this.#pages(rows.length);
    this.#figures(answer);
  }

  #compare(a, b) {
    const { value } = this.#column;
    const [x, y] = [value(a), value(b)];
    const order = typeof x === "string" ? x.localeCompare(y) : x - y;
    const { key } = this.#view;
    return (this.#down ? -order : order) || (a[key] > b[key] ? 1 : -1);
  }

  #note(seen, total) {
    byId("note").textContent = seen < total
      ? `sorted among the ${whole(seen)} ${this.#view.base.text} of ${
        whole(total)
      }`
      : "";
  }

  #pages(count) {
    const last = Math.max(0, Math.ceil(this.#total / PAGE) - 1);
    const first = this.#page * PAGE;
    byId("pager").hidden = this.#total <= PAGE;
    byId("range").textContent = `${whole(first + 1)}–${
      whole(first + count)
    } of ${whole(this.#total)}`;
    const [back, on] = byId("pager").querySelectorAll("button");
    back.disabled = this.#page === 0;
    on.disabled = this.#page >= last;
    if (this.#page > last) this.#go(last);
  }

  #figures(answer) {
    const list = byId("figures");
    list.hidden = this.#view.figures === undefined;
    if (!list.hidden) facts(list, this.#view.figures, answer);
  }

  #tab(view) {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.id = `tab-${view.id}`;
    tab.role = "tab";
    tab.textContent = view.title;
    tab.setAttribute("aria-controls", "panel");
    tab.addEventListener("click", () => {
      history.replaceState(null, "", `#${view.id}`);
      this.#show(view);
    });
    return tab;
  }

  #show(view) {
    this.#view = view;
    this.#column = view.columns.find(({ key }) => key === view.start);
    this.#down = firstDown(this.#column);
    for (const tab of byId("tabs").children) {
      tab.ariaSelected = String(tab.id === `tab-${view.id}`);
    }
    this.#table.columns(view.columns.map((column) => this.#linked(column)));
    this.#rates.clear();
    this.#there = 0;
    byId("figures").hidden = true;
    byId("pager").hidden = true;
    byId("note").textContent = "";
    this.#reorder();
  }

  /** Links are written relative to the endpoints, wherever those are. */
  #linked({ href, ...column }) {
    if (href === undefined) return column;
    return { ...column, href: (row) => this.#base + href(row) };
  }

  #sort(column) {
    const same = column.key === this.#column.key;
    this.#column = this.#view.columns.find(({ key }) => key === column.key);
    this.#down = same ? !this.#down : firstDown(column);
    this.#reorder();
  }

  #reorder() {
    this.#table.sorted(this.#column.key, this.#down);
    this.#go(0);
  }

  #go(page) {
    this.#page = Math.max(0, page);
    this.onChange();
  }
}

/** Fills a list with `[label, text of answer]`. */
export function facts(list, entries, answer) {
  if (list.childElementCount !== entries.length) {
    list.replaceChildren(...entries.map(([label]) => {
      const group = document.createElement("div");
      const term = document.createElement("dt");
      term.textContent = label;
      group.append(term, document.createElement("dd"));
      return group;
    }));
  }
  entries.forEach(([, text], index) => {
    const figure = list.children[index].lastChild;
    const shown = text(answer);
    if (figure.textContent === shown) return;
    figure.textContent = shown;
    figure.title = shown;
  });
}

/** The element of the page called `id`. */
export function byId(id) {
  return document.getElementById(id);
}

/** Figures start with the largest, words and ids with the first. */
function firstDown({ left, key }) {
  return !left && !["cid", "rid", "sid"].includes(key);
}

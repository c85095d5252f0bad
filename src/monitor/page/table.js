/** A table whose columns can be sorted by; knows nothing of what it shows. */

/** Shows rows; says through `onSort` which column was clicked. */
export class Table {
  /** Called with a column. */
  onSort = () => {};

  #head = document.createElement("thead");
  #body = document.createElement("tbody");
  #columns = [];

  /** Fills `table`. */
  constructor(table) {
    table.replaceChildren(this.#head, this.#body);
  }

  /**
   * Starts over with `columns`: `{ key, title, group, text, href, left, keep }`,
   * where neighbours of one group get a heading together, and the one to `keep`
   * stays in sight on narrow screens.
   */
  columns(columns) {
    this.#columns = columns;
    const groups = document.createElement("tr");
    const titles = document.createElement("tr");
    columns.forEach((column, index) => {
      titles.append(this.#title(column));
      if (
        column.group !== undefined && column.group === columns[index - 1]?.group
      ) {
        groups.lastChild.colSpan++;
      } else {
        const group = document.createElement("td");
        group.textContent = column.group ?? "";
        group.className = column.group === undefined ? "" : "group";
        groups.append(group);
      }
    });
    groups.className = "groups";
    const grouped = columns.some(({ group }) => group !== undefined);
    this.#head.replaceChildren(...(grouped ? [groups, titles] : [titles]));
    this.#body.replaceChildren();
  }

  /** Shows by which column rows are sorted, and whether the largest is first. */
  sorted(key, down) {
    const cells = this.#head.lastChild.children;
    this.#columns.forEach((column, index) => {
      const order = down ? "descending" : "ascending";
      cells[index].ariaSort = column.key === key ? order : "none";
    });
  }

  /** Shows `rows`, or `empty` if there are none. */
  rows(rows, empty) {
    const body = this.#body;
    if (rows.length === 0) return this.#empty(empty);
    if (body.firstChild?.className === "empty") body.replaceChildren();
    while (body.childElementCount > rows.length) body.lastChild.remove();
    while (body.childElementCount < rows.length) body.append(this.#row());
    rows.forEach((row, index) => this.#fill(body.children[index], row));
  }

  #title(column) {
    const cell = document.createElement("th");
    const button = document.createElement("button");
    cell.scope = "col";
    cell.className = classesOf(column);
    cell.dataset.key = column.key;
    button.type = "button";
    button.textContent = column.title;
    if (column.group !== undefined) {
      button.ariaLabel = `${column.group} ${column.title}`;
    }
    if (column.hint !== undefined) button.title = column.hint;
    button.addEventListener("click", () => this.onSort(column));
    cell.append(button);
    return cell;
  }

  #row() {
    const row = document.createElement("tr");
    for (const column of this.#columns) {
      const cell = document.createElement("td");
      cell.className = classesOf(column);
      if (column.href !== undefined) cell.append(document.createElement("a"));
      row.append(cell);
    }
    return row;
  }

  /** Touches only what has changed. */
  #fill(element, row) {
    this.#columns.forEach(({ text, href, left }, index) => {
      const cell = element.children[index];
      const shown = String(text(row));
      const target = href === undefined ? cell : cell.firstChild;
      if (href !== undefined) target.href = href(row);
      if (target.textContent === shown) return;
      target.textContent = shown;
      cell.classList.toggle(
        "none",
        shown === "–" || shown === "0" || shown === "0 B",
      );
      if (left) cell.title = shown;
    });
  }

  #empty(text) {
    const row = document.createElement("tr");
    const cell = document.createElement("td");
    row.className = "empty";
    cell.colSpan = this.#columns.length;
    cell.textContent = text;
    row.append(cell);
    this.#body.replaceChildren(row);
  }
}

function classesOf({ left, keep }) {
  return `${left ? "left" : ""} ${keep ? "keep" : ""}`.trim();
}

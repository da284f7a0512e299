// The table: sorted by a button in each heading, a page at a time, of the selected trials.
import { make } from "./draw.js";

const kPageRows = 25;

// A cell that has nothing stands last, whichever way it is sorted; NaN just before.
function compareCells(column, a, b, sign) {
  if (!column.has(a) || !column.has(b)) return Number(column.has(b)) - Number(column.has(a));
  if (!column.isNumber) return sign * column.text(a).localeCompare(column.text(b), "en", { numeric: true });
  const x = column.number(a), y = column.number(b);
  if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
  return sign * (x - y || 0);
}

export function mountLeaderboard(parent, data, selection) {
  const columns = data.columns.filter((column) => column.isShown);
  let sort = null, page = 0;
  const body = make("tbody");
  const heads = columns.map((column) => {
    const button = make("button", { type: "button", onclick: () => sortBy(column) }, column.name);
    return make("th", { scope: "col", class: column.isNumber ? "number" : "" }, button);
  });
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), body);
  const place = make("span", { "aria-live": "polite" });
  const previous = make("button", { type: "button", onclick: () => turn(-1) }, "Previous");
  const next = make("button", { type: "button", onclick: () => turn(1) }, "Next");
  parent.replaceChildren(
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Leaderboard" }, table),
    make("div", { class: "more" }, previous, next, place),
  );

  function sortBy(column) {
    const first = column.part === "value" && data.goal === "maximize" ? "descending" : "ascending";
    const second = first === "ascending" ? "descending" : "ascending";
    sort = sort?.column !== column ? { column, way: first } : sort.way === first ? { column, way: second } : null;
    page = 0;
    render();
  }
  function turn(pages) {
    page += pages;
    render();
  }
  function render() {
    const rows = [];
    for (let row = 0; row < data.rows; ++row) if (selection.mask[row]) rows.push(row);
    if (sort) rows.sort((a, b) => compareCells(sort.column, a, b, sort.way === "ascending" ? 1 : -1) || a - b);
    heads.forEach((head, i) => {
      if (sort?.column === columns[i]) head.setAttribute("aria-sort", sort.way);
      else head.removeAttribute("aria-sort");
    });
    const pages = Math.max(1, Math.ceil(rows.length / kPageRows));
    page = Math.max(0, Math.min(page, pages - 1));
    const shown = rows.slice(page * kPageRows, (page + 1) * kPageRows);
    body.replaceChildren(...shown.map((row) => make("tr", {}, ...columns.map((column) => cell(column, row)))));
    place.textContent = rows.length === 0 ? "no trial" : `${page * kPageRows + 1}–${page * kPageRows + shown.length} of ${rows.length}`;
    previous.disabled = page === 0;
    next.disabled = page === pages - 1;
  }
  function cell(column, row) {
    const text = column.part === "trial" ? column.text(row).slice(0, 8) : column.wholeText(row);
    const exact = column.exactText(row);
    return make("td", { class: column.isNumber ? "number" : "", title: exact === text ? undefined : exact }, text);
  }
  selection.onChange(() => {
    page = 0;
    render();
  });
  render();
}

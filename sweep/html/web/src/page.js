// Begins when the page has been read: puts the figures that answer to mouse and keyboard in the place of the plain ones,
// and draws them again when the window, the colours or the paper change.
import { mountCurves } from "./curves.js";
import { readData } from "./data.js";
import { make } from "./draw.js";
import { mountLeaderboard } from "./leaderboard.js";
import { mountParallel } from "./parallel.js";
import { mountParameters } from "./parameters.js";
import { Selection } from "./selection.js";
import { mountTimeline } from "./timeline.js";

function mountFilter(parent, data, selection) {
  const example = data.parameters.find((column) => !column.isNumber && column.words.length > 1) ?? data.parameters[0];
  const hint = example ? `${example.name}=${example.text(0)} and rank<=20` : "rank<=10";
  const input = make("input", { id: "filter-text", type: "search", placeholder: hint, autocomplete: "off", spellcheck: "false" });
  const problem = make("p", { class: "problem", role: "alert" });
  const count = make("span", { class: "count", "aria-live": "polite" });
  const clear = make("button", { type: "button", onclick: clearAll }, "Clear");
  parent.append(make("label", { for: "filter-text" }, "Filter"), input, clear, count, problem);
  parent.classList.add("filter");

  function apply() {
    try {
      selection.setFilter(input.value);
      problem.textContent = "";
    } catch (error) {
      problem.textContent = error.message;
    }
  }
  function clearAll() {
    input.value = "";
    selection.brushes.clear();
    selection.onClear?.();
    apply();
  }
  function tell() {
    count.textContent = selection.isAll ? `all ${data.rows} trials` : `${selection.count} of ${data.rows} trials`;
    clear.disabled = selection.isAll && input.value === "";
  }
  input.oninput = apply;
  selection.onChange(tell);
  tell();
}

async function start() {
  const data = await readData();
  const selection = new Selection(data);
  const figures = [["curves", mountCurves], ["parallel", mountParallel], ["parameters", mountParameters], ["timeline", mountTimeline]];
  mountFilter(document.getElementById("filter"), data, selection);
  mountLeaderboard(document.getElementById("leaderboard"), data, selection);
  const renders = figures.map(([id, mount]) => {
    const parent = document.getElementById(id);
    return parent && mount(parent, data, selection);
  }).filter(Boolean);
  const render = () => renders.forEach((one) => one());
  render();

  let width = document.body.clientWidth;
  window.addEventListener("resize", () => {
    if (document.body.clientWidth === width) return;
    width = document.body.clientWidth;
    requestAnimationFrame(render);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", render);
  window.addEventListener("beforeprint", () => {
    document.documentElement.dataset.print = "";
    render();
  });
  window.addEventListener("afterprint", () => {
    delete document.documentElement.dataset.print;
    render();
  });
  document.documentElement.dataset.ready = "";
}

start();

// Begins when the page has been read: puts figures that answer to mouse and keyboard in the place of the plain ones, and
// draws them again when the window or the colours change.
import { mountCurves } from "./curves.js";
import { readData } from "./data.js";
import { make } from "./draw.js";
import { asWord, FilterError, readFilter } from "./filter.js";
import { mountLeaderboard } from "./leaderboard.js";
import { mountParallel } from "./parallel.js";
import { mountParameters } from "./parameters.js";
import { Selection } from "./selection.js";
import { mountTimeline } from "./timeline.js";

const kTypingMs = 350; // a condition that is not finished is no mistake

function mountFilter(parent, data, selection) {
  const example = data.parameters.find((column) => !column.isNumber && column.words.length > 1) ?? data.parameters[0];
  const value = typeof example?.cell(0) === "string" ? asWord(example.text(0)) : example?.exactText(0); // as the language reads it
  const hint = example ? `${asWord(example.name)}=${value} and rank<=20` : "rank<=10";
  const input = make("input", { id: "filter-text", type: "search", placeholder: hint, autocomplete: "off", spellcheck: "false", "aria-describedby": "filter-problem" });
  const problem = make("p", { id: "filter-problem", class: "problem", role: "alert", "aria-live": "assertive" });
  const count = make("span", { class: "count", "aria-live": "polite" });
  const clear = make("button", { type: "button", onclick: clearAll }, "Clear");
  parent.append(make("label", { for: "filter-text" }, "Filter"), input, clear, count, problem);
  parent.classList.add("filter");
  let waiting;

  // What is wrong is said once nobody types any more; then no condition selects, and the count is that of what is shown.
  function read(isTyping) {
    clearTimeout(waiting);
    let holds = null, said = "";
    try {
      if (input.value.trim() !== "") holds = readFilter(data.columns, input.value, data.rows === 0);
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      said = `at character ${error.at}: ${error.message}; no condition is applied`;
      if (isTyping) return void (waiting = setTimeout(read, kTypingMs, false));
    }
    problem.textContent = said;
    if (said) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    selection.setFilter(holds);
  }
  function clearAll() {
    input.value = "";
    selection.clearBrushes();
    read(false);
  }
  function tell() {
    count.textContent = selection.isAll ? `all ${data.rows} ${data.noun}s` : `${selection.count} of ${data.rows} ${data.noun}s`;
    clear.disabled = selection.isAll && input.value === "";
  }
  input.oninput = () => read(true);
  input.onchange = () => read(false);
  selection.onChange(tell);
  tell();
}

// The plain figure stays for paper; on the screen too where there is nothing to answer with.
function mountBesidePlain(id, mount, data, selection) {
  const parent = document.getElementById(id);
  const plain = make("div", { class: "plain" }, ...parent.childNodes);
  const live = make("div", { class: "live" });
  parent.append(plain, live);
  const render = mount(live, data, selection);
  if (render === null) plain.className = "";
  return render;
}

async function start() {
  const data = await readData();
  const selection = new Selection(data);
  const figures = [["leaderboard", mountLeaderboard], ["curves", mountCurves], ["parallel", mountParallel], ["parameters", mountParameters], ["timeline", mountTimeline]];
  mountFilter(document.getElementById("filter"), data, selection);
  const renders = figures
    .filter(([id]) => document.getElementById(id))
    .map(([id, mount]) => mountBesidePlain(id, mount, data, selection))
    .filter(Boolean);
  const render = () => renders.forEach((one) => one());
  render();

  let width = document.body.clientWidth;
  window.addEventListener("resize", () => {
    if (document.body.clientWidth === width) return;
    width = document.body.clientWidth;
    requestAnimationFrame(render);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", render);
  document.documentElement.dataset.ready = "";
}

start();

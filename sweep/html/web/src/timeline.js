// Which slot ran which attempt, and when: a bar an attempt, coloured by how it ended; a second try carries a stripe.
import { axisBottom } from "d3-axis";
import { scaleLinear } from "d3-scale";
import { select } from "d3-selection";
import { rowName, wordOf } from "./data.js";
import { Layers, colour, make, mouseIn, Tip } from "./draw.js";
import { cut } from "./scales.js";

const kMargin = { left: 104, right: 14, top: 6, bottom: 40 };
const kGroups = {
  completed: "completed", diverged: "diverged", no_metric: "diverged", failed: "failed", out_of_memory: "failed",
  timed_out: "failed", stalled: "failed", killed: "failed", pruned: "stopped", cancelled: "stopped", lost: "stopped",
};
const kUnits = [[3600, "hours", 3 * 3600], [60, "minutes", 300], [1, "seconds", 0]];

export function mountTimeline(parent, data, selection) {
  const line = data.timeline;
  if (line.row.length === 0) return null;
  const slots = [...line.slot.words].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const rowHeight = slots.length > 24 ? 11 : 24;
  const end = Math.max(...line.end.map((at) => at), 1);
  const busy = line.start.reduce((sum, start, i) => sum + Math.max(0, line.end[i] - start), 0);
  const retries = line.attempt.filter((attempt) => attempt > 0).length;
  const note = make("p", { class: "note" });
  note.append(`${line.row.length} attempts in ${slots.length} ${slots.length === 1 ? "slot" : "slots"}, ${retries} of them not the first of their trial. `);
  note.append(data.rows < data.all_rows ? "Attempts of trials that this page does not show are gaps." : `Slots were in use ${Math.round((100 * busy) / (end * slots.length))} % of the time; gaps are waits.`);
  const legend = make("ul", { class: "legend" });
  for (const word of line.outcome.words) legend.append(make("li", {}, make("span", { class: `swatch ${/^\w+$/.test(word) ? word : ""}` }), word));
  parent.replaceChildren(note, legend);
  const layers = new Layers(parent, "Which slot ran which attempt, and when");
  const tip = new Tip(layers.root);
  let bars = [];

  function render() {
    const height = kMargin.top + kMargin.bottom + rowHeight * slots.length;
    layers.resize(parent.clientWidth, height);
    const [unit, name] = kUnits.find(([, , least]) => end / 1000 >= least);
    const x = scaleLinear([0, end / 1000 / unit], [kMargin.left, layers.width - kMargin.right]);
    const svg = select(layers.svg);
    svg.append("g").attr("transform", `translate(0,${height - kMargin.bottom})`).call(axisBottom(x).ticks(Math.max(3, layers.width / 120)));
    svg.append("text").attr("class", "axis-name").attr("x", layers.width - kMargin.right).attr("y", height - 4).attr("text-anchor", "end").text(`${name} since the first start`);
    slots.forEach((slot, s) => {
      if (rowHeight < 20 && s % 2 === 1) return;
      const label = svg.append("text").attr("class", "label").attr("x", kMargin.left - 8).attr("y", kMargin.top + rowHeight * (s + 0.5) + 4).attr("text-anchor", "end");
      label.text(cut(slot, 15)).append("title").text(slot);
    });
    const rowOf = new Map(slots.map((slot, s) => [slot, s]));
    bars = line.row.map((row, i) => {
      const left = x(line.start[i] / 1000 / unit), right = x(line.end[i] / 1000 / unit);
      return { i, row, left, width: Math.max(1, right - left - 0.6), top: kMargin.top + rowHeight * rowOf.get(wordOf(line.slot, i)) + 2 };
    });
    paint();
  }
  function paint() {
    const context = layers.context();
    for (const { i, row, left, width, top } of bars) {
      context.globalAlpha = row < 0 || selection.mask[row] ? 1 : 0.18;
      context.fillStyle = colour(kGroups[wordOf(line.outcome, i)] ?? "waits");
      context.fillRect(left, top, width, rowHeight - 4);
      if (line.attempt[i] === 0) continue;
      context.fillStyle = colour("ink");
      context.fillRect(left, top, width, 3);
    }
    context.globalAlpha = 1;
  }
  layers.root.addEventListener("mousemove", (event) => {
    const [mouseX, mouseY] = mouseIn(layers.root, event);
    const found = bars.find((bar) => mouseX >= bar.left - 1 && mouseX <= bar.left + bar.width + 1 && mouseY >= bar.top && mouseY <= bar.top + rowHeight);
    if (!found) return tip.hide();
    const seconds = (line.end[found.i] - line.start[found.i]) / 1000;
    const name = found.row < 0 ? "a trial that is not shown" : rowName(data, found.row);
    tip.show(mouseX, mouseY, [`${name}, attempt ${line.attempt[found.i]}`, `${wordOf(line.outcome, found.i)} after ${seconds.toFixed(seconds < 10 ? 2 : 0)} s`, wordOf(line.reason, found.i)]);
  });
  layers.root.addEventListener("mouseleave", () => tip.hide());
  selection.onChange(paint);
  return render;
}

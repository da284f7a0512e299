// Each parameter against the metric: a dot a trial, and over it what the forest expects, all other parameters varying.
import { axisBottom, axisLeft } from "d3-axis";
import { select } from "d3-selection";
import { rowName } from "./data.js";
import { Layers, colour, make, mouseIn, Tip } from "./draw.js";
import { columnScale, numberScale, usualRange } from "./scales.js";

const kMargin = { left: 52, right: 12, top: 8, bottom: 26 };
const kHeight = 210;
const kMostCharts = 12;
const kBest = 10; // ranks that stand out

export function mountParameters(parent, data, selection) {
  if (data.parameters.length === 0 || !data.value.isNumber) return null;
  const charts = make("div", { class: "charts" });
  const shown = data.parameters.slice(0, kMostCharts);
  const note = make("p", { class: "note" });
  note.append("The ten best in orange. The line is what a random forest expects at this value while all other parameters vary, its band the deviation over the trees.");
  if (shown.length < data.parameters.length) note.append(` The ${shown.length} most important of ${data.parameters.length} parameters.`);
  parent.replaceChildren(note, charts);
  const renders = shown.map((column) => mountChart(charts, data, selection, column));
  const render = () => renders.forEach((one) => one());
  selection.onChange(render);
  return render;
}

// Of words a little to the side, the same way each time, so that dots do not hide each other.
const aside = (row) => ((row * 0.618034) % 1) - 0.5;

function mountChart(parent, data, selection, column) {
  const root = make("div", {}, make("h3", { title: column.name }, column.name));
  parent.append(root);
  const layers = new Layers(root, `${data.value.name} by ${column.name}`);
  const tip = new Tip(layers.root);
  const all = Array.from({ length: data.rows }, (_, row) => row);
  const effects = data.effects.find((effect) => effect.name === column.name)?.effects ?? [];
  let dots = [];

  function render() {
    layers.resize(root.clientWidth, kHeight);
    const width = layers.width - kMargin.right, height = kHeight - kMargin.bottom;
    const x = columnScale(column, all, [kMargin.left + 6, width - 6]);
    const values = all.map((row) => data.value.number(row));
    const y = numberScale({ number: (row) => data.value.number(row) }, ...usualRange(values), [height - 4, kMargin.top]);
    const jitter = x.words ? Math.min(30, (width - kMargin.left) / Math.max(1, x.words.length) * 0.55) : 0;
    dots = [];
    for (const row of all) {
      const px = x.at(row) + jitter * aside(row), py = y.at(row);
      if (!Number.isNaN(px) && !Number.isNaN(py)) dots.push({ row, px, py });
    }
    axes(x, y, height, width);
    paint(x, y);
  }
  function axes(x, y, height, width) {
    const svg = select(layers.svg);
    const below = axisBottom(x.scale).tickFormat(x.format).tickSizeOuter(0), beside = axisLeft(y.scale).tickFormat(y.format);
    svg.append("g").attr("transform", `translate(0,${height})`).call(x.ticks ? below.tickValues(fitting(x, width)) : below.ticks(4));
    svg.append("g").attr("transform", `translate(${kMargin.left},0)`).call(y.ticks ? beside.tickValues(y.ticks) : beside.ticks(5));
  }
  // Labels of words are as wide as they are: as many as there is room for.
  function fitting(x, width) {
    const longest = Math.max(...x.ticks.map((tick) => x.format(tick).length), 1) * 6.5 + 10;
    const room = Math.max(1, Math.floor((width - kMargin.left) / longest));
    return x.ticks.filter((tick, place) => place % Math.ceil(x.ticks.length / room) === 0);
  }
  function paint(x, y) {
    const context = layers.context();
    context.globalAlpha = dots.length > 1500 ? 0.35 : 0.6;
    const dot = ({ px, py }, radius) => {
      context.beginPath();
      context.arc(px, py, radius, 0, 6.2832);
      context.fill();
    };
    context.fillStyle = colour("dim");
    if (!selection.isAll) for (const one of dots) if (!selection.mask[one.row]) dot(one, 1.6);
    context.fillStyle = colour("line");
    for (const one of dots) if (selection.mask[one.row]) dot(one, dots.length > 1500 ? 1.8 : 2.6);
    context.globalAlpha = 1;
    context.fillStyle = colour("best");
    for (const one of dots)
      if (selection.mask[one.row] && data.rank.number(one.row) <= kBest) dot(one, 3.4);
    expectations(context, x, y);
  }
  function expectations(context, x, y) {
    const steps = effects.map((effect) => ({ ...effect, ...edges(x, effect) })).filter((step) => step.right > step.left);
    context.fillStyle = colour("band");
    for (const { left, right, mean, deviation } of steps) {
      const top = y.scale(mean + deviation), bottom = y.scale(mean - deviation);
      context.fillRect(left, Math.min(top, bottom), right - left, Math.abs(bottom - top));
    }
    context.strokeStyle = colour("best");
    context.lineWidth = 1.6;
    for (const { left, right, mean } of steps) {
      context.beginPath();
      context.moveTo(left, y.scale(mean));
      context.lineTo(right, y.scale(mean));
      context.stroke();
    }
  }
  function edges(x, { from, to }) {
    const half = x.words ? Math.min(26, layers.width / (3 * x.words.length)) : 7;
    const at = (value) => (x.words ? x.scale(String(value)) : x.scale(Number(value)));
    if (from === null || at(from) === undefined || at(to) === undefined) return { left: 0, right: 0 };
    return from === to ? { left: at(from) - half, right: at(from) + half } : { left: at(from), right: at(to) };
  }
  layers.root.addEventListener("mousemove", (event) => {
    const [mouseX, mouseY] = mouseIn(layers.root, event);
    let best = null, least = 144;
    for (const one of dots) {
      const distance = (one.px - mouseX) ** 2 + (one.py - mouseY) ** 2;
      if (selection.mask[one.row] && distance < least) [least, best] = [distance, one];
    }
    if (!best) return tip.hide();
    tip.show(mouseX, mouseY, [rowName(data, best.row), `${column.name} ${column.text(best.row)}`, `${data.value.name} ${data.value.wholeText(best.row)}`]);
  });
  layers.root.addEventListener("mouseleave", () => tip.hide());
  return render;
}

// Parallel coordinates: a line a trial through its parameters to its metric, the better the stronger its colour. A brush
// on an axis selects. Lines are drawn on canvases: thousands of them must follow the mouse.
import { axisLeft } from "d3-axis";
import { brushY } from "d3-brush";
import { select } from "d3-selection";
import { Layers, colour, make, shareColours } from "./draw.js";
import { columnScale, cut, numberScale, usualRange } from "./scales.js";

const kMargin = { left: 60, right: 60, top: 34, bottom: 34 };
const kHeight = 380;
const kMostLines = 2000;
const kMostAxes = 12;
const kLeastGap = 96; // pixels between two axes
const kColours = 24;
const kBest = 10; // ranks that stand out

// The first quarter, and of the rest each so many-th.
function drawnRows(rows) {
  if (rows <= kMostLines) return Array.from({ length: rows }, (_, row) => row);
  const first = kMostLines / 4, others = kMostLines - first;
  return Array.from({ length: kMostLines }, (_, i) =>
    i < first ? i : first + Math.floor(((i - first) * (rows - first)) / others));
}

export function mountParallel(parent, data, selection) {
  const columns = [...data.parameters.slice(0, kMostAxes - 1), data.value];
  if (columns.length < 2) return null;
  const rows = drawnRows(data.rows);
  const left = data.parameters.length - (columns.length - 1);
  const note = make("p", { class: "note" }, "The better a trial, the stronger its colour; the ten best in orange. Drag along an axis to select, click beside the selection to clear it. ");
  if (rows.length < data.rows) note.append(`Of ${data.rows} trials ${rows.length} are drawn. `);
  if (left > 0) note.append(`The ${columns.length - 1} most important parameters are shown, ${left} are not.`);
  const scroll = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Parallel coordinates" });
  parent.replaceChildren(note, scroll);
  const layers = new Layers(scroll, "Each trial as a line through its parameters to its metric", 2);
  let axes = [], places = null, colours = [], buckets = [];

  function render() {
    const width = Math.max(scroll.clientWidth, kMargin.left + kMargin.right + kLeastGap * (columns.length - 1));
    layers.resize(width, kHeight);
    const range = [kHeight - kMargin.bottom, kMargin.top];
    axes = columns.map((column, a) => ({
      column,
      x: kMargin.left + ((width - kMargin.left - kMargin.right) * a) / (columns.length - 1),
      ...(column === data.value ? valueScale(column, range) : columnScale(column, rows, range)),
    }));
    place();
    paintAll();
    paint();
    drawAxes();
  }
  function valueScale(column, range) {
    return numberScale(column, ...usualRange(rows.map((row) => column.number(row))), range);
  }
  // A cell without a place stands below its axis.
  function place() {
    const none = kHeight - kMargin.bottom + 18;
    places = new Float32Array(rows.length * axes.length);
    rows.forEach((row, i) =>
      axes.forEach((axis, a) => {
        const y = axis.at(row);
        places[i * axes.length + a] = Number.isNaN(y) ? none : y;
      }));
    // By place among the values: a few that are far off would leave one colour for all the others.
    const sign = data.goal === "maximize" ? 1 : -1, goodness = (i) => sign * data.value.number(rows[i]);
    const order = rows.map((_, i) => i).filter((i) => Number.isFinite(goodness(i))).sort((a, b) => goodness(a) - goodness(b));
    buckets = new Int8Array(rows.length).fill(-1);
    order.forEach((i, at) => (buckets[i] = Math.floor((at * kColours) / order.length)));
    colours = shareColours(kColours);
  }
  function trace(context, i) {
    context.moveTo(axes[0].x, places[i * axes.length]);
    for (let a = 1; a < axes.length; ++a) context.lineTo(axes[a].x, places[i * axes.length + a]);
  }
  function paintAll() {
    const context = layers.context(0);
    context.strokeStyle = colour("dim");
    context.globalAlpha = rows.length > 400 ? 0.18 : 0.35;
    context.beginPath();
    for (let i = 0; i < rows.length; ++i) trace(context, i);
    context.stroke();
  }
  function paintLines(context, stroke, isMeant) {
    context.strokeStyle = stroke;
    context.beginPath();
    for (let i = 0; i < rows.length; ++i) if (selection.mask[rows[i]] && isMeant(i)) trace(context, i);
    context.stroke();
  }
  function paint() {
    const context = layers.context(1);
    const selected = rows.reduce((count, row) => count + selection.mask[row], 0);
    context.globalAlpha = selected > 400 ? 0.4 : 0.75;
    context.lineWidth = selected > 100 ? 1 : 1.4;
    for (let bucket = -1; bucket < kColours; ++bucket)
      paintLines(context, bucket < 0 ? colour("dim") : colours[bucket], (i) => buckets[i] === bucket);
    context.globalAlpha = 1;
    context.lineWidth = 1.8;
    paintLines(context, colour("best"), (i) => data.rank.number(rows[i]) <= kBest);
  }
  function drawAxes() {
    const svg = select(layers.svg);
    axes.forEach((axis) => {
      const group = svg.append("g").attr("transform", `translate(${axis.x},0)`);
      const ticks = axisLeft(axis.scale).tickFormat(axis.format);
      group.call(axis.ticks ? ticks.tickValues(axis.ticks) : ticks.ticks(6));
      const name = group.append("text").attr("class", "axis-name").attr("y", kMargin.top - 16).attr("text-anchor", "middle");
      name.text(cut(axis.column.name, 16)).append("title").text(axis.column.name);
      const brush = brushY()
        .extent([[-14, kMargin.top - 6], [14, kHeight - kMargin.bottom + 26]])
        .on("brush end", ({ selection: pixels, sourceEvent }) => sourceEvent && brushed(axis, pixels));
      group.append("g").attr("class", "brush").call(brush);
      axis.brush = group.select(".brush");
      axis.move = brush.move;
      if (axis.pixels) axis.brush.call(brush.move, axis.pixels);
    });
  }
  function brushed(axis, pixels) {
    performance.mark("brush-begin");
    const none = kHeight - kMargin.bottom + 18;
    const holds = pixels && ((row) => {
      const at = axis.at(row), y = Number.isNaN(at) ? none : at;
      return y >= pixels[0] && y <= pixels[1];
    });
    selection.setBrush(axis.column, holds, paint);
    performance.measure("brush", "brush-begin");
  }
  selection.onChange(paint);
  selection.onClear = () => axes.forEach((axis) => axis.brush.call(axis.move, null));
  return render;
}

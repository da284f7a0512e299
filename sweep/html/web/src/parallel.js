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
  if (rows.length < data.rows) note.append(`Of ${data.rows} ${data.noun}s ${rows.length} are drawn. `);
  if (left > 0) note.append(`The ${columns.length - 1} most important parameters are shown, ${left} are not.`);
  const scroll = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Parallel coordinates" });
  parent.replaceChildren(note, scroll);
  const layers = new Layers(scroll, "Each trial as a line through its parameters to its metric", 2);
  const pixelsOf = new Map(); // of each column that has a brush: from and to
  const due = new Set(); // axes whose brush was moved since the last frame
  let axes = [], places = null, palette = {}, buckets = [], best = [];

  function render() {
    const width = Math.max(scroll.clientWidth, kMargin.left + kMargin.right + kLeastGap * (columns.length - 1));
    layers.resize(width, kHeight);
    const range = [kHeight - kMargin.bottom, kMargin.top];
    axes = columns.map((column, a) => ({
      column,
      x: kMargin.left + ((width - kMargin.left - kMargin.right) * a) / (columns.length - 1),
      ...(column === data.value ? valueScale(column, range) : columnScale(column, rows, range)),
    }));
    // Asked for once: the style of the page is made anew each time that somebody asks.
    palette = { dim: colour("dim"), best: colour("best"), buckets: shareColours(kColours) };
    place();
    paintAll();
    paint();
    drawAxes();
  }
  function valueScale(column, range) {
    return numberScale(column, ...usualRange(rows.map((row) => column.number(row))), range);
  }
  // A cell without a place stands below its axis.
  function pixelOf(axis, row) {
    const y = axis.at(row);
    return Number.isNaN(y) ? kHeight - kMargin.bottom + 18 : y;
  }
  function place() {
    places = new Float32Array(rows.length * axes.length);
    rows.forEach((row, i) => axes.forEach((axis, a) => (places[i * axes.length + a] = pixelOf(axis, row))));
    // By place among the values: a few that are far off would leave one colour for all the others.
    const sign = data.goal === "maximize" ? 1 : -1, goodness = (i) => sign * data.value.number(rows[i]);
    const lines = rows.map((_, i) => i);
    const order = lines.filter((i) => Number.isFinite(goodness(i))).sort((a, b) => goodness(a) - goodness(b));
    buckets = Array.from({ length: kColours }, () => []);
    order.forEach((i, at) => buckets[Math.floor((at * kColours) / order.length)].push(i));
    buckets.unshift(lines.filter((i) => !Number.isFinite(goodness(i))));
    best = lines.filter((i) => data.rank.number(rows[i]) <= kBest);
  }
  function trace(context, i) {
    context.moveTo(axes[0].x, places[i * axes.length]);
    for (let a = 1; a < axes.length; ++a) context.lineTo(axes[a].x, places[i * axes.length + a]);
  }
  function paintAll() {
    const context = layers.context(0);
    context.strokeStyle = palette.dim;
    context.globalAlpha = rows.length > 400 ? 0.18 : 0.35;
    context.beginPath();
    for (let i = 0; i < rows.length; ++i) trace(context, i);
    context.stroke();
  }
  function paintLines(context, stroke, lines) {
    context.strokeStyle = stroke;
    context.beginPath();
    for (const i of lines) if (selection.mask[rows[i]]) trace(context, i);
    context.stroke();
  }
  function paint() {
    const context = layers.context(1);
    let selected = 0;
    for (const row of rows) selected += selection.mask[row];
    context.globalAlpha = selected > 400 ? 0.4 : 0.75;
    context.lineWidth = selected > 100 ? 1 : 1.4;
    buckets.forEach((lines, bucket) => paintLines(context, bucket === 0 ? palette.dim : palette.buckets[bucket - 1], lines));
    context.globalAlpha = 1;
    context.lineWidth = 1.8;
    paintLines(context, palette.best, best);
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
        .on("start", () => (axis.pixels ??= Float32Array.from({ length: data.rows }, (_, row) => pixelOf(axis, row))))
        .on("brush end", ({ selection: pixels, sourceEvent }) => sourceEvent && brushed(axis, pixels));
      group.append("g").attr("class", "brush").call(brush);
      axis.brush = group.select(".brush");
      axis.move = brush.move;
      if (pixelsOf.has(axis.column)) axis.brush.call(brush.move, pixelsOf.get(axis.column));
    });
  }
  // The mouse may move more often than the screen is drawn.
  function brushed(axis, pixels) {
    if (pixels) pixelsOf.set(axis.column, pixels);
    else pixelsOf.delete(axis.column);
    due.add(axis);
    if (due.size === 1) requestAnimationFrame(choose);
  }
  function choose() {
    performance.mark("brush-begin");
    for (const axis of due) {
      const [from, to] = pixelsOf.get(axis.column) ?? [];
      selection.setBrush(axis.column, from === undefined ? null : (row) => axis.pixels[row] >= from && axis.pixels[row] <= to, paint);
    }
    due.clear();
    performance.measure("brush", "brush-begin");
  }
  selection.onChange(paint);
  selection.onClear = () => {
    const brushedAxes = axes.filter((axis) => pixelsOf.has(axis.column));
    pixelsOf.clear();
    for (const axis of brushedAxes) axis.brush.call(axis.move, null);
  };
  return render;
}

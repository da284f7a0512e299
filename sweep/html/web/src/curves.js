// Metric curves: all selected trials in grey, the first ten in colours; the nearest one is named beside the mouse.
import { axisBottom, axisLeft } from "d3-axis";
import { scaleLinear, scaleLog } from "d3-scale";
import { select } from "d3-selection";
import { rowName, shortNumber } from "./data.js";
import { colour, kFirstColours, Layers, make, mouseIn, Tip } from "./draw.js";
import { usualRange } from "./scales.js";

const kMargin = { left: 62, right: 14, top: 10, bottom: 34 };
const kHeight = 360;
const kNear = 24; // pixels

export function mountCurves(parent, data, selection) {
  const { metrics, lines, fewer: isThinned } = data.curves;
  if (lines.length === 0) return null;
  for (const line of lines) line.y = line.y.map(Number);
  const choice = make("select", { onchange: render }, ...metrics.map((name, i) => make("option", { value: String(i) }, name)));
  const byDecades = make("input", { type: "checkbox", onchange: render });
  const legend = make("ul", { class: "legend" });
  const note = make("span", { class: "note" });
  parent.replaceChildren(
    make("div", { class: "controls" }, make("label", {}, "Metric", choice), make("label", {}, byDecades, "logarithmic"), note),
  );
  const layers = new Layers(parent, "Metric by step", 2);
  parent.append(legend);
  const tip = new Tip(layers.root);
  let drawn = [];

  function render() {
    const metric = Number(choice.value);
    const shown = lines.filter((line) => line.metric === metric && selection.mask[line.row]);
    layers.resize(parent.clientWidth, kHeight);
    const width = layers.width - kMargin.right, height = kHeight - kMargin.bottom;
    const values = shown.flatMap((line) => line.y);
    const positive = values.filter((value) => value > 1e-290);
    const isLog = byDecades.checked && positive.length > 0;
    const lastStep = shown.reduce((most, line) => Math.max(most, line.x[line.x.length - 1]), 1);
    const firstStep = shown.reduce((least, line) => Math.min(least, line.x[0]), lastStep);
    const x = scaleLinear([firstStep === lastStep ? firstStep - 1 : firstStep, lastStep], [kMargin.left, width]);
    const bounds = usualRange(isLog ? positive : values);
    const margin = Math.abs(bounds[0]) * 0.05 || 1;
    const y = (isLog ? scaleLog() : scaleLinear()).domain(bounds[0] < bounds[1] ? bounds : isLog ? [bounds[0] / 2, bounds[0] * 2] : [bounds[0] - margin, bounds[0] + margin]);
    y.range([height, kMargin.top]);
    axes(x, y, isLog, metrics[metric]);
    drawn = shown.map((line) => ({ line, points: points(line, x, y, isLog) }));
    paint();
    const trials = new Set(shown.map((line) => line.row)).size;
    const all = new Set(lines.map((line) => line.row)).size;
    note.textContent = `${trials} of the ${all} ${data.noun}s that have curves here${isThinned ? ", drawn with fewer points than were recorded" : ""}`;
  }
  function points(line, x, y, isLog) {
    const placed = [];
    for (let i = 0; i < line.x.length; ++i) {
      const value = line.y[i];
      if (Number.isFinite(value) && !(isLog && value <= 0)) placed.push(x(line.x[i]), y(value));
    }
    return placed;
  }
  function axes(x, y, isLog, title) {
    const svg = select(layers.svg);
    const inside = layers.width - kMargin.left - kMargin.right;
    const grid = axisLeft(y).ticks(6).tickSize(-inside).tickFormat("");
    svg.append("g").attr("class", "grid-lines").attr("transform", `translate(${kMargin.left},0)`).call(grid).select(".domain").remove();
    svg.append("g").attr("transform", `translate(${kMargin.left},0)`).call(axisLeft(y).ticks(6, isLog ? "~g" : undefined));
    svg.append("g").attr("transform", `translate(0,${kHeight - kMargin.bottom})`).call(axisBottom(x).ticks(Math.max(3, inside / 110)));
    svg.append("text").attr("class", "axis-name").attr("x", layers.width - kMargin.right).attr("y", kHeight - 2).attr("text-anchor", "end").text("step");
    layers.svg.setAttribute("aria-label", `${title} by step, ${selection.count} ${data.noun}s`);
  }
  function trace(context, placed) {
    context.beginPath();
    for (let i = 0; i < placed.length; i += 2) context.lineTo(placed[i], placed[i + 1]);
    context.stroke();
    if (placed.length !== 2) return;
    context.beginPath();
    context.arc(placed[0], placed[1], 3.5, 0, 2 * Math.PI);
    context.fill();
  }
  function clipped(layer) {
    const context = layers.context(layer);
    context.save();
    context.beginPath();
    context.rect(kMargin.left - 4, 0, layers.width - kMargin.left + 4, kHeight - kMargin.bottom + 4);
    context.clip();
    context.lineJoin = "round";
    return context;
  }
  function paint() {
    const context = clipped(0);
    const firstRows = [...new Set(drawn.map(({ line }) => line.row))].slice(0, kFirstColours.length);
    const others = drawn.filter(({ line }) => !firstRows.includes(line.row));
    context.strokeStyle = context.fillStyle = colour("dim");
    context.globalAlpha = others.length > 300 ? 0.3 : 0.55;
    context.lineWidth = 1;
    for (const { points: placed } of others) trace(context, placed);
    context.globalAlpha = 1;
    for (const { line, points: placed } of drawn.filter((one) => firstRows.includes(one.line.row)).reverse()) {
      const place = firstRows.indexOf(line.row);
      context.strokeStyle = context.fillStyle = kFirstColours[place];
      context.lineWidth = place === 0 ? 2.6 : 1.5;
      trace(context, placed);
    }
    context.restore();
    layers.context(1);
    legend.replaceChildren(...firstRows.map((row, place) => entry(row, kFirstColours[place])));
  }
  function entry(row, stroke) {
    const item = make("li");
    const mark = select(item).append("svg").attr("viewBox", "0 0 18 8").attr("aria-hidden", "true");
    mark.append("line").attr("x1", 0).attr("x2", 18).attr("y1", 4).attr("y2", 4).attr("stroke", stroke).attr("stroke-width", 3);
    item.append(`${rowName(data, row)}: ${data.value.wholeText(row)}`);
    return item;
  }
  function nearest(mouseX, mouseY) {
    let best = null, least = kNear * kNear;
    for (const one of drawn) {
      for (let i = 0; i < one.points.length; i += 2) {
        const distance = (one.points[i] - mouseX) ** 2 + (one.points[i + 1] - mouseY) ** 2;
        if (distance < least) [least, best] = [distance, one];
      }
    }
    return best;
  }
  layers.root.addEventListener("mousemove", (event) => {
    const [mouseX, mouseY] = mouseIn(layers.root, event);
    const found = nearest(mouseX, mouseY);
    const context = clipped(1);
    if (found) {
      context.strokeStyle = context.fillStyle = colour("ink");
      context.lineWidth = 2;
      trace(context, found.points);
      const last = found.line.y[found.line.y.length - 1];
      const settings = data.parameters.slice(0, 6).map((column) => `${column.name} ${column.text(found.line.row)}`);
      tip.show(mouseX, mouseY, [rowName(data, found.line.row), `last ${shortNumber(last)}`, ...settings]);
    } else {
      tip.hide();
    }
    context.restore();
  });
  layers.root.addEventListener("mouseleave", () => {
    tip.hide();
    layers.context(1);
  });
  selection.onChange(render);
  return render;
}

// What the figures share: elements, canvases as sharp as the screen, colours of the page's style, the label that follows
// the mouse.
import { scaleLinear } from "d3-scale";

/** An element with attributes; children are elements or text. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick" || name === "oninput" || name === "onchange") element[name] = value;
    else if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** From a share, 0 the worst and 1 the best, to a colour. */
export function shareColours(steps) {
  const scale = scaleLinear([0, 0.5, 1], ["low", "middle", "high"].map(colour));
  return Array.from({ length: steps }, (_, step) => scale(step / (steps - 1)));
}

/** Of trials by rank: the first ones have colours of their own. */
export const kFirstColours = ["#d2571d", "#2f7fc1", "#2b9a68", "#8e5bd0", "#c9489a", "#a8841c", "#159aa0", "#8a7360", "#5f70e0", "#6f8f25"];

/** Canvases one over the other, and an SVG on top of them. */
export class Layers {
  constructor(parent, label, canvases = 1) {
    this.canvases = Array.from({ length: canvases }, () => make("canvas", { "aria-hidden": "true" }));
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.svg.setAttribute("role", "img");
    this.svg.setAttribute("aria-label", label);
    this.root = make("div", { class: "layers" }, ...this.canvases, this.svg);
    parent.append(this.root);
  }
  resize(width, height) {
    const sharpness = window.devicePixelRatio || 1;
    this.root.style.width = `${width}px`;
    this.root.style.height = `${height}px`;
    this.svg.setAttribute("width", width);
    this.svg.setAttribute("height", height);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.style.width = `${width}px`;
    this.svg.style.height = `${height}px`;
    this.svg.replaceChildren();
    for (const canvas of this.canvases) {
      canvas.width = Math.round(width * sharpness);
      canvas.height = Math.round(height * sharpness);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
      canvas.getContext("2d").setTransform(sharpness, 0, 0, sharpness, 0, 0);
    }
    [this.width, this.height] = [width, height];
  }
  context(layer = 0) {
    const context = this.canvases[layer].getContext("2d");
    context.clearRect(0, 0, this.width, this.height);
    return context;
  }
}

/** The label beside the mouse. */
export class Tip {
  constructor(parent) {
    this.element = make("div", { class: "tip", hidden: true });
    this.parent = parent;
    parent.append(this.element);
  }
  show(x, y, lines) {
    this.element.replaceChildren(...lines.flatMap((line, place) => (place === 0 ? [line] : [make("br"), line])));
    this.element.hidden = false;
    const width = this.element.offsetWidth;
    const room = this.parent.clientWidth - width - 4;
    this.element.style.left = `${Math.max(0, Math.min(x + 14, room))}px`;
    this.element.style.top = `${y + 14}px`;
  }
  hide() {
    this.element.hidden = true;
  }
}

/** Where the mouse is, in pixels of the element. */
export function mouseIn(element, event) {
  const box = element.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

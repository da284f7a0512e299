// What C++ wrote into the page (sweep/html/data.cpp), unpacked. Text of it is only ever set as text, never as markup.

import { jsonOf } from "./filter.js";

/** A column of the leaderboard: numbers, or words of which each row has one. */
class Column {
  constructor({ name, part, hidden, known, values, nulls, words, json, codes, beside }) {
    this.name = name;
    this.part = part;
    this.isShown = !hidden; // in the leaderboard; what is not can be filtered by all the same
    this.known = known; // all words that a condition may name
    this.isNumber = values !== undefined;
    if (this.isNumber) this.numbers = Float64Array.from(values, (value) => (value === null ? NaN : Number(value)));
    this.missing = this.isNumber ? values.map((value) => value === null) : codes.map((code) => code < 0);
    this.nulls = new Set(nulls);
    this.words = words ?? [];
    this.codes = codes ?? [];
    const isJson = new Set(json);
    this.meant = this.words.map((word, code) => (isJson.has(code) ? jsonOf(word) : word));
    this.beside = beside;
  }
  number(row) {
    return this.isNumber ? this.numbers[row] : NaN;
  }
  has(row) {
    return !this.missing[row];
  }
  /** What a condition compares: a text, a number, what else JSON has; undefined where there is nothing. */
  cell(row) {
    if (this.missing[row]) return this.nulls.has(row) ? null : undefined;
    return this.isNumber ? this.numbers[row] : this.meant[this.codes[row]];
  }
  text(row) {
    if (this.missing[row]) return "";
    return this.isNumber ? shortNumber(this.numbers[row]) : this.words[this.codes[row]];
  }
  /** With what is said beside it: of a mean how sure it is. */
  wholeText(row) {
    return this.beside?.[row] ? `${this.text(row)} ${this.beside[row]}` : this.text(row);
  }
  exactText(row) {
    return this.isNumber && !this.missing[row] ? String(this.numbers[row]) : this.text(row);
  }
}

/** Six significant digits. */
export function shortNumber(value) {
  if (!Number.isFinite(value)) return String(value);
  return String(Number(value.toPrecision(6)));
}

/** A word of a timeline's list. */
export const wordOf = (list, i) => (list.codes[i] < 0 ? "" : list.words[list.codes[i]]);

export async function readData() {
  const packed = JSON.parse(document.getElementById("data").textContent);
  const bytes = Uint8Array.from(atob(packed.data), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const data = JSON.parse(await new Response(stream).text());
  data.columns = data.columns.map((column) => new Column(column));
  data.value = data.columns.find((column) => column.part === "value");
  data.trial = data.columns.find((column) => column.part === "trial");
  data.rank = data.columns.find((column) => column.part === "rank");
  const weight = new Map(data.effects.map((effect, place) => [effect.name, place]));
  const place = (column) => weight.get(column.name) ?? weight.size;
  data.parameters = data.columns
    .filter((column) => column.part === "parameter")
    .sort((a, b) => place(a) - place(b));
  return data;
}

/** How a row is called in a label. */
export function rowName(data, row) {
  const rank = data.rank.has(row) ? `rank ${data.rank.text(row)}, ` : "";
  return `${rank}trial ${data.trial.text(row).slice(0, 8)}`;
}

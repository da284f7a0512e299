// Where a value stands on an axis: numbers on a line or by decades, words side by side; numbers beside one that is not
// finite are words too. The same rules as sweep/html/axis.cpp, which draws the plain charts.
import { scaleLinear, scaleLog, scalePoint } from "d3-scale";
import { shortNumber } from "./data.js";

const kByDecades = 8;

// An axis is no place for the last numbers that a double holds: differences of the largest are infinite, and steps
// between the smallest are none. See drawable() of axis.cpp.
const drawable = (value) => (Math.abs(value) < 1e-290 ? 0 : Math.max(-1e300, Math.min(1e300, value)));

/** {scale, at(row), ticks}: pixels of a column's cells; NaN where a cell has no place. */
export function columnScale(column, rows, range) {
  const there = rows.filter((row) => column.has(row));
  if (!there.every((row) => Number.isFinite(column.number(row)))) {
    const words = [...new Set(there.map((row) => column.exactText(row)))].sort();
    const scale = scalePoint(words, range).padding(0.5);
    const every = Math.ceil(words.length / 12);
    const ticks = words.filter((word, place) => place % every === 0);
    return { scale, ticks, format: (word) => cut(word, 14), at: (row) => (column.has(row) ? scale(column.exactText(row)) : NaN), words };
  }
  const values = rows.map((row) => column.number(row)).filter(Number.isFinite).sort((a, b) => a - b);
  const low = values[0], high = values[values.length - 1], middle = values[Math.floor((values.length - 1) / 2)];
  return numberScale(column, low, high, range, values.length > 0 && liesByDecades(low, middle, high));
}

// Whether the middle one of the values lies nearer to the middle of the axis by decades than on a line.
function liesByDecades(low, middle, high) {
  if (low <= 0 || high / low < kByDecades) return false;
  const off = (share) => Math.abs(share - 0.5);
  return off(Math.log(middle / low) / Math.log(high / low)) < off((middle - low) / (high - low));
}

export function numberScale(column, low, high, range, byDecades = false) {
  if (!(low <= high)) [low, high] = [0, 1];
  [low, high] = [drawable(low), drawable(high)];
  byDecades = byDecades && low > 0;
  if (low === high) [low, high] = [low - (Math.abs(low) * 0.05 || 1), high + (Math.abs(high) * 0.05 || 1)];
  const scale = (byDecades ? scaleLog() : scaleLinear()).domain([low, high]).range(range).clamp(true);
  const at = (row) => {
    const value = column.number(row);
    return Number.isFinite(value) ? scale(value) : NaN;
  };
  return { scale, at, format: shortNumber, ticks: byDecades ? decades(low, high) : null };
}

// Powers of ten; where there are fewer than three of them, also twice and five times these.
function decades(low, high) {
  const powers = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high) + 1e-9; ++power) powers.push(power);
  const inside = (values) => values.filter((value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
  const tens = inside(powers.map((power) => Number(`1e${power}`)));
  if (tens.length >= 3) return tens.filter((value, place) => place % Math.ceil(tens.length / 7) === 0);
  return inside(powers.flatMap((power) => [Number(`1e${power}`), Number(`2e${power}`), Number(`5e${power}`)]));
}

/** Bounds that a few values far off do not stretch; see usual_range() of axis.h. */
export function usualRange(values) {
  const finite = values.filter(Number.isFinite).map(drawable).sort((a, b) => a - b);
  if (finite.length === 0) return [0, 1];
  const quantile = (share) => finite[Math.floor(share * (finite.length - 1))];
  const low = quantile(0.05), high = quantile(0.95), more = (high - low) / 3;
  return [Math.max(finite[0], low - more), Math.min(finite[finite.length - 1], high + more)];
}

export function cut(text, length) {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

// Which trials are meant: those that the filter's text lets through and that lie in every brush. Every figure draws
// them and is told when they change.

const kOperators = {
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

function unquoted(text) {
  return /^(["']).*\1$/.test(text) ? text.slice(1, -1) : text;
}

function findColumn(columns, name) {
  const same = columns.find((column) => column.name === name);
  if (same) return same;
  const near = columns.filter((column) => column.name.toLowerCase().startsWith(name.toLowerCase()));
  if (near.length === 1) return near[0];
  throw new Error(near.length > 1 ? `'${name}' begins more than one column's name` : `no column '${name}'`);
}

// One term: NAME OPERATOR VALUE, NAME~TEXT, or a word that any cell may hold.
function readTerm(columns, text) {
  const parts = /^(.+?)\s*(<=|>=|!=|=|<|>|~)\s*(.*)$/.exec(text);
  if (!parts) {
    const word = text.toLowerCase();
    return (row) => columns.some((column) => column.text(row).toLowerCase().includes(word));
  }
  const column = findColumn(columns, unquoted(parts[1].trim()));
  const value = unquoted(parts[3].trim());
  if (value === "") throw new Error(`'${column.name} ${parts[2]}' needs a value`);
  if (parts[2] === "~") return (row) => column.text(row).toLowerCase().includes(value.toLowerCase());
  const compare = kOperators[parts[2]];
  if (!column.isNumber) return (row) => column.has(row) && compare(column.text(row), value);
  const number = Number(value);
  if (Number.isNaN(number) && value !== "NaN") throw new Error(`${column.name} has numbers, and '${value}' is none`);
  if (value === "NaN") return (row) => column.has(row) && Number.isNaN(column.number(row)) === (parts[2] === "=");
  return (row) => column.has(row) && compare(column.number(row), number);
}

export function readFilter(columns, text) {
  const terms = text
    .split(/\s+and\s+|&&/i)
    .map((term) => term.trim())
    .filter((term) => term !== "")
    .map((term) => readTerm(columns, term));
  return (row) => terms.every((term) => term(row));
}

export class Selection {
  constructor(data) {
    this.data = data;
    this.filter = () => true;
    this.brushes = new Map();
    this.mask = new Uint8Array(data.rows).fill(1);
    this.count = data.rows;
    this.listeners = [];
  }
  onChange(listener) {
    this.listeners.push(listener);
  }
  get isAll() {
    return this.count === this.data.rows;
  }
  setFilter(text) {
    this.filter = readFilter(this.data.columns, text);
    this.update();
  }
  /** `holds`: of a row, or null to take the brush away. `hurry` is told at once, the others a moment later. */
  setBrush(key, holds, hurry) {
    if (holds) this.brushes.set(key, holds);
    else this.brushes.delete(key);
    this.update(hurry);
  }
  update(hurry) {
    const brushes = [...this.brushes.values()];
    this.count = 0;
    for (let row = 0; row < this.data.rows; ++row) {
      this.mask[row] = brushes.every((holds) => holds(row)) && this.filter(row) ? 1 : 0;
      this.count += this.mask[row];
    }
    hurry?.();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.listeners.forEach((listener) => listener !== hurry && listener()), hurry ? 120 : 0);
  }
}

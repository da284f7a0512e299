// The condition that selects trials: the language of `sweep report --filter`, its messages too. sweep/report/filter.h has
// the grammar; tests/sweep/report/filter_cases.json holds both to the same cases. It knows columns by name, known words
// and cell(row), and nothing of pages.

const kMaxDepth = 100;
const kSpaces = " \t\r\n", kSigns = "(),=!<>";
const kShown = 32, kNameShown = 60; // characters of what was typed, and of a column's name, in a message

/** What is wrong with a condition, and where: `at` counts characters from 1. */
export class FilterError extends Error {
  constructor(at, problem, remedy = "") {
    super(remedy ? `${problem}, ${remedy}` : problem);
    Object.assign(this, { at, problem, remedy });
  }
}

const cut = (text, length) => ([...text].length > length ? `${[...text].slice(0, length - 1).join("")}…` : text);
const isQuote = (c) => c === "'" || c === '"';

// '…' or "…" from `begin`: the text inside, and where the next word may begin.
function takeQuoted(text, begin, refuse) {
  const quote = text[begin];
  let inner = "", at = begin + 1;
  for (; at < text.length && text[at] !== quote; ++at) {
    if (text[at] === "\\" && (isQuote(text[at + 1]) || text[at + 1] === "\\")) ++at;
    inner += text[at];
  }
  if (at >= text.length) refuse(begin, "this quote is not closed");
  return [inner, at + 1];
}

// Up to a space or a sign; a list or an object is a part of it, with whatever stands inside.
function endOfWord(text, at) {
  for (let depth = 0; at < text.length; ++at) {
    const c = text[at];
    if (depth === 0 && (kSpaces.includes(c) || kSigns.includes(c))) break;
    if (c === "[" || c === "{") ++depth;
    if ((c === "]" || c === "}") && depth > 0) --depth;
  }
  return at;
}

function words(text, refuse) {
  const found = [];
  for (let at = 0; ; ) {
    while (at < text.length && kSpaces.includes(text[at])) ++at;
    const begin = at, c = text[at];
    if (at === text.length) {
      found.push({ kind: "end", text: "", at });
      return found;
    }
    if (isQuote(c)) {
      let inner;
      [inner, at] = takeQuoted(text, at, refuse);
      found.push({ kind: "quoted", text: inner, at: begin });
    } else if (kSigns.includes(c)) {
      const isTwo = text[at + 1] === "=" && "!<>=".includes(c);
      if (c === "!" && !isTwo) refuse(at, "'!' compares nothing", "write != or not");
      at += isTwo ? 2 : 1;
      found.push({ kind: "sign", text: isTwo && c !== "=" ? `${c}=` : c, at: begin });
    } else {
      at = endOfWord(text, at);
      found.push({ kind: "word", text: text.slice(begin, at), at: begin });
    }
  }
}

/** The number that a word spells, as C++'s from_chars reads it, a plus sign before it allowed; else nothing. */
function numberOf(text) {
  const unsigned = text.replace(/^\+/, "");
  if (/^-?(nan)$/i.test(unsigned)) return NaN;
  if (/^-?(inf|infinity)$/i.test(unsigned)) return unsigned.startsWith("-") ? -Infinity : Infinity;
  if (!/^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(unsigned)) return undefined;
  const number = Number(unsigned);
  return Number.isFinite(number) ? number : undefined;
}

/** A word that may be JSON; undefined where it is none, or a number that no double holds. */
export function jsonOf(text) {
  try {
    const value = JSON.parse(text);
    if (typeof value !== "number" || Number.isFinite(value)) return value;
  } catch {
    // a number that JSON does not spell so, or a text
  }
  return numberOf(text);
}

function same(a, b) {
  if (Object.is(a, b) || a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => name in b && same(a[name], b[name]));
}

// A value that cells are compared with: its text, and where it is no quoted one what it means as JSON.
class Value {
  constructor(word) {
    this.text = word.text;
    this.json = word.kind === "word" ? jsonOf(word.text) : undefined;
  }
  equals(cell) {
    if (typeof cell === "string") return cell === this.text;
    return cell !== undefined && this.json !== undefined && same(this.json, cell);
  }
}

function editDistance(a, b) {
  const d = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)));
  for (let i = 1; i <= a.length; ++i)
    for (let j = 1; j <= b.length; ++j) {
      d[i][j] = Math.min(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.length][b.length];
}

// The rule of core/suggest.h.
function nearestOrAll(typed, names) {
  const bytes = (text) => new TextEncoder().encode(text);
  let best = null, least = 3;
  for (const name of names) {
    const [a, b] = [bytes(typed), bytes(name)];
    const distance = Math.abs(a.length - b.length) < least ? editDistance(a, b) : least;
    if (distance < least && 2 * distance <= Math.max(a.length, b.length)) [best, least] = [name, distance];
  }
  if (best !== null) return `did you mean '${cut(best, kNameShown)}'?`;
  return `one of: ${names.map((name) => cut(name, kNameShown)).join(", ")}`;
}

const kComparisons = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

// Reads one condition; a function a rule of the grammar. Each gives what says of a row whether it holds.
class Reader {
  constructor(columns, text, isOpen) {
    this.columns = columns;
    this.isOpen = isOpen;
    this.text = text;
    this.words = words(text, (at, ...what) => this.refuseAt(at, ...what));
    this.next = 0;
    this.depth = 0;
  }
  refuseAt(at, problem, remedy) {
    throw new FilterError([...this.text.slice(0, at)].length + 1, problem, remedy);
  }
  get here() {
    return this.words[this.next];
  }
  refuse(problem, remedy) {
    this.refuseAt(this.here.at, problem, remedy);
  }
  is(kind, text) {
    return this.here.kind === kind && this.here.text === text;
  }
  take(kind, text) {
    const isIt = this.is(kind, text);
    this.next += isIt ? 1 : 0;
    return isIt;
  }
  read() {
    const whole = this.chain("or");
    if (this.here.kind !== "end") this.refuse(`'${cut(this.here.text, kShown)}' joins nothing`, "write and, or or )");
    return whole;
  }
  chain(key) {
    const parts = [];
    do parts.push(key === "or" ? this.chain("and") : this.not());
    while (this.take("word", key));
    if (parts.length === 1) return parts[0];
    return key === "or" ? (row) => parts.some((part) => part(row)) : (row) => parts.every((part) => part(row));
  }
  not() {
    if (this.depth === kMaxDepth) this.refuse("conditions inside one another go deeper than 100");
    ++this.depth;
    let part;
    if (this.take("word", "not")) {
      const inner = this.not();
      part = (row) => !inner(row);
    } else if (this.take("sign", "(")) {
      part = this.chain("or");
      if (!this.take("sign", ")")) this.refuse("a ) is missing");
    } else {
      part = this.test();
    }
    --this.depth;
    return part;
  }
  test() {
    const name = this.takeText("a column's name");
    const column = this.column(name);
    const negates = this.take("word", "not");
    if (negates && !this.is("word", "in")) this.refuse("'not' behind a name takes in", "write NAME not in (A, B)");
    if (this.take("word", "in")) {
      const isIn = this.isOneOf(column, this.list(column));
      return negates ? (row) => !isIn(row) : isIn;
    }
    const sign = this.here.text;
    if (this.here.kind !== "sign" || "(),".includes(sign))
      this.refuse(`a comparison is missing behind '${cut(name.text, kShown)}'`, "write =, !=, <, <=, >, >= or in");
    ++this.next;
    if (sign === "=" || sign === "!=") {
      const isIt = this.isOneOf(column, [this.value(column)]);
      return sign === "=" ? isIt : (row) => !isIt(row);
    }
    const bound = this.bound(sign), compare = kComparisons[sign];
    return (row) => {
      const cell = column?.cell(row);
      return typeof cell === "number" && compare(cell, bound);
    };
  }
  isOneOf(column, values) {
    return (row) => {
      const cell = column?.cell(row);
      return cell !== undefined && values.some((value) => value.equals(cell));
    };
  }
  list(column) {
    if (!this.take("sign", "(")) this.refuse("a ( is missing behind in", "write in (A, B)");
    const values = [];
    do values.push(this.value(column));
    while (this.take("sign", ","));
    if (!this.take("sign", ")")) this.refuse("a ) is missing");
    return values;
  }
  takeText(what) {
    const { kind, text } = this.here;
    const isReserved = kind === "word" && ["and", "or", "not", "in"].includes(text);
    if (kind === "end") this.refuse(`the condition ends where ${what} should stand`);
    if (kind === "sign" || isReserved)
      this.refuse(`'${cut(text, kShown)}' stands where ${what} should`, isReserved ? "quote it where it is meant" : "");
    return this.words[this.next++];
  }
  value(column) {
    const word = this.takeText("a value");
    const known = column?.known;
    if (known && !known.includes(word.text))
      this.refuseAt(word.at, `no ${column.name} '${cut(word.text, kShown)}'`, nearestOrAll(word.text, known));
    return new Value(word);
  }
  bound(sign) {
    const word = this.takeText("a value");
    const { json } = new Value(word);
    if (typeof json !== "number")
      this.refuseAt(word.at, `'${sign}' compares numbers, and '${cut(word.text, kShown)}' is none`, "write =, != or in");
    return json;
  }
  column(name) {
    const found = this.columns.find((column) => column.name === name.text);
    if (!found && !this.isOpen) {
      const names = this.columns.map((column) => column.name);
      this.refuseAt(name.at, `no column '${cut(name.text, kShown)}'`, nearestOrAll(name.text, names));
    }
    return found;
  }
}

/** A name or a text as a condition may hold it. */
export function asWord(text) {
  const isBare = /^[^\s(),=!<>'"[\]{}]+$/.test(text) && !["and", "or", "not", "in"].includes(text) && jsonOf(text) === undefined;
  return isBare ? text : `'${text.replace(/[\\']/g, "\\$&")}'`;
}

/**
 * Of a row, whether it meets the condition. `isOpen`: other names than the columns' are columns without any value.
 * Throws a FilterError.
 */
export function readFilter(columns, text, isOpen = false) {
  return new Reader(columns, text, isOpen).read();
}

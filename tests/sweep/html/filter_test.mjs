// node filter_test.mjs FILTER_JS CASES: the page's reader of conditions on the cases that hold for the C++ one as well
// (tests/sweep/report/filter_test.cpp).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [filter, cases] = process.argv.slice(2);
const { asWord, FilterError, readFilter } = await import(pathToFileURL(filter));
const { columns, rows, conditions } = JSON.parse(readFileSync(cases, "utf8"), (_, value) =>
  value !== null && typeof value === "object" && Object.keys(value).join() === "float" ? Number(value.float.replace("inf", "Infinity")) : value);

const readable = columns.map(({ name, words }) => ({ name, known: words, cell: (row) => rows[row][name] }));
for (const { text, meets, at, problem, remedy } of conditions) {
  let found;
  try {
    const holds = readFilter(readable, text);
    found = { meets: rows.map((_, row) => row).filter(holds) };
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    found = { at: error.at, problem: error.problem, remedy: error.remedy };
  }
  assert.deepEqual(found, meets ? { meets } : { at, problem, remedy }, text);
}

for (const text of ["adam", "it's", "a b", "", "and", "3", "back\\slash", "'", "x=1"])
  assert.equal(readFilter([{ name: text, cell: () => text }], `${asWord(text)}=${asWord(text)}`)(0), true, text);

const open = readFilter(readable, "not anything=1", true);
assert.ok(open(0));
assert.throws(() => readFilter(readable, `${"(".repeat(200)}epoch=1`), { at: 101, message: "conditions inside one another go deeper than 100" });
console.log(`${conditions.length} conditions`);

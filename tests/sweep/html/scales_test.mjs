// node scales_test.mjs SCALES_JS FOLDER_OF_NODE_MODULES: where the page's charts put values, by the rules that hold for
// the plain charts as well (sweep/html/axis.h).
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const [scales, folder] = process.argv.slice(2);
const modules = join(folder, "node_modules");
const esbuild = createRequire(join(modules, "index.js"))("esbuild");
const built = await esbuild.build({ entryPoints: [scales], bundle: true, format: "esm", nodePaths: [modules], write: false });
const { columnScale } = await import(`data:text/javascript;base64,${Buffer.from(built.outputFiles[0].text).toString("base64")}`);

// A column of numbers, undefined where there is none.
const column = (cells) => ({
  isNumber: true,
  has: (row) => cells[row] !== undefined,
  number: (row) => cells[row] ?? NaN,
  exactText: (row) => String(cells[row]),
});
const scaleOf = (cells) => columnScale(column(cells), cells.map((_, row) => row), [0, 90]);

// Numbers stand on a line, and one that is missing has no place.
const line = scaleOf([0, 10, 4, undefined]);
assert.equal(line.words, undefined);
assert.deepEqual([0, 1, 2, 3].map(line.at), [0, 90, 36, NaN]);

// Beside one that is not finite they are words, each with a place; the missing one has none.
for (const other of [NaN, Infinity]) {
  const words = scaleOf([0.5, other, 2, undefined, 0.5]);
  assert.deepEqual(words.words, ["0.5", "2", String(other)]);
  assert.deepEqual([0, 1, 2, 3, 4].map(words.at), [15, 75, 45, NaN, 15]);
}

// node bundle.js NODE_MODULES OUTPUT: src/page.js and what it imports as one script for a browser, with the licences of
// the packages that are in it. Called while sweep is built (cmake/Web.cmake).
import { createRequire } from "node:module";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [modules, output] = process.argv.slice(2);
const esbuild = createRequire(join(modules, "index.js"))("esbuild");
const result = await esbuild.build({
  entryPoints: [join(dirname(fileURLToPath(import.meta.url)), "src", "page.js")],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "ascii",
  nodePaths: [modules],
  metafile: true,
  write: false,
  logLevel: "warning",
});

const packages = new Set();
for (const file of Object.keys(result.metafile.inputs)) {
  const inside = file.split("node_modules/").pop();
  if (inside !== file) packages.add(inside.split("/")[0]);
}
const notices = [...packages].sort().map((name) => {
  const licence = join(modules, name, "LICENSE");
  return `${name}\n${existsSync(licence) ? readFileSync(licence, "utf8").trim() : ""}`;
});
// A comment must not end early, nor the script element.
const banner = notices.join("\n\n").replaceAll("*/", "* /").replaceAll("</", "< /");
const script = result.outputFiles[0].text.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
writeFileSync(output, `/*\n${banner}\n*/\n${script}`);

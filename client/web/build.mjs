// Makes, from the sources in this folder and from ../../schemas/deedbook.cddl:
//   src/schema.json                     the table of records, for the TypeScript
//   ../verifier/deedbook_verify.py      the same table, between its marks
//   dist/verify.html                    the page: one file that asks for nothing outside itself
//   out/verify.mjs                      the verifier for node, for the tests; not committed
//   out/batch.mjs                       many cases in one process, likewise (test/batch.mjs)

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

import { table } from "./schema.mjs";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const read = (name) => readFileSync(path(name), "utf8");

/** Writes what is not there yet: somebody may be reading it. */
function write(name, text) {
  mkdirSync(path(dirname(name)), { recursive: true });
  if (!existsSync(path(name)) || read(name) !== text) writeFileSync(path(name), text);
}

const { kinds, rules } = table(read("../../schemas/deedbook.cddl"));

/** One rule a line, so that a change of the schema is a readable change of the file. */
function lines(object) {
  const rows = Object.entries(object).map(([name, type]) => `${JSON.stringify(name)}: ${JSON.stringify(type)}`);
  return `{\n${rows.join(",\n")}\n}`;
}

/** A Python dict in lines of at most `width` characters, broken after commas. */
function python(object, width = 118) {
  const atoms = JSON.stringify(object).match(/(?:"[^"]*"|[^",])*,?/g).map((atom) => atom.replace(/":(?=["\d[{-])/g, '": '));
  const filled = [""];
  for (const atom of atoms) {
    const longer = `${filled.at(-1)} ${atom}`.trim();
    if (longer.length <= width) filled[filled.length - 1] = longer;
    else filled.push(atom);
  }
  return filled.join("\n");
}

function writeTables() {
  write("src/schema.json", `{"kinds": ${lines(kinds)}, "rules": ${lines(rules)}}\n`);
  const [before, , after] = read("../verifier/deedbook_verify.py").split(/^# \((?:table|end of table)\)\n/m);
  const made = `KINDS = ${python(kinds)}\nRULES = ${python(rules)}\n`;
  write("../verifier/deedbook_verify.py", `${before}# (table)\n${made}# (end of table)\n${after}`);
}

async function bundle(entry, format, minify, more = {}) {
  const options = { entryPoints: [path(entry)], bundle: true, write: false, format, minify, ...more };
  const { outputFiles } = await build({ ...options, target: "es2022", charset: "utf8", legalComments: "none" });
  return outputFiles[0].text;
}

function integrity(text) {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

writeTables();
write("out/verify.mjs", await bundle("src/node.ts", "esm", false));

// The same verifier, which asks `test/remember.mjs` for what it asks of src/ed25519.ts.
const remembering = {
  name: "remembering",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/ed25519$/ }, () => ({ path: path("test/remember.mjs") })),
};
write("out/batch.mjs", await bundle("test/batch.mjs", "esm", false, { plugins: [remembering], external: ["node:*"] }));

const script = (await bundle("src/page.ts", "iife", true)).replaceAll("</script", "<\\/script");
const style = read("src/page.css");
const policy = `default-src 'none'; script-src ${integrity(script)}; style-src ${integrity(style)}; base-uri 'none'; form-action 'none'`;
const parts = { POLICY: policy, STYLE: style, SCRIPT: script };
const page = read("src/page.html").replace(/\{\{([A-Z]+)\}\}/g, (_, name) => parts[name]);
write("dist/verify.html", page);

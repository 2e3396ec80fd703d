// The budgets of the web app, measured in Chromium against the real program: `make bench-web`.
//
//   node bench/web/main.mjs [--only part-of-a-name] [--json]
//
// Ends with 1 when a bound is not met. TRAVIS_BIN names the program, CHROMIUM the browser.

import { Bed } from './bed.mjs';
import { printTable } from './table.mjs';
import { home } from './rows/home.mjs';
import { live } from './rows/live.mjs';
import { log } from './rows/log.mjs';
import { running } from './rows/running.mjs';
import { sizes } from './rows/sizes.mjs';

const args = process.argv.slice(2);
const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : '';
const parts = { sizes, home, log, live, running };

const bed = new Bed();
const rows = [];
try {
  for (const [name, measure] of Object.entries(parts)) {
    if (!name.includes(only)) continue;
    console.error(`measures: ${name}`);
    for (const row of await measure(bed)) {
      rows.push(row);
      console.error(`  ${row.name}: ${row.ours}`);
    }
  }
} finally {
  await bed.stop();
}
if (args.includes('--json')) console.log(JSON.stringify(rows, null, 1));
else printTable(rows);
process.exitCode = rows.every((row) => row.met !== false) ? 0 : 1;

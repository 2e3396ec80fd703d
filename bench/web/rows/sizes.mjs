// What the page fetches, compressed as it is sent.

import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { atMost } from '../table.mjs';

const DIST = resolve(import.meta.dirname, '../../../web/dist');

const packed = (name) => {
  const path = join(DIST, 'assets', name);
  return statSync(existsSync(`${path}.br`) ? `${path}.br` : path).size;
};
const total = (names) => [...names].reduce((sum, name) => sum + packed(name), 0) / 1000;

/** Scripts that a script imports at once, and theirs. */
function closure(name, into = new Set()) {
  if (into.has(name)) return into;
  into.add(name);
  const text = readFileSync(join(DIST, 'assets', name), 'utf8');
  for (const match of text.matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g)) closure(match[1], into);
  return into;
}

export async function sizes() {
  const whole = readFileSync(join(DIST, 'index.html'), 'utf8');
  // What stands in the comment is fetched by the pages that show a log (`web/ahead.ts`).
  const first = whole.replace(/<!--log [^]*?-->/, '');
  const named = (page, pattern) => [...page.matchAll(pattern)].map((match) => match[1]);
  const scripts = (page) => {
    const all = new Set();
    for (const name of named(page, /assets\/([\w.-]+\.js)/g)) closure(name, all);
    return all;
  };
  const initial = scripts(first);
  const styles = named(first, /assets\/([\w.-]+\.css)/g);
  const all = readdirSync(join(DIST, 'assets'));
  const lazy = all
    .filter((name) => name.endsWith('.js') && !initial.has(name))
    .map((name) => ({ name, size: total([...closure(name)].filter((one) => !initial.has(one))) }))
    .sort((a, b) => b.size - a.size);
  const lazyStyle = Math.max(...all.filter((name) => name.endsWith('.css') && !styles.includes(name)).map((name) => packed(name) / 1000));
  const fonts = all.filter((name) => /latin-(?!ext)[\w-]*\.woff2$/.test(name));
  const kB = { digits: 1 };
  return [
    atMost('script of the first page, compressed', 70, total(initial), 'kB', kB),
    atMost('styles of the first page, compressed', 12, total(styles), 'kB', kB),
    // The first page's bound and that of a part loaded as needed.
    atMost('script of the page of a log, compressed', 70 + 35, total(scripts(whole)), 'kB', kB),
    atMost('largest part loaded as needed, with what it brings along', 35, lazy[0].size, 'kB', { ...kB, note: lazy.slice(0, 3).map(({ name, size }) => `${name.replace(/-[\w-]{8}\.js$/, '')} ${size.toFixed(1)}`).join(', ') }),
    atMost('largest style loaded as needed', 35, lazyStyle, 'kB', kB),
    atMost('fonts of a page in Latin script', 90, total(fonts), 'kB', kB),
  ];
}

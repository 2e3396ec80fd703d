// Every page beside the picture that is kept of it: in the light, in the dark and on the phone; by
// the rules of accessibility, with contrast, in both themes; at 200 % and from right to left.
// UPDATE_BASELINES=1 keeps what is seen now. What differs is written to SHOTS, or a folder that is
// named. baselines/README.md has the picture of the reference beside each page.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { axe, DESKTOP, openBrowser, PHONE, sees } from '../support/browser.mjs';
import { compare, decode, encode } from '../support/picture.mjs';
import { PAGES } from '../support/pages.mjs';
import { Scene } from '../support/scene.mjs';
import { Still } from '../support/still.mjs';

const KEPT = join(import.meta.dirname, '../baselines');
const UPDATE = process.env.UPDATE_BASELINES === '1';
const SHOTS = process.env.SHOTS ?? join(tmpdir(), 'travis-looks');
const ONLY = process.env.ONLY?.split(',');
/** So many pixels may differ: the edges of a few letters. */
const MOST = 100;
/** What 200 % leaves of a window of 1280 by 1024. */
const ZOOMED = { width: 640, height: 512 };

let browser, scene, still;
const held = new Map();
const seen = new Set();
before(async () => {
  browser = await openBrowser();
  scene = await Scene.start(browser);
  still = new Still(scene.words, scene.newest);
  for (const who of ['page', 'operator', 'visitor']) held.set(who, await still.hold(scene[who]));
  mkdirSync(SHOTS, { recursive: true });
  mkdirSync(KEPT, { recursive: true });
});
after(async () => {
  await browser?.close();
  await scene?.stop();
});

/** The page as it is now, once nothing more comes: as it was kept, or the same twice. */
async function looks(page, name, full) {
  seen.add(`${name}.png`);
  const file = join(KEPT, `${name}.png`);
  const kept = existsSync(file) && !UPDATE ? decode(readFileSync(file)) : null;
  const end = Date.now() + 5000;
  for (let last = null; ; ) {
    await still.words(page, scene.addresses);
    const shot = await page.screenshot({ animations: 'disabled', caret: 'hide', fullPage: full });
    const now = decode(shot);
    if (kept) {
      const found = compare(kept, now);
      if (found.count <= MOST) return;
      if (Date.now() < end) continue;
      writeFileSync(join(SHOTS, `${name}.png`), shot);
      writeFileSync(join(SHOTS, `${name}-differs.png`), encode(found.picture));
      const what = found.count === Infinity ? 'another size' : `${found.count} pixels differ`;
      assert.fail(`${name}: ${what}; see ${join(SHOTS, `${name}-differs.png`)}, or keep it with UPDATE_BASELINES=1`);
    }
    assert.ok(UPDATE, `${name} has no picture yet: UPDATE_BASELINES=1 keeps one`);
    if (last && compare(last, now).count === 0) {
      writeFileSync(file, encode(now));
      return;
    }
    last = now;
    await page.waitForTimeout(250);
  }
}

/** What sticks out of the page, and words that are cut off. */
const faults = (page) =>
  page.evaluate(() => {
    const found = [];
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (wide > 0) found.push(`${wide} pixels too wide`);
    const titles = document.querySelectorAll('h1').length;
    if (titles !== 1) found.push(`${titles} headings of the first level`);
    for (const one of document.querySelectorAll('h1, h2, .btn, label')) {
      const style = getComputedStyle(one);
      if (style.overflowX !== 'hidden' || style.textOverflow === 'ellipsis' || one.matches('.hidden-visually')) continue;
      if (one.scrollWidth > one.clientWidth + 1) found.push(`cut off: ${one.textContent.trim().slice(0, 60)}`);
    }
    return found;
  });

async function themed(page, theme) {
  await page.emulateMedia({ colorScheme: theme });
  await page.waitForFunction((theme) => document.documentElement.dataset.theme === theme, theme);
}

for (const [name, one] of Object.entries(PAGES)) {
  if (ONLY && !ONLY.includes(name)) continue;
  test(name, { timeout: 60_000 }, async () => {
    const who = one.who ?? 'page';
    const page = scene[who];
    await page.setViewportSize(DESKTOP);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(scene.server.url + one.path(scene.ids));
    await page.mouse.move(0, 0);
    await sees(page.locator(one.in ?? 'main'), one.sees);
    await sees(page.locator('.live'), 'Live');
    await one.act?.(page, held.get(who), scene);
    await page.evaluate(() => document.fonts.ready);
    const shows = one.shows ?? ['light', 'dark', 'phone'];
    await looks(page, `${name}-light`, one.tall);
    assert.deepEqual(await axe(page), [], 'light');
    if (shows.includes('dark')) {
      await themed(page, 'dark');
      await looks(page, `${name}-dark`, false);
      assert.deepEqual(await axe(page, ['color-contrast']), [], 'dark');
      await themed(page, 'light');
    }
    if (shows.includes('phone')) {
      await page.setViewportSize(PHONE);
      await looks(page, `${name}-phone`, one.tall);
      assert.deepEqual(await axe(page), [], 'phone');
      assert.deepEqual(await faults(page), [], 'phone');
    }
    await page.setViewportSize(ZOOMED);
    assert.deepEqual(await faults(page), [], '200 %');
    await page.evaluate(() => void (document.documentElement.dir = 'rtl'));
    assert.deepEqual(await faults(page), [], 'right to left');
    await one.undo?.(page, held.get(who));
  });
}

test('no picture is kept of what is no more', () => {
  if (ONLY) return;
  const old = readdirSync(KEPT).filter((file) => file.endsWith('.png') && !seen.has(file));
  if (UPDATE) for (const file of old) rmSync(join(KEPT, file));
  else assert.deepEqual(old, []);
});

/** The list of the pictures, for people. */
const table = () => {
  const rows = Object.entries(PAGES).map(([name, one]) => {
    const files = (one.shows ?? ['light', 'dark', 'phone']).map((show) => `[${show}](${name}-${show}.png)`);
    const beside = one.beside === 'none' ? '' : one.beside.split(', ').map((each) => `${each}.png`).join(', ');
    return `| ${name} | ${one.who ?? 'maintainer'} | ${files.join(', ')} | ${beside} |`;
  });
  return `# Pictures of every page

Made and compared by tests/looks.test.mjs, of the scene in support/scene.mjs. To keep what is seen now:
\`UPDATE_BASELINES=1 node --test tests/looks.test.mjs\`, for some pages with \`ONLY=home,job\`. The last
column names the picture in the reference's folder ui that a page was built after; without one it is in
the spirit of the others.

| page | seen by | pictures | reference |
|---|---|---|---|
${rows.join('\n')}
`;
};

test('the list of the pictures is whole', () => {
  const file = join(KEPT, 'README.md');
  if (UPDATE) writeFileSync(file, table());
  assert.equal(readFileSync(file, 'utf8'), table());
});

test('no script failed on the way', () => {
  for (const who of ['page', 'operator', 'visitor']) assert.deepEqual(scene[who].trouble, []);
});

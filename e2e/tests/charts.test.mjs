// Charts of a repository, the queue and the fleet: what they show of real builds, by pointer and by
// keys, with their tables; live; empty; and of two months of history, which is written into the
// rows. With SHOTS=DIR the pictures are kept.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { axe, DESKTOP, openBrowser, openPage, PHONE, sees, signIn } from '../support/browser.mjs';
import { Gate, repository } from '../support/repository.mjs';
import { Server } from '../support/server.mjs';

let server, browser, page;
const shots = process.env.SHOTS;
const chart = (name) => page.getByRole('slider', { name: `${name}: a point at a time` });

before(async () => {
  server = await Server.start();
  browser = await openBrowser();
  page = await openPage(browser);
  await signIn(page, server);
  const gate = new Gate(server.place, 'charts');
  gate.open();
  const script = `language: minimal\nscript:\n  - ${gate.wait}\n  - test ! -e broken\n`;
  repository(join(server.place, 'beacon'), { '.travis.yml': script }, { branches: ['calm'] });
  repository(join(server.place, 'broken'), { '.travis.yml': script, broken: '' });
  await server.add('ada/beacon', join(server.place, 'beacon'));
  await server.add('ada/broken', join(server.place, 'broken'));
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('without a build there is a word about it, not an empty chart', async () => {
  await page.goto(`${server.url}/ada/beacon/insights`);
  await sees(page.locator('main'), 'No builds in this span');
  assert.equal(await page.title(), 'Insights · beacon · Travis');
  assert.deepEqual(await axe(page), []);
});

test('a build that ends shows in the open page', async () => {
  await server.over(await server.build('ada/beacon'));
  await chart('Success').waitFor();
  await sees(page.locator('dl').first(), '100 %');
  await server.over(await server.build('ada/beacon', { request: { branch: 'calm' } }));
  await sees(page.getByRole('group', { name: 'Duration, numbers' }), '#2');
});

test('the points are walked by keys, spoken, and lead to their builds', async () => {
  await chart('Duration').focus();
  assert.match(await chart('Duration').getAttribute('aria-valuetext'), /^#2, passed: time [\d.]+ s$/);
  await page.keyboard.press('ArrowLeft');
  assert.match(await chart('Duration').getAttribute('aria-valuetext'), /^#1, passed/);
  await page.keyboard.press('ArrowLeft');
  assert.equal(await chart('Duration').getAttribute('aria-valuenow'), '0');
  await page.keyboard.press('End');
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/ada\/beacon\/builds\/\d+$/);
  await page.goBack();
  await chart('Success').focus();
  await page.keyboard.press('End');
  assert.match(await chart('Success').getAttribute('aria-valuetext'), /: passed 2, failed 0, errored 0, canceled 0, success 100 %$/);
  // The pointer tells the same, in its reserved place.
  const before = await page.locator('main').boundingBox();
  await chart('Duration').hover({ position: { x: 80, y: 60 } });
  await sees(page.locator('.legend'), '#1');
  assert.deepEqual(await page.locator('main').boundingBox(), before);
});

test('a branch and a span have an address', async () => {
  await page.getByLabel('Branch').selectOption('calm');
  await page.waitForURL(/insights\?branch=calm$/);
  await sees(page.locator('dl').first(), /1\s*builds|builds\s*1/);
  await page.getByRole('button', { name: '7 days' }).click();
  await page.waitForURL(/insights\?branch=calm&days=7$/);
  await page.reload();
  assert.equal(await page.getByRole('button', { name: '7 days' }).getAttribute('aria-pressed'), 'true');
  assert.equal(await page.getByLabel('Branch').inputValue(), 'calm');
  await server.over(await server.build('ada/broken'));
});

/** Two months of builds, a month of samples: what a server would have noted itself. */
function remember(data) {
  const now = Date.now();
  const ends = [];
  let number = 1000;
  for (let hour = 24 * 80; hour > 5; hour -= 5) {
    const n = number++;
    const day = Math.floor(hour / 24);
    if (day % 7 > 4) continue;
    const state = n % 11 === 0 ? 'failed' : n % 37 === 0 ? 'errored' : n % 29 === 0 ? 'canceled' : 'passed';
    const took = 240_000 + Math.round(90_000 * Math.sin(n / 9)) + (n % 13) * 9000 + (day < 20 ? 90_000 : 0);
    const waits = [400, 900, 1500 + (n % 17) * 1200, n % 23 === 0 ? 95_000 : 700].join(' ');
    ends.push(`(${100_000 + n}, 1, '${n % 4 ? 'main' : 'calm'}', ${n}, '${state}', ${now - hour * 3_600_000}, ${took}, '${waits}')`);
  }
  const fleet = [];
  const queue = [];
  const minute = Math.floor(now / 60_000);
  let core = 0;
  for (let past = 30 * 24 * 60; past > 3; past -= past > 1500 ? 7 : 1) {
    // An hour in which no server ran leaves a hole.
    if (past > 400 && past < 460) continue;
    const wave = Math.sin(past / 229) + Math.sin(past / 71) / 2;
    const busy = Math.min(16, Math.max(0, Math.round(9 + wave * 6)));
    core += busy * 60_000;
    fleet.push(`(${minute - past}, ${past % 900 > 450 ? 8 : 7}, 16, ${busy}, ${core})`);
    if (busy > 12) queue.push(`(${minute - past}, 'linux', 'amd64', ${(busy - 12) * 3}), (${minute - past}, 'freebsd', 'amd64', 2)`);
  }
  const sql = `PRAGMA foreign_keys = OFF; BEGIN;
INSERT INTO build_ends VALUES ${ends.join(',')};
INSERT INTO fleet_samples VALUES ${fleet.join(',')};
INSERT INTO queue_samples VALUES ${queue.join(',')}; COMMIT;`;
  const put = 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.stdin.read())';
  execFileSync('python3', ['-c', put, join(data, 'travis.db')], { input: sql });
}

test('two months of builds are drawn by day, quickly', async () => {
  await server.kill();
  remember(join(server.place, 'data'));
  await server.again();
  const began = performance.now();
  const stats = await server.api('GET', '/v3/repo/ada%2Fbeacon/stats?days=90');
  console.log(`stats of ${stats.total.builds} builds: ${(performance.now() - began).toFixed(1)} ms`);
  assert.ok(stats.total.builds > 250 && stats.complete && stats.builds.length === 0);
  await page.goto(`${server.url}/ada/beacon/insights?days=90`);
  await chart('Duration').focus();
  await page.keyboard.press('Home');
  for (let walked = 0; walked < 12; walked++) await page.keyboard.press('PageUp');
  assert.match(await chart('Duration').getAttribute('aria-valuetext'), /: usual .* min .*, 95 of 100 within .* min/);
  const rows = page.getByRole('group', { name: 'Waiting, numbers' }).locator('tbody tr');
  assert.ok((await rows.count()) > 40);
});

test('the queue and the fleet over time', async () => {
  await page.goto(`${server.url}/workers`);
  await chart('Workers and slots').focus();
  await page.keyboard.press('PageDown');
  assert.match(await chart('Workers and slots').getAttribute('aria-valuetext'), /: slots busy [\d.]+, slots lent 16, workers online [78]/);
  await page.getByRole('button', { name: '30 days' }).click();
  await page.waitForFunction(() => document.querySelector('[role=slider]')?.getAttribute('aria-valuemax') === '119');
  await page.goto(`${server.url}/active`);
  await chart('Jobs waiting').waitFor();
  await page.getByLabel('Platform').selectOption({ label: 'FreeBSD amd64' });
  await sees(page.getByRole('group', { name: 'Jobs waiting, numbers' }), '2');
});

test('the pages keep the rules, light, dark and narrow', async () => {
  if (shots) mkdirSync(shots, { recursive: true });
  for (const [name, address, first] of [
    ['insights', 'ada/beacon/insights?days=90', 'Waiting'],
    ['insights-few', 'ada/broken/insights', 'Duration'],
    ['fleet', 'workers', 'Work done'],
    ['active', 'active', 'Jobs waiting'],
  ]) {
    for (const [look, size] of [['light', DESKTOP], ['dark', DESKTOP], ['light', PHONE]]) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme: look });
      await page.goto(`${server.url}/${address}`);
      await chart(first).waitFor();
      if (size === PHONE) {
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), PHONE.width, name);
        const table = page.getByRole('button', { name: 'Table' }).first();
        await table.click();
        await page.locator('.numbers.shown').waitFor();
      }
      if (shots) await page.screenshot({ path: join(shots, `${name}-${look}-${size.width}.png`), fullPage: true });
      assert.deepEqual(await axe(page), [], `${name} ${look} ${size.width}`);
    }
  }
  assert.deepEqual(page.trouble, []);
});

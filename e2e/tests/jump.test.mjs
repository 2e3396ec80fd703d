// The jump box: everything by keys alone, and of its actions those that the page and the reader's
// rights allow. Followed builds: asked for by a click, told by a notification while the page is
// hidden, in the page while it is seen. Titles and icons of the tab. With SHOTS=DIR the pictures
// are kept.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { axe, DESKTOP, mark, openBrowser, openPage, PHONE, sees, signIn, unbroken } from '../support/browser.mjs';
import { Gate, repository, travisYml } from '../support/repository.mjs';
import { Server } from '../support/server.mjs';

let server, browser, page, first, second, running;
const gates = {};
const shots = process.env.SHOTS;
const options = (of = page) => of.getByRole('option');
const open = async (of = page) => {
  await of.keyboard.press('Control+k');
  await of.getByRole('combobox', { name: /^Jump/ }).waitFor();
};
const jump = async (text, option, of = page) => {
  await open(of);
  await of.keyboard.type(text);
  await sees(options(of), option);
};

before(async () => {
  server = await Server.start();
  browser = await openBrowser();
  page = await openPage(browser);
  // What the browser would do is noted; it is asked for permission and gives it.
  await page.addInitScript(() => {
    window.told = [];
    window.asked = 0;
    window.Notification = class {
      static permission = sessionStorage.getItem('may') ?? 'default';
      static async requestPermission() {
        window.asked++;
        sessionStorage.setItem('may', 'granted');
        return (window.Notification.permission = 'granted');
      }
      constructor(title, options) {
        window.told.push({ title, ...options });
        window.last = this;
      }
      close() {}
    };
    Object.defineProperty(document, 'hidden', { get: () => window.away === true });
    window.leave = (away) => {
      window.away = away;
      document.dispatchEvent(new Event('visibilitychange'));
    };
  });
  await signIn(page, server);
  for (const name of ['one', 'two', 'three']) gates[name] = new Gate(server.place, name);
  repository(join(server.place, 'beacon'), { '.travis.yml': travisYml(['true']) }, { branches: ['release-0.14'] });
  const script = `language: minimal\nscript:\n  - ${gates.one.wait.replace('gate-one', 'gate-$TRAVIS_BUILD_NUMBER')}\n`;
  repository(join(server.place, 'lamp'), { '.travis.yml': script });
  await server.add('ada/beacon', join(server.place, 'beacon'));
  await server.add('ada/lamp', join(server.place, 'lamp'));
  first = await server.over(await server.build('ada/beacon'));
  second = await server.over(await server.build('ada/beacon', { request: { branch: 'release-0.14' } }));
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('a build, a job, a branch, a worker and a page are reached by keys alone', async () => {
  await page.goto(`${server.url}/ada/lamp`);
  await mark(page);
  await jump('beacon 1', 'Build #1');
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`/ada/beacon/builds/${first.id}$`));
  await jump('2.1', 'Job 2.1 of ada/beacon');
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`/ada/beacon/jobs/${second.jobs[0].id}$`));
  await jump('release', 'release-0.14');
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`/ada/beacon/builds/${second.id}$`));
  const { workers } = await server.api('GET', '/v3/workers');
  await jump(workers[0].name, `worker of ${workers[0].owner.login}`);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`/workers/${workers[0].id}$`));
  await jump('ada/beacon', 'ada/beacon');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/ada\/beacon$/);
  await jump('insights', 'Insights of ada/beacon');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/ada\/beacon\/insights$/);
  await jump('99', 'Build #99 of ada/beacon');
  await page.keyboard.press('Enter');
  await sees(page.getByRole('alert'), 'ada/beacon has no build #99');
  await page.keyboard.press('Escape');
  await unbroken(page);
});

test('what can be done depends on the page and on the reader', async () => {
  running = await server.build('ada/lamp');
  await page.goto(`${server.url}/ada/lamp/builds/${running.id}`);
  await sees(page.locator('.badge'), 'running');
  await open();
  await sees(options(), 'Cancel build #1');
  assert.equal(await options().filter({ hasText: 'Restart' }).count(), 0);
  if (shots) {
    mkdirSync(shots, { recursive: true });
    await page.screenshot({ path: join(shots, 'jump-light-1440.png') });
  }
  assert.deepEqual(await axe(page), []);
  await page.keyboard.type('dark theme');
  await page.keyboard.press('Enter');
  await page.locator('html[data-theme=dark]').waitFor({ state: 'attached' });
  await jump('as the system', 'Theme as the system');
  await page.keyboard.press('Enter');
  await jump('trigger', 'Trigger a build of ada/lamp');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByText('ada/lamp').first().waitFor();
  await page.keyboard.press('Escape');
  await jump('cancel', 'Cancel build #1');
  await page.keyboard.press('Enter');
  await sees(page.locator('article .badge'), 'canceled');
  await jump('rerun', 'Restart build #1');
  await page.keyboard.press('Enter');
  await sees(page.locator('article .badge'), 'running');

  const visitor = await openPage(browser);
  await visitor.goto(`${server.url}/ada/lamp/builds/${running.id}`);
  await sees(visitor.locator('article .badge'), 'running');
  await open(visitor);
  await sees(options(visitor), 'Follow build #1');
  const all = await options(visitor).allInnerTexts();
  assert.ok(!all.some((one) => /Cancel|Trigger|Settings|Sign out/.test(one)), all.join('\n'));
  await visitor.context().close();
});

test('a followed build is told by a notification while the page is hidden', async () => {
  assert.equal(await page.evaluate(() => window.asked), 0, 'asked before a click');
  await page.getByRole('button', { name: 'Notify me' }).click();
  await sees(page.getByRole('status'), 'A notification comes when #1 is over');
  assert.equal(await page.evaluate(() => window.asked), 1);
  // The list stays with the browser.
  await page.reload();
  assert.equal(await page.getByRole('button', { name: 'Will notify' }).getAttribute('aria-pressed'), 'true');
  await page.goto(`${server.url}/workers`);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.evaluate(() => window.leave(true));
  new Gate(server.place, '1').open();
  await page.waitForFunction(() => window.told.length > 0);
  const [told] = await page.evaluate(() => window.told);
  assert.equal(told.title, '#1 passed · ada/lamp');
  assert.match(told.body, /^main: First commit$/);
  assert.equal(told.tag, `travis-build-${running.id}`);
  await page.evaluate(() => window.last.onclick());
  await page.waitForURL(new RegExp(`/ada/lamp/builds/${running.id}$`));
  await page.evaluate(() => window.leave(false));
  assert.equal(await page.getByRole('button', { name: /notify/i }).count(), 0);
  assert.equal(await page.evaluate(() => localStorage.getItem('travis-followed')), '[]');
});

test('while the page is seen the end is told in it, with a way there', async () => {
  const build = await server.build('ada/lamp');
  await page.goto(`${server.url}/ada/lamp/builds/${build.id}`);
  await sees(page.locator('article .badge'), 'running');
  await jump('follow', 'Follow build #2');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Will notify' }).waitFor();
  await page.goto(`${server.url}/active`);
  await page.getByText('Live', { exact: true }).waitFor();
  new Gate(server.place, '2').open();
  await sees(page.getByRole('status'), '#2 passed · ada/lamp');
  assert.equal((await page.evaluate(() => window.told)).length, 0);
  await page.getByRole('button', { name: 'Show it' }).click();
  await page.waitForURL(new RegExp(`/ada/lamp/builds/${build.id}$`));
});

test('titles and icons tell the state of each page', async () => {
  const icon = () => page.evaluate(() => decodeURIComponent(document.querySelector('link[rel=icon]').href));
  const titled = (title) => page.waitForFunction((wanted) => document.title === wanted, `${title} · Travis`);
  const build = await server.build('ada/lamp');
  const job = build.jobs[0].id;
  for (const [address, title] of [
    [`builds/${build.id}`, '● #3 running · lamp'],
    [`builds/${build.id}/config`, 'Configuration · ● #3 running · lamp'],
    [`builds/${build.id}/tests`, 'Tests · ● #3 running · lamp'],
    [`jobs/${job}`, '● 3.1 running · lamp'],
    [`jobs/${job}/attempts`, 'Attempts · ● 3.1 running · lamp'],
    ['branches', 'Branches · lamp'],
    ['insights', 'Insights · lamp'],
    ['builds', 'Build history · lamp'],
  ]) {
    await page.goto(`${server.url}/ada/lamp/${address}`);
    await titled(title);
    assert.match(await icon(), /#B87503/, address);
  }
  // It changes while the page is open.
  new Gate(server.place, '3').open();
  await page.waitForFunction(() => decodeURIComponent(document.querySelector('link[rel=icon]').href).includes('#1A7F50'));
  await page.goto(`${server.url}/ada/lamp/builds/999999`);
  await titled('Not found · lamp');
  assert.match(await icon(), /favicon\.svg$/);
  await page.goto(`${server.url}/workers/999999`);
  await titled('Not found');
});

test('the sheet has all keys, and the pictures keep the rules', async () => {
  await page.goto(`${server.url}/ada/lamp`);
  await page.keyboard.press('?');
  await sees(page.getByRole('dialog'), 'Shift ↑ ↓');
  for (const [look, size] of [['light', DESKTOP], ['dark', DESKTOP], ['light', PHONE]]) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: look });
    if (shots) await page.screenshot({ path: join(shots, `keys-${look}-${size.width}.png`) });
    assert.deepEqual(await axe(page), [], `keys ${look} ${size.width}`);
  }
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: /^Jump/ }).waitFor();
  if (shots) await page.screenshot({ path: join(shots, 'jump-light-390.png') });
  assert.deepEqual(await axe(page), [], 'jump on the phone');
  assert.deepEqual(page.trouble, []);
});

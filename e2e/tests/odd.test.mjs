// What is odd stays whole and stays text: very long names and messages, words from right to left,
// names, messages and logs that would like to be HTML or a program; and nothing moves for who asked
// for that.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DESKTOP, openBrowser, openPage, PHONE, sees, signIn } from '../support/browser.mjs';
import { Gate, repository } from '../support/repository.mjs';
import { Server } from '../support/server.mjs';

const LONG = `harbor-${'light'.repeat(6)}`;
const NAME = `beacon-${'of-many-words-'.repeat(5)}end`;
const SLUG = `${LONG}/${NAME}`;
const BRANCH = `feature/${'a-branch-that-says-it-all-'.repeat(6)}end`;
const EVIL = `"><img src=x onerror=alert(1)><script>alert(2)</script><a href="javascript:alert(3)">`;
const MESSAGE = `${EVIL} \u202e${'unbroken'.repeat(60)} שלום עולם\n\n${EVIL}`;
const AUTHOR = `Ada <b>Bold</b> ${'Lovelace'.repeat(12)}`;
/** Sizes of windows; the last one is what 200 % leaves of 1280 by 1024. */
const SIZES = { wide: DESKTOP, phone: PHONE, zoomed: { width: 640, height: 512 } };

let server, browser, page, gate, build;
before(async () => {
  server = await Server.start({ slots: 1 });
  browser = await openBrowser();
  page = await openPage(browser);
  await signIn(page, server);
  gate = new Gate(server.place, 'odd');
  const path = repository(
    join(server.place, 'odd'),
    {
      'log.txt': [
        EVIL,
        '\u001b]8;;javascript:alert(4)\u0007a link that does nothing\u001b]8;;\u0007',
        `\u001b[38;5;999999999999m\u001b[${';'.repeat(500)}m${'\u001b[31;1;4m'.repeat(3000)}after many escapes`,
        `\u001b[999999999;999999999H\u001b[2J\u001bP${EVIL}\u001b\\after a command of another kind`,
        'x'.repeat(9000),
        '\u001b[0mthe last of the odd lines',
        '',
      ].join('\n'),
      '.travis.yml': `language: minimal\nstages: ["${'a stage with a long name '.repeat(4)}"]\njobs:\n  include:\n    - name: ${JSON.stringify(EVIL)}\n      stage: "${'a stage with a long name '.repeat(4)}"\n      env: ${JSON.stringify(`EVIL='${EVIL.replaceAll("'", '')}'`)}\n      script:\n        - cat log.txt\n        - ${JSON.stringify(gate.wait)}\n`,
    },
    { message: MESSAGE, author: AUTHOR, branches: [BRANCH] },
  );
  await server.api('POST', '/v3/repos', { slug: SLUG, clone_url: path, description: `${EVIL} ${'description'.repeat(20)}` });
  gate.open();
  build = await server.over(await server.build(SLUG, { branch: BRANCH }));
  build = await server.api('GET', `/v3/build/${build.id}`);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const PATHS = () => ({
  home: '/',
  repository: `/${SLUG}`,
  build: `/${SLUG}/builds/${build.id}`,
  job: `/${SLUG}/jobs/${build.jobs[0].id}`,
  config: `/${SLUG}/builds/${build.id}/config`,
  'config of the job': `/${SLUG}/jobs/${build.jobs[0].id}/config`,
  branches: `/${SLUG}/branches`,
  history: `/${SLUG}/builds`,
  requests: `/${SLUG}/requests`,
  settings: `/${SLUG}/settings`,
  owner: `/${LONG}`,
  workers: '/workers',
});

/** What makes the page scroll sideways. */
const spills = (page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const out = [...document.querySelectorAll('body *')].filter((one) => {
      const box = one.getBoundingClientRect();
      if (box.right <= clientWidth + 1 && box.left >= -1) return false;
      for (let up = one.parentElement; up; up = up.parentElement) if (getComputedStyle(up).overflowX !== 'visible') return up === document.body;
      return true;
    });
    return [`${scrollWidth - clientWidth} pixels too wide`].concat(out.slice(-3).map((one) => `${one.tagName.toLowerCase()}.${one.className} in ${one.parentElement.className}: ${one.textContent.slice(0, 40)}`));
  });

test('nothing is cut, and nothing becomes more than text', { timeout: 120_000 }, async (t) => {
  for (const [name, path] of Object.entries(PATHS())) {
    await t.test(name, async () => {
      await page.setViewportSize(DESKTOP);
      await page.goto(server.url + path);
      await sees(page.locator('.live'), 'Live');
      await page.locator('main :is(h1, .panel)').first().waitFor();
      const wrong = [];
      for (const dir of ['ltr', 'rtl']) {
        await page.evaluate((dir) => void (document.documentElement.dir = dir), dir);
        for (const [size, viewport] of Object.entries(SIZES)) {
          await page.setViewportSize(viewport);
          for (const one of await spills(page)) wrong.push(`${size}, ${dir}: ${one}`);
        }
      }
      assert.deepEqual(wrong, []);
      const made = await page.evaluate(() => [...document.querySelectorAll('main img, main script, main iframe, main b > b, a[href^="javascript:"]')].map((one) => one.outerHTML.slice(0, 80)));
      assert.deepEqual(made, []);
    });
  }
});

test('a log that would like to be more is read as text', async () => {
  await page.setViewportSize(DESKTOP);
  await page.goto(`${server.url}/${SLUG}/jobs/${build.jobs[0].id}`);
  const log = page.getByRole('log');
  await sees(log, '<img src=x onerror=alert(1)>');
  // A line is shown up to 4,000 characters, whatever they are.
  await log.getByRole('button', { name: /^show .* more$/ }).first().click();
  await sees(log, 'after many escapes');
  await page.getByText('a link that does nothing').first().waitFor();
  assert.equal(await log.locator('a[href*="javascript"]').count(), 0);
  const raw = await page.request.get(`${server.url}/v3/job/${build.jobs[0].id}/log.txt`);
  assert.match(raw.headers()['content-type'], /^text\/plain/);
  assert.equal(raw.headers()['x-content-type-options'], 'nosniff');
});

test('what is searched for is not read as HTML either', async () => {
  await page.keyboard.press('Control+k');
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await page.keyboard.type(EVIL);
  assert.equal(await dialog.locator('img, script').count(), 0);
  await page.keyboard.press('Escape');
});

test('nothing moves for who asked for that; else only what runs does', async () => {
  const lively = await openPage(browser, { reducedMotion: 'no-preference' });
  const work = repository(join(server.place, 'work'), { '.travis.yml': `language: minimal\nscript: ${JSON.stringify(new Gate(server.place, 'never').wait)}\n` });
  await server.add('ada/work', work);
  const running = await server.build('ada/work');
  await server.until('the job that runs', async () => (await server.api('GET', `/v3/build/${running.id}`)).state === 'started');
  const moves = async (one) => {
    await one.goto(`${server.url}/ada/work`);
    await sees(one.locator('article .badge'), 'running');
    return one.evaluate(() => document.getAnimations().filter((each) => each.playState === 'running' && each.effect?.getComputedTiming().iterations === Infinity).length);
  };
  assert.ok((await moves(lively)) > 0, 'the arc of what runs turns');
  assert.equal(await moves(page), 0);
  for (const path of ['/', '/workers', '/active', `/ada/work/jobs/${running.jobs[0].id}`]) {
    await page.goto(server.url + path);
    await sees(page.locator('.live'), 'Live');
    const left = await page.evaluate(() => document.getAnimations().filter((each) => each.playState === 'running').map((each) => each.animationName ?? each.transitionProperty));
    assert.deepEqual(left, [], path);
  }
  assert.deepEqual(lively.trouble, []);
  await server.api('POST', `/v3/build/${running.id}/cancel`, {});
});

test('no script ran that nobody wrote', () => assert.deepEqual(page.trouble, []));

// Configurations of every size: none odd, many odd lines, imports, very long lines, thousands of
// lines, hundreds of jobs. And where a maintainer learns why a push made no build. With SHOTS=DIR
// the pictures are kept.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { axe, DESKTOP, openBrowser, openPage, PHONE, sees, signIn } from '../support/browser.mjs';
import { repository } from '../support/repository.mjs';
import { Server } from '../support/server.mjs';

const times = (count, line) => Array.from({ length: count }, (_, n) => line(n + 1)).join('');
const FILES = {
  calm: { '.travis.yml': 'language: generic\nos: linux\ndist: jammy\nscript: "true"\n' },
  many: {
    '.travis.yml': `language: generic\ndist: jammy\nos: linux\n${times(14, (n) => `unknown_key_${n}: something\n`)}jobs:\n  include:\n${times(16, (n) => `    - name: Part ${n}\n      if: type = push\n      scirpt: ./part ${n}\n`)}    - name: All\n      script: "true"\n`,
  },
  long: {
    '.travis.yml': `language: generic\ndist: jammy\nos: linux\nenv:\n  global:\n    - secure: "${'kQ8z+/Va'.repeat(86)}"\nscript:\n  - echo ${'a-very-long-word-'.repeat(300)}\n  - "true"\n`,
  },
  large: { '.travis.yml': `${times(2990, (n) => `# A line that only says it is number ${n}.\n`)}language: generic\ndist: jammy\nos: linux\nscirpt: "true"\n` },
  parts: {
    '.travis.yml': 'language: generic\nos: linux\ndist: jammy\nimport:\n  - ci/common.yml\n  - source: ci/release.yml\n    if: tag IS present\n  - stranger/hidden:ci.yml@main\n  - ci/gone.yml\nscript: "true"\n',
    'ci/common.yml': 'before_script:\n  - echo common\nbefore_scirpt: echo never\nimport: ci/deeper.yml\n',
    'ci/deeper.yml': 'env:\n  global:\n    - DEEP=yes\n',
    'ci/release.yml': 'after_success: echo released\n',
  },
  matrix: { '.travis.yml': `language: generic\nos: linux\ndist: jammy\nenv:\n  jobs:\n${times(200, (n) => `    - PART=${n} OF=200\n`)}script: "true"\n` },
};

let server, browser, page;
const paths = {};
const read = {};
before(async () => {
  server = await Server.start();
  browser = await openBrowser();
  page = await openPage(browser);
  await signIn(page, server);
  for (const [name, files] of Object.entries(FILES)) {
    await server.add(`ada/${name}`, repository(join(server.place, name), files));
    read[name] = await server.build(`ada/${name}`);
    paths[name] = `/ada/${name}/builds/${read[name].id}/config`;
  }
  // Its jobs are only looked at.
  await server.api('POST', `/v3/build/${read.matrix.id}/cancel`);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const open = async (name, hash = '') => {
  await page.goto('about:blank');
  await page.goto(server.url + paths[name] + hash);
};
const line = (number) => page.locator(`#line-${number}`);
const inView = (locator) =>
  locator.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });

test('without messages, it says so', async () => {
  await open('calm');
  await sees(page.locator('main'), 'No problems found');
});

test('counts lead to the next message of their level', async () => {
  await open('many');
  const first = page.locator('.row.current .n');
  await page.getByRole('button', { name: /warnings?, to the next/ }).click();
  const one = await first.textContent();
  await page.getByRole('button', { name: /warnings?, to the next/ }).click();
  await page.waitForFunction((before) => document.querySelector('.row.current .n')?.textContent !== before, one);
  assert.ok(await inView(page.locator('.row.current')));
});

test('a line has an address of its own, also in a large file', async () => {
  await open('large', '#L2700-L2702');
  await line(2701).and(page.locator('.meant')).waitFor();
  await page.waitForFunction(() => document.getElementById('line-2700')?.getBoundingClientRect().top > 0);
  assert.ok(await inView(line(2701)));
  assert.ok((await page.locator('.row').count()) < 1500, 'only what is near is drawn');
  await line(2705).locator('.n').click();
  await page.waitForURL('**#L2705');
  await line(2708).locator('.n').click({ modifiers: ['Shift'] });
  await page.waitForURL('**#L2705-L2708');
  await page.keyboard.press('n');
  await sees(page.locator('.row.current'), 'scirpt');
  assert.ok(await inView(page.locator('.row.current')));
});

test('very long lines are shown in part', async () => {
  await open('long');
  await line(6).getByRole('button', { name: /more$/ }).click();
  assert.equal(await line(6).getByRole('button').count(), 0);
});

test('each imported file has its view, and what was left out its reason', async () => {
  await open('parts');
  await sees(line(8), 'not found: stranger/hidden:ci.yml@main');
  await sees(line(8), 'public, or that is private and of the same owner');
  await sees(line(9), 'This commit has no such file');
  await page.getByRole('tab', { name: 'ci/common.yml' }).click();
  await page.waitForURL('**#ci/common.yml');
  await sees(line(3), 'before_script');
  await open('parts', '#ci/deeper.yml:L3');
  await sees(page.getByRole('region', { name: 'ci/deeper.yml' }), 'DEEP=yes');
  await line(3).and(page.locator('.meant')).waitFor();
});

test('the merged configuration is JSON or YAML', async () => {
  await open('parts', '#merged');
  const merged = page.getByRole('region', { name: 'Merged configuration' });
  await sees(merged, '"language": "generic"');
  await page.getByRole('button', { name: 'YAML' }).click();
  await sees(merged, 'language: generic');
});

test('changes are copied as a patch that git takes', async () => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
  await open('many');
  await page.getByRole('button', { name: 'Copy as patch' }).click();
  await sees(page.locator('body'), 'copied, for git apply');
  const patch = await page.evaluate(() => navigator.clipboard.readText());
  const place = join(server.place, 'many');
  execFileSync('git', ['-C', place, 'apply', '--check', '-'], { input: patch });
  assert.match(patch, /^-.*scirpt/m);
});

test('why a push made no build is said where one looks for it', async () => {
  const place = join(server.place, 'calm');
  await server.over(read.calm);
  const commit = (text, message) => {
    writeFileSync(join(place, '.travis.yml'), text);
    execFileSync('git', ['-C', place, '-c', 'user.name=Ada', '-c', 'user.email=a@example.org', '-c', 'commit.gpgsign=false', 'commit', '-qam', message]);
  };
  commit('language: generic\nif: type = cron\nscript: "true"\n', 'Only by night');
  const { request } = await server.api('POST', '/v3/repo/ada%2Fcalm/requests', {});
  await server.until('the refusal', async () => (await server.api('GET', `/v3/repo/ada%2Fcalm/request/${request.id}`)).result === 'rejected');
  await page.goto(`${server.url}/ada/calm`);
  const notice = page.getByRole('region', { name: 'The last request' });
  await sees(notice, 'No build: its condition is false here');
  await sees(notice, 'if: type = cron');
  paths['refused'] = '/ada/calm';
  commit('language: generic\nscript: [a\n', 'Forget a bracket');
  const broken = await server.build('ada/calm');
  await server.over(broken);
  await page.goto(`${server.url}/ada/calm/requests`);
  await sees(page.locator('main'), '.travis.yml could not be used');
  await page.getByRole('link', { name: 'Show the place' }).click();
  await page.waitForURL(/config#L\d+$/);
  await page.locator('.row.meant').first().waitFor();
  paths['requests-unread'] = '/ada/calm/requests';
});

test('a file of a MiB is checked while it is written', { timeout: 120_000 }, async () => {
  const text = `language: generic\n${times(12_000, (n) => `odd_key_${n}: ${'x'.repeat(60)}\n`)}`;
  await page.goto(`${server.url}/lint`);
  const area = page.getByRole('textbox', { name: 'The text of a .travis.yml' });
  await area.evaluate((area, text) => {
    area.value = text;
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }, text);
  await sees(page.getByRole('region', { name: 'Messages' }), 'warnings', 60_000);
  assert.ok((await page.locator('.under .row').count()) < 500, 'only what is on the screen is drawn');
  const took = await page.evaluate(async () => {
    const area = document.querySelector('textarea');
    const begin = performance.now();
    area.setRangeText('# more\n', 0, 0);
    area.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return performance.now() - begin;
  });
  assert.ok(took < 1500, `a letter took ${took} ms`);
  await area.fill('import: ci/common.yml\nscript: "true"\n');
  await sees(page.getByRole('region', { name: 'Messages' }), 'Import not followed here: ci/common.yml');
});

test('the pages keep the rules', { timeout: 300_000 }, async (t) => {
  const shots = process.env.SHOTS;
  if (shots) mkdirSync(shots, { recursive: true });
  const all = { ...paths, merged: `${paths.parts}#merged`, 'matrix-jobs': `${paths.matrix}#jobs`, common: `${paths.parts}#ci/common.yml:L3` };
  for (const [theme, size, viewport] of [['light', 'wide', DESKTOP], ['dark', 'phone', PHONE]]) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize(viewport);
    for (const [name, path] of Object.entries(all)) {
      await t.test(`${name}, ${theme}, ${size}`, async () => {
        await page.goto('about:blank');
        await page.goto(server.url + path, { waitUntil: 'networkidle' });
        await page.locator('main h1').first().waitFor({ state: 'attached' });
        if (shots) await page.screenshot({ path: join(shots, `sizes-${name}-${theme}-${size}.png`), fullPage: name !== 'large' && name !== 'matrix' && name !== 'matrix-jobs' });
        if (name !== 'large') assert.deepEqual(await axe(page), []);
        const spill = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(spill <= 0, `${spill} pixels too wide`);
      });
    }
  }
});

test('no script failed on the way', () => assert.deepEqual(page.trouble, []));

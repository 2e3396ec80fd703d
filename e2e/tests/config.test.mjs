// What a person sees of the configuration: messages beside their lines, the place of what can't be
// read, and the page that checks a file. By the rules of accessibility, in both themes, wide and
// narrow. With SHOTS=DIR the pictures are kept.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { axe, DESKTOP, openBrowser, openPage, PHONE, sees, signIn } from '../support/browser.mjs';
import { repository } from '../support/repository.mjs';
import { Server } from '../support/server.mjs';

const ODD = `language: generic
sudo: required
os:
  - linux
branches:
  only: [main, /^release-/]

matrix:
  include:
    - stage: Lint
      name: Format
      script: test -e .travis.yml && echo fine
    - stage: Test
      name: Against PostgreSQL
      env: DB=postgresql
      scirpt: ./test --workspace --locked
    - name: Against SQLite
      env: DB=sqlite
  allow_failures:
    - env: DB=sqlite
script: echo all is well

# Only what was tagged.
deploy:
  provider: script
  script: ./release
  skip-cleanup: true
  on:
    tags: true
`;
const BROKEN = `language: python
python:
  - "3.12"
  - "3.13"
   - "3.14"
script: pytest -q
`;

let server, browser, page;
const paths = {};
before(async () => {
  server = await Server.start();
  browser = await openBrowser();
  page = await openPage(browser);
  await signIn(page, server);
  await server.add('ada/beacon', repository(join(server.place, 'beacon'), { '.travis.yml': ODD }, { message: 'Test on two more Rusts' }));
  await server.add('ada/spore', repository(join(server.place, 'spore'), { '.travis.yml': BROKEN }, { message: 'Test on two more Pythons' }));
  const odd = await server.build('ada/beacon');
  await server.over(odd);
  const broken = await server.over(await server.build('ada/spore'));
  Object.assign(paths, {
    'build-with-messages': `/ada/beacon/builds/${odd.id}`,
    config: `/ada/beacon/builds/${odd.id}/config`,
    'build-unread': `/ada/spore/builds/${broken.id}`,
    'config-unread': `/ada/spore/builds/${broken.id}/config`,
    lint: '/lint',
  });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('the build says that its file has problems, and leads to their lines', async () => {
  await page.goto(server.url + paths['build-with-messages']);
  await page.getByRole('link', { name: /in \.travis\.yml/ }).click();
  await page.waitForURL(`**${paths.config}`);
  const file = page.getByRole('region', { name: '.travis.yml' });
  const row = file.locator('.row').filter({ hasText: 'scirpt' }).first();
  await sees(row, 'script');
  await page.keyboard.press('n');
  await file.locator('.row.current').waitFor();
  const first = await file.locator('.row.current .n').textContent();
  await page.keyboard.press('n');
  assert.notEqual(await file.locator('.row.current .n').textContent(), first);
  await page.keyboard.press('p');
  assert.equal(await file.locator('.row.current .n').textContent(), first);
});

test('the other views are reached by keys', async () => {
  await page.getByRole('tab', { name: '.travis.yml' }).focus();
  await page.keyboard.press('ArrowRight');
  await sees(page.getByRole('region', { name: 'Merged configuration' }), '"language": "generic"');
  await page.keyboard.press('ArrowRight');
  await sees(page.getByRole('table'), 'Against SQLite');
});

test('a file that can’t be read is shown with the place and what to do', async () => {
  await page.goto(server.url + paths['build-unread']);
  const main = page.locator('main');
  await sees(main, '.travis.yml could not be read, so no job was made');
  await sees(main.getByRole('region', { name: 'The place in the file' }), '^');
  await sees(main, 'What to do');
  await page.getByRole('link', { name: 'Mend it here first' }).click();
  await page.waitForURL('**/lint');
  const area = page.getByRole('textbox', { name: 'The text of a .travis.yml' });
  assert.equal(await area.inputValue(), BROKEN);
  await sees(main, 'No job');
});

test('a text is checked while it is written', async () => {
  await page.goto(`${server.url}/lint`);
  const area = page.getByRole('textbox', { name: 'The text of a .travis.yml' });
  await area.fill('language: rust\nrust: [stable, beta]\nscript: cargo test\n');
  await sees(page.getByRole('region', { name: 'Jobs' }), '2 jobs');
  await sees(page.getByRole('table'), 'Rust beta');
  await area.fill(`${await area.inputValue()}matrix:\n  allow_failures:\n    - rust: beta\n`);
  await sees(page.getByRole('table'), 'may fail');
  await area.fill('');
  await sees(page.locator('main'), 'Paste a file');
});

test('clients of the original get what they know', async () => {
  const answer = await fetch(`${server.url}/lint`, { method: 'POST', body: new URLSearchParams({ content: ODD }) });
  const { lint } = await answer.json();
  assert.ok(lint.warnings.length > 0);
  assert.ok(lint.warnings.every((one) => Array.isArray(one.key) && typeof one.message === 'string'));
  const v3 = await fetch(`${server.url}/v3/lint`, { method: 'POST', headers: { 'Content-Type': 'text/yaml' }, body: ODD });
  assert.equal((await v3.json())['@type'], 'lint');
  const large = await fetch(`${server.url}/v3/lint`, { method: 'POST', headers: { 'Content-Type': 'text/yaml' }, body: '#'.repeat((1 << 20) + 1) });
  assert.equal(large.status, 413);
});

test('the pages keep the rules in both themes, wide and narrow', { timeout: 300_000 }, async (t) => {
  const shots = process.env.SHOTS;
  if (shots) mkdirSync(shots, { recursive: true });
  await page.evaluate((text) => sessionStorage.setItem('travis-lint', text), ODD);
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: theme });
    for (const [size, viewport] of Object.entries({ wide: DESKTOP, phone: PHONE })) {
      await page.setViewportSize(viewport);
      for (const [name, path] of Object.entries(paths)) {
        await t.test(`${name}, ${theme}, ${size}`, async () => {
          await page.goto(server.url + path, { waitUntil: 'networkidle' });
          await page.locator('main h1').first().waitFor({ state: 'attached' });
          if (shots) await page.screenshot({ path: join(shots, `${name}-${theme}-${size}.png`), fullPage: true });
          assert.deepEqual(await axe(page), []);
          const spill = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(spill <= 0, `${spill} pixels too wide`);
        });
      }
    }
  }
});

test('no script failed on the way', () => assert.deepEqual(page.trouble, []));

// The environment variables of a repository: set, changed in place, removed. A secret value is
// never shown again.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { axe, DESKTOP, openBrowser, openPage, PHONE, sees, signIn } from '../support/browser.mjs';
import { repository, travisYml } from '../support/repository.mjs';
import { Server } from '../support/server.mjs';

const SECRET = 'hunter2-never-shown';
let server, browser, page;
before(async () => {
  server = await Server.start();
  browser = await openBrowser();
  page = await openPage(browser);
  await signIn(page, server);
  await server.add('ada/beacon', repository(join(server.place, 'beacon'), { '.travis.yml': travisYml(['true']) }));
  await page.goto(`${server.url}/ada/beacon/settings`);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const kept = async () => (await server.api('GET', '/v3/repo/ada%2Fbeacon/env_vars')).env_vars;
const row = (name) => page.getByRole('row').filter({ hasText: name });

test('none is set at first', () => sees(page.locator('main'), 'No variable is set'));

test('a secret is set, and its value does not come back', async () => {
  const form = page.getByRole('form', { name: 'Add a variable' });
  await form.getByLabel('Name').fill('DEPLOY TOKEN');
  await form.getByLabel('Value', { exact: true }).fill(SECRET);
  await sees(form, 'No spaces: DEPLOY_TOKEN');
  await form.getByLabel('Name').fill('DEPLOY_TOKEN');
  await form.getByRole('button', { name: 'Add' }).click();
  await sees(row('DEPLOY_TOKEN'), 'secret');
  assert.equal(await form.getByLabel('Value', { exact: true }).inputValue(), '');
  assert.ok(!(await page.content()).includes(SECRET));
  const [one] = await kept();
  assert.deepEqual([one.name, one.public, one.value ?? null, one.branch], ['DEPLOY_TOKEN', false, null, null]);
});

test('its branch is changed in place, and its value stays', async () => {
  await row('DEPLOY_TOKEN').getByRole('button', { name: 'Change DEPLOY_TOKEN' }).click();
  const form = page.getByRole('form', { name: 'Change DEPLOY_TOKEN' });
  assert.equal(await form.getByLabel('Value', { exact: true }).inputValue(), '');
  await sees(form, 'Left empty, the value stays as it is');
  await form.getByLabel('Branch').fill('main');
  await page.keyboard.press('Enter');
  await sees(row('DEPLOY_TOKEN'), 'main');
  assert.equal((await kept())[0].branch, 'main');
  const focused = await page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
  assert.equal(focused, 'Change DEPLOY_TOKEN');
});

test('it is shown only with a new value', async () => {
  await page.keyboard.press('Enter');
  const form = page.getByRole('form', { name: 'Change DEPLOY_TOKEN' });
  await form.getByRole('switch').click();
  await sees(form, 'A secret is never shown again');
  await form.getByRole('button', { name: 'Save' }).click();
  assert.equal((await kept())[0].public, false);
  await form.getByLabel('Value', { exact: true }).fill('plain');
  await form.getByRole('button', { name: 'Save' }).click();
  await sees(row('DEPLOY_TOKEN'), 'plain');
  await sees(row('DEPLOY_TOKEN'), 'shown');
});

test('Escape leaves it as it was', async () => {
  await row('DEPLOY_TOKEN').getByRole('button', { name: 'Change DEPLOY_TOKEN' }).click();
  await page.getByRole('form', { name: 'Change DEPLOY_TOKEN' }).getByLabel('Value', { exact: true }).fill('other');
  await page.keyboard.press('Escape');
  await sees(row('DEPLOY_TOKEN'), 'plain');
  assert.equal((await kept())[0].value, 'plain');
});

test('the page keeps the rules while one is changed', async () => {
  const shots = process.env.SHOTS;
  if (shots) mkdirSync(shots, { recursive: true });
  for (const [theme, size, viewport] of [['light', 'wide', DESKTOP], ['dark', 'phone', PHONE]]) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize(viewport);
    await page.reload({ waitUntil: 'networkidle' });
    await row('DEPLOY_TOKEN').getByRole('button', { name: 'Change DEPLOY_TOKEN' }).click();
    if (shots) await page.screenshot({ path: join(shots, `variables-${theme}-${size}.png`), fullPage: true });
    assert.deepEqual(await axe(page), []);
    await page.keyboard.press('Escape');
  }
});

test('it is removed after a question', async () => {
  await page.getByRole('button', { name: 'Remove DEPLOY_TOKEN' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove DEPLOY_TOKEN' }).click();
  await sees(page.locator('main'), 'No variable is set');
  assert.deepEqual(await kept(), []);
});

test('no script failed on the way', () => assert.deepEqual(page.trouble, []));

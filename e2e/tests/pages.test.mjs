import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { mark, openBrowser, openPage, sees, signIn, unbroken } from '../support/browser.mjs';
import { Gate, repository, travisYml } from '../support/repository.mjs';
import { Server } from '../support/server.mjs';

let server, browser, page;
before(async () => {
  server = await Server.start({ slots: 1 });
  browser = await openBrowser();
  page = await openPage(browser);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('the one-time link signs in, and only once', async () => {
  await signIn(page, server);
  const second = await openPage(browser);
  await second.goto(server.link);
  assert.equal(await second.getByRole('button', { name: /^Account of/ }).count(), 0);
  await second.context().close();
});

test('a repository is added and built by the page, and the build turns green without a reload', async () => {
  const gate = new Gate(server.place, 'first');
  const path = repository(join(server.place, 'greeter'), {
    '.travis.yml': travisYml(['echo hello from the job', gate.wait, 'echo all is well']),
  });
  await page.goto(server.url);
  await mark(page);
  await page.getByRole('link', { name: 'Add a repository' }).first().click();
  await page.getByLabel('Clone URL').fill(path);
  await page.getByLabel('Name here').fill('ada/greeter');
  await page.getByRole('button', { name: 'Add repository' }).click();
  await page.waitForURL('**/ada/greeter');
  await page.getByRole('button', { name: 'Trigger build' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Message').fill('Asked for by hand');
  await dialog.getByRole('button', { name: 'Trigger build' }).click();
  await sees(page.locator('article h1'), 'Asked for by hand');
  await sees(page.locator('article .badge'), 'running');
  await sees(page.getByRole('complementary', { name: 'Repositories' }), 'running');
  await sees(page.getByRole('log'), 'hello from the job');
  gate.open();
  await sees(page.locator('article .badge'), 'passed');
  await sees(page.getByRole('log'), 'all is well');
  await unbroken(page);
});

test('a running build is canceled, and restarted', async () => {
  const gate = new Gate(server.place, 'cancel');
  const path = repository(join(server.place, 'slow'), { '.travis.yml': travisYml(['echo begun', gate.wait]) });
  await server.add('ada/slow', path);
  const build = await server.build('ada/slow');
  await page.goto(`${server.url}/ada/slow/builds/${build.id}`);
  await mark(page);
  await sees(page.locator('article .badge'), 'running');
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await sees(page.locator('article .badge'), 'canceled', 5_000);
  await page.getByRole('button', { name: 'Restart', exact: true }).click();
  await sees(page.locator('article .badge'), 'running');
  gate.open();
  await sees(page.locator('article .badge'), 'passed');
  await unbroken(page);
});

test('the workers page shows who is busy, and with what', async () => {
  const gate = new Gate(server.place, 'busy');
  const path = repository(join(server.place, 'work'), { '.travis.yml': travisYml([gate.wait]) });
  await server.add('ada/work', path);
  await page.goto(`${server.url}/workers`);
  await sees(page.locator('main'), 'idle');
  const build = await server.build('ada/work');
  await page.getByRole('row').getByRole('link', { name: `work ${build.number}.1` }).waitFor();
  gate.open();
  await sees(page.locator('main'), 'idle');
});

test('pages that are not there say so', async () => {
  for (const path of ['/nobody/nothing', '/a/b/c/d/e', '/ada/greeter/builds/999999', '/ada/greeter/jobs/999999']) {
    await page.goto(server.url + path);
    await sees(page.locator('main'), '404');
  }
});

test('keys: / finds a repository, ? shows the keys, Escape closes', async () => {
  await page.goto(server.url);
  await sees(page.getByRole('complementary', { name: 'Repositories' }), 'greeter');
  await page.keyboard.press('/');
  await page.locator('#repo-search:focus').waitFor();
  await page.keyboard.type('slo');
  await page.getByRole('link', { name: /ada\/greeter/ }).first().waitFor({ state: 'hidden' });
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await sees(page.getByRole('dialog'), 'In a log');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
});

test('light, dark, and kept over a reload', async () => {
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  await page.goto(server.url);
  await page.getByRole('button', { name: 'Theme' }).click();
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  assert.equal(await theme(), 'dark');
  await page.reload();
  assert.equal(await theme(), 'dark');
  await page.getByRole('button', { name: 'Theme' }).click();
  await page.getByRole('menuitemradio', { name: 'Light' }).click();
  assert.equal(await theme(), 'light');
});

test('no script failed on the way', () => assert.deepEqual(page.trouble, []));

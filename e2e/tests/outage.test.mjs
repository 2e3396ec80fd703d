import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { mark, openBrowser, openPage, sees, signIn, unbroken } from '../support/browser.mjs';
import { repository, travisYml } from '../support/repository.mjs';
import { Server } from '../support/server.mjs';

let server, browser, page;
before(async () => {
  server = await Server.start();
  browser = await openBrowser();
  page = await openPage(browser);
  await signIn(page, server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('a killed server is said to be away; back again, the page goes on by itself', async () => {
  const path = repository(join(server.place, 'steady'), { '.travis.yml': travisYml(['echo steady']) });
  await server.add('ada/steady', path);
  const first = await server.over(await server.build('ada/steady', { message: 'Before the outage' }));
  await page.goto(`${server.url}/ada/steady`);
  await sees(page.locator('article h1'), 'Before the outage');
  await sees(page.locator('.live'), 'Live');
  await mark(page);

  await server.kill();
  const banner = page.getByRole('alert').filter({ hasText: 'does not answer' });
  await banner.waitFor();
  // What was known stays readable.
  await sees(page.locator('article h1'), 'Before the outage');

  await server.again();
  await banner.waitFor({ state: 'hidden', timeout: 60_000 });
  await sees(page.locator('.live'), 'Live');
  const second = await server.build('ada/steady', { message: 'After the outage' });
  await sees(page.locator('article h1'), 'After the outage');
  await sees(page.locator('article .badge'), 'passed');
  await unbroken(page);
  await page.goto(`${server.url}/ada/steady/builds`);
  await sees(page.locator('main'), `#${first.number}`);
  await sees(page.locator('main'), `#${second.number}`);
});

test('a log that could not be fetched at first comes by itself', async () => {
  let refused = 0;
  const refuse = (route) => {
    refused++;
    return refused <= 3 ? route.abort('connectionrefused') : route.continue();
  };
  // The page as if it had come without its log, which it then has to ask for.
  await page.addInitScript(() => {
    const { parse } = JSON;
    JSON.parse = (text, revive) => {
      const read = parse(text, revive);
      if (read?.repos) delete read.log;
      return read;
    };
  });
  await page.route('**/log/index*', refuse);
  await page.goto(`${server.url}/ada/steady`);
  await sees(page.locator('.log'), 'echo steady');
  await page.getByRole('alert').filter({ hasText: 'does not answer' }).waitFor({ state: 'hidden' });
  await page.unroute('**/log/index*', refuse);
  assert.ok(refused > 3, `the log was asked for ${refused} times`);
});

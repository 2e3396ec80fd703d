// The sample, as a person meets it on the first start.

import { after, before, test } from 'node:test';
import { openBrowser, openPage, sees, signIn } from '../support/browser.mjs';
import { Server } from '../support/server.mjs';

let server, browser, page;
before(async () => {
  server = await Server.start({ executor: 'namespace', sample: true });
  browser = await openBrowser();
  page = await openPage(browser);
  await signIn(page, server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('the first start builds the sample in the sandbox, green', async () => {
  await page.goto(`${server.url}/`);
  const list = page.getByRole('complementary', { name: 'Repositories' });
  await sees(list, 'hello');
  await sees(page.locator('article .badge'), 'passed', 60_000);
  await list.getByRole('img', { name: 'passed' }).or(list.getByTitle('passed')).or(list.getByText('passed')).first().waitFor({ state: 'attached' });
});

// The sample, as a person meets it on the first start, and every main page by the rules of
// accessibility in both themes, wide and narrow. With SHOTS=DIR the pictures are kept.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { axe, DESKTOP, openBrowser, openPage, PHONE, sees, signIn } from '../support/browser.mjs';
import { Gate, repository, travisYml } from '../support/repository.mjs';
import { Server } from '../support/server.mjs';

let server, browser, page;
const pages = {};
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

test('main pages keep the rules in both themes, wide and narrow', { timeout: 300_000 }, async (t) => {
  const failing = repository(join(server.place, 'parser'), {
    '.travis.yml': travisYml(["printf '\\033[31;1mFAIL\\033[0m tests/parse.rs\\n'", 'false']),
  }, { message: 'Reject tabs in keys' });
  await server.add('ada/parser', failing);
  const failed = await server.over(await server.build('ada/parser'));
  const { builds } = await server.api('GET', '/v3/repo/sample%2Fhello/builds');
  const sample = await server.api('GET', `/v3/build/${builds[0].id}`);
  const workers = await server.api('GET', '/v3/workers');
  Object.assign(pages, {
    home: '/',
    build: `/sample/hello/builds/${sample.id}`,
    job: `/sample/hello/jobs/${sample.jobs[0].id}`,
    failed: `/ada/parser/jobs/${failed.jobs[0].id}`,
    config: `/sample/hello/builds/${sample.id}/config`,
    branches: '/sample/hello/branches',
    history: '/sample/hello/builds',
    requests: '/sample/hello/requests',
    settings: '/sample/hello/settings',
    active: '/active',
    workers: '/workers',
    worker: `/workers/${workers.workers[0].id}`,
    lend: '/workers/new',
    add: '/add',
    account: '/account',
    'sign-in': '/sign-in',
    missing: '/nobody/nothing',
  });
  const shots = process.env.SHOTS;
  if (shots) mkdirSync(shots, { recursive: true });
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: theme });
    for (const [size, viewport] of Object.entries({ wide: DESKTOP, phone: PHONE })) {
      await page.setViewportSize(viewport);
      for (const [name, path] of Object.entries(pages)) {
        await t.test(`${name}, ${theme}, ${size}`, async () => {
          await page.goto(server.url + path, { waitUntil: 'networkidle' });
          await page.locator('main').waitFor();
          assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), theme);
          if (shots) await page.screenshot({ path: join(shots, `${name}-${theme}-${size}.png`) });
          assert.deepEqual(await axe(page), []);
          const spill = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(spill <= 0, `${spill} pixels too wide`);
        });
      }
    }
  }
});

test('no script failed on the way', () => assert.deepEqual(page.trouble, []));

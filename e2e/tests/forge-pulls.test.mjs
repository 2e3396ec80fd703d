// A stranger's pull request as its maintainers see it; and every page that has to do with forges,
// with real data, by the rules of accessibility. With SHOTS=DIR the pictures are kept.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { axe, DESKTOP, mark, openBrowser, openPage, PHONE, sees, signIn, unbroken } from '../support/browser.mjs';
import { Forge, signInAs } from '../support/forge.mjs';
import { travisYml } from '../support/repository.mjs';
import { Server } from '../support/server.mjs';

const SECRET = 'a-secret-that-forks-never-see';
const SLUG = 'ada/beacon';
const REPO = `/v3/repo/${encodeURIComponent(SLUG)}`;
let forge, server, browser, page;
before(async () => {
  forge = await Forge.start();
  server = await forge.serverWithOAuth();
  browser = await openBrowser();
  page = await openPage(browser);
  await forge.user('ada', { name: 'Ada' });
  // Prints what it has, so that a secret in it would be seen in one way or another.
  await forge.repo(SLUG, { '.travis.yml': travisYml(['echo "secure=$TRAVIS_SECURE_ENV_VARS length=${#HUSH}"', 'env | rev']) });
  await forge.repo('ada/windvane', { '.travis.yml': travisYml(['true']) });
  await forge.repo('ada/vault', {}, { private: true });
  await signInAs(page, server, 'ada', '/add');
  await page.getByRole('switch', { name: `Build ${SLUG}` }).click();
  await page.getByText('by a webhook').waitFor();
  await server.api('POST', `${REPO}/env_vars`, { name: 'HUSH', value: SECRET, public: false });
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await forge?.stop();
});

const log = (build) =>
  fetch(`${server.url}/v3/job/${build.jobs[0].id}/log.txt`, { headers: { Authorization: `token ${server.token}` } }).then((answer) => answer.text());

test("a stranger's pull request waits, is approved, and is built without secrets", async () => {
  await page.goto(`${server.url}/${SLUG}/pull_requests`);
  await sees(page.locator('main'), 'No pull request has been built');
  await mark(page);
  await forge.post('fork', { as: 'eve' }, SLUG);
  const sha = await forge.commit('eve/beacon', { 'patch.txt': 'brighter\n' }, { branch: 'patch', message: 'Brighter', as: 'eve' });
  await forge.pull(SLUG, 'eve:patch', 'Brighter lamps');
  const row = page.locator('tbody').filter({ hasText: 'Brighter lamps' });
  await sees(page.locator('main'), 'Waits for approval: eve has not contributed here before');
  assert.deepEqual((await server.api('GET', `${REPO}/builds`)).builds, []);
  await page.getByRole('button', { name: `Approve ${sha.slice(0, 7)}`, exact: true }).click();
  await row.getByText('#1').first().waitFor();
  const build = await server.until('the build of the pull request', async () => {
    const { builds } = await server.api('GET', `${REPO}/builds`);
    return builds[0];
  });
  assert.equal((await server.over(build)).state, 'passed');
  await sees(row, 'passed');
  await sees(page.locator('main'), 'no secrets');
  await unbroken(page);
  assert.equal(build.secrets, 'withheld');
  const text = await log(await server.api('GET', `/v3/build/${build.id}`));
  assert.match(text, /secure=false length=0/);
  for (const form of [SECRET, [...SECRET].reverse().join('')]) assert.ok(!text.includes(form), text);
  await server.until('the status', async () => (await forge.statuses(SLUG, sha)).at(-1)?.state === 'success');
});

// Those that tests/looks.test.mjs has no picture of.
test('more pages of forges keep the rules in both themes, wide and narrow', { timeout: 300_000 }, async (t) => {
  // One more of everything: a push that passed, one that was not built, and one that waits.
  await forge.commit(SLUG, { 'lamp.txt': 'lit' }, { message: 'Light the lamp', as: 'ada' });
  await forge.commit(SLUG, { 'lamp.txt': 'out' }, { message: 'Put it out [skip ci]', as: 'ada' });
  await forge.post('fork', { as: 'mallory' }, SLUG);
  await forge.commit('mallory/beacon', { 'x.txt': 'x' }, { branch: 'more', message: 'More', as: 'mallory' });
  await forge.pull(SLUG, 'mallory:more', 'Let the beacon turn while the generator is being changed');
  await server.until('what came of all', async () => {
    const { requests } = await server.api('GET', `${REPO}/requests`);
    const { builds } = await server.api('GET', `${REPO}/builds`);
    return requests.some((one) => one.held_at) && requests.length >= 4 && builds.length >= 2 && builds.every((one) => one.finished_at);
  });
  const { builds } = await server.api('GET', `${REPO}/builds?build.event_type=pull_request`);
  const pull = await server.api('GET', `/v3/build/${builds[0].id}`);
  const nobody = await openPage(browser);
  const empty = await Server.start();
  const founder = await openPage(browser);
  t.after(() => empty.stop());
  await signIn(founder, empty);

  const main = (one) => one.locator('main');
  const views = {
    'sign-in-error': [nobody, server, '/sign-in?error=not_allowed', (one) => one.getByRole('alert').waitFor()],
    'setup-empty': [founder, empty, '/setup', (one) => one.getByRole('button', { name: 'Create on GitHub' }).waitFor()],
    'pull-build': [page, server, `/${SLUG}/builds/${pull.id}`, (one) => sees(main(one), 'Brighter lamps')],
    'pull-job': [page, server, `/${SLUG}/jobs/${pull.jobs[0].id}`, (one) => sees(main(one), 'Brighter lamps')],
    delivery: [page, server, `/${SLUG}/requests/deliveries`, async (one) => {
      await one.getByRole('button', { name: /^Details of push/ }).first().click();
      await sees(one.getByRole('dialog'), 'Payload');
    }],
  };
  const shots = process.env.SHOTS;
  if (shots) mkdirSync(shots, { recursive: true });
  for (const theme of ['light', 'dark']) {
    for (const [size, viewport] of Object.entries({ wide: DESKTOP, phone: PHONE })) {
      for (const [name, [one, at, path, ready]] of Object.entries(views)) {
        await t.test(`${name}, ${theme}, ${size}`, async () => {
          await one.emulateMedia({ colorScheme: theme });
          await one.setViewportSize(viewport);
          await one.goto(at.url + path);
          await ready(one);
          assert.equal(await one.evaluate(() => document.documentElement.dataset.theme), theme);
          if (shots) await one.screenshot({ path: join(shots, `forge-${name}-${theme}-${size}.png`) });
          assert.deepEqual(await axe(one), []);
          const spill = await one.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(spill <= 0, `${spill} pixels too wide`);
        });
      }
    }
  }
  for (const one of [nobody, founder]) assert.deepEqual(one.trouble, []);
});

test('no script failed on the way', () => assert.deepEqual(page.trouble, []));

// From an empty server to the word at the commit, in a browser, with the fake GitHub as the forge.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { mark, openBrowser, openPage, sees, signIn, unbroken } from '../support/browser.mjs';
import { agree, Forge, signInAs } from '../support/forge.mjs';
import { Gate, repository, travisYml } from '../support/repository.mjs';
import { Server } from '../support/server.mjs';

let forge, browser;
before(async () => {
  forge = await Forge.start();
  browser = await openBrowser();
  await forge.user('ada', { name: 'Ada' });
});
after(async () => {
  await browser?.close();
  await forge?.stop();
});

const account = (page) => page.getByRole('button', { name: /^Account of/ });
const step = (page, title) => page.locator('li').filter({ has: page.getByRole('heading', { name: title }) });

test('a GitHub App in one click, and all the way to a green check', async (t) => {
  const server = await Server.start();
  const page = await openPage(browser);
  t.after(async () => {
    await page.context().close();
    await server.stop();
  });
  await forge.repo('ada/rocket');

  await t.test('the operator makes the App', async () => {
    await signIn(page, server);
    // By the menu: the page that is left has a policy which lets no form out.
    await account(page).click();
    await page.getByRole('menuitem', { name: 'Set up this server' }).click();
    await page.getByLabel('Address').fill(forge.url);
    await page.getByRole('button', { name: 'Create on GitHub' }).click();
    await page.getByRole('button', { name: 'Create GitHub App for ada' }).click();
    await page.waitForURL('**/setup?made=*');
    await sees(page.getByRole('status'), 'GitHub is connected.');
  });

  await t.test('signs in with it, and stays the operator', async () => {
    await step(page, 'Sign in with it').getByRole('link', { name: 'Sign in with GitHub' }).click();
    await agree(page, 'ada');
    await page.waitForURL('**/setup');
    await sees(step(page, 'Sign in with it'), 'and stay the operator here');
    await step(page, 'Switch on the first repository').getByRole('link', { name: 'Switch on repositories' }).click();
  });

  await t.test('installs it on the account, and switches a repository on', async () => {
    await sees(page.locator('main'), 'The app of this server is not installed on ada yet');
    const popup = page.waitForEvent('popup');
    await page.getByRole('link', { name: 'Install on ada' }).click();
    const install = await popup;
    await install.getByRole('button', { name: 'Install on all repositories of ada' }).click();
    await install.waitForURL(`${server.url}/**`);
    await install.close();
    await sees(page.getByLabel('Reading from forges'), 'Read from GitHub');
    const main = page.locator('main');
    await main.getByText('is not installed on').waitFor({ state: 'hidden' });
    await page.getByRole('switch', { name: 'Build ada/rocket' }).click();
    await sees(main, 'by the app');
    await page.getByRole('button', { name: 'Open' }).click();
    await page.waitForURL('**/ada/rocket');
    await sees(main, 'Waiting for the first push');
  });

  await t.test('a push is built before the eyes, and the check says how it went', async () => {
    await mark(page);
    const gate = new Gate(server.place, 'push');
    const path = repository(join(server.place, 'rocket'), {
      '.travis.yml': travisYml(['cat hello.txt', gate.wait, 'echo all is well']),
      'hello.txt': 'hello by git\n',
    });
    const sha = await forge.push(path, 'ada/rocket', 'ada');
    await sees(page.locator('article h1'), 'First commit');
    await sees(page.locator('article .badge'), 'running');
    await sees(page.getByRole('log'), 'hello by git');
    gate.open();
    await sees(page.locator('article .badge'), 'passed');
    await sees(page.getByRole('log'), 'all is well');
    await unbroken(page);
    const check = await server.until('the check', async () => {
      const checks = await forge.checks('ada/rocket', sha);
      return checks.find((one) => one.fields.status === 'completed');
    });
    assert.equal(check.fields.conclusion, 'success');
    assert.ok(check.fields.details_url.startsWith(`${server.url}/ada/rocket/builds/`), check.fields.details_url);
    await sees(page.locator('main'), 'Told to GitHub');
  });

  await t.test('the steps are done', async () => {
    await page.goto(`${server.url}/setup`);
    await sees(page.locator('main'), 'All is set.');
  });
  assert.deepEqual(page.trouble, []);
});

test('a plain OAuth App: hook, status, private repositories and sessions', async (t) => {
  const server = await forge.serverWithOAuth();
  const page = await openPage(browser);
  t.after(async () => {
    await page.context().close();
    await server.stop();
  });
  await forge.user('bob');
  await forge.repo('ada/beacon', { '.travis.yml': travisYml(['true']) });
  await forge.repo('ada/vault', { '.travis.yml': travisYml(['true']) }, { private: true });
  const yard = page.getByRole('complementary', { name: 'Repositories' });

  await t.test('what went wrong on the way in is said', async () => {
    await page.goto(`${server.url}/sign-in`);
    await page.getByRole('link', { name: 'Sign in with GitHub' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.waitForURL('**/sign-in?error=denied*');
    await sees(page.getByRole('alert'), 'The forge was told not to let this server in.');
    await page.goto(`${server.url}/auth/1/callback?code=made-up&state=made-up`);
    await page.waitForURL('**/sign-in?error=state*');
    await sees(page.getByRole('alert'), 'did not fit this browser');
    assert.equal(await account(page).count(), 0);
  });

  await t.test('switching on makes a hook, and a push sets a status', async () => {
    await signInAs(page, server, 'ada', '/add');
    for (const name of ['beacon', 'vault']) {
      await page.getByRole('switch', { name: `Build ada/${name}` }).click();
      await page.getByRole('link', { name: `ada/${name}` }).locator('xpath=ancestor::*[contains(@class,"row")][1]').getByText('by a webhook').waitFor();
    }
    const { hooks } = await forge.state();
    const repo = await server.api('GET', '/v3/repo/ada%2Fbeacon');
    assert.ok(hooks.some((hook) => hook.url === `${server.url}/ping/${repo.id}`), JSON.stringify(hooks));
    await page.goto(`${server.url}/ada/beacon`);
    await sees(page.locator('main'), 'Waiting for the first push');
    await mark(page);
    const sha = await forge.commit('ada/beacon', { 'lamp.txt': 'lit' }, { message: 'Light the lamp' });
    await sees(page.locator('article h1'), 'Light the lamp');
    await sees(page.locator('article .badge'), 'passed');
    await unbroken(page);
    const told = await server.until('the last status', async () => {
      const statuses = await forge.statuses('ada/beacon', sha);
      return statuses.at(-1)?.state === 'success' && statuses;
    });
    assert.equal(told.at(-1).context, 'continuous-integration/travis-ci/push');
  });

  await t.test('a private repository is nowhere for somebody else', async () => {
    await page.goto(`${server.url}/`);
    await sees(yard, 'vault');
    const other = await openPage(browser);
    await signInAs(other, server, 'bob', '/ada/beacon');
    const seen = other.getByRole('complementary', { name: 'Repositories' });
    await seen.getByRole('button', { name: /^All/ }).click();
    await sees(seen, 'beacon');
    assert.equal(await other.getByText('vault').count(), 0);
    for (const path of ['', '/builds', '/settings', '/requests/deliveries', '/pull_requests']) {
      await other.goto(`${server.url}/ada/vault${path}`);
      await sees(other.locator('main'), '404');
    }
    assert.equal((await other.request.get(`${server.url}/v3/repo/ada%2Fvault`)).status(), 404);
    assert.deepEqual(other.trouble, []);
    await other.context().close();
  });

  await t.test('sessions are listed, ended everywhere else, and left', async () => {
    const other = await openPage(browser);
    await signInAs(other, server, 'ada');
    await page.goto(`${server.url}/account`);
    await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere else' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await sees(page.locator('main'), 'this browser');
    await other.reload();
    await other.getByRole('link', { name: 'Sign in' }).first().waitFor();
    assert.equal(await account(other).count(), 0);
    await other.context().close();
    await account(page).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in' }).first().waitFor();
    await page.goto(`${server.url}/ada/vault`);
    await sees(page.locator('main'), '404');
  });
  assert.deepEqual(page.trouble, []);
});

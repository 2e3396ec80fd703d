// A maintainer's journeys: crons, SSH key, caches, a build with a configuration of its own, the danger
// zone; the owner's page; and the administration of the server.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { axe, DESKTOP, openBrowser, openPage, PHONE, sees, signIn } from '../support/browser.mjs';
import { repository, travisYml } from '../support/repository.mjs';
import { built, Server } from '../support/server.mjs';

const KEY = readFileSync(new URL('../../crates/engine/src/ssh_keys/fixtures/ed.key', import.meta.url), 'utf8');
const SHOTS = process.env.SHOTS;
let server, browser, page;
before(async () => {
  if (SHOTS) mkdirSync(SHOTS, { recursive: true });
  server = await Server.start();
  browser = await openBrowser();
  page = await openPage(browser);
  await signIn(page, server);
  await server.add('ada/beacon', repository(join(server.place, 'beacon'), { '.travis.yml': travisYml(['true']) }));
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const repo = '/v3/repo/ada%2Fbeacon';
const main = () => page.locator('main');
const region = (name) => page.getByRole('region', { name });
const dialog = () => page.getByRole('dialog');
const open = (path) => page.goto(`${server.url}${path}`);

/** The page in both themes and on the phone: looked at by axe, kept as a picture. */
async function keepsTheRules(name, ready) {
  for (const [theme, size, viewport] of [['light', 'wide', DESKTOP], ['dark', 'wide', DESKTOP], ['light', 'phone', PHONE]]) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize(viewport);
    await page.reload({ waitUntil: 'networkidle' });
    await ready();
    if (SHOTS) await page.screenshot({ path: join(SHOTS, `${name}-${theme}-${size}.png`), fullPage: true });
    assert.deepEqual(await axe(page), [], `${name} ${theme} ${size}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1);
    assert.equal(wide, false, `${name} ${size} scrolls sideways`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(DESKTOP);
}

test('a cron is added, shown, and told of by another client', async () => {
  await open('/ada/beacon/settings');
  const crons = region('Crons');
  await sees(crons, 'No branch is built by the clock');
  await crons.getByRole('button', { name: 'Add a cron' }).click();
  const form = page.getByRole('form', { name: 'Add a cron' });
  assert.equal(await form.getByLabel('Branch').inputValue(), 'main');
  await form.getByLabel('How often').selectOption('weekly');
  await form.getByLabel('Unless').selectOption('built within 24 h');
  await form.getByRole('button', { name: 'Add', exact: true }).click();
  const row = crons.getByRole('row').filter({ hasText: 'main' });
  await sees(row, 'weekly');
  await sees(row, 'built within 24 h');
  await sees(row, 'not yet');
  const [cron] = (await server.api('GET', `${repo}/crons`)).crons;
  assert.deepEqual([cron['@type'], cron.interval, cron.dont_run_if_recent_build_exists, cron.active], ['cron', 'weekly', true, true]);
  // Somebody else changes it: this page shows it by itself.
  await server.api('POST', `${repo}/branch/main/cron`, { interval: 'daily' });
  await sees(crons.getByRole('row').filter({ hasText: 'main' }), 'daily');
});

test('a branch that is not there is said to be missing', async () => {
  const crons = region('Crons');
  await crons.getByRole('button', { name: 'Add a cron' }).click();
  const form = page.getByRole('form', { name: 'Add a cron' });
  await form.getByLabel('Branch').fill('nowhere');
  await page.keyboard.press('Enter');
  await sees(form, 'ranch not found');
  await page.keyboard.press('Escape');
  await form.waitFor({ state: 'detached' });
});

test('an SSH key is kept, and never comes back', async () => {
  const section = region('SSH key');
  await section.getByLabel('Private key').fill('ssh-ed25519 AAAA me');
  await section.getByLabel('Name').focus();
  await sees(section, 'This is the public half');
  await section.getByLabel('Private key').fill(KEY);
  await section.getByLabel('Name').fill('submodules');
  await section.getByRole('button', { name: 'Keep the key' }).click();
  await sees(section, 'SHA256:');
  await sees(section, 'submodules');
  const kept = await server.api('GET', `${repo}/key_pair`);
  assert.ok(kept.public_key.startsWith('ssh-ed25519 '));
  const secret = KEY.split('\n')[3];
  assert.ok(!JSON.stringify(kept).includes(secret));
  assert.ok(!(await page.content()).includes(secret));
});

test('settings keep the rules', () => keepsTheRules('settings', () => sees(region('SSH key'), 'SHA256:')));

test('cron and key are removed after a question', async () => {
  await page.getByRole('button', { name: 'Remove the cron of main' }).click();
  await dialog().getByRole('button', { name: 'Remove the cron' }).click();
  await sees(region('Crons'), 'No branch is built by the clock');
  await region('SSH key').getByRole('button', { name: 'Remove' }).click();
  await dialog().getByRole('button', { name: 'Remove the key' }).click();
  await sees(region('SSH key'), 'None is set');
});

test('the command line does the same', () => {
  const travis = (...words) => {
    const env = { ...process.env, TRAVIS_ENDPOINT: server.url, TRAVIS_TOKEN: server.token, NO_COLOR: '1' };
    const ran = spawnSync(built('travis', 'TRAVIS_BIN'), words, { encoding: 'utf8', env, input: KEY });
    return `${ran.status} ${ran.stdout}${ran.stderr}`;
  };
  assert.match(travis('cron', 'set', 'ada/beacon', 'main', 'monthly', '--unless-recent'), /^0 main of ada\/beacon is built monthly/);
  assert.match(travis('cron', 'list', 'ada/beacon'), /main +monthly +built within 24 h .* not yet/);
  assert.match(travis('cron', 'remove', 'ada/beacon', 'main'), /^0 /);
  assert.match(travis('cron', 'remove', 'ada/beacon', 'main'), /^4 .*has no cron/);
  assert.match(travis('sshkey', 'ada/beacon', '--upload', '-'), /^0 .*SHA256:/);
  assert.match(travis('sshkey', 'ada/beacon'), /^0 .*SHA256:[^]*ssh-ed25519 /);
  assert.match(travis('sshkey', 'ada/beacon', '--delete'), /^0 /);
  assert.match(travis('sshkey', 'ada/beacon'), /^4 .*has no SSH key/);
});

test('caches: nothing yet, with a thing to copy', async () => {
  await page.getByRole('navigation', { name: 'Views of ada/beacon' }).getByRole('link', { name: 'Caches' }).click();
  await sees(main(), 'No job has kept anything yet');
  await sees(main(), 'node_modules');
  await keepsTheRules('caches-empty', () => sees(main(), 'No job has kept anything yet'));
});

test('the trigger dialog shows the jobs before there are any', async () => {
  await page.getByRole('button', { name: 'Trigger build' }).click();
  await sees(dialog(), 'It makes 1 job');
  const config = dialog().getByLabel('Configuration to merge in');
  await config.fill('env:\n  jobs: [A=1, A=2]\n');
  await sees(dialog(), 'It makes 2 jobs');
  await dialog().getByRole('button', { name: 'Preview' }).click();
  await sees(dialog(), 'A=2');
  if (SHOTS) await page.screenshot({ path: join(SHOTS, 'trigger-light-wide.png') });
  assert.deepEqual(await axe(page), []);
  await config.fill('env:\n  jobs: [A=1, A=2]\nlangauge: rust\n');
  await sees(dialog(), 'here, line 3');
  await config.fill('env: [');
  await sees(dialog(), 'It can’t be read');
  await config.fill('env:\n  jobs: [A=1, A=2]\n');
  await sees(dialog(), 'It makes 2 jobs');
  await dialog().getByRole('button', { name: 'Trigger build' }).click();
  await dialog().waitFor({ state: 'detached' });
  await open('/ada/beacon');
  await sees(main(), 'A=2');
});

test('the owner has a page with what builds there', async () => {
  await open('/ada');
  await sees(main(), 'beacon');
  await sees(main(), 'repository builds here');
  assert.equal(await page.title().then((title) => title.includes('ada')), true);
  await keepsTheRules('owner', () => sees(main(), 'beacon'));
  await open('/nobody-of-this-name');
  await sees(main(), 'is known here');
});

test('the administration is for administrators', async () => {
  await open('/admin');
  await sees(main(), 'Administration');
  await sees(main(), 'limits.total');
  await sees(region('Who did what'), 'key_pair.remove');
  await keepsTheRules('admin', () => sees(region('Who did what'), 'key_pair.remove'));
  const stranger = await openPage(browser);
  await stranger.goto(`${server.url}/admin`);
  await sees(stranger.locator('main'), 'Sign in');
  await stranger.close();
});

test('a repository goes only after its name was typed', async () => {
  // What runs would stand in the way.
  for (const build of (await server.api('GET', `${repo}/builds`)).builds) {
    if (!['passed', 'failed', 'errored', 'canceled'].includes(build.state)) await server.api('POST', `/v3/build/${build.id}/cancel`);
  }
  await open('/ada/beacon/settings');
  const danger = region('Danger zone');
  await danger.getByRole('button', { name: 'Delete caches' }).click();
  await dialog().getByRole('button', { name: 'Delete all caches' }).click();
  await sees(page.locator('body'), '0 caches deleted');
  await danger.getByRole('button', { name: 'Remove' }).click();
  const go = dialog().getByRole('button', { name: 'Remove beacon' });
  assert.equal(await go.isDisabled(), true);
  await dialog().getByLabel(/Type/).fill('ada/beacon');
  await go.click();
  await dialog().waitFor({ state: 'detached' });
  const gone = await server.api('GET', repo).catch((error) => error);
  assert.match(JSON.stringify(gone.message ?? gone), /not.found|404/);
});

test('no script failed on the way', () => assert.deepEqual(page.trouble.filter((line) => !/404/.test(line)), []));

// What a visitor, a maintainer, a contributor and an operator do here, each with the keyboard alone:
// at every stop something shows where they are, and nothing holds them or loses them.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { mark, openBrowser, openPage, sees, signIn, unbroken } from '../support/browser.mjs';
import { Keyboard } from '../support/keyboard.mjs';
import { Gate, repository, travisYml } from '../support/repository.mjs';
import { Server } from '../support/server.mjs';
import { Worker } from '../support/worker.mjs';

let server, browser, gate, fold;
const main = (page) => page.locator('main');
const dialog = (page) => page.getByRole('dialog');
const link = (page, name) => main(page).getByRole('link', { name });
const button = (page, name) => page.getByRole('button', { name, exact: true });

before(async () => {
  server = await Server.start();
  browser = await openBrowser();
  fold = repository(join(server.place, 'fold'), {
    '.travis.yml': travisYml(["printf 'test corner ... ok\\n'", "printf '\\033[31mtest edge ... FAILED\\033[0m\\n'; false"]),
  }, { message: 'Fold along the diagonal' });
  await server.add('papercrane/fold', fold);
  await server.over(await server.build('papercrane/fold'));
  gate = new Gate(server.place, 'journey');
  await server.add('mossworks/fern', repository(join(server.place, 'fern'), { '.travis.yml': travisYml(['echo leaves', gate.wait]) }, { message: 'Draw leaves in one pass' }));
});
after(async () => {
  gate?.open();
  await browser?.close();
  await server?.stop();
});

async function opened(path, signedIn) {
  const page = await openPage(browser);
  if (signedIn) await signIn(page, server);
  await page.goto(server.url + path);
  await sees(page.locator('.live'), 'Live');
  await mark(page);
  return [page, new Keyboard(page)];
}

test('a visitor finds a failed build and its first failure', async () => {
  const [page, keys] = await opened('/papercrane/fold');
  assert.match(await keys.press('Tab'), /Skip to the build/);
  await keys.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await keys.press('/');
  await keys.type('fold');
  assert.match(await keys.press('ArrowDown'), /papercrane\/fold/);
  await keys.press('Enter');
  await keys.on(link(page, 'Build history'));
  await page.waitForURL('**/builds');
  await keys.on(link(page, /#1|diagonal/));
  await page.waitForURL('**/builds/*');
  await sees(page.getByRole('log'), 'test edge');
  // The log's own keys.
  await page.keyboard.press('e');
  await page.waitForURL(/#|builds/);
  await page.keyboard.press('f');
  await page.locator('.log input:focus, input[type=search]:focus').first().waitFor();
  await keys.type('corner');
  await sees(page.locator('.log'), 'corner');
  await keys.press('Escape');
  await page.keyboard.press('?');
  await sees(dialog(page), 'In a log');
  await keys.here();
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'hidden' });
  // To another place without a way between.
  await page.keyboard.press('Control+k');
  await dialog(page).waitFor();
  await keys.type('fern');
  await sees(dialog(page), 'mossworks/fern');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/mossworks/fern');
  await keys.on(page.getByRole('link', { name: 'Sign in' }).first());
  await page.waitForURL('**/sign-in**');
  await unbroken(page);
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test('an operator looks after the server, and a maintainer after a repository', { timeout: 120_000 }, async (t) => {
  const [page, keys] = await opened('/', true);

  await t.test('the operator: menus, set-up, administration, another repository', async () => {
    await keys.on(page.getByRole('button', { name: 'Theme' }));
    assert.match(await keys.here(), /Light/);
    await keys.press('ArrowDown');
    await keys.press('Escape');
    await keys.on(page.getByRole('button', { name: /^Account of/ }));
    await page.getByRole('menu').waitFor();
    while (!/Set up/.test(await keys.here())) await keys.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/setup');
    await keys.to(page.getByLabel('Address'));
    await keys.on(page.getByRole('button', { name: /^Account of/ }), 'Enter', { key: 'Shift+Tab' });
    await page.getByRole('menu').waitFor();
    while (!/Administration/.test(await keys.here())) await keys.press('ArrowDown');
    await page.keyboard.press('Enter');
    await sees(main(page), 'limits.total');
    await keys.to(page.getByRole('group', { name: 'Settings that hold' }));
    await page.goto(`${server.url}/add`);
    await mark(page);
    await keys.fill(page.getByLabel('Clone URL'), fold);
    await keys.fill(page.getByLabel('Name here'), 'papercrane/crease');
    await keys.on(button(page, 'Add repository'));
    await page.waitForURL('**/papercrane/crease');
  });

  await t.test('the maintainer: triggers, cancels, restarts', async () => {
    await page.goto(`${server.url}/mossworks/fern`);
    await mark(page);
    await keys.on(button(page, 'Trigger build').first());
    await dialog(page).waitFor();
    await keys.fill(dialog(page).getByLabel('Message'), 'By the keyboard');
    // All the way round: nothing of the page behind is reached, and nothing is left out.
    await keys.to(dialog(page).getByRole('button', { name: 'Cancel' }));
    await keys.to(dialog(page).getByLabel('Message'));
    await page.keyboard.press('Control+Enter');
    await dialog(page).waitFor({ state: 'hidden' });
    await sees(page.locator('article h1'), 'By the keyboard');
    await sees(page.locator('article .badge'), 'running');
    await keys.on(button(page, 'Cancel'));
    await sees(page.locator('article .badge'), 'canceled');
    await keys.here();
    await keys.on(button(page, 'Restart'));
    await sees(page.locator('article .badge'), 'running');
    await keys.here();
  });

  await t.test('the maintainer: settings, a variable, a switch', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.waitForURL('**/settings');
    await keys.on(page.getByRole('switch', { name: /Only with a/ }), 'Space');
    const form = page.getByRole('form', { name: 'Add a variable' });
    await keys.fill(form.getByLabel('Name'), 'BEACON_LOG');
    await keys.fill(form.getByLabel('Value', { exact: true }), 'debug');
    await page.keyboard.press('Enter');
    await sees(page.getByRole('row'), 'BEACON_LOG');
    await keys.here();
    await unbroken(page);
  });
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test('a contributor lends a machine, and pauses it', { timeout: 120_000 }, async (t) => {
  const page = await openPage(browser);
  // The link worked once: this browser asks with a token of the operator's.
  const { token } = await server.api('POST', '/v3/tokens', { name: 'journey', scope: 'all', expires_in_days: 1 });
  await page.setExtraHTTPHeaders({ Authorization: `token ${token}` });
  const keys = new Keyboard(page);
  await page.goto(`${server.url}/workers`);
  await keys.on(link(page, 'Contribute a worker'));
  await page.waitForURL('**/workers/new');
  const line = main(page).locator('pre').first();
  await sees(line, '--token');
  await keys.to(page.getByRole('radio', { name: /One command/ }));
  await keys.press('ArrowDown');
  await sees(main(page), 'Or take the image yourself');
  await keys.press('ArrowUp');
  await sees(line, '--token');
  await keys.on(page.getByRole('switch', { name: 'Only while I am away' }), 'Space');
  await sees(main(page), 'The line above carries it');
  const joining = /--token (\S+)/.exec(await line.innerText())[1];
  await keys.on(button(page, 'I have started it'));
  await sees(main(page), 'Waiting for first contact');
  await keys.here();
  const worker = new Worker(server, 'windowsill', { token: joining });
  t.after(() => worker.stop());
  await sees(main(page).getByRole('heading'), 'windowsill is here. Thank you!', 60_000);
  await keys.here();
  await keys.on(page.getByRole('link', { name: 'Open its page' }));
  await page.waitForURL(/workers\/\d+$/);
  await keys.on(button(page, 'Pause now'));
  await sees(main(page).locator('.badge'), 'paused');
  await keys.here();
  await keys.on(button(page, 'Resume'));
  await sees(main(page).locator('.badge'), /idle|working/);
  await keys.on(button(page, 'Limits'));
  await dialog(page).waitFor();
  await keys.here();
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'hidden' });
  assert.match(await keys.here(), /Limits/);
  assert.deepEqual(page.trouble, []);
});
